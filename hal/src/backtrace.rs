//! Where the kernel is: a walk along its frame pointers, with names from a table in its image.
//!
//! The linker script leaves room for the table among the constants, between `__symbols_start` and
//! `__symbols_end`, filled with zeros. The build writes it there after linking, from the image's
//! `.symtab`. Everything is little-endian:
//!
//! ```text
//! 0    u32       magic, 0x4d595343 ("CSYM")
//! 4    u32       count
//! 8    [u32; 2]  for each function, ascending: the low half of its address; where its name ends,
//!                counted from the first name
//! ...  names     without separators, UTF-8
//! ```

use core::fmt;

use crate::arch::{Arch, Machine};

/// Frames shown at most.
const LIMIT: usize = 64;

/// "CSYM".
const MAGIC: u32 = u32::from_le_bytes(*b"CSYM");
/// Bytes before the entries, and of an entry.
const HEADER: usize = 8;
const ENTRY: usize = 8;

/// Writes one line per caller, innermost first: its address and, where the table has it, its name and
/// how far into it the address lies.
///
/// # Errors
///
/// When `out` fails.
#[inline(never)]
pub fn write(out: &mut dyn fmt::Write) -> fmt::Result {
    let mut next = Machine::frame_pointer();
    for depth in 0..LIMIT {
        let Some((address, caller)) = Machine::next_frame(next) else { break };
        // The address of the instruction after the call may be another function's.
        match lookup(Machine::symbols(), address - 1) {
            Some((name, offset)) => {
                writeln!(out, "  {depth:2}: {address:#018x} {name}+{:#x}", offset + 1)?;
            }
            None => writeln!(out, "  {depth:2}: {address:#018x}")?,
        }
        // Callers lie higher in a stack; another stack may lie anywhere, but not twice in a row.
        if caller == next {
            break;
        }
        next = caller;
    }
    Ok(())
}

/// The function that contains `address`, and how far into it that is.
fn lookup(table: &[u8], address: usize) -> Option<(&str, u32)> {
    let word = |at: usize| {
        let bytes = table.get(at..at.checked_add(4)?)?;
        Some(u32::from_le_bytes(bytes.try_into().ok()?))
    };
    if word(0)? != MAGIC {
        return None;
    }
    let count = word(4)? as usize;
    let entry = |index: usize| HEADER + index * ENTRY;
    let address = address as u32;
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = low.midpoint(high);
        if word(entry(middle))? <= address {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    let index = low.checked_sub(1)?;
    let start = if index == 0 { 0 } else { word(entry(index - 1) + 4)? };
    let end = word(entry(index) + 4)?;
    let names = entry(count);
    let name = table.get(names + start as usize..names + end as usize)?;
    Some((str::from_utf8(name).ok()?, address - word(entry(index))?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    fn table(functions: &[(u32, &str)]) -> Vec<u8> {
        let mut table = MAGIC.to_le_bytes().to_vec();
        table.extend((functions.len() as u32).to_le_bytes());
        let mut end = 0;
        for (address, name) in functions {
            end += name.len() as u32;
            table.extend(address.to_le_bytes());
            table.extend(end.to_le_bytes());
        }
        functions.iter().for_each(|(_, name)| table.extend(name.as_bytes()));
        table.resize(table.len() + 100, 0);
        table
    }

    #[test]
    fn an_address_belongs_to_the_function_before_it() {
        let table =
            table(&[(0x8020_0000, "first"), (0x8020_0040, "second"), (0x8020_1000, "third")]);
        let find = |address: usize| lookup(&table, 0xffff_ffff_0000_0000 + address);
        assert_eq!(find(0x8020_0000), Some(("first", 0)));
        assert_eq!(find(0x8020_003f), Some(("first", 0x3f)));
        assert_eq!(find(0x8020_0040), Some(("second", 0)));
        assert_eq!(find(0x8020_2000), Some(("third", 0x1000)));
        assert_eq!(find(0x801f_ffff), None);
    }

    #[test]
    fn room_that_was_not_filled_has_no_names() {
        assert_eq!(lookup(&[0; 64], 0x8020_0000), None);
        assert_eq!(lookup(&[], 0x8020_0000), None);
    }

    #[test]
    fn a_table_that_is_cut_off_has_no_names() {
        let table = table(&[(0x1000, "only")]);
        assert_eq!(lookup(&table, 0x1001), Some(("only", 1)));
        assert_eq!(lookup(&table[..18], 0x1001), None);
        assert_eq!(lookup(&table[..12], 0x1001), None);
    }
}
