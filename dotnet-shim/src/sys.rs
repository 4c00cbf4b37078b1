//! The system underneath: one typed function for each kernel call of [`abi::Call`].
//!
//! A backend is one function, `call`, with the kernel's own convention. `cermet` enters the kernel;
//! `linux` does the same by Linux means, so that everything above runs and is tested as a Linux
//! process.
use abi::memory::Protection;
use abi::{Call, Error, NO_DEADLINE, info};
use core::sync::atomic::AtomicU32;

#[cfg_attr(any(feature = "linux", not(feature = "image")), path = "sys/linux/mod.rs")]
#[cfg_attr(not(any(feature = "linux", not(feature = "image"))), path = "sys/cermet.rs")]
mod backend;

pub use abi::call::stream;
pub use backend::monotonic_ns;
#[cfg(all(feature = "image", not(feature = "linux")))]
pub(crate) use backend::set_start;

/// What a kernel call gives.
pub type Result<T> = core::result::Result<T, Error>;

/// Makes a call and splits the result.
///
/// # Safety
///
/// As [`abi::Call`] says for this call: memory named by the arguments must be valid for it.
unsafe fn call(call: Call, arguments: [usize; 6]) -> Result<usize> {
    // SAFETY: the caller's promise.
    let result = unsafe { backend::call(call, arguments) };
    match usize::try_from(result) {
        Ok(value) => Ok(value),
        Err(_) => Err(Error::from_code(-result as i32).unwrap_or(Error::BadCall)),
    }
}

/// Does nothing, in the kernel.
pub fn null() {
    // SAFETY: the call has no arguments and no effect.
    let _ = unsafe { call(Call::Null, [0; 6]) };
}

/// Reserves zeroed memory, committed at first touch.
///
/// # Errors
///
/// `NoMemory` or `Limit` when there is no room for the mapping.
pub fn map(length: usize, protection: Protection) -> Result<usize> {
    // SAFETY: without a hint the kernel chooses a range that nobody uses.
    unsafe { call(Call::MemoryMap, [0, length, protection.0 as usize, 0, 0, 0]) }
}

/// Gives a range back.
///
/// # Safety
///
/// Nobody uses the range any more.
///
/// # Errors
///
/// `BadArgument` when the range is not page-aligned.
pub unsafe fn unmap(address: usize, length: usize) -> Result<()> {
    // SAFETY: the caller's promise.
    unsafe { call(Call::MemoryUnmap, [address, length, 0, 0, 0, 0]) }.map(drop)
}

/// Changes the protection of a mapped range.
///
/// # Safety
///
/// Nobody relies on the access that is taken away.
///
/// # Errors
///
/// `BadAddress` when the range is not wholly mapped, `BadArgument` when it is misaligned.
pub unsafe fn protect(address: usize, length: usize, protection: Protection) -> Result<()> {
    // SAFETY: the caller's promise.
    unsafe { call(Call::MemoryProtect, [address, length, protection.0 as usize, 0, 0, 0]) }
        .map(drop)
}

/// Drops the contents of a range; it reads as zeros afterwards and is no longer committed.
///
/// # Safety
///
/// Nobody relies on the contents.
///
/// # Errors
///
/// `BadAddress` when the range is not wholly mapped, `BadArgument` when it is misaligned.
pub unsafe fn discard(address: usize, length: usize) -> Result<()> {
    // SAFETY: the caller's promise.
    unsafe { call(Call::MemoryDiscard, [address, length, 0, 0, 0, 0]) }.map(drop)
}

/// Backs a mapped range with memory now, all of it or nothing.
///
/// # Errors
///
/// `NoMemory` when the service's limit or the machine's memory is used up.
pub fn commit(address: usize, length: usize) -> Result<()> {
    // SAFETY: committing does not change what the range holds.
    unsafe { call(Call::MemoryCommit, [address, length, 0, 0, 0, 0]) }.map(drop)
}

/// Starts a thread and gives its handle.
///
/// # Safety
///
/// The parameters describe a sound first step: stacks that nobody else uses, an entry that accepts
/// its argument.
///
/// # Errors
///
/// `NoMemory` or `Limit` when there can be no further thread.
pub unsafe fn thread_create(parameters: &abi::thread::ThreadParameters) -> Result<u64> {
    let address = &raw const *parameters as usize;
    // SAFETY: the structure is valid for the call; the rest is the caller's promise.
    unsafe { call(Call::ThreadCreate, [address, 0, 0, 0, 0, 0]) }.map(|handle| handle as u64)
}

/// Ends the calling thread.
pub fn thread_exit() -> ! {
    // SAFETY: nothing of this thread is used afterwards.
    let _ = unsafe { call(Call::ThreadExit, [0; 6]) };
    unreachable!("the thread has ended")
}

/// Makes a thread take an interrupt trap. A thread that has ended is not an error.
pub fn thread_interrupt(handle: u64) {
    // SAFETY: the trap handler accepts an interrupt at any time.
    let _ = unsafe { call(Call::ThreadInterrupt, [handle as usize, 0, 0, 0, 0, 0]) };
}

/// Blocks while `word` holds `expected`, until a [`wake`] or the deadline ([`NO_DEADLINE`]: none).
///
/// # Errors
///
/// `Again` when it holds something else, `TimedOut` after the deadline.
pub fn wait(word: &AtomicU32, expected: u32, deadline: u64) -> Result<()> {
    let arguments = [word.as_ptr() as usize, expected as usize, deadline as usize, 0, 0, 0];
    // SAFETY: the word is a live atomic.
    unsafe { call(Call::Wait, arguments) }.map(drop)
}

/// Wakes up to `count` threads that [`wait`] on the word.
pub fn wake(word: &AtomicU32, count: u32) {
    // SAFETY: the word is a live atomic.
    let _ = unsafe { call(Call::Wake, [word.as_ptr() as usize, count as usize, 0, 0, 0, 0]) };
}

/// Lets another thread run.
pub fn yield_now() {
    // SAFETY: the call has no arguments.
    let _ = unsafe { call(Call::Yield, [0; 6]) };
}

/// Blocks until the deadline, in nanoseconds of [`monotonic_ns`].
pub fn sleep_until(deadline: u64) {
    // SAFETY: the call names no memory.
    let _ = unsafe { call(Call::Sleep, [deadline as usize, 0, 0, 0, 0, 0]) };
}

/// A memory barrier on every CPU that runs a thread of this service.
pub fn barrier() {
    // SAFETY: the call has no arguments.
    let _ = unsafe { call(Call::Barrier, [0; 6]) };
}

/// Writes to an output stream, at least one byte.
///
/// # Errors
///
/// `BadArgument` when there is no such stream.
pub fn write(stream: u32, bytes: &[u8]) -> Result<usize> {
    let arguments = [stream as usize, bytes.as_ptr() as usize, bytes.len(), 0, 0, 0];
    // SAFETY: the slice is readable.
    unsafe { call(Call::StreamWrite, arguments) }
}

/// Reads from the input, at least one byte; 0 is its end.
///
/// # Errors
///
/// `TimedOut` after the deadline, `BadArgument` when there is no such stream.
pub fn read(stream: u32, bytes: &mut [u8], deadline: u64) -> Result<usize> {
    let address = bytes.as_mut_ptr() as usize;
    let arguments = [stream as usize, address, bytes.len(), deadline as usize, 0, 0];
    // SAFETY: the slice is writable.
    unsafe { call(Call::StreamRead, arguments) }
}

/// Fills a buffer with random bytes.
///
/// # Panics
///
/// When the kernel does not take a writable buffer for one.
pub fn random(bytes: &mut [u8]) {
    let arguments = [bytes.as_mut_ptr() as usize, bytes.len(), 0, 0, 0, 0];
    // SAFETY: the slice is writable.
    unsafe { call(Call::Random, arguments) }.expect("a writable buffer can be filled");
}

/// Ends the service.
pub fn exit(code: u8) -> ! {
    // SAFETY: nothing of this service is used afterwards.
    let _ = unsafe { call(Call::Exit, [code as usize, 0, 0, 0, 0, 0]) };
    unreachable!("the service has ended")
}

/// Makes the image's trap entry receive every trap of the service.
///
/// # Panics
///
/// When the kernel refuses an entry in the image.
pub fn install_trap_handler() {
    // SAFETY: the entry is written for this convention.
    let result = unsafe { call(Call::TrapHandler, [backend::trap_entry(), 0, 0, 0, 0, 0]) };
    result.expect("the handler lies in the image");
}

/// Sets the calling thread's trap stack.
///
/// # Panics
///
/// When the range is not mapped.
///
/// # Safety
///
/// The range is writable and belongs to this thread alone.
pub unsafe fn set_trap_stack(base: usize, length: usize) {
    // SAFETY: the caller's promise.
    let result = unsafe { call(Call::TrapStack, [base, length, 0, 0, 0, 0]) };
    result.expect("the trap stack is mapped");
}

/// Sets the calling thread's thread pointer.
///
/// # Panics
///
/// When the value is not a user address.
///
/// # Safety
///
/// The value is the address of a thread block that fits this thread.
pub unsafe fn set_thread_pointer(value: usize) {
    // SAFETY: the caller's promise.
    let result = unsafe { call(Call::ThreadPointer, [value, 0, 0, 0, 0, 0]) };
    result.expect("the thread pointer is a user address");
}

/// Figures about the service and the machine.
pub fn service_info() -> info::Service {
    let mut value = info::Service::default();
    let arguments = [info::SERVICE as usize, &raw mut value as usize, size_of_val(&value), 0, 0, 0];
    // SAFETY: the structure is writable and of the length given.
    let _ = unsafe { call(Call::Info, arguments) };
    value
}

/// Figures about the calling thread.
pub fn thread_info() -> info::Thread {
    let mut value = info::Thread::default();
    let arguments = [info::THREAD as usize, &raw mut value as usize, size_of_val(&value), 0, 0, 0];
    // SAFETY: the structure is writable and of the length given.
    let _ = unsafe { call(Call::Info, arguments) };
    value
}

/// Nanoseconds since 1970-01-01T00:00:00Z.
pub fn wall_ns() -> u64 {
    monotonic_ns().wrapping_add(backend::wall_offset_ns())
}

/// The deadline that lies `ns` from now; `None` never comes.
pub fn deadline_after(ns: Option<u64>) -> u64 {
    ns.map_or(NO_DEADLINE, |ns| monotonic_ns().saturating_add(ns))
}
