//! Vector and x87 state of threads. It stays in a CPU's registers until the CPU runs another thread
//! or goes idle, or another CPU asks for it.

use alloc::alloc::{Layout, alloc_zeroed, dealloc};
use core::arch::asm;
use core::cell::UnsafeCell;
use core::ptr::{self, NonNull};
use core::sync::atomic::{AtomicU32, Ordering};

use super::local::{self, Local, SPILL};
use super::{Machine, feature};
use crate::arch::Arch;

/// No CPU holds the state.
const NOBODY: u32 = u32::MAX;

/// Where a thread's state is saved, and who has it in registers now.
///
/// # Invariants
///
/// While `holder` is a CPU's number, only that CPU touches `bytes`; else whoever has the thread's
/// `Context` for itself may.
#[repr(C, align(64))]
pub(super) struct Area {
    holder: AtomicU32,
    bytes: UnsafeCell<Bytes>,
}

/// The first 64 bytes of what XSAVE writes; the rest follows.
#[repr(C, align(64))]
struct Bytes([u8; 64]);

/// A thread's [`Area`], on the heap.
pub(super) struct State(NonNull<Area>);

// SAFETY: the area may be used from any CPU, as its invariants say.
unsafe impl Send for State {}
// SAFETY: a shared `State` gives access to nothing.
unsafe impl Sync for State {}

fn layout() -> Layout {
    let size = core::mem::offset_of!(Area, bytes) + feature::get().vector_size;
    Layout::from_size_align(size, align_of::<Area>()).expect("the area is a few kilobytes")
}

impl State {
    /// The state that a new thread has; none when the heap is full.
    pub(super) fn new() -> Option<Self> {
        // SAFETY: the layout's size is not zero.
        let area = NonNull::new(unsafe { alloc_zeroed(layout()) }.cast::<Area>())?;
        // SAFETY: the area was just allocated, larger than `Area`, and zeros are a valid one.
        let this = unsafe { area.as_ref() };
        this.holder.store(NOBODY, Ordering::Relaxed);
        let legacy = this.bytes.get().cast::<u8>();
        // Zeros in the header mean "initial state"; but MXCSR is always loaded from here, and without
        // XSAVE the x87 control word too.
        // SAFETY: both lie in the legacy area: bytes 0 and 24.
        unsafe {
            legacy.cast::<u16>().write(0x037f);
            legacy.add(24).cast::<u32>().write(0x1f80);
        }
        Some(Self(area))
    }

    /// Whether this CPU has the state in its registers.
    #[inline]
    pub(super) fn is_loaded(&self, local: &Local) -> bool {
        ptr::eq(local.vector.get(), self.0.as_ptr())
    }

    /// Brings the state into this CPU's registers.
    #[cold]
    pub(super) fn load(&mut self, local: &'static Local) {
        spill(local);
        self.reclaim();
        // SAFETY: `self` owns the area.
        let area = unsafe { self.0.as_ref() };
        area.holder.store(local.number.get(), Ordering::Relaxed);
        local.vector.set(self.0.as_ptr());
        let components = feature::get().vector_components;
        let bytes = area.bytes.get();
        if components == 0 {
            // SAFETY: the area is 16-byte aligned and holds what FXSAVE, or `new`, wrote.
            unsafe { asm!("fxrstor64 [{}]", in(reg) bytes, options(nostack)) };
        } else {
            // SAFETY: the area is 64-byte aligned, large enough for the components, and holds what
            // XSAVE, or `new`, wrote.
            unsafe {
                asm!("xrstor64 [{}]", in(reg) bytes, in("eax") components as u32,
                    in("edx") (components >> 32) as u32, options(nostack));
            };
        }
    }

    /// Waits until no CPU has the state in its registers. One that has is in the kernel or will be:
    /// it does not run this thread.
    fn reclaim(&mut self) {
        // SAFETY: `self` owns the area.
        let area = unsafe { self.0.as_ref() };
        loop {
            let holder = area.holder.load(Ordering::Acquire);
            if holder == NOBODY {
                return;
            }
            if holder == local::this().number.get() {
                spill(local::this());
                return;
            }
            local::of(holder).pending.fetch_or(SPILL, Ordering::SeqCst);
            Machine::relax();
        }
    }
}

impl Drop for State {
    fn drop(&mut self) {
        self.reclaim();
        // SAFETY: `new` allocated it with this layout, and no CPU holds it any more.
        unsafe { dealloc(self.0.as_ptr().cast(), layout()) };
    }
}

/// Saves the state in this CPU's registers, if it is a thread's.
pub(super) fn spill(local: &Local) {
    let area = local.vector.replace(ptr::null());
    if area.is_null() {
        return;
    }
    // SAFETY: as long as this CPU is its holder, the area is not freed; see `reclaim`.
    let area = unsafe { &*area };
    let components = feature::get().vector_components;
    let bytes = area.bytes.get();
    if components == 0 {
        // SAFETY: this CPU is the holder, and the area is aligned and large enough.
        unsafe { asm!("fxsave64 [{}]", in(reg) bytes, options(nostack)) };
    } else {
        // SAFETY: this CPU is the holder, and the area is aligned and large enough for the components.
        unsafe {
            asm!("xsave64 [{}]", in(reg) bytes, in("eax") components as u32,
                in("edx") (components >> 32) as u32, options(nostack));
        };
    }
    area.holder.store(NOBODY, Ordering::Release);
}
