//! What CPUs ask of each other: forget translations, stop using tables, save vector state.
//!
//! A request is a bit in `Local::pending` of the CPU that is asked. It answers at the latest before it
//! next runs user code, and whenever it spins. `Local::epoch` is odd while user code runs:
//!
//! ```text
//! asking                                asked
//! change page table                     epoch += 1 (odd), full barrier
//! full barrier                          pending != 0 ? answer first
//! pending |= FLUSH, full barrier        ... user code ...
//! epoch odd? interrupt, wait for change epoch += 1 (even)
//! ```
//!
//! Either the asking CPU sees the odd epoch and waits, or the asked one sees the request. Nobody waits
//! for a CPU that is in the kernel, except `unload`, and there the waiting CPU holds no lock that the
//! other could spin on without answering.

use core::sync::atomic::{Ordering, fence};

use x86_64::PhysAddr as MachineAddress;
use x86_64::instructions::tlb;
use x86_64::registers::control::{Cr3, Cr3Flags};
use x86_64::structures::paging::PhysFrame;

use super::local::{self, FLUSH, Local, UNLOAD};
use super::{apic, paging, vector};
use crate::cpu;
use crate::memory::{PAGE_SIZE, PhysAddr};

/// Pages forgotten one by one; beyond, all of them at once is cheaper.
const SINGLE: usize = 32;

/// Makes this CPU use the tables at `root`.
#[cold]
pub(super) fn load(local: &Local, root: PhysAddr) {
    // Visible before the tables are used: who does not see it has changed them before.
    local.root.store(root.0, Ordering::SeqCst);
    write_root(root.0);
}

fn write_root(root: u64) {
    let frame = PhysFrame::containing_address(MachineAddress::new(root));
    // SAFETY: every root has the kernel's half, in which this code and its stack lie.
    unsafe { Cr3::write(frame, Cr3Flags::empty()) };
}

/// Answers what others have asked of this CPU.
#[cold]
pub(super) fn answer(local: &Local) {
    let asked = local.pending.swap(0, Ordering::SeqCst);
    if asked & UNLOAD != 0 {
        load(local, paging::kernel_root());
    } else if asked & FLUSH != 0 {
        write_root(local.root.load(Ordering::Relaxed));
    }
    if asked & local::SPILL != 0 {
        vector::spill(local);
    }
}

/// See `Arch::flush`.
pub(super) fn flush(root: PhysAddr, start: usize, pages: usize) {
    let local = local::this();
    if local.root.load(Ordering::Relaxed) == root.0 {
        if pages <= SINGLE {
            for page in 0..pages {
                tlb::flush(x86_64::VirtAddr::new_truncate((start + page * PAGE_SIZE) as u64));
            }
        } else {
            write_root(root.0);
        }
    }
    visit(root, FLUSH);
}

/// See `Arch::barrier`.
pub(super) fn barrier(root: PhysAddr) {
    visit(root, 0);
}

/// Leaves a request with every other CPU that has `root` loaded, and waits until each of them has
/// been in the kernel since.
fn visit(root: PhysAddr, request: u32) {
    fence(Ordering::SeqCst);
    let own = local::this().number.get();
    let mut epochs = [0; cpu::LIMIT as usize];
    let others = (0..super::cpu_count()).filter(|&number| number != own);
    for number in others.clone() {
        let other = local::of(number);
        if other.root.load(Ordering::SeqCst) != root.0 {
            continue;
        }
        other.pending.fetch_or(request, Ordering::SeqCst);
        let epoch = other.epoch.load(Ordering::SeqCst);
        if epoch % 2 == 1 {
            epochs[number as usize] = epoch;
            apic::send(other, apic::ATTEND);
        }
    }
    for number in others {
        let epoch = epochs[number as usize];
        while epoch != 0 && local::of(number).epoch.load(Ordering::Acquire) == epoch {
            super::relax();
        }
    }
}

/// See `Arch::unload`.
pub(super) fn unload(root: PhysAddr) {
    let local = local::this();
    if local.root.load(Ordering::Relaxed) == root.0 {
        load(local, paging::kernel_root());
    }
    fence(Ordering::SeqCst);
    for number in 0..super::cpu_count() {
        let other = local::of(number);
        let mut is_asked = false;
        while other.root.load(Ordering::SeqCst) == root.0 {
            if !is_asked {
                other.pending.fetch_or(UNLOAD, Ordering::SeqCst);
                apic::send(other, apic::ATTEND);
                is_asked = true;
            }
            super::relax();
        }
    }
}
