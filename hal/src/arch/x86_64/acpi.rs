//! The machine as ACPI describes it.

use core::ptr::NonNull;

use acpi::address::{AddressSpace, GenericAddress};
use acpi::fadt::Fadt;
use acpi::madt::{Madt, MadtEntry};
use acpi::{AcpiHandler, AcpiTables, HpetInfo, PhysicalMapping};

use super::paging;
use crate::cpu;
use crate::firmware::sleep;
use crate::memory::PhysAddr;

/// A list with room for `N`; what does not fit is left out.
#[derive(Clone, Debug)]
struct List<T, const N: usize> {
    items: [Option<T>; N],
    len: usize,
}

impl<T: Copy, const N: usize> List<T, N> {
    const fn new() -> Self {
        Self { items: [None; N], len: 0 }
    }

    fn push(&mut self, item: T) {
        if let Some(place) = self.items.get_mut(self.len) {
            *place = Some(item);
            self.len += 1;
        }
    }

    fn iter(&self) -> impl Iterator<Item = T> {
        self.items.iter().map_while(|item| *item)
    }
}

/// An I/O APIC.
#[derive(Clone, Copy, Debug)]
pub(super) struct Controller {
    pub(super) address: PhysAddr,
    pub(super) first_line: u32,
}

/// An ISA line that is wired differently.
#[derive(Clone, Copy, Debug)]
struct Override {
    line: u8,
    number: u32,
    flags: u16,
}

/// How to switch the machine off.
#[derive(Clone, Copy, Debug)]
pub(super) struct SoftOff {
    /// The ports of the control registers, with the sleep type for each.
    pub(super) control: [Option<(u16, u16)>; 2],
    /// The port and the value that make firmware hand the registers over.
    pub(super) enable: Option<(u16, u8)>,
}

/// What we use of the tables.
#[derive(Clone, Debug)]
pub(super) struct Platform {
    apic_ids: List<u32, { cpu::LIMIT as usize }>,
    controllers: List<Controller, 8>,
    overrides: List<Override, 16>,
    /// The port of the power management timer.
    pub(super) timer_port: Option<u16>,
    pub(super) hpet: Option<PhysAddr>,
    pub(super) soft_off: Option<SoftOff>,
}

impl Platform {
    /// A machine without tables: one CPU and nothing else.
    const fn new() -> Self {
        Self {
            apic_ids: List::new(),
            controllers: List::new(),
            overrides: List::new(),
            timer_port: None,
            hpet: None,
            soft_off: None,
        }
    }

    /// The APIC numbers of the CPUs that can be used.
    pub(super) fn apic_ids(&self) -> impl Iterator<Item = u32> {
        self.apic_ids.iter()
    }

    pub(super) fn controllers(&self) -> impl Iterator<Item = Controller> {
        self.controllers.iter()
    }

    /// The number that an ISA line has among all, and its flags in the form of the tables.
    pub(super) fn global_line(&self, line: u8) -> (u32, u16) {
        self.overrides
            .iter()
            .find(|entry| entry.line == line)
            .map_or((line.into(), 0), |entry| (entry.number, entry.flags))
    }
}

/// Shows the tables to the crate, in the window.
#[derive(Clone, Debug)]
struct Window;

impl AcpiHandler for Window {
    unsafe fn map_physical_region<T>(
        &self,
        address: usize,
        size: usize,
    ) -> PhysicalMapping<Self, T> {
        let place = paging::reach(PhysAddr(address as u64), size);
        let place = NonNull::new(place.cast()).expect("the window is in the upper half");
        // SAFETY: the window shows these bytes from now on.
        unsafe { PhysicalMapping::new(address, place, size, size, self.clone()) }
    }

    fn unmap_physical_region<T>(_region: &PhysicalMapping<Self, T>) {}
}

/// Reads the tables. `rsdp` is 0 when the loader did not say where they are.
pub(super) fn read(rsdp: u64) -> Platform {
    let mut platform = Platform::new();
    // SAFETY: the loader says that it is there; the crate checks signature and checksum.
    let given = (rsdp != 0).then(|| unsafe { AcpiTables::from_rsdp(Window, rsdp as usize) });
    let tables = match given {
        Some(Ok(tables)) => tables,
        // SAFETY: a loader that says nothing is not UEFI's, so the BIOS areas can be searched.
        _ => match unsafe { AcpiTables::search_for_rsdp_bios(Window) } {
            Ok(tables) => tables,
            Err(_) => return platform,
        },
    };
    if let Ok(madt) = tables.find_table::<Madt>() {
        for entry in madt.get().entries() {
            add(&mut platform, &entry);
        }
    }
    if let Ok(fadt) = tables.find_table::<Fadt>() {
        platform.timer_port = fadt.pm_timer_block().ok().flatten().and_then(|block| port(&block));
        platform.soft_off = soft_off(&tables, &fadt);
    }
    platform.hpet = HpetInfo::new(&tables).ok().map(|hpet| PhysAddr(hpet.base_address as u64));
    platform
}

fn add(platform: &mut Platform, entry: &MadtEntry<'_>) {
    const ENABLED: u32 = 1;
    match entry {
        MadtEntry::LocalApic(cpu) if cpu.flags & ENABLED != 0 => {
            platform.apic_ids.push(cpu.apic_id.into());
        }
        MadtEntry::LocalX2Apic(cpu) if cpu.flags & ENABLED != 0 => {
            platform.apic_ids.push(cpu.x2apic_id);
        }
        MadtEntry::IoApic(controller) => platform.controllers.push(Controller {
            address: PhysAddr(controller.io_apic_address.into()),
            first_line: controller.global_system_interrupt_base,
        }),
        MadtEntry::InterruptSourceOverride(entry) => platform.overrides.push(Override {
            line: entry.irq,
            number: entry.global_system_interrupt,
            flags: entry.flags,
        }),
        _ => {}
    }
}

/// The I/O port that a register is.
fn port(address: &GenericAddress) -> Option<u16> {
    (address.address_space == AddressSpace::SystemIo).then_some(address.address.try_into().ok()?)
}

fn soft_off(tables: &AcpiTables<Window>, fadt: &Fadt) -> Option<SoftOff> {
    let dsdt = tables.dsdt().ok()?;
    let (start, len) = (PhysAddr(dsdt.address as u64), dsdt.length as usize);
    // SAFETY: the table was checked, the window shows it now, and nobody writes it.
    let aml = unsafe { core::slice::from_raw_parts(paging::reach(start, len), len) };
    let types = sleep::soft_off(aml)?;
    let first = port(&fadt.pm1a_control_block().ok()?)?;
    let second = fadt.pm1b_control_block().ok().flatten().and_then(|block| port(&block));
    let (command, value) = (fadt.smi_cmd_port, fadt.acpi_enable);
    let command = u16::try_from(command).ok().filter(|&port| port != 0 && value != 0);
    Some(SoftOff {
        control: [Some((first, types.0)), second.map(|port| (port, types.1))],
        enable: command.map(|port| (port, value)),
    })
}
