//! Registers, ports and time.

use core::arch::asm;
use core::arch::x86_64::{__cpuid, __cpuid_count, _rdtsc};
use core::time::Duration;
use loader::Error;

/// `IA32_APIC_BASE`.
pub(crate) const APIC_BASE: u32 = 0x1b;
/// `IA32_PAT`.
pub(crate) const PAT: u32 = 0x277;
/// `IA32_EFER`.
pub(crate) const EFER: u32 = 0xc000_0080;

/// The page attribute table of the protocol: WB, WT, UC-, UC, WP, WC and twice UC.
pub(crate) const PAT_VALUE: u64 = 0x0000_0105_0007_0406;

const EFER_NO_EXECUTE: u64 = 1 << 11;
const CR4_LA57: u64 = 1 << 12;

/// Stops the processor for good.
pub(crate) fn halt() -> ! {
    loop {
        // SAFETY: with interrupts masked nothing wakes the processor; no memory is touched.
        unsafe { asm!("cli", "hlt", options(nomem, nostack)) };
    }
}

/// Masks interrupts.
pub(crate) fn mask_interrupts() {
    // SAFETY: the loader waits for no interrupt once boot services have ended.
    unsafe { asm!("cli", options(nomem, nostack)) };
}

/// Reads a model-specific register.
///
/// # Safety
///
/// The processor has the register.
pub(crate) unsafe fn read_msr(register: u32) -> u64 {
    let (low, high): (u32, u32);
    // SAFETY: the caller says that the register exists; reading has no other effect.
    unsafe {
        asm!("rdmsr", in("ecx") register, out("eax") low, out("edx") high,
            options(nomem, nostack, preserves_flags));
    };
    u64::from(high) << 32 | u64::from(low)
}

/// Writes a model-specific register.
///
/// # Safety
///
/// The processor has the register, and the value's effect is one that the running code survives.
pub(crate) unsafe fn write_msr(register: u32, value: u64) {
    let [low, high] = [value as u32, (value >> 32) as u32];
    // SAFETY: see the caller's promise.
    unsafe {
        asm!("wrmsr", in("ecx") register, in("eax") low, in("edx") high,
            options(nostack, preserves_flags));
    };
}

/// Writes a byte to a port.
///
/// # Safety
///
/// What the device does with it does not harm the running code.
pub(crate) unsafe fn write_port(port: u16, value: u8) {
    // SAFETY: see the caller's promise.
    unsafe { asm!("out dx, al", in("dx") port, in("al") value, options(nostack, preserves_flags)) };
}

/// Reads a byte from a port.
///
/// # Safety
///
/// The device does not mind being read.
pub(crate) unsafe fn read_port(port: u16) -> u8 {
    let value: u8;
    // SAFETY: see the caller's promise.
    unsafe {
        asm!("in al, dx", in("dx") port, out("al") value, options(nostack, preserves_flags));
    };
    value
}

/// Checks that the processor can do what the protocol promises.
///
/// # Errors
///
/// [`Error::Machine`] if it cannot.
pub(crate) fn check() -> Result<(), Error> {
    let extended = __cpuid(0x8000_0000).eax;
    if extended < 0x8000_0001 || __cpuid(0x8000_0001).edx & (1 << 20) == 0 {
        return Err(Error::Machine("the processor has no no-execute pages"));
    }
    if __cpuid(1).edx & (1 << 16) == 0 {
        return Err(Error::Machine("the processor has no page attribute table"));
    }
    let cr4: u64;
    // SAFETY: reading a control register in kernel mode has no effect.
    unsafe { asm!("mov {}, cr4", out(reg) cr4, options(nomem, nostack, preserves_flags)) };
    if cr4 & CR4_LA57 != 0 {
        return Err(Error::Machine("the firmware uses 5-level paging"));
    }
    Ok(())
}

/// Turns on what the new page tables need, and loads them.
///
/// # Safety
///
/// `root` is the root of 4-level tables that map all that the running code touches at the address
/// where it is now. [`check`] has succeeded.
pub(crate) unsafe fn load_tables(root: u64) {
    // SAFETY: the register is there in every 64-bit processor; no-execute pages are (`check`).
    unsafe { write_msr(EFER, read_msr(EFER) | EFER_NO_EXECUTE) };
    // SAFETY: the register is there (`check`); entry 0 stays write-back, and the firmware uses no
    // other for memory.
    unsafe { write_msr(PAT, PAT_VALUE) };
    // SAFETY: see the caller's promise.
    unsafe { asm!("mov cr3, {}", in(reg) root, options(nostack, preserves_flags)) };
}

/// Time stamp counter.
pub(crate) fn ticks() -> u64 {
    // SAFETY: every 64-bit processor has the counter, and kernel mode may read it.
    unsafe { _rdtsc() }
}

/// Ticks per second: as the processor or hypervisor says, or else measured against the firmware.
///
/// Boot services have to be there.
pub(crate) fn frequency() -> u64 {
    let leaves = __cpuid(0).eax;
    if leaves >= 0x15 {
        let leaf = __cpuid(0x15);
        if leaf.eax != 0 && leaf.ebx != 0 && leaf.ecx != 0 {
            return u64::from(leaf.ecx) * u64::from(leaf.ebx) / u64::from(leaf.eax);
        }
    }
    let is_guest = __cpuid(1).ecx & (1 << 31) != 0;
    if is_guest && __cpuid(0x4000_0000).eax >= 0x4000_0010 {
        let kilohertz = __cpuid(0x4000_0010).eax;
        if kilohertz != 0 {
            return u64::from(kilohertz) * 1000;
        }
    }
    let start = ticks();
    uefi::boot::stall(Duration::from_millis(10));
    ticks().wrapping_sub(start).max(1) * 100
}

/// Waits, by a counter of `frequency` ticks per second.
pub(crate) fn wait_us(frequency: u64, microseconds: u64) {
    let start = ticks();
    let wanted = frequency / 1_000_000 * microseconds;
    while ticks().wrapping_sub(start) < wanted {
        core::hint::spin_loop();
    }
}

/// Whether the local APIC could be in x2APIC mode.
pub(crate) fn has_x2apic() -> bool {
    __cpuid(1).ecx & (1 << 21) != 0
}

/// Whether the firmware has locked the local APIC into x2APIC mode.
pub(crate) fn is_x2apic_locked() -> bool {
    const ARCH_CAPABILITIES: u32 = 0x10a;
    const XAPIC_DISABLE_STATUS: u32 = 0xbd;
    let has_capabilities = __cpuid(0).eax >= 7 && __cpuid_count(7, 0).edx & (1 << 29) != 0;
    if !has_capabilities {
        return false;
    }
    // SAFETY: CPUID says that the register is there.
    let capabilities = unsafe { read_msr(ARCH_CAPABILITIES) };
    if capabilities & (1 << 21) == 0 {
        return false;
    }
    // SAFETY: the capabilities say that the register is there.
    unsafe { read_msr(XAPIC_DISABLE_STATUS) & 1 != 0 }
}
