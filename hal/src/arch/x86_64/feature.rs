//! What this CPU can do, as CPUID says. Read on the first CPU; the others are expected to be alike.

use core::arch::x86_64::{__cpuid, __cpuid_count};

use crate::sync::Once;

/// State components that threads may use: x87, SSE, AVX, and the three of AVX-512.
const VECTOR_COMPONENTS: u64 = 0b1110_0111;

/// The features that make a difference here.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Features {
    pub(super) has_huge_pages: bool,
    pub(super) has_no_execute: bool,
    pub(super) has_smep: bool,
    pub(super) has_smap: bool,
    pub(super) has_umip: bool,
    pub(super) has_x2apic: bool,
    pub(super) has_tsc_deadline: bool,
    pub(super) has_rdrand: bool,
    /// The components for XCR0; 0 without XSAVE.
    pub(super) vector_components: u64,
    /// Bytes needed to save them.
    pub(super) vector_size: usize,
}

/// The features of the machine.
pub(super) fn get() -> &'static Features {
    static FEATURES: Once<Features> = Once::new();
    FEATURES.call_once(read)
}

fn read() -> Features {
    let highest = __cpuid(0).eax;
    let basic = __cpuid(1);
    let structured = if highest >= 7 { __cpuid_count(7, 0).ebx } else { 0 };
    let structured_c = if highest >= 7 { __cpuid_count(7, 0).ecx } else { 0 };
    let extended = __cpuid(0x8000_0001).edx;
    let mut features = Features {
        has_huge_pages: extended & (1 << 26) != 0,
        has_no_execute: extended & (1 << 20) != 0,
        has_smep: structured & (1 << 7) != 0,
        has_smap: structured & (1 << 20) != 0,
        has_umip: structured_c & (1 << 2) != 0,
        has_x2apic: basic.ecx & (1 << 21) != 0,
        has_tsc_deadline: basic.ecx & (1 << 24) != 0,
        has_rdrand: basic.ecx & (1 << 30) != 0,
        vector_components: 0,
        // The legacy area of FXSAVE.
        vector_size: 512,
    };
    if basic.ecx & (1 << 26) != 0 && highest >= 0xd {
        let leaf = __cpuid_count(0xd, 0);
        let offered = u64::from(leaf.eax) | u64::from(leaf.edx) << 32;
        features.vector_components = offered & VECTOR_COMPONENTS;
        features.vector_size = vector_size(features.vector_components);
    }
    features
}

/// Where the last of the components ends: the legacy area and the header, then each at its place.
fn vector_size(components: u64) -> usize {
    (2..63)
        .filter(|bit| components & (1 << bit) != 0)
        .map(|bit| {
            let leaf = __cpuid_count(0xd, bit);
            (leaf.ebx + leaf.eax) as usize
        })
        .fold(576, usize::max)
}
