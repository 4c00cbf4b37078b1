//! Threads of a service, as the CPU sees them.
//!
//! A [`Context`] is the user-mode state of one thread: general registers, thread pointer, vector
//! state. [`Context::run`] continues it in an address space and returns when the kernel is needed.
//! Vector state stays in the CPU's registers until another context needs them there.

use alloc::alloc::{Layout, alloc};
use alloc::boxed::Box;
use core::fmt;

use crate::arch;
use crate::memory::AddressSpace;
use abi::trap::{Kind, Registers};

/// Why the kernel was entered.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Event {
    /// The thread made a kernel call; number and arguments are in its registers.
    Call,
    /// The thread did what it may not; its registers are those at the faulting instruction (for
    /// [`Kind::Breakpoint`] and [`Kind::SingleStep`], at the next).
    Fault {
        /// What it did.
        kind: Kind,
        /// The CPU's error code, where the kind has one.
        code: u64,
        /// The address touched, for memory kinds.
        address: u64,
    },
    /// Something outside the thread.
    Interrupt(Interrupt),
}

/// What came from outside.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Interrupt {
    /// This CPU's deadline has passed.
    Timer,
    /// Another CPU asks this one to look at its queue, or only to leave user mode.
    Reschedule,
    /// A serial port has bytes, or room for some.
    Serial,
    /// Another line of the machine.
    Other(u8),
}

/// The user-mode state of a thread.
pub struct Context(arch::Context);

impl Context {
    /// A thread that will start at `entry` with `argument` in its first argument register; every
    /// other register is zero. None when the heap is full.
    pub fn new(
        entry: usize,
        stack_pointer: usize,
        thread_pointer: usize,
        argument: usize,
    ) -> Option<Box<Self>> {
        try_box(Self(arch::Context::new(entry, stack_pointer, thread_pointer, argument)?))
    }

    /// Its general registers.
    #[inline]
    pub fn registers(&self) -> &Registers {
        self.0.registers()
    }

    /// Its general registers, to change. Whatever is put there, [`run`](Self::run) gives the thread
    /// no more rights than user mode has: only the arithmetic, direction and trap flags of `rflags`
    /// count, and an address that cannot be one makes the thread fault.
    #[inline]
    pub fn registers_mut(&mut self) -> &mut Registers {
        self.0.registers_mut()
    }

    /// Sets the thread pointer.
    pub fn set_thread_pointer(&mut self, value: usize) {
        self.0.set_thread_pointer(value);
    }

    /// Continues the thread until the kernel is needed.
    #[inline]
    pub fn run(&mut self, space: &AddressSpace) -> Event {
        self.0.run(space)
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("registers", self.registers()).finish_non_exhaustive()
    }
}

/// As `Box::new`, but none when the heap is full.
fn try_box<T>(value: T) -> Option<Box<T>> {
    const { assert!(size_of::<T>() != 0) };
    // SAFETY: the layout's size is not zero, as asserted.
    let place = unsafe { alloc(Layout::new::<T>()) }.cast::<T>();
    if place.is_null() {
        return None;
    }
    // SAFETY: `alloc` gave memory for a `T`.
    unsafe { place.write(value) };
    // SAFETY: it now holds a `T` and was allocated with the layout that `Box` frees it with.
    Some(unsafe { Box::from_raw(place) })
}
