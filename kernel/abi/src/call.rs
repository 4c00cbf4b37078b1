//! The kernel calls.
//!
//! # Convention, x86_64
//!
//! `syscall` with the number in `rax` and arguments in `rdi rsi rdx r10 r8 r9`. The result is in
//! `rax`: zero or more on success, otherwise the negated [`Error`](crate::Error). `rcx` and `r11`
//! are lost; every other register, and all vector and x87 state, is kept.
//!
//! Addresses and lengths are those of the calling service. A range that is not wholly inside
//! mappings with the needed protection gives [`BadAddress`](crate::Error::BadAddress) and has no
//! effect. Deadlines are absolute, in nanoseconds of the monotonic clock
//! ([`Clock`](crate::clock::Clock)); [`NO_DEADLINE`](crate::NO_DEADLINE) waits for ever. A call
//! that blocks can be interrupted only by the end of its service; a
//! [`ThreadInterrupt`](Call::ThreadInterrupt) is delivered when it returns.

/// The number of a kernel call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum Call {
    /// `()`: does nothing; the cost of entering the kernel.
    Null = 0,
    /// `(code)`: ends the service with the exit code `code & 0xff`. Does not return.
    Exit = 1,
    /// `(stream, address, length) -> written`: writes to an output [`stream`]. Blocks until at
    /// least one byte was taken.
    StreamWrite = 2,
    /// `(stream, address, length, deadline) -> read`: reads from [`stream::INPUT`]. Blocks until
    /// there is at least one byte; 0 is the end of the input.
    StreamRead = 3,
    /// `(hint, length, protection, 0) -> address`: reserves zeroed memory, committed page by page
    /// at first touch. `length` is rounded up to pages. A non-zero `hint` is honoured exactly or
    /// refused with [`BadArgument`](crate::Error::BadArgument).
    MemoryMap = 4,
    /// `(address, length)`: gives the range back. Unmapped parts of it are ignored.
    MemoryUnmap = 5,
    /// `(address, length, protection)`: changes the protection of a wholly mapped range.
    MemoryProtect = 6,
    /// `(address, length)`: drops the contents of a mapped, writable range; it reads as zeros.
    MemoryDiscard = 7,
    /// `(address, length)`: backs the range with memory now. Either all of it is backed, or the
    /// call fails with [`NoMemory`](crate::Error::NoMemory) and nothing has changed.
    MemoryCommit = 8,
    /// `(parameters: *const ThreadParameters) -> handle`: starts a thread.
    ThreadCreate = 9,
    /// `()`: ends the calling thread. Does not return.
    ThreadExit = 10,
    /// `(handle)`: makes the thread take an [`Interrupt`](crate::trap::Kind::Interrupt) trap as
    /// soon as it next runs in user mode. Repeats before delivery count once.
    ThreadInterrupt = 11,
    /// `(word, expected, deadline)`: blocks while the aligned 32-bit `word` holds `expected`,
    /// until a [`Wake`](Call::Wake). [`Again`](crate::Error::Again) when it holds something else,
    /// [`TimedOut`](crate::Error::TimedOut) after the deadline.
    Wait = 12,
    /// `(word, count) -> woken`: wakes up to `count` threads of this service waiting on `word`.
    Wake = 13,
    /// `()`: lets another ready thread run.
    Yield = 14,
    /// `(deadline)`: blocks until the deadline.
    Sleep = 15,
    /// `()`: a memory barrier on every CPU that runs a thread of this service; afterwards each of
    /// them has observed everything the caller did before.
    Barrier = 16,
    /// `(address, length)`: fills memory with random bytes.
    Random = 17,
    /// `(entry)`: sets the service's trap handler, see [`trap`](crate::trap).
    TrapHandler = 18,
    /// `(frame: *const Frame)`: resumes at the state in a trap frame. Does not return.
    TrapReturn = 19,
    /// `(base, length)`: sets the calling thread's trap stack.
    TrapStack = 20,
    /// `(value)`: sets the calling thread's thread pointer (`FS` base).
    ThreadPointer = 21,
    /// `(kind, address, length) -> written`: copies a structure of [`info`](crate::info).
    Info = 22,
}

impl Call {
    /// How many calls there are; the numbers are dense.
    pub const COUNT: u32 = 23;

    /// Every call, in the order of their numbers.
    pub const ALL: [Self; Self::COUNT as usize] = [
        Self::Null,
        Self::Exit,
        Self::StreamWrite,
        Self::StreamRead,
        Self::MemoryMap,
        Self::MemoryUnmap,
        Self::MemoryProtect,
        Self::MemoryDiscard,
        Self::MemoryCommit,
        Self::ThreadCreate,
        Self::ThreadExit,
        Self::ThreadInterrupt,
        Self::Wait,
        Self::Wake,
        Self::Yield,
        Self::Sleep,
        Self::Barrier,
        Self::Random,
        Self::TrapHandler,
        Self::TrapReturn,
        Self::TrapStack,
        Self::ThreadPointer,
        Self::Info,
    ];
}

/// The streams every service has.
pub mod stream {
    /// Standard input.
    pub const INPUT: u32 = 0;
    /// Standard output.
    pub const OUTPUT: u32 = 1;
    /// Standard error.
    pub const ERROR: u32 = 2;
    /// The kernel log; each write is one or more lines, prefixed there with the service's name.
    pub const LOG: u32 = 3;
}
