//! The kernel calls as functions.

use core::sync::atomic::AtomicU32;

use abi::memory::Protection;
use abi::{Call, Error, NO_DEADLINE};

use crate::arch;

/// Makes a call; the result, or the error.
pub(crate) fn make<const N: usize>(call: Call, arguments: [u64; N]) -> Result<u64, Error> {
    let mut all = [0; 4];
    all[..N].copy_from_slice(&arguments);
    raw(call as u64, all)
}

/// Makes a call by number.
pub(crate) fn raw(number: u64, arguments: [u64; 4]) -> Result<u64, Error> {
    let result = arch::call(number, arguments);
    if result >= 0 {
        return Ok(result as u64);
    }
    let code = i32::try_from(-result).expect("the negative of a small number");
    Err(Error::from_code(code).expect("an error that there is"))
}

/// Ends the service.
pub(crate) fn exit(code: u8) -> ! {
    loop {
        // It does not return.
        let _ = make(Call::Exit, [code.into()]);
    }
}

/// Writes all of `bytes`.
pub(crate) fn write(stream: u32, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        let arguments = [stream.into(), bytes.as_ptr() as u64, bytes.len() as u64];
        match make(Call::StreamWrite, arguments) {
            Ok(count) => bytes = &bytes[count as usize..],
            Err(_) => return,
        }
    }
}

/// Maps memory anywhere.
pub(crate) fn map(len: u64, protection: Protection) -> Result<u64, Error> {
    make(Call::MemoryMap, [0, len, protection.0.into(), 0])
}

/// Maps memory that can be written.
pub(crate) fn map_data(len: u64) -> u64 {
    map(len, Protection::WRITE).expect("there is memory")
}

/// Unmaps memory.
pub(crate) fn unmap(address: u64, len: u64) {
    make(Call::MemoryUnmap, [address, len]).expect("a good range");
}

/// Waits while `word` is `expected`.
pub(crate) fn wait(word: &AtomicU32, expected: u32) {
    // Whether it was woken or found something else, the caller looks again.
    let _ = make(Call::Wait, [word.as_ptr() as u64, expected.into(), NO_DEADLINE]);
}

/// Wakes threads that wait on `word`.
pub(crate) fn wake(word: &AtomicU32, count: u64) -> u64 {
    make(Call::Wake, [word.as_ptr() as u64, count]).expect("a good word")
}

/// Lets others run.
pub(crate) fn give_way() {
    make(Call::Yield, []).expect("it cannot fail");
}
