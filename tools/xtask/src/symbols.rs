//! The kernel's table of symbols, with which it names the functions in a backtrace. Its form is
//! described in `hal::backtrace`; the room for it, in the linker script.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use object::elf::FileHeader64;
use object::read::elf::{FileHeader as _, ProgramHeader as _};
use object::{Endianness, Object as _, ObjectSection as _, ObjectSymbol as _, SymbolKind};

/// The symbols between which the linker script leaves room.
const START: &str = "__symbols_start";
const END: &str = "__symbols_end";

/// Where in a 64-bit ELF header the section table's place stands, and its size and names.
const SECTION_TABLE: std::ops::Range<usize> = 0x28..0x30;
const SECTION_COUNTS: std::ops::Range<usize> = 0x3c..0x40;

/// Writes the table into a linked kernel.
///
/// # Errors
///
/// If the file is no kernel, or the room is too small.
pub(crate) fn fill(kernel: &Path) -> Result<()> {
    let mut data = fs::read(kernel).with_context(|| format!("cannot read {}", kernel.display()))?;
    let (place, room, table) = {
        let file = object::File::parse(&*data)
            .with_context(|| format!("{} is not a linked kernel", kernel.display()))?;
        let address = |name| {
            let symbol = file.symbols().find(|symbol| symbol.name() == Ok(name));
            symbol.map(|symbol| symbol.address()).with_context(|| format!("no symbol {name}"))
        };
        let (start, end) = (address(START)?, address(END)?);
        let offset = file
            .sections()
            .filter(|section| {
                (section.address()..section.address() + section.size()).contains(&start)
            })
            .find_map(|section| Some(section.file_range()?.0 + start - section.address()))
            .with_context(|| format!("{START} is in no section of the file"))?;
        let functions = file
            .symbols()
            .filter(|symbol| symbol.kind() == SymbolKind::Text && symbol.is_definition())
            .filter_map(|symbol| Some((symbol.address(), symbol.name().ok()?.to_owned())))
            .collect();
        (usize::try_from(offset)?, usize::try_from(end - start)?, table(&functions)?)
    };
    ensure!(
        table.len() <= room,
        "the kernel's symbols need {} bytes and its linker script leaves {room}",
        table.len()
    );
    data.get_mut(place..place + table.len())
        .context("the room for the symbols is not in the file")?
        .copy_from_slice(&table);
    fs::write(kernel, data).with_context(|| format!("cannot write {}", kernel.display()))
}

/// Sets a copy with all symbols aside for a debugger, and leaves in the kernel only what is loaded.
///
/// # Errors
///
/// If the file is no kernel, or cannot be written.
pub(crate) fn strip(kernel: &Path) -> Result<()> {
    let mut data = fs::read(kernel).with_context(|| format!("cannot read {}", kernel.display()))?;
    let full = kernel.with_extension("full.elf");
    fs::write(&full, &data).with_context(|| format!("cannot write {}", full.display()))?;
    let end = {
        let header = FileHeader64::<Endianness>::parse(&*data).context("the kernel's header")?;
        let endian = header.endian().context("the kernel's header")?;
        let segments = header.program_headers(endian, &*data).context("the kernel's segments")?;
        let ends = segments.iter().map(|one| one.p_offset(endian) + one.p_filesz(endian));
        usize::try_from(ends.max().context("the kernel has no segments")?)?
    };
    ensure!(end <= data.len(), "a segment of the kernel reaches beyond the end of its file");
    // Sections come after the segments, and nobody who loads the kernel looks at them.
    data.truncate(end);
    data[SECTION_TABLE].fill(0);
    data[SECTION_COUNTS].fill(0);
    fs::write(kernel, data).with_context(|| format!("cannot write {}", kernel.display()))
}

/// The end of the kernel in physical memory, where QEMU puts it.
///
/// # Errors
///
/// If the file is no kernel.
pub(crate) fn physical_end(kernel: &Path) -> Result<u64> {
    let data = fs::read(kernel).with_context(|| format!("cannot read {}", kernel.display()))?;
    let header = FileHeader64::<Endianness>::parse(&*data).context("the kernel's header")?;
    let endian = header.endian().context("the kernel's header")?;
    let segments = header.program_headers(endian, &*data).context("the kernel's segments")?;
    let ends = segments.iter().map(|one| one.p_paddr(endian) + one.p_memsz(endian));
    ends.max().context("the kernel has no segments")
}

/// The table of functions, by address.
fn table(functions: &BTreeMap<u64, String>) -> Result<Vec<u8>> {
    let mut entries = Vec::new();
    let mut names = String::new();
    for (&address, name) in functions {
        names.push_str(&format!("{:#}", rustc_demangle::demangle(name)));
        // The kernel lies within 4 GiB; the half it looks for is the low one.
        entries.extend((address as u32).to_le_bytes());
        entries.extend(u32::try_from(names.len())?.to_le_bytes());
    }
    let mut table = b"CSYM".to_vec();
    table.extend(u32::try_from(functions.len())?.to_le_bytes());
    table.extend(entries);
    table.extend(names.as_bytes());
    Ok(table)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_demangled_and_end_where_the_entries_say() {
        let functions = BTreeMap::from([
            (0xffff_ffff_8020_0040, "_ZN6kernel4boot17h0123456789abcdefE".to_owned()),
            (0xffff_ffff_8020_0000, "hal_entry".to_owned()),
        ]);
        let table = table(&functions).expect("it is small");
        let mut expected = b"CSYM\x02\0\0\0".to_vec();
        expected.extend(0x8020_0000_u32.to_le_bytes());
        expected.extend(9_u32.to_le_bytes());
        expected.extend(0x8020_0040_u32.to_le_bytes());
        expected.extend(21_u32.to_le_bytes());
        expected.extend(b"hal_entrykernel::boot");
        assert_eq!(table, expected);
    }
}
