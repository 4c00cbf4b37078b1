//! Cermet's kernel calls over Linux: the test bed.
//!
//! One Linux process is one service. Signals become trap frames, `futex` is wait and wake,
//! `membarrier` the barrier. The memory limit is kept by counting what is committed and discarded.
use crate::arch;
use abi::call::stream;
use abi::memory::Protection;
use abi::thread::ThreadParameters;
use abi::{Call, Error, NO_DEADLINE, info};
use core::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};

#[cfg(feature = "image")]
mod process;
#[cfg(feature = "image")]
mod signal;

/// Linux system calls by number (x86-64).
mod number {
    pub(super) const READ: usize = 0;
    pub(super) const WRITE: usize = 1;
    pub(super) const POLL: usize = 7;
    pub(super) const MMAP: usize = 9;
    pub(super) const MPROTECT: usize = 10;
    pub(super) const MUNMAP: usize = 11;
    #[cfg(feature = "image")]
    pub(super) const RT_SIGACTION: usize = 13;
    pub(super) const SCHED_YIELD: usize = 24;
    pub(super) const MADVISE: usize = 28;
    pub(super) const GETPID: usize = 39;
    pub(super) const EXIT: usize = 60;
    pub(super) const SIGALTSTACK: usize = 131;
    pub(super) const ARCH_PRCTL: usize = 158;
    pub(super) const GETTID: usize = 186;
    pub(super) const FUTEX: usize = 202;
    pub(super) const SCHED_GETAFFINITY: usize = 204;
    pub(super) const CLOCK_GETTIME: usize = 228;
    pub(super) const CLOCK_NANOSLEEP: usize = 230;
    pub(super) const EXIT_GROUP: usize = 231;
    pub(super) const TGKILL: usize = 234;
    pub(super) const GETCPU: usize = 309;
    pub(super) const GETRANDOM: usize = 318;
    pub(super) const MEMBARRIER: usize = 324;
}

const EINTR: isize = -4;
const EAGAIN: isize = -11;
const ENOMEM: isize = -12;
const EFAULT: isize = -14;
const ETIMEDOUT: isize = -110;

const CLOCK_REALTIME: usize = 0;
const CLOCK_MONOTONIC: usize = 1;

/// Bytes the service may have committed.
static LIMIT: AtomicI64 = AtomicI64::new(i64::MAX);
/// Bytes it has committed by call and not discarded.
static COMMITTED: AtomicI64 = AtomicI64::new(0);
/// The machine's memory, for `info`.
static MACHINE: AtomicU64 = AtomicU64::new(1 << 30);

/// Seconds and nanoseconds.
type TimeSpec = [i64; 2];

/// A Linux system call, repeated while a signal interrupts it.
///
/// # Safety
///
/// As for the call.
unsafe fn linux(number: usize, arguments: [usize; 6]) -> isize {
    loop {
        // SAFETY: the caller's promise.
        let result = unsafe { arch::syscall(number, arguments) };
        if result != EINTR {
            return result;
        }
    }
}

/// Linux's result as ours.
fn translate(result: isize) -> isize {
    if result >= 0 {
        return result;
    }
    -(match result {
        EAGAIN => Error::Again,
        ENOMEM => Error::NoMemory,
        EFAULT => Error::BadAddress,
        ETIMEDOUT => Error::TimedOut,
        _ => Error::BadArgument,
    } as isize)
}

/// A kernel call.
///
/// # Safety
///
/// As for the call.
pub(super) unsafe fn call(call: Call, arguments: [usize; 6]) -> isize {
    let [a, b, c, d, ..] = arguments;
    // SAFETY: each Linux call below does no more to memory than the kernel call whose place it takes.
    unsafe {
        match call {
            Call::Null => linux(number::GETPID, [0; 6]).min(0),
            Call::Exit => linux(number::EXIT_GROUP, [a & 0xff, 0, 0, 0, 0, 0]),
            Call::StreamWrite => {
                // the log has no stream of its own here
                let file = if a == stream::LOG as usize { 2 } else { a };
                translate(linux(number::WRITE, [file, b, c, 0, 0, 0]))
            }
            Call::StreamRead => read(a, b, c, d as u64),
            Call::MemoryMap => {
                const PRIVATE_ANONYMOUS_NORESERVE: usize = 0x4022;
                const FIXED_NOREPLACE: usize = 0x10_0000;
                let flags = PRIVATE_ANONYMOUS_NORESERVE | if a != 0 { FIXED_NOREPLACE } else { 0 };
                let range = [a, page_up(b), protection(c), flags, usize::MAX, 0];
                translate(linux(number::MMAP, range))
            }
            Call::MemoryUnmap => translate(linux(number::MUNMAP, [a, b, 0, 0, 0, 0])),
            Call::MemoryProtect => {
                translate(linux(number::MPROTECT, [a, b, protection(c), 0, 0, 0]))
            }
            Call::MemoryDiscard => {
                const DONT_NEED: usize = 4;
                COMMITTED.fetch_sub(b as i64, Relaxed);
                translate(linux(number::MADVISE, [a, b, DONT_NEED, 0, 0, 0]))
            }
            Call::MemoryCommit => {
                if COMMITTED.fetch_add(b as i64, Relaxed) + b as i64 > LIMIT.load(Relaxed) {
                    COMMITTED.fetch_sub(b as i64, Relaxed);
                    return -(Error::NoMemory as isize);
                }
                0
            }
            Call::ThreadCreate => clone(&*(a as *const ThreadParameters)),
            Call::ThreadExit => linux(number::EXIT, [0; 6]),
            Call::ThreadInterrupt => {
                let process = linux(number::GETPID, [0; 6]) as usize;
                translate(linux(number::TGKILL, [process, a, INTERRUPT_SIGNAL, 0, 0, 0]))
            }
            Call::Wait => wait(a, b, c as u64),
            Call::Wake => {
                const WAKE_PRIVATE: usize = 129;
                let count = b.min(i32::MAX as usize);
                translate(linux(number::FUTEX, [a, WAKE_PRIVATE, count, 0, 0, 0]))
            }
            Call::Yield => linux(number::SCHED_YIELD, [0; 6]).min(0),
            Call::Sleep => {
                const ABSOLUTE: usize = 1;
                let until = timespec(a as u64);
                let address = &raw const until as usize;
                translate(linux(
                    number::CLOCK_NANOSLEEP,
                    [CLOCK_MONOTONIC, ABSOLUTE, address, 0, 0, 0],
                ))
            }
            Call::Barrier => {
                const PRIVATE_EXPEDITED: usize = 8;
                translate(linux(number::MEMBARRIER, [PRIVATE_EXPEDITED, 0, 0, 0, 0, 0]))
            }
            Call::Random => random(a, b),
            Call::TrapHandler => install_signals(),
            // the signal handler's own return does it
            Call::TrapReturn => -(Error::BadCall as isize),
            Call::TrapStack => {
                let stack = [a, 0, b];
                let address = &raw const stack as usize;
                translate(linux(number::SIGALTSTACK, [address, 0, 0, 0, 0, 0]))
            }
            Call::ThreadPointer => {
                const SET_FS: usize = 0x1002;
                translate(linux(number::ARCH_PRCTL, [SET_FS, a, 0, 0, 0, 0]))
            }
            Call::Info => fill_info(a as u32, b, c),
        }
    }
}

/// The signal that stands for [`Call::ThreadInterrupt`] (`SIGUSR1`).
const INTERRUPT_SIGNAL: usize = 10;

fn page_up(length: usize) -> usize {
    (length + abi::memory::PAGE_SIZE - 1) & !(abi::memory::PAGE_SIZE - 1)
}

/// Our protection as Linux's: read 1, write 2, execute 4 in both.
fn protection(value: usize) -> usize {
    debug_assert!(
        value as u32 == Protection::NONE.0 || value as u32 & Protection::READ.0 != 0,
        "everything but NONE can be read"
    );
    value & 7
}

fn timespec(ns: u64) -> TimeSpec {
    [(ns / 1_000_000_000).min(i64::MAX as u64) as i64, (ns % 1_000_000_000) as i64]
}

/// # Safety
///
/// `word` is the address of a live atomic.
unsafe fn wait(word: usize, expected: usize, deadline: u64) -> isize {
    const WAIT_BITSET_PRIVATE: usize = 137;
    let until = timespec(deadline);
    let timeout = if deadline == NO_DEADLINE { 0 } else { &raw const until as usize };
    // SAFETY: the word by promise; the time lives here.
    translate(unsafe {
        linux(number::FUTEX, [word, WAIT_BITSET_PRIVATE, expected, timeout, 0, u32::MAX as usize])
    })
}

/// # Safety
///
/// The range is writable.
unsafe fn read(file: usize, address: usize, length: usize, deadline: u64) -> isize {
    if deadline != NO_DEADLINE {
        const READABLE: u64 = 1;
        let query: u64 = file as u64 | READABLE << 32;
        loop {
            let left = deadline.saturating_sub(monotonic_ns()).div_ceil(1_000_000);
            let list = [&raw const query as usize, 1, left.min(1 << 30) as usize, 0, 0, 0];
            // SAFETY: one entry, which lives here.
            match unsafe { arch::syscall(number::POLL, list) } {
                0 if monotonic_ns() >= deadline => return -(Error::TimedOut as isize),
                0 | EINTR => {}
                _ => break,
            }
        }
    }
    // SAFETY: the caller's promise.
    translate(unsafe { linux(number::READ, [file, address, length, 0, 0, 0]) })
}

/// # Safety
///
/// The range is writable.
unsafe fn random(address: usize, length: usize) -> isize {
    let mut done = 0;
    while done < length {
        // SAFETY: the rest of the range.
        let part = unsafe { linux(number::GETRANDOM, [address + done, length - done, 0, 0, 0, 0]) };
        match usize::try_from(part) {
            Ok(part) => done += part,
            Err(_) => return translate(part),
        }
    }
    0
}

/// Nanoseconds of the monotonic clock.
pub fn monotonic_ns() -> u64 {
    clock_ns(CLOCK_MONOTONIC)
}

/// What to add to the monotonic time to get the time since 1970.
pub(super) fn wall_offset_ns() -> u64 {
    clock_ns(CLOCK_REALTIME).wrapping_sub(monotonic_ns())
}

fn clock_ns(clock: usize) -> u64 {
    let mut time: TimeSpec = [0; 2];
    let arguments = [clock, &raw mut time as usize, 0, 0, 0, 0];
    // SAFETY: the time lives here.
    unsafe { linux(number::CLOCK_GETTIME, arguments) };
    time[0] as u64 * 1_000_000_000 + time[1] as u64
}

fn cpu_count() -> u32 {
    let mut mask = [0_u64; 16];
    let arguments = [0, size_of_val(&mask), mask.as_mut_ptr() as usize, 0, 0, 0];
    // SAFETY: the mask lives here.
    unsafe { linux(number::SCHED_GETAFFINITY, arguments) };
    mask.iter().map(|word| word.count_ones()).sum::<u32>().max(1)
}

/// # Safety
///
/// `address` is that of a structure of the kind, `length` bytes long.
unsafe fn fill_info(kind: u32, address: usize, length: usize) -> isize {
    const CPU_TIME_OF_PROCESS: usize = 2;
    const CPU_TIME_OF_THREAD: usize = 3;
    let machine_memory = MACHINE.load(Relaxed);
    let memory_used = COMMITTED.load(Relaxed).max(0) as u64;
    match kind {
        info::SERVICE if length >= size_of::<info::Service>() => {
            let value = info::Service {
                memory_limit: LIMIT.load(Relaxed).max(0) as u64,
                memory_used,
                machine_memory,
                machine_free: machine_memory.saturating_sub(memory_used),
                user_ns: clock_ns(CPU_TIME_OF_PROCESS),
                cpus: cpu_count(),
                ..info::Service::default()
            };
            // SAFETY: the caller's promise.
            unsafe { (address as *mut info::Service).write_unaligned(value) };
            size_of::<info::Service>() as isize
        }
        info::THREAD if length >= size_of::<info::Thread>() => {
            let mut cpu = 0_u32;
            // SAFETY: the number lives here.
            unsafe { linux(number::GETCPU, [&raw mut cpu as usize, 0, 0, 0, 0, 0]) };
            // SAFETY: no arguments.
            let handle = unsafe { linux(number::GETTID, [0; 6]) } as u64;
            let value = info::Thread {
                handle,
                user_ns: clock_ns(CPU_TIME_OF_THREAD),
                cpu,
                ..info::Thread::default()
            };
            // SAFETY: the caller's promise.
            unsafe { (address as *mut info::Thread).write_unaligned(value) };
            size_of::<info::Thread>() as isize
        }
        _ => -(Error::BadArgument as isize),
    }
}

/// Starts a thread that the image runs; the host's tests have threads of their own.
///
/// # Safety
///
/// As [`Call::ThreadCreate`].
#[cfg(feature = "image")]
unsafe fn clone(parameters: &ThreadParameters) -> isize {
    // SAFETY: the caller's promise.
    translate(unsafe { arch::linux::clone(parameters) })
}

#[cfg(feature = "image")]
fn install_signals() -> isize {
    signal::install()
}

#[cfg(feature = "image")]
pub(super) fn trap_entry() -> usize {
    0
}

#[cfg(not(feature = "image"))]
unsafe fn clone(_: &ThreadParameters) -> isize {
    -(Error::BadCall as isize)
}

#[cfg(not(feature = "image"))]
fn install_signals() -> isize {
    -(Error::BadCall as isize)
}

#[cfg(not(feature = "image"))]
pub(super) fn trap_entry() -> usize {
    0
}
