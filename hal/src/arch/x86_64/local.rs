//! What each CPU has for itself. The GS base points to it while the kernel runs.

use core::arch::asm;
use core::cell::{Cell, UnsafeCell};
use core::ptr;
use core::sync::atomic::{AtomicU32, AtomicU64};

use x86_64::structures::tss::TaskStateSegment;

use super::descriptor::GDT_ENTRIES;
use super::vector::Area;
use crate::cpu;

/// Values of [`Local::pending`].
pub(super) const FLUSH: u32 = 1;
pub(super) const UNLOAD: u32 = 2;
pub(super) const SPILL: u32 = 4;

/// The stack that the CPU switches to when it leaves user mode: room for what it pushes and what the
/// stubs need until they have stored it. The kernel's own stack keeps the frames below `run`.
#[repr(C, align(16))]
pub(super) struct EntryStack([u64; 32]);

/// A CPU's own data.
///
/// # Invariants
///
/// `Cell` and `UnsafeCell` fields are touched by the CPU itself alone (interrupts never run Rust code
/// that does); the others use the atomic ones.
#[repr(C, align(64))]
pub(super) struct Local {
    /// Its own address.
    pub(super) this: Cell<*const Self>,
    /// Where `run` was, while user code runs.
    pub(super) kernel_stack: Cell<u64>,
    /// The user stack pointer, for a moment at entry.
    pub(super) user_stack: Cell<u64>,
    /// Where to store the registers of the running thread.
    pub(super) registers: Cell<*mut abi::trap::Registers>,
    /// Odd while user code runs.
    pub(super) epoch: AtomicU64,
    /// What others want of this CPU.
    pub(super) pending: AtomicU32,
    /// The interrupt that ended the idle wait.
    pub(super) idle_vector: Cell<u32>,
    /// The error code of the last trap from user mode.
    pub(super) error_code: Cell<u64>,
    /// The CPU's number.
    pub(super) number: Cell<u32>,
    /// The number by which interrupts reach it.
    pub(super) apic_id: AtomicU32,
    /// The top-level table in use.
    pub(super) root: AtomicU64,
    /// The thread pointer in use.
    pub(super) thread_pointer: Cell<u64>,
    /// Whose vector state is in the registers.
    pub(super) vector: Cell<*const Area>,
    /// The deadline that the timer is set to, `u64::MAX` for none.
    pub(super) deadline_ns: Cell<u64>,
    pub(super) entry_stack: UnsafeCell<EntryStack>,
    pub(super) tss: UnsafeCell<TaskStateSegment>,
    pub(super) gdt: UnsafeCell<[u64; GDT_ENTRIES]>,
}

// SAFETY: see the invariants: each CPU reaches only its own non-atomic fields.
unsafe impl Sync for Local {}

impl Local {
    const fn new() -> Self {
        Self {
            this: Cell::new(ptr::null()),
            kernel_stack: Cell::new(0),
            user_stack: Cell::new(0),
            registers: Cell::new(ptr::null_mut()),
            epoch: AtomicU64::new(0),
            pending: AtomicU32::new(0),
            idle_vector: Cell::new(0),
            error_code: Cell::new(0),
            number: Cell::new(0),
            apic_id: AtomicU32::new(0),
            root: AtomicU64::new(0),
            thread_pointer: Cell::new(0),
            vector: Cell::new(ptr::null()),
            deadline_ns: Cell::new(u64::MAX),
            entry_stack: UnsafeCell::new(EntryStack([0; 32])),
            tss: UnsafeCell::new(TaskStateSegment::new()),
            gdt: UnsafeCell::new([0; GDT_ENTRIES]),
        }
    }

    /// One past the entry stack.
    pub(super) fn entry_stack_top(&self) -> u64 {
        self.entry_stack.get() as u64 + size_of::<EntryStack>() as u64
    }
}

static LOCALS: [Local; cpu::LIMIT as usize] = [const { Local::new() }; cpu::LIMIT as usize];

/// The data of a CPU.
pub(super) fn of(number: u32) -> &'static Local {
    &LOCALS[number as usize]
}

/// The data of this CPU.
#[inline]
pub(super) fn this() -> &'static Local {
    let this: *const Local;
    // SAFETY: `cpu::init` has pointed GS at this CPU's `Local`, whose first field is its address.
    unsafe {
        asm!("mov {}, gs:[0]", out(reg) this, options(nostack, preserves_flags, readonly, pure));
    };
    // SAFETY: it is an element of `LOCALS`.
    unsafe { &*this }
}
