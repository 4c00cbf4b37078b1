//! What the tests find, on the serial lines.

use crate::arch::{power_off, read_port, write_port};
use core::fmt::{self, Write};
use core::panic::PanicInfo;

/// A serial line.
#[derive(Clone, Copy)]
struct Line(u16);

impl Line {
    /// Writes a text.
    fn say(mut self, text: fmt::Arguments<'_>) {
        let written = self.write_fmt(text);
        debug_assert!(written.is_ok(), "writing to a line cannot fail");
    }
}

impl Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            // A line that is not there says that it is ready.
            while read_port(self.0 + 5) & 0x20 == 0 {}
            write_port(self.0, byte);
        }
        Ok(())
    }
}

const RESULTS: Line = Line(0x3f8);
const ERRORS: Line = Line(0x2f8);
const LOG: Line = Line(0x3e8);

/// Writes a line of results.
fn say(text: fmt::Arguments<'_>) {
    RESULTS.say(format_args!("{text}\n"));
}

/// Counts what passed.
pub(crate) struct Report {
    passed: u32,
    failed: u32,
}

/// A test under way.
pub(crate) struct Test {
    name: &'static str,
    has_failed: bool,
}

impl Test {
    /// Fails the test unless something is so; only the first failure is told.
    pub(crate) fn expect(&mut self, is_so: bool, what: fmt::Arguments<'_>) {
        if !is_so && !self.has_failed {
            self.has_failed = true;
            say(format_args!("FAIL {}: {what}", self.name));
        }
    }
}

impl Report {
    /// Begins: whatever was written to the lines before is not ours.
    pub(crate) fn new() -> Self {
        for line in [RESULTS, ERRORS] {
            line.say(format_args!("\x10\x02"));
        }
        Self { passed: 0, failed: 0 }
    }

    /// Runs a test.
    pub(crate) fn test(&mut self, name: &'static str, body: impl FnOnce(&mut Test)) {
        say(format_args!("TEST {name}"));
        let mut test = Test { name, has_failed: false };
        body(&mut test);
        if test.has_failed {
            self.failed += 1;
        } else {
            self.passed += 1;
            say(format_args!("PASS {name}"));
        }
    }

    /// Ends.
    pub(crate) fn finish(self) -> ! {
        say(format_args!("DONE {} {}", self.passed, self.failed));
        exit(u32::from(self.failed > 0))
    }
}

/// Tells of a bug of the probe itself.
pub(crate) fn panicked(info: &PanicInfo<'_>) -> ! {
    say(format_args!("{info}"));
    exit(101)
}

fn exit(code: u32) -> ! {
    LOG.say(format_args!("[exit] {code}\n"));
    power_off()
}
