//! The service's file system behind its lock, and waiting for what happens in it.
use super::alloc::string::String;
use super::alloc::vec::Vec;
use super::error::{Errno, Result};
use super::fs::{BASE, FileSystem, Names, Time, World};
use super::{process, report, system};
use crate::format::package::{File, Package};
use crate::lock::Mutex;
use crate::sys;
use core::sync::atomic::AtomicU32;
use core::sync::atomic::Ordering::SeqCst;

/// Made at first use.
static FILES: Mutex<Option<FileSystem>> = Mutex::new(None);

/// Counts what may let a waiting thread go on: bytes in a pipe, a lock given back, a file closed.
static EVENTS: AtomicU32 = AtomicU32::new(0);

/// Threads that are about to wait for a change, or do.
static WAITING: AtomicU32 = AtomicU32::new(0);

/// The package of this service; none in tests on the host.
pub(super) fn package() -> Package<'static> {
    #[cfg(feature = "image")]
    return crate::start::package();
    #[cfg(not(feature = "image"))]
    Package::EMPTY
}

fn now() -> Time {
    let ns = sys::wall_ns();
    // Both fit: 2^64 ns are 584 years.
    Time { seconds: (ns / 1_000_000_000) as i64, nanoseconds: (ns % 1_000_000_000) as i64 }
}

fn build() -> FileSystem {
    let world = World { now, random: sys::random, report: report::write };
    // Half of the memory, as tmpfs has it by default.
    let mut files = FileSystem::new(world, sys::service_info().memory_limit / 2);
    let package = package();
    let names = Names {
        program: package.name(),
        host: system::HOST_NAME.to_bytes(),
        process: process::NUMBER_TEXT,
    };
    for stream in [sys::stream::INPUT, sys::stream::OUTPUT, sys::stream::ERROR] {
        files.open_console(stream).expect("the descriptor table is empty");
    }
    files.populate(names).expect("the initial tree fits");
    let mut refused = Vec::new();
    let image = package.image().map(|image| File { mode: 0o755, ..image });
    for file in image.into_iter().chain(package.files()) {
        let mode = if file.mode == 0 { 0o644 } else { file.mode };
        if files.add_content(file.name, file.data, mode, Some(file.modified)).is_err() {
            refused.push(file.name);
        }
    }
    files.change_directory(BASE).expect("the initial tree has it");
    for name in refused {
        eprintln!("content file refused: {}", String::from_utf8_lossy(name));
    }
    files
}

/// Runs an operation on the file system.
pub(super) fn with<T>(operation: impl FnOnce(&mut FileSystem) -> T) -> T {
    let mut files = FILES.lock();
    operation(files.get_or_insert_with(build))
}

/// Tells waiting threads that something has changed.
pub(super) fn announce() {
    // Sequentially consistent, as the other side: either the waiting thread sees the new count, or we
    // see the waiting thread.
    EVENTS.fetch_add(1, SeqCst);
    if WAITING.load(SeqCst) > 0 {
        sys::wake(&EVENTS, u32::MAX);
    }
}

/// Repeats `attempt` until it gives a value, waiting for a change before each repetition; `None` after
/// the deadline.
pub(super) fn wait_until<T>(deadline: u64, mut attempt: impl FnMut() -> Option<T>) -> Option<T> {
    WAITING.fetch_add(1, SeqCst);
    let result = loop {
        // Read before the attempt looks, so that a change after the look is not missed.
        let events = EVENTS.load(SeqCst);
        let result = attempt();
        if result.is_some() || sys::monotonic_ns() >= deadline {
            break result;
        }
        // Any end of the wait is a reason to look again.
        let _ = sys::wait(&EVENTS, events, deadline);
    };
    WAITING.fetch_sub(1, SeqCst);
    result
}

/// Repeats an operation as long as it reports `EAGAIN`; after the deadline that stands.
pub(super) fn wait<T>(
    deadline: u64,
    mut operation: impl FnMut(&mut FileSystem) -> Result<T>,
) -> Result<T> {
    let attempt = || match with(&mut operation) {
        Err(Errno::EAGAIN) => None,
        result => Some(result),
    };
    wait_until(deadline, attempt).unwrap_or(Err(Errno::EAGAIN))
}
