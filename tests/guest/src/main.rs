//! Tests of the kernel from the other side: a service without a runtime that makes every call, takes
//! every trap, and tries what it must not do, on a real (or emulated) machine.
//!
//! Linked like any image at `0x400000`. Without arguments it runs its tests and writes, as the C#
//! suites do, `TEST name`, then `PASS name` or `FAIL name: text`, and `DONE passed failed`. With the
//! argument `wild` it makes wild calls until it has done enough or has hurt itself; the kernel must
//! survive, and any exit code is good that is not the kernel's own.
#![cfg_attr(target_os = "none", no_std, no_main)]

#[cfg(target_os = "none")]
mod arch;
#[cfg(target_os = "none")]
mod call;
#[cfg(target_os = "none")]
mod random;
#[cfg(target_os = "none")]
mod test;
#[cfg(target_os = "none")]
mod text;
#[cfg(target_os = "none")]
mod thread;
#[cfg(target_os = "none")]
mod trap;

/// On the build machine there is nothing to test.
#[cfg(not(target_os = "none"))]
fn main() {}

#[cfg(target_os = "none")]
mod image {
    use core::panic::PanicInfo;

    use super::{call, test, text, thread, trap};
    use abi::start::Start;

    /// A test: returns when it has passed, panics when not.
    pub(crate) type Test = (&'static str, fn(&Start));

    /// The image's first Rust code.
    pub(crate) extern "C" fn start(start: &Start) -> ! {
        thread::adopt_first(start);
        trap::install();
        if text::has_argument(start, "wild") {
            test::wild::run(start);
        }
        for (name, test) in test::ALL {
            text::line(format_args!("TEST {name}"));
            text::set_current(name);
            test(start);
            text::line(format_args!("PASS {name}"));
        }
        text::line(format_args!("DONE {} 0", test::ALL.len()));
        call::exit(0)
    }

    #[panic_handler]
    fn panic(info: &PanicInfo<'_>) -> ! {
        let message = info.message();
        let place = info.location().map_or(0, core::panic::Location::line);
        text::line(format_args!("FAIL {}: {message} (line {place})", text::current()));
        text::line(format_args!("DONE 0 1"));
        call::exit(1)
    }
}
