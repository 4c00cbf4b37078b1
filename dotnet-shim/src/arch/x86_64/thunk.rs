//! Delegate thunks.

/// Bytes of one thunk.
pub(crate) const THUNK_SIZE: usize = 20;

/// `mov r10, data; jmp [r10 + to_end]`: jumps through the last word of the data page, with the
/// thunk's data in `r10`.
pub(crate) fn thunk(data: usize, to_end: usize) -> [u8; THUNK_SIZE] {
    let mut code = [0xcc; THUNK_SIZE];
    code[..2].copy_from_slice(&[0x49, 0xba]);
    code[2..10].copy_from_slice(&data.to_le_bytes());
    code[10..13].copy_from_slice(&[0x41, 0xff, 0xa2]);
    code[13..17].copy_from_slice(&(to_end as u32).to_le_bytes());
    code
}
