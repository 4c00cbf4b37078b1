//! What the CPU can do.
use core::arch::x86_64::{__cpuid, __cpuid_count, _xgetbv};
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Bytes that the trap stub needs for the vector state: an XSAVE area, or 512 for FXSAVE.
#[unsafe(export_name = "rt_vector_state_size")]
static VECTOR_STATE_SIZE: AtomicUsize = AtomicUsize::new(512);

/// The features of [`features`] in the numbers of `g_cpuFeatures`.
mod feature {
    pub(super) const AES: i32 = 0x1;
    pub(super) const PCLMULQDQ: i32 = 0x2;
    pub(super) const SSE3: i32 = 0x4;
    pub(super) const SSSE3: i32 = 0x8;
    pub(super) const SSE41: i32 = 0x10;
    pub(super) const SSE42: i32 = 0x20;
    pub(super) const POPCNT: i32 = 0x40;
    pub(super) const AVX: i32 = 0x80;
    pub(super) const FMA: i32 = 0x100;
    pub(super) const AVX2: i32 = 0x200;
    pub(super) const BMI1: i32 = 0x400;
    pub(super) const BMI2: i32 = 0x800;
    pub(super) const LZCNT: i32 = 0x1000;
    pub(super) const MOVBE: i32 = 0x4000;
}

const OSXSAVE: u32 = 1 << 27;

/// Finds out how large the vector state is, before the first trap.
pub(crate) fn enable_vector_state_saving() {
    if __cpuid(1).ecx & OSXSAVE != 0 {
        VECTOR_STATE_SIZE.store(__cpuid_count(0xd, 0).ebx as usize, Relaxed);
    }
}

/// The instruction set extensions that compiled code may use, as bits of `g_cpuFeatures`: what the
/// CPU has and whose state the kernel saves. The 512-bit group stays off.
pub(crate) fn features() -> i32 {
    let basic = __cpuid(1);
    let extended = __cpuid_count(7, 0);
    let amd = __cpuid(0x8000_0001);
    let mut found = 0;
    let mut add = |word: u32, bit: u32, feature: i32| {
        if word >> bit & 1 != 0 {
            found |= feature;
        }
    };
    add(basic.ecx, 0, feature::SSE3);
    add(basic.ecx, 1, feature::PCLMULQDQ);
    add(basic.ecx, 9, feature::SSSE3);
    add(basic.ecx, 19, feature::SSE41);
    add(basic.ecx, 20, feature::SSE42);
    add(basic.ecx, 22, feature::MOVBE);
    add(basic.ecx, 23, feature::POPCNT);
    add(basic.ecx, 25, feature::AES);
    add(extended.ebx, 3, feature::BMI1);
    add(extended.ebx, 8, feature::BMI2);
    add(amd.ecx, 5, feature::LZCNT);
    if basic.ecx & OSXSAVE != 0 {
        const SSE_AND_AVX: u64 = 6;
        // SAFETY: OSXSAVE says that the instruction is enabled.
        let enabled = unsafe { xcr0() };
        if enabled & SSE_AND_AVX == SSE_AND_AVX {
            add(basic.ecx, 28, feature::AVX);
            add(basic.ecx, 12, feature::FMA);
            add(extended.ebx, 5, feature::AVX2);
        }
    }
    found
}

/// # Safety
///
/// The CPU reports OSXSAVE.
#[target_feature(enable = "xsave")]
unsafe fn xcr0() -> u64 {
    // SAFETY: the caller's promise.
    unsafe { _xgetbv(0) }
}

/// `X86Base.CpuId`: eax, ebx, ecx, edx.
#[unsafe(export_name = "RhCpuIdEx")]
extern "C" fn cpu_id(result: &mut [i32; 4], function: i32, subfunction: i32) {
    let found = __cpuid_count(function.cast_unsigned(), subfunction.cast_unsigned());
    *result = [found.eax, found.ebx, found.ecx, found.edx].map(u32::cast_signed);
}
