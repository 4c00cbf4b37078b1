//! The streams of a service: standard input, output and error, on the serial ports.
//!
//! Output goes straight to the port while the port takes it; what it does not take waits in a ring
//! that the port's interrupt empties, and when the ring is full the writer waits. Input is decoded
//! as it arrives; when its ring is full, it stays in the port, and whatever sends is held up there.
//!
//! Locks: each stream's own, the innermost but the port's.

pub(crate) mod line;
pub(crate) mod ring;

use alloc::boxed::Box;

use abi::call::stream;
use hal::console::{Port, Send};
use hal::sync::SpinLock;

use crate::Kernel;
use crate::sched::cpu::Local;
use crate::wait::Key;
use line::{Decoder, Meaning, Source};
use ring::Ring;

const OUTPUT_RING: usize = 8192;
const INPUT_RING: usize = 4096;

/// All streams.
#[derive(Debug)]
pub(crate) struct Streams {
    outputs: [SpinLock<Output>; 2],
    /// The index of standard error's output: its own, or standard output's when there is no port.
    error: usize,
    input: SpinLock<Input>,
}

#[derive(Debug)]
struct Output {
    port: Option<Port>,
    waiting: Box<Ring<OUTPUT_RING>>,
}

#[derive(Debug)]
struct Input {
    port: Option<Port>,
    decoder: Decoder,
    arrived: Box<Ring<INPUT_RING>>,
    is_ended: bool,
}

/// What reading gave.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Read {
    /// This many bytes; zero at the end of the input.
    Bytes(usize),
    /// Nothing has arrived yet.
    Nothing,
}

impl Streams {
    /// The streams on `output` and `error`; input comes from where output goes.
    pub(crate) fn new(output: Option<Port>, error: Option<Port>, source: Source) -> Self {
        let make = |port| SpinLock::new(Output { port, waiting: Box::new(Ring::new()) });
        if let Some(port) = output {
            port.enable_receive_interrupt();
        }
        Self {
            outputs: [make(output), make(error)],
            error: usize::from(error.is_some()),
            input: SpinLock::new(Input {
                port: output,
                decoder: Decoder::new(source),
                arrived: Box::new(Ring::new()),
                is_ended: output.is_none(),
            }),
        }
    }

    /// The index of an output stream; none for a stream that is not one.
    pub(crate) fn output(&self, number: usize) -> Option<usize> {
        match u32::try_from(number) {
            Ok(stream::OUTPUT) => Some(0),
            Ok(stream::ERROR) => Some(self.error),
            _ => None,
        }
    }

    /// Writes what there is room for; how many bytes.
    pub(crate) fn write(&self, output: usize, bytes: &[u8]) -> usize {
        self.outputs[output].lock().write(bytes)
    }

    /// Writes a message of the kernel's to standard error, waiting for the port where it must.
    pub(crate) fn write_error(&self, bytes: &[u8]) {
        let mut output = self.outputs[self.error].lock();
        output.flush();
        if let Some(port) = output.port {
            port.write_all(bytes);
        }
    }

    /// Whether an output has room for a writer that waits.
    pub(crate) fn has_room(&self, output: usize) -> bool {
        self.outputs[output].lock().waiting.room() > 0
    }

    /// Reads what has arrived.
    pub(crate) fn read(&self, buffer: &mut [u8]) -> Read {
        let mut input = self.input.lock();
        input.pump();
        let count = input.arrived.pop(buffer);
        // There may be room again for what was held up in the port.
        input.pump();
        if count == 0 && !input.is_ended { Read::Nothing } else { Read::Bytes(count) }
    }

    /// Whether a reader would get something, or the end.
    pub(crate) fn has_input(&self) -> bool {
        let mut input = self.input.lock();
        input.pump();
        input.is_ended || input.arrived.len() > 0
    }

    /// Writes out everything that waits.
    pub(crate) fn flush(&self) {
        for output in &self.outputs {
            output.lock().flush();
        }
    }

    /// Moves what can be moved; true when an output has become half empty.
    fn drain(&self, output: usize) -> bool {
        let mut output = self.outputs[output].lock();
        output.drain();
        output.waiting.room() >= OUTPUT_RING / 2
    }
}

impl Output {
    fn write(&mut self, bytes: &[u8]) -> usize {
        let Some(port) = self.port else { return bytes.len() };
        if self.waiting.len() > 0 {
            return self.waiting.push(bytes);
        }
        let direct = port.write(bytes);
        let rest = self.waiting.push(&bytes[direct..]);
        if rest > 0 {
            port.set_send_interrupt(Send::Notify);
        }
        direct + rest
    }

    fn drain(&mut self) {
        let Some(port) = self.port.filter(|_| self.waiting.len() > 0) else { return };
        while self.waiting.len() > 0 {
            let taken = port.write(self.waiting.front());
            if taken == 0 {
                return;
            }
            self.waiting.skip(taken);
        }
        port.set_send_interrupt(Send::Silent);
    }

    fn flush(&mut self) {
        let Some(port) = self.port else { return };
        while self.waiting.len() > 0 {
            let front = self.waiting.front();
            let count = front.len();
            port.write_all(front);
            self.waiting.skip(count);
        }
    }
}

impl Input {
    /// Takes from the port what has arrived, as far as there is room.
    fn pump(&mut self) {
        let Some(port) = self.port else { return };
        while self.arrived.room() > 0
            && !self.is_ended
            && let Some(byte) = port.read()
        {
            match self.decoder.decode(byte) {
                Meaning::Byte(byte) => {
                    self.arrived.push(&[byte]);
                }
                Meaning::End => self.is_ended = true,
                Meaning::Nothing => {}
            }
        }
    }
}

impl Kernel {
    /// Moves bytes between ports and streams, and wakes who waited for that.
    pub(crate) fn serve_serial(&self, local: &mut Local) {
        if self.streams.has_input() {
            self.wake(local, Key::Input, usize::MAX);
        }
        for output in 0..self.streams.outputs.len() {
            if self.streams.drain(output) {
                self.wake(local, Key::Output(output), usize::MAX);
            }
        }
        self.log.drain();
    }
}
