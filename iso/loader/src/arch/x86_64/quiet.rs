//! Silences devices that firmware may have left able to interrupt or to translate addresses.
//!
//! The registers are reached at their physical address, so the first 4 GiB have to be mapped there.

use super::cpu::write_port;

/// Masks the two legacy interrupt controllers.
pub(crate) fn mask_legacy() {
    for port in [0x21, 0xa1] {
        // SAFETY: all ones in the mask register of a PIC (or of nothing) stops its interrupts.
        unsafe { write_port(port, 0xff) };
    }
}

/// A register of a device.
fn register<T>(base: u64, offset: u64) -> *mut T {
    core::ptr::with_exposed_provenance_mut((base + offset) as usize)
}

/// Whether a register block can be reached.
fn is_mapped(base: u64) -> bool {
    base != 0 && base < (1 << 32) - 4096
}

/// Masks the inputs of an I/O APIC, those for NMI and ExtINT only from base revision 5 on.
pub(crate) fn mask_io_apic(base: u64, revision: u64) {
    if !is_mapped(base) {
        return;
    }
    let read = |index: u32| {
        // SAFETY: the MADT says that the index register of an I/O APIC is there.
        unsafe { register::<u32>(base, 0).write_volatile(index) };
        // SAFETY: likewise its data register.
        unsafe { register::<u32>(base, 0x10).read_volatile() }
    };
    let write = |index: u32, value: u32| {
        // SAFETY: as for reading.
        unsafe { register::<u32>(base, 0).write_volatile(index) };
        // SAFETY: as for reading; masking an input touches no memory.
        unsafe { register::<u32>(base, 0x10).write_volatile(value) };
    };
    let last = (read(1) >> 16) & 0xff;
    for input in 0..=last {
        let entry = read(0x10 + 2 * input);
        let is_plain = matches!((entry >> 8) & 0b111, 0b000 | 0b001);
        let is_special = matches!((entry >> 8) & 0b111, 0b100 | 0b111);
        if is_plain || is_special && revision >= 5 {
            write(0x10 + 2 * input, entry | 1 << 16);
        }
    }
}

/// Turns off translation and interrupt remapping of an Intel unit (VT-d specification, 11.4.4).
pub(crate) fn disable_vtd(base: u64) {
    const COMMAND: u64 = 0x18;
    const STATUS: u64 = 0x1c;
    /// Bits that cause an action each time they are written as one.
    const ONE_SHOT: u32 = 0x6900_0000;
    if !is_mapped(base) {
        return;
    }
    for bit in [1_u32 << 31, 1 << 25] {
        // SAFETY: the DMAR table says that the unit's registers are there.
        let status = unsafe { register::<u32>(base, STATUS).read_volatile() };
        if status & bit == 0 {
            continue;
        }
        // SAFETY: likewise; memory is reached at its physical address afterwards, as a kernel expects.
        unsafe {
            register::<u32>(base, COMMAND).write_volatile(status & !ONE_SHOT & !bit);
        };
        for _ in 0..1_000_000 {
            // SAFETY: likewise.
            if unsafe { register::<u32>(base, STATUS).read_volatile() } & bit == 0 {
                break;
            }
        }
    }
}

/// Turns off an AMD unit (IOMMU specification, MMIO offset 0018h).
pub(crate) fn disable_amd_vi(base: u64) {
    const CONTROL: u64 = 0x18;
    if !is_mapped(base) {
        return;
    }
    // SAFETY: the IVRS table says that the unit's registers are there.
    let control = unsafe { register::<u64>(base, CONTROL).read_volatile() };
    if control & 1 != 0 {
        // SAFETY: likewise; memory is reached at its physical address afterwards, as a kernel expects.
        unsafe { register::<u64>(base, CONTROL).write_volatile(control & !1) };
    }
}
