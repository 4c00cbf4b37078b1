//! Randomness: the CPU's generator where it has one, mixed with the counter's jitter.

use core::arch::asm;
use core::sync::atomic::{AtomicU64, Ordering};

use super::{clock, feature};

/// What is carried from one number to the next.
static STATE: AtomicU64 = AtomicU64::new(0);

/// 64 bits that a service cannot predict where the CPU has RDRAND. Without it only the moments of the
/// calls are unpredictable: good enough for hash seeds, not for keys.
pub(super) fn word() -> u64 {
    let hardware = if feature::get().has_rdrand { hardware() } else { 0 };
    let state = STATE.fetch_add(clock::counter() | 1, Ordering::Relaxed);
    mix(state ^ mix(clock::counter())) ^ hardware
}

/// A number from the CPU's generator; 0 when it fails ten times, which Intel calls a defect.
fn hardware() -> u64 {
    for _ in 0..10 {
        let (value, is_valid): (u64, u8);
        // SAFETY: the caller has seen that the CPU has the instruction.
        unsafe {
            asm!("rdrand {}", "setc {}", out(reg) value, out(reg_byte) is_valid,
                options(nomem, nostack));
        }
        if is_valid != 0 {
            return value;
        }
    }
    0
}

/// Spreads every bit over all (the finalizer of SplitMix64).
const fn mix(value: u64) -> u64 {
    let value = (value ^ value >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ value >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ value >> 31
}
