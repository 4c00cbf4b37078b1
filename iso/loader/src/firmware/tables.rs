//! Tables and facts that stay after the firmware's boot services have ended.

use alloc::vec::Vec;
use core::ops::Range;
use loader::{acpi, date, smbios};
use uefi::table::cfg::ConfigTableEntry;
use uefi::{runtime, system, table};

/// What the firmware's tables say.
pub(crate) struct Tables {
    /// Physical address of the ACPI root pointer.
    pub(crate) rsdp: Option<u64>,
    /// What the ACPI tables say.
    pub(crate) acpi: acpi::Tables,
    /// Physical address of the 32-bit SMBIOS entry point.
    pub(crate) smbios_32: Option<u64>,
    /// Physical address of the 64-bit SMBIOS entry point.
    pub(crate) smbios_64: Option<u64>,
    /// Physical address of the system table.
    pub(crate) system_table: u64,
    /// Where SMBIOS tables, the system table and what it refers to lie.
    pub(crate) ranges: Vec<Range<u64>>,
}

/// Reads physical memory.
fn physical(address: u64, length: usize) -> Option<&'static [u8]> {
    let start = usize::try_from(address).ok().filter(|&start| start != 0)?;
    start.checked_add(length)?;
    // SAFETY: the firmware maps all memory at its physical address, and the addresses asked for come
    // from the firmware's own tables, which nobody writes any more.
    Some(unsafe { core::slice::from_raw_parts(core::ptr::with_exposed_provenance(start), length) })
}

impl Tables {
    /// Finds all tables.
    pub(crate) fn find() -> Self {
        let mut found = Self {
            rsdp: None,
            acpi: acpi::Tables::default(),
            smbios_32: None,
            smbios_64: None,
            system_table: 0,
            ranges: Vec::new(),
        };
        let mut rsdp_1 = None;
        system::with_config_table(|entries| {
            for entry in entries {
                let address = Some(entry.address.addr() as u64);
                match entry.guid {
                    ConfigTableEntry::ACPI2_GUID => found.rsdp = address,
                    ConfigTableEntry::ACPI_GUID => rsdp_1 = address,
                    ConfigTableEntry::SMBIOS_GUID => found.smbios_32 = address,
                    ConfigTableEntry::SMBIOS3_GUID => found.smbios_64 = address,
                    _ => {}
                }
            }
            let start = entries.as_ptr().addr() as u64;
            found.ranges.push(start..start + size_of_val(entries) as u64);
        });
        found.rsdp = found.rsdp.or(rsdp_1);
        if let Some(rsdp) = found.rsdp {
            found.acpi = acpi::Tables::find(rsdp, &physical);
        }
        found.add_smbios();
        found.add_system_table();
        found
    }

    fn add_smbios(&mut self) {
        type Reader = fn(&[u8]) -> Option<Range<u64>>;
        let entries: [(_, Reader); 2] =
            [(self.smbios_32, smbios::tables_32), (self.smbios_64, smbios::tables_64)];
        for (address, read) in entries {
            if let Some(address) = address
                && let Some(entry) = physical(address, smbios::ENTRY_SIZE)
            {
                self.ranges.push(address..address + smbios::ENTRY_SIZE as u64);
                self.ranges.extend(read(entry));
            }
        }
    }

    fn add_system_table(&mut self) {
        let Some(pointer) = table::system_table_raw() else { return };
        self.system_table = pointer.addr().get() as u64;
        // SAFETY: the firmware handed us this table, and keeps it for good.
        let header = unsafe { pointer.as_ref() };
        let runtime = header.runtime_services.addr() as u64;
        // SAFETY: the system table points to the runtime services, which the firmware keeps.
        let runtime_size = unsafe { (*header.runtime_services).header.size };
        let vendor = header.firmware_vendor.addr() as u64;
        let vendor_size = size_of_val(system::firmware_vendor().to_u16_slice_with_nul()) as u64;
        self.ranges.extend([
            self.system_table..self.system_table + u64::from(header.header.size),
            runtime..runtime + u64::from(runtime_size),
            vendor..vendor + vendor_size,
        ]);
    }
}

/// Seconds since 1970, by the firmware's clock.
pub(crate) fn date() -> Option<i64> {
    let time = runtime::get_time().ok()?;
    let days = date::days_since_1970(time.year().into(), time.month().into(), time.day().into());
    let seconds =
        i64::from(time.hour()) * 3600 + i64::from(time.minute()) * 60 + i64::from(time.second());
    // The time zone is the offset of UTC from local time; without one the clock shows UTC.
    let zone = i64::from(time.time_zone().unwrap_or(0)) * 60;
    Some(days * 86_400 + seconds + zone)
}
