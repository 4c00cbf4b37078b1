//! ACPI tables: where they lie, and what the MADT, DMAR and IVRS say about interrupt controllers
//! and address translation.
//!
//! Physical memory is read through a function, so that tests can supply it: it returns `length`
//! bytes at an address, or nothing if the address cannot be read.

use crate::bytes::{u16_at, u32_at, u64_at};
use alloc::vec::Vec;
use core::ops::Range;

/// Reads physical memory.
pub type Read<'a> = &'a dyn Fn(u64, usize) -> Option<&'a [u8]>;

/// Size of a table's header.
const HEADER: usize = 36;
/// A bound for the length of one table: no real one comes near.
const TABLE_MAX: u32 = 16 << 20;

/// A processor that can be started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Processor {
    /// ACPI processor identification.
    pub id: u32,
    /// Identification of its local APIC.
    pub apic: u32,
}

/// How a local interrupt input of a processor is to be set up for NMI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalNmi {
    /// ACPI processor identification; `None` is every processor.
    pub processor: Option<u32>,
    /// 0 or 1.
    pub input: u8,
    /// The flags of the MPS specification: polarity and trigger mode.
    pub flags: u16,
}

/// What the tables say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tables {
    /// Where tables lie.
    pub ranges: Vec<Range<u64>>,
    /// Processors that are enabled.
    pub processors: Vec<Processor>,
    /// Register blocks of the I/O APICs.
    pub io_apics: Vec<u64>,
    /// Non-maskable interrupt inputs.
    pub nmis: Vec<LocalNmi>,
    /// Register blocks of Intel's remapping units.
    pub vtd: Vec<u64>,
    /// Register blocks of AMD's remapping units.
    pub amd_vi: Vec<u64>,
}

impl Tables {
    /// Follows all tables from the root pointer. Damaged tables are left out.
    #[must_use]
    pub fn find(rsdp: u64, read: Read<'_>) -> Self {
        let mut tables = Self::default();
        let _: Option<()> = tables.root(rsdp, read);
        tables
    }

    fn root(&mut self, rsdp: u64, read: Read<'_>) -> Option<()> {
        let pointer = read(rsdp, 20)?;
        if !pointer.starts_with(b"RSD PTR ") {
            return None;
        }
        let is_new = pointer.get(15).is_some_and(|&revision| revision >= 2);
        self.ranges.push(rsdp..rsdp + if is_new { 36 } else { 20 });
        let rsdt = u64::from(u32_at(pointer, 16)?);
        let xsdt = if is_new { u64_at(read(rsdp, 36)?, 24)? } else { 0 };
        let mut entries = Vec::new();
        for (address, width) in [(rsdt, 4), (xsdt, 8)] {
            if address == 0 {
                continue;
            }
            let Some(table) = self.table(address, read) else { continue };
            for entry in table[HEADER..].chunks_exact(width) {
                let entry = match width {
                    4 => u32_at(entry, 0).map(u64::from),
                    _ => u64_at(entry, 0),
                };
                entries.extend(entry.filter(|&entry| entry != 0 && !entries.contains(&entry)));
            }
        }
        for entry in entries {
            if let Some(table) = self.table(entry, read) {
                match table.get(..4) {
                    Some(b"APIC") => self.madt(table),
                    Some(b"FACP") => self.fadt(table, read),
                    Some(b"DMAR") => records(table, 48, 2, |record| {
                        if u16_at(record, 0) == Some(0) {
                            self.vtd.extend(u64_at(record, 8));
                        }
                    }),
                    Some(b"IVRS") => records(table, 48, 2, |record| {
                        if matches!(record.first(), Some(0x10 | 0x11 | 0x40)) {
                            let base = u64_at(record, 8).filter(|b| !self.amd_vi.contains(b));
                            self.amd_vi.extend(base);
                        }
                    }),
                    _ => {}
                }
            }
        }
        Some(())
    }

    /// Reads a table and notes where it lies.
    fn table<'a>(&mut self, address: u64, read: Read<'a>) -> Option<&'a [u8]> {
        let length = u32_at(read(address, HEADER)?, 4)?;
        if !(36..=TABLE_MAX).contains(&length) {
            return None;
        }
        let bytes = read(address, usize::try_from(length).ok()?)?;
        self.ranges.push(address..address.checked_add(u64::from(length))?);
        Some(bytes)
    }

    /// Notes where the tables lie that only the FADT points to.
    fn fadt(&mut self, table: &[u8], read: Read<'_>) {
        let pointers = [
            (u32_at(table, 36).map(u64::from), true),
            (u64_at(table, 132), true),
            (u32_at(table, 40).map(u64::from), false),
            (u64_at(table, 140), false),
        ];
        for (address, is_facs) in pointers {
            let Some(address) = address.filter(|&address| address != 0) else { continue };
            if self.ranges.iter().any(|range| range.start == address) {
                continue;
            }
            if is_facs {
                // The FACS has a length, but not the common header.
                let length = read(address, 8).and_then(|facs| u32_at(facs, 4));
                let end = length.and_then(|length| address.checked_add(u64::from(length)));
                self.ranges.extend(end.map(|end| address..end));
            } else {
                let _: Option<&[u8]> = self.table(address, read);
            }
        }
    }

    fn madt(&mut self, table: &[u8]) {
        const ENABLED: u32 = 1;
        records(table, 44, 1, |record| {
            let byte = |at: usize| record.get(at).copied();
            match byte(0) {
                Some(0) if u32_at(record, 4).is_some_and(|flags| flags & ENABLED != 0) => {
                    if let (Some(id), Some(apic)) = (byte(2), byte(3)) {
                        self.processors.push(Processor { id: id.into(), apic: apic.into() });
                    }
                }
                Some(1) => self.io_apics.extend(u32_at(record, 4).map(u64::from)),
                Some(4) => {
                    if let (Some(id), Some(flags), Some(input)) =
                        (byte(2), u16_at(record, 3), byte(5))
                    {
                        let processor = (id != 0xff).then_some(id.into());
                        self.nmis.push(LocalNmi { processor, input, flags });
                    }
                }
                Some(9) if u32_at(record, 8).is_some_and(|flags| flags & ENABLED != 0) => {
                    if let (Some(apic), Some(id)) = (u32_at(record, 4), u32_at(record, 12)) {
                        self.processors.push(Processor { id, apic });
                    }
                }
                Some(10) => {
                    if let (Some(flags), Some(id), Some(input)) =
                        (u16_at(record, 2), u32_at(record, 4), byte(8))
                    {
                        let processor = (id != u32::MAX).then_some(id);
                        self.nmis.push(LocalNmi { processor, input, flags });
                    }
                }
                _ => {}
            }
        });
    }
}

/// Visits the records of a table, each of which begins with a type and a length, both of `width`
/// bytes (of which 1 byte of the type counts where the length is at offset 2).
fn records(table: &[u8], start: usize, width: usize, mut visit: impl FnMut(&[u8])) {
    let mut rest = table.get(start..).unwrap_or(&[]);
    loop {
        let length = match width {
            1 => rest.get(1).map(|&length| usize::from(length)),
            _ => u16_at(rest, 2).map(usize::from),
        };
        let Some(length) = length.filter(|&length| length >= 2 * width && length <= rest.len())
        else {
            return;
        };
        let (record, next) = rest.split_at(length);
        visit(record);
        rest = next;
    }
}

#[cfg(test)]
mod tests {
    use super::{LocalNmi, Processor, Tables};
    use alloc::{vec, vec::Vec};

    fn put(memory: &mut [u8], at: usize, bytes: &[u8]) {
        memory[at..at + bytes.len()].copy_from_slice(bytes);
    }

    fn table(memory: &mut [u8], at: usize, name: &[u8; 4], start: usize, body: &[u8]) {
        put(memory, at, name);
        let length = u32::try_from(start + body.len()).expect("small");
        put(memory, at + 4, &length.to_le_bytes());
        put(memory, at + start, body);
    }

    fn machine() -> Vec<u8> {
        let mut memory = vec![0; 0x1000];
        put(&mut memory, 0x100, b"RSD PTR ");
        put(&mut memory, 0x10f, &[2, 0, 2, 0, 0]); // revision 2, RSDT at 0x200
        put(&mut memory, 0x118, &[0, 3]); // XSDT at 0x300
        table(&mut memory, 0x200, b"RSDT", 36, &[0, 4, 0, 0]);
        let xsdt = [0x400_u64, 0x500, 0x700, 0x800].map(u64::to_le_bytes).concat();
        table(&mut memory, 0x300, b"XSDT", 36, &xsdt);
        let madt = [
            &[0, 8, 0, 0, 1, 0, 0, 0][..],
            &[0, 8, 1, 1, 0, 0, 0, 0],
            &[9, 16, 0, 0, 44, 1, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0],
            &[1, 12, 0, 0, 0, 0, 0xc0, 0xfe, 0, 0, 0, 0],
            &[4, 6, 0xff, 5, 0, 1],
            &[10, 12, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0],
            &[0, 8, 1],
        ]
        .concat();
        table(&mut memory, 0x400, b"APIC", 44, &madt);
        let mut fadt = vec![0; 112];
        fadt[1] = 6; // FACS at 0x600
        fadt[104 + 1] = 9; // X_DSDT at 0x900
        table(&mut memory, 0x500, b"FACP", 36, &fadt);
        put(&mut memory, 0x600, b"FACS\x40\0\0\0");
        table(
            &mut memory,
            0x700,
            b"DMAR",
            48,
            &[0, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0xd9, 0xfe, 0, 0, 0, 0],
        );
        table(
            &mut memory,
            0x800,
            b"IVRS",
            48,
            &[0x10, 0, 24, 0, 0, 0, 0, 0, 0, 0, 0xda, 0xfe, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        );
        table(&mut memory, 0x900, b"DSDT", 36, &[1, 2]);
        memory
    }

    #[test]
    fn all_tables_are_found() {
        let memory = machine();
        let read = |at: u64, length: usize| {
            let at = usize::try_from(at).ok()?;
            memory.get(at..at.checked_add(length)?)
        };
        let tables = Tables::find(0x100, &read);
        let starts: Vec<u64> = tables.ranges.iter().map(|range| range.start).collect();
        let expected = [0x100, 0x200, 0x300, 0x400, 0x500, 0x600, 0x900, 0x700, 0x800];
        assert_eq!(starts, expected);
        let processors = [Processor { id: 0, apic: 0 }, Processor { id: 2, apic: 300 }];
        assert_eq!(tables.processors, processors);
        assert_eq!(tables.io_apics, [0xfec0_0000]);
        assert_eq!(
            tables.nmis,
            [
                LocalNmi { processor: None, input: 1, flags: 5 },
                LocalNmi { processor: Some(2), input: 0, flags: 0 }
            ]
        );
        assert_eq!(tables.vtd, [0xfed9_0000]);
        assert_eq!(tables.amd_vi, [0xfeda_0000]);
    }

    #[test]
    fn damaged_tables_are_left_out_without_panic() {
        let good = machine();
        for at in 0x100..0xa00 {
            for value in [0, 1, 0x7f, 0xff] {
                let mut memory = good.clone();
                memory[at] = value;
                let read = |at: u64, length: usize| {
                    let at = usize::try_from(at).ok()?;
                    memory.get(at..at.checked_add(length)?)
                };
                drop(Tables::find(0x100, &read));
            }
            if cfg!(miri) {
                break;
            }
        }
    }
}
