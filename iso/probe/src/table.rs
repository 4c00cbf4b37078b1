//! Tables of the firmware: whether they are where the loader says, and mapped.

use crate::memory::{Facts, Kind, bytes};
use crate::report::Test;
use crate::requests::{ACPI, EFI_MAP, SMBIOS, SYSTEM};

fn word32(bytes: &[u8], at: usize) -> u64 {
    let mut word = [0; 8];
    word[..4].copy_from_slice(&bytes[at..at + 4]);
    u64::from_le_bytes(word)
}

fn word64(bytes: &[u8], at: usize) -> u64 {
    word32(bytes, at) | word32(bytes, at + 4) << 32
}

/// Checks an answer's address: in the direct map from a base revision on, physical before. Returns
/// it as it is mapped, if the memory that it points to is.
fn address(t: &mut Test, facts: &Facts, answer: u64, first: u64, size: u64) -> Option<u64> {
    let is_virtual = answer >= facts.window;
    let expected = facts.revision >= first;
    t.expect(is_virtual == expected, format_args!("{answer:#x} is the wrong kind of address"));
    let address = if is_virtual { answer } else { facts.window + answer };
    let is_mapped = facts.is_mapped(address, size);
    t.expect(is_mapped || !expected, format_args!("{address:#x} is not mapped"));
    is_mapped.then_some(address)
}

pub(crate) fn acpi(t: &mut Test, facts: &Facts) {
    let Some(response) = ACPI.get_response() else {
        return t.expect(false, format_args!("no answer"));
    };
    let Some(rsdp) = address(t, facts, response.address() as u64, 4, 36) else { return };
    let rsdp = bytes(rsdp, 36);
    t.expect(rsdp.starts_with(b"RSD PTR "), format_args!("there is no root pointer"));
    let sum = rsdp[..20].iter().fold(0_u8, |sum, &byte| sum.wrapping_add(byte));
    t.expect(sum == 0, format_args!("its checksum is wrong"));
    if facts.revision < 4 {
        return;
    }
    // From revision 4 on, all tables are mapped.
    let mut check = |physical: u64| -> &'static [u8] {
        let address = facts.window + physical;
        let is_mapped = facts.is_mapped(address, 36);
        t.expect(is_mapped, format_args!("a table at {physical:#x} is not mapped"));
        let kind = facts.kind_at(physical);
        let is_right =
            matches!(kind, Some(Kind::ACPI_RECLAIMABLE | Kind::ACPI_NVS | Kind::RESERVED_MAPPED));
        t.expect(is_right, format_args!("a table at {physical:#x} is of kind {kind:?}"));
        if is_mapped { bytes(address, word32(bytes(address, 36), 4)) } else { &[] }
    };
    let xsdt = check(word64(rsdp, 24));
    for entry in xsdt.get(36..).unwrap_or(&[]).chunks_exact(8) {
        let table = check(word64(entry, 0));
        if table.starts_with(b"FACP") {
            check(word32(table, 36));
            let dsdt = if table.len() >= 148 { word64(table, 140) } else { 0 };
            check(if dsdt == 0 { word32(table, 40) } else { dsdt });
        }
    }
}

pub(crate) fn smbios(t: &mut Test, facts: &Facts) {
    let Some(response) = SMBIOS.get_response() else {
        return t.expect(false, format_args!("no answer"));
    };
    if let Some(entry) = response.entry_32()
        && let Some(entry) = address(t, facts, entry.get() as u64, 5, 31)
    {
        let entry = bytes(entry, 31);
        t.expect(entry.starts_with(b"_SM_"), format_args!("there is no 32-bit entry point"));
        let (start, size) = (word32(entry, 24), word32(entry, 20) >> 16);
        let is_mapped = facts.revision < 5 || facts.is_mapped(facts.window + start, size);
        t.expect(is_mapped, format_args!("the tables are not mapped"));
    }
    if let Some(entry) = response.entry_64()
        && let Some(entry) = address(t, facts, entry.get() as u64, 5, 24)
    {
        let entry = bytes(entry, 24);
        t.expect(entry.starts_with(b"_SM3_"), format_args!("there is no 64-bit entry point"));
        let start = facts.window + word64(entry, 16);
        let is_mapped = facts.revision < 5 || facts.is_mapped(start, word32(entry, 12));
        t.expect(is_mapped, format_args!("the tables are not mapped"));
    }
}

pub(crate) fn efi(t: &mut Test, facts: &Facts) {
    let Some(response) = SYSTEM.get_response() else {
        return t.expect(false, format_args!("no system table"));
    };
    if let Some(table) = address(t, facts, response.address() as u64, 5, 120) {
        let table = bytes(table, 120);
        t.expect(table.starts_with(b"IBI SYST"), format_args!("there is no system table"));
        // Vendor, runtime services, configuration tables; boot services are gone.
        for at in [24, 88, 112] {
            let pointer = word64(table, at);
            let is_mapped = facts.revision < 5 || facts.is_mapped(facts.window + pointer, 8);
            t.expect(is_mapped && pointer != 0, format_args!("{pointer:#x} is not mapped"));
        }
        t.expect(word64(table, 96) == 0, format_args!("boot services are still there"));
    }
    let Some(map) = EFI_MAP.get_response() else {
        return t.expect(false, format_args!("no memory map"));
    };
    let (start, size, step) = (map.memmap().addr() as u64, map.memmap_size(), map.desc_size());
    let is_whole = step >= 40 && size > 0 && size.is_multiple_of(step);
    t.expect(is_whole, format_args!("{size} bytes in steps of {step}"));
    t.expect(facts.is_mapped(start, size), format_args!("the memory map is not mapped"));
}
