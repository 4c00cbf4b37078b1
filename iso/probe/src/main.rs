//! A kernel that does nothing but check what its loader hands it, by the Limine boot protocol.
//!
//! It writes a line for each test to the first serial line, in the form of the C# suites (`TEST`,
//! `PASS` or `FAIL` with a reason, at the end `DONE`), and `[exit] 0` or `[exit] 1` to the third.
//! The file behind the base revision tag may be patched to ask for another revision; the tests know
//! what each of the revisions 3 to 6 promises.
//!
//! The command line says what the machine is like: `cpus=N`, and `screen` if it has one. The first
//! module of the configuration holds bytes that count up.
#![cfg_attr(target_os = "none", no_std, no_main)]
#![cfg_attr(
    target_os = "none",
    expect(unsafe_code, reason = "reads what the loader points to; argued at each block")
)]

#[cfg(target_os = "none")]
mod arch;
#[cfg(target_os = "none")]
mod memory;
#[cfg(target_os = "none")]
mod report;
#[cfg(target_os = "none")]
mod requests;
#[cfg(target_os = "none")]
mod state;
#[cfg(target_os = "none")]
mod table;

/// Runs all tests; `entry` is what the registers were.
#[cfg(target_os = "none")]
fn run(entry: &arch::Entry) -> ! {
    let mut report = report::Report::new();
    let facts = memory::Facts::new();
    report.test("base-revision", requests::base_revision);
    report.test("registers", |t| state::registers(t, entry));
    report.test("control-registers", |t| state::control(t, &facts));
    report.test("segments", |t| state::segments(t, &facts));
    report.test("stack", |t| memory::stack(t, &facts, entry));
    report.test("texts", requests::texts);
    report.test("simple-answers", requests::simple);
    report.test("unknown-requests", requests::unanswered);
    report.test("times", requests::times);
    report.test("memory-map", |t| memory::map(t, &facts));
    report.test("direct-map", |t| memory::direct_map(t, &facts));
    report.test("image", |t| memory::image(t, &facts));
    report.test("executable-file", |t| requests::executable_file(t, &facts));
    report.test("modules", |t| requests::modules(t, &facts));
    report.test("screen", |t| requests::screen(t, &facts));
    report.test("acpi", |t| table::acpi(t, &facts));
    report.test("smbios", |t| table::smbios(t, &facts));
    report.test("efi", |t| table::efi(t, &facts));
    report.test("interrupt-controllers", |t| state::controllers(t, &facts));
    report.test("processors", |t| state::processors(t, &facts));
    // Last, because it overwrites what is free.
    report.test("usable-memory", |t| memory::usable(t, &facts));
    report.finish()
}

#[cfg(target_os = "none")]
#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    report::panicked(info)
}

#[cfg(not(target_os = "none"))]
fn main() {
    eprintln!("this is a kernel; `cargo xtask test boot/probe` builds and boots it");
    std::process::exit(2);
}
