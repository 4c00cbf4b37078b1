//! The local APIC: the state in which the protocol hands it over, and messages to other processors.
//!
//! References are to the Intel manual, volume 3, chapter 12.

use super::cpu::{self, APIC_BASE, read_msr, write_msr};
use loader::acpi::LocalNmi;

const ENABLED: u64 = 1 << 11;
const X2APIC: u64 = 1 << 10;
const ADDRESS: u64 = 0x000f_ffff_ffff_f000;

const ID: u32 = 0x20;
const VERSION: u32 = 0x30;
const TASK_PRIORITY: u32 = 0x80;
const SPURIOUS: u32 = 0xf0;
const COMMAND: u32 = 0x300;
const COMMAND_HIGH: u32 = 0x310;
const CMCI: u32 = 0x2f0;
const TIMER: u32 = 0x320;
const THERMAL: u32 = 0x330;
const PERFORMANCE: u32 = 0x340;
const LINT: [u32; 2] = [0x350, 0x360];
const ERROR: u32 = 0x370;

const MASKED: u32 = 1 << 16;
const DELIVERY_NMI: u32 = 0b100 << 8;

/// The running processor's local APIC.
pub(crate) struct LocalApic {
    is_x2apic: bool,
    registers: u64,
}

/// In which mode local APICs are to be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// As they are.
    AsIs,
    /// x2APIC, if the processor has it.
    X2Apic,
    /// xAPIC.
    XApic,
}

/// Whether interrupts of this delivery mode can be masked away: fixed, lowest priority, NMI, ExtINT.
fn is_maskable(entry: u32) -> bool {
    matches!((entry >> 8) & 0b111, 0b000 | 0b001 | 0b100 | 0b111)
}

impl LocalApic {
    /// Enables the local APIC, in the wanted mode.
    ///
    /// The first 4 GiB have to be mapped at their own address.
    pub(crate) fn enable(wanted: Wanted) -> Self {
        // SAFETY: every 64-bit processor has the register.
        let old = unsafe { read_msr(APIC_BASE) };
        let target = match wanted {
            Wanted::X2Apic if cpu::has_x2apic() => old | ENABLED | X2APIC,
            Wanted::XApic => (old | ENABLED) & !X2APIC,
            _ => old | ENABLED,
        };
        if old & X2APIC != 0 && target & X2APIC == 0 {
            // The only way back leads over the disabled state (12.12.5).
            // SAFETY: interrupts are masked; the caller of the loader checked that it is not locked.
            unsafe { write_msr(APIC_BASE, old & !(ENABLED | X2APIC)) };
        }
        if target & X2APIC != 0 && old & ENABLED == 0 {
            // Likewise, x2APIC mode is only entered from the enabled state.
            // SAFETY: interrupts are masked.
            unsafe { write_msr(APIC_BASE, target & !X2APIC) };
        }
        // SAFETY: interrupts are masked, and the address of the registers does not change.
        unsafe { write_msr(APIC_BASE, target) };
        Self { is_x2apic: target & X2APIC != 0, registers: target & ADDRESS }
    }

    /// Whether it is in x2APIC mode.
    pub(crate) fn is_x2apic(&self) -> bool {
        self.is_x2apic
    }

    /// The processor's identification.
    pub(crate) fn id(&self) -> u32 {
        let id = self.read(ID);
        if self.is_x2apic { id } else { id >> 24 }
    }

    /// Brings it into the state of the protocol: nothing is delivered but what firmware insists on.
    pub(crate) fn quiet(&self, processor: Option<u32>, nmis: &[LocalNmi]) {
        let last = (self.read(VERSION) >> 16) & 0xff;
        let optional = [(ERROR, 3), (PERFORMANCE, 4), (THERMAL, 5), (CMCI, 6)];
        let optional = optional.iter().filter(|(_, index)| last >= *index).map(|(entry, _)| *entry);
        for entry in [TIMER, LINT[0], LINT[1]].into_iter().chain(optional) {
            let value = self.read(entry);
            if is_maskable(value) {
                self.write(entry, value | MASKED);
            }
        }
        for nmi in nmis {
            let is_ours = nmi.processor.is_none() || nmi.processor == processor;
            let Some(&entry) = LINT.get(usize::from(nmi.input)).filter(|_| is_ours) else {
                continue;
            };
            if is_maskable(self.read(entry)) {
                // MPS INTI flags: bits 0-1 polarity, 2-3 trigger; 3 is active low, level.
                let low = u32::from(nmi.flags & 3 == 3) << 13;
                let level = u32::from((nmi.flags >> 2) & 3 == 3) << 15;
                self.write(entry, DELIVERY_NMI | low | level | MASKED);
            }
        }
        self.write(TASK_PRIORITY, 0);
        self.write(SPURIOUS, 0x1ff);
    }

    /// Resets another processor; it then waits to be started.
    pub(crate) fn send_init(&self, target: u32) {
        self.command(target, 0x4500);
    }

    /// Starts a processor that has been reset, at a page below 1 MiB.
    pub(crate) fn send_start(&self, target: u32, page: u8) {
        self.command(target, 0x4600 | u32::from(page));
    }

    fn command(&self, target: u32, command: u32) {
        const COMMAND_X2APIC: u32 = 0x830;
        if self.is_x2apic {
            let value = u64::from(target) << 32 | u64::from(command);
            // SAFETY: x2APIC mode is on, so the register exists; `start` chose a processor that
            // is not this one.
            unsafe { write_msr(COMMAND_X2APIC, value) };
        } else {
            self.write(COMMAND_HIGH, target << 24);
            self.write(COMMAND, command);
            // Delivery status; it is always idle again within a few hundred cycles.
            for _ in 0..1_000_000 {
                if self.read(COMMAND) & (1 << 12) == 0 {
                    break;
                }
            }
        }
    }

    fn read(&self, register: u32) -> u32 {
        if self.is_x2apic {
            // SAFETY: x2APIC mode is on, so the registers exist at these numbers (table 12-6).
            (unsafe { read_msr(0x800 + register / 16) }) as u32
        } else {
            // SAFETY: the firmware says that the registers are there, and they are mapped (`enable`).
            unsafe { self.pointer(register).read_volatile() }
        }
    }

    fn write(&self, register: u32, value: u32) {
        if self.is_x2apic {
            // SAFETY: x2APIC mode is on, so the registers exist at these numbers (table 12-6); none
            // of them touches memory.
            unsafe { write_msr(0x800 + register / 16, value.into()) };
        } else {
            // SAFETY: as in `read`; none of them touches memory.
            unsafe { self.pointer(register).write_volatile(value) };
        }
    }

    fn pointer(&self, register: u32) -> *mut u32 {
        core::ptr::with_exposed_provenance_mut(self.registers as usize + register as usize)
    }
}
