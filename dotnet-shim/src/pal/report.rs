//! The contents of the files under `/proc`.
use super::alloc::format;
use super::alloc::string::String;
use super::alloc::vec::Vec;
use super::fs::{BASE, Report};
use super::process::{NUMBER, NUMBER_TEXT};
use super::{files, system};
use crate::sys;
use abi::info::Service;
use abi::memory::PAGE_SIZE;
use core::fmt::Write;

const KIB: u64 = 1024;

/// Writes a report.
pub(super) fn write(report: Report) -> Vec<u8> {
    let service = sys::service_info();
    let name = String::from_utf8_lossy(files::package().name()).into_owned();
    let text = match report {
        Report::Cmdline => return command_line(),
        Report::Environ => return zero_ended(files::package().environment()),
        Report::Comm => format!("{}\n", short(&name)),
        Report::Cpuinfo => cpus(&service),
        Report::Loadavg => String::from("0.00 0.00 0.00 1/1 1\n"),
        Report::Maps => maps(&name),
        Report::Meminfo => memory(&service),
        Report::Mounts => String::from("tmpfs / tmpfs rw 0 0\n"),
        Report::Stat => stat(&service, short(&name)),
        Report::Statm => {
            let pages = service.memory_used / PAGE_SIZE as u64;
            format!("{pages} {pages} 0 0 0 {pages} 0\n")
        }
        Report::Status => status(&service, short(&name)),
        Report::SystemStat => system_stat(&service),
        Report::Uptime => {
            let ns = sys::monotonic_ns();
            format!("{}.{:02} 0.00\n", ns / 1_000_000_000, ns / 10_000_000 % 100)
        }
        Report::Version => format!(
            "Linux version {} {}\n",
            system::RELEASE.to_string_lossy(),
            system::VERSION.to_string_lossy()
        ),
    };
    text.into_bytes()
}

/// A process's name as Linux keeps it: at most 15 bytes.
fn short(name: &str) -> &str {
    &name[..name.floor_char_boundary(15)]
}

fn zero_ended<'a>(strings: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for string in strings {
        bytes.extend_from_slice(string);
        bytes.push(0);
    }
    bytes
}

fn command_line() -> Vec<u8> {
    let mut bytes = [BASE, b"/", files::package().name(), b"\0"].concat();
    bytes.extend(zero_ended(files::package().arguments()));
    bytes
}

fn ticks(ns: u64) -> u64 {
    ns / (1_000_000_000 / system::CLOCK_TICKS)
}

fn cpus(service: &Service) -> String {
    let mut text = String::new();
    for cpu in 0..service.cpus {
        // Writing to a string does not fail.
        let _ = writeln!(text, "processor\t: {cpu}\nmodel name\t: virtual\n");
    }
    text
}

fn memory(service: &Service) -> String {
    let (total, free) = (service.machine_memory / KIB, service.machine_free / KIB);
    format!(
        "MemTotal: {total:>15} kB\nMemFree: {free:>16} kB\nMemAvailable: {free:>11} kB\n\
         SwapTotal: {:>14} kB\nSwapFree: {:>15} kB\n",
        0, 0
    )
}

/// The 52 fields of `/proc/PID/stat`; what there is not is 0.
fn stat(service: &Service, name: &str) -> String {
    let threads = service.threads;
    let (user, kernel) = (ticks(service.user_ns), ticks(service.kernel_ns));
    let (size, pages) = (service.memory_used, service.memory_used / PAGE_SIZE as u64);
    let mut text = format!(
        "{NUMBER} ({name}) R 0 {NUMBER} {NUMBER} 0 -1 0 0 0 0 0 {user} {kernel} 0 0 20 0 {threads} 0 0 \
         {size} {pages} {}",
        service.memory_limit
    );
    (26..=52).for_each(|_| text.push_str(" 0"));
    text.push('\n');
    text
}

fn status(service: &Service, name: &str) -> String {
    let used = service.memory_used / KIB;
    format!(
        "Name:\t{name}\nUmask:\t0022\nState:\tR (running)\nTgid:\t{NUMBER}\nPid:\t{NUMBER}\nPPid:\t0\n\
         Uid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\nVmPeak:\t{used:>8} kB\nVmSize:\t{used:>8} kB\n\
         VmLck:\t       0 kB\nVmHWM:\t{used:>8} kB\nVmRSS:\t{used:>8} kB\nVmData:\t{used:>8} kB\n\
         VmStk:\t       0 kB\nVmSwap:\t       0 kB\nThreads:\t{}\n",
        service.threads
    )
}

/// The image, as one mapping; what else is mapped is nobody's business but the kernel's.
fn maps(name: &str) -> String {
    let (start, end) = image();
    let base = String::from_utf8_lossy(BASE);
    format!("{start:08x}-{end:08x} r-xp 00000000 00:1c 0 {base}/{name}\n")
}

/// Where the image lies.
fn image() -> (usize, usize) {
    #[cfg(feature = "image")]
    return (crate::start::block().image_start, crate::start::block().image_end);
    #[cfg(not(feature = "image"))]
    (0, 0)
}

fn system_stat(service: &Service) -> String {
    let (user, kernel) = (ticks(service.user_ns), ticks(service.kernel_ns));
    let total = ticks(sys::monotonic_ns()) * u64::from(service.cpus);
    let idle = total.saturating_sub(user + kernel);
    let booted = sys::wall_ns().wrapping_sub(sys::monotonic_ns()) / 1_000_000_000;
    format!(
        "cpu {user} 0 {kernel} {idle} 0 0 0 0 0 0\nbtime {booted}\nprocesses {}\n",
        String::from_utf8_lossy(NUMBER_TEXT)
    )
}
