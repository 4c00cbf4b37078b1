//! The kernel log: lines with time and severity, on the third serial port and in a ring.
//!
//! A line is put together and taken under one lock, so lines of several CPUs never mix. What the port
//! does not take at once waits in the ring; without a port the ring keeps the latest lines for a
//! debugger and for the text of a panic.

use alloc::boxed::Box;
use core::fmt::{self, Write};

use hal::console::{Port, Send};
use hal::sync::SpinLock;
use hal::time;

use crate::stream::ring::Ring;

const RING: usize = 16 * 1024;

/// How much a line matters.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Severity {
    /// As planned.
    Info,
    /// Somebody did what they may not, and was stopped.
    Warning,
    /// The machine cannot go on.
    Error,
}

impl Severity {
    const fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// The log.
#[derive(Debug)]
pub(crate) struct Log {
    port: Option<Port>,
    sink: SpinLock<Sink>,
}

#[derive(Debug)]
struct Sink {
    ring: Box<Ring<RING>>,
    /// Bytes at the end of the ring that the port has not taken yet.
    unsent: usize,
}

impl Log {
    /// A log to `port`.
    pub(crate) fn new(port: Option<Port>) -> Self {
        Self { port, sink: SpinLock::new(Sink { ring: Box::new(Ring::new()), unsent: 0 }) }
    }

    /// Writes a line, or several with the same prefix.
    pub(crate) fn line(&self, severity: Severity, text: fmt::Arguments<'_>) {
        let mut sink = self.sink.lock();
        let mut line = Line { sink: &mut sink, port: self.port, severity, is_at_start: true };
        // The sink takes everything.
        let _ = line.write_fmt(text);
        line.end();
        self.send(&mut sink);
    }

    /// An ordinary line.
    pub(crate) fn info(&self, text: fmt::Arguments<'_>) {
        self.line(Severity::Info, text);
    }

    /// Writes the last line, bare, and waits until all is out.
    pub(crate) fn end(&self, code: u8) {
        let mut sink = self.sink.lock();
        let mut line = [0; 16];
        let mut text = Text { bytes: &mut line, len: 0 };
        let _ = writeln!(text, "[exit] {code}");
        let len = text.len;
        sink.put(self.port, &line[..len]);
        sink.flush(self.port);
    }

    /// Sends on what the port did not take before.
    pub(crate) fn drain(&self) {
        self.send(&mut self.sink.lock());
    }

    fn send(&self, sink: &mut Sink) {
        let Some(port) = self.port else { return };
        let had = sink.unsent;
        sink.send(port);
        if sink.unsent > 0 {
            port.set_send_interrupt(Send::Notify);
        } else if had > 0 {
            port.set_send_interrupt(Send::Silent);
        }
    }

    /// Writes without taking a lock that might never be free: for a panic, when the other CPUs have
    /// stopped. `fallback` gets it where the log has no port.
    pub(crate) fn emergency(&self, fallback: Option<Port>, text: &[u8]) {
        if let Some(mut sink) = self.sink.try_lock() {
            sink.flush(self.port);
        }
        if let Some(port) = self.port.or(fallback) {
            port.write_all(text);
        }
    }
}

impl Sink {
    /// Adds bytes; waits for the port rather than lose some.
    fn put(&mut self, port: Option<Port>, bytes: &[u8]) {
        if self.unsent + bytes.len() > RING {
            self.flush(port);
        }
        self.ring.push_over(bytes);
        self.unsent = (self.unsent + bytes.len()).min(RING);
    }

    fn send(&mut self, port: Port) {
        while self.unsent > 0 {
            let taken = port.write(self.ring.back(self.unsent));
            if taken == 0 {
                return;
            }
            self.unsent -= taken;
        }
    }

    fn flush(&mut self, port: Option<Port>) {
        let Some(port) = port else {
            self.unsent = 0;
            return;
        };
        while self.unsent > 0 {
            let together = self.ring.back(self.unsent);
            port.write_all(together);
            self.unsent -= together.len();
        }
    }
}

/// Text on its way into the log: gives every line its prefix.
struct Line<'a> {
    sink: &'a mut Sink,
    port: Option<Port>,
    severity: Severity,
    is_at_start: bool,
}

impl Line<'_> {
    fn put(&mut self, text: &str) {
        if core::mem::replace(&mut self.is_at_start, false) {
            let microseconds = time::now_ns() / 1000;
            let mut prefix = [0; 48];
            let mut out = Text { bytes: &mut prefix, len: 0 };
            let (seconds, fraction) = (microseconds / 1_000_000, microseconds % 1_000_000);
            let _ = write!(out, "[{seconds:5}.{fraction:06}] {}: ", self.severity.name());
            let len = out.len;
            self.sink.put(self.port, &prefix[..len]);
        }
        self.sink.put(self.port, text.as_bytes());
    }

    fn end(&mut self) {
        if !self.is_at_start {
            self.sink.put(self.port, b"\n");
            self.is_at_start = true;
        }
    }
}

impl Write for Line<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for part in text.split_inclusive('\n') {
            match part.strip_suffix('\n') {
                Some(line) => {
                    self.put(line);
                    self.end();
                }
                None => self.put(part),
            }
        }
        Ok(())
    }
}

/// Text in a buffer of fixed size; what does not fit is cut off.
#[derive(Debug)]
pub(crate) struct Text<'a> {
    pub(crate) bytes: &'a mut [u8],
    pub(crate) len: usize,
}

impl Write for Text<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let count = text.len().min(self.bytes.len() - self.len);
        self.bytes[self.len..self.len + count].copy_from_slice(&text.as_bytes()[..count]);
        self.len += count;
        Ok(())
    }
}
