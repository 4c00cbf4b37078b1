//! How a thread is described to [`Call::ThreadCreate`](crate::Call::ThreadCreate).

/// A new thread. It starts at `entry` with `argument` in the first argument register, the stack
/// pointer eight below `stack_top` (as after a call; the word there is not touched), and every other
/// register zero.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub struct ThreadParameters {
    /// First instruction.
    pub entry: usize,
    /// First argument.
    pub argument: usize,
    /// One past the highest byte of the stack, 16-byte aligned.
    pub stack_top: usize,
    /// Thread pointer (x86_64: `FS` base).
    pub thread_pointer: usize,
    /// Lowest byte of the trap stack.
    pub trap_stack: usize,
    /// Length of the trap stack in bytes.
    pub trap_stack_len: usize,
    /// Address of an aligned 32-bit word, or zero. When the thread has ended and will never touch
    /// its stack again, the kernel stores zero there and wakes all who wait on it.
    pub exit_word: usize,
}
