//! Native entry points that nobody supplies: found, told, and given a stub that throws when called.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use object::read::archive::ArchiveFile;
use object::write::{Object, Relocation, Symbol, SymbolSection};
use object::{
    Architecture, BinaryFormat, Endianness, Object as _, ObjectSection as _, ObjectSymbol as _,
    RelocationEncoding, RelocationFlags, RelocationKind, RelocationTarget, SectionKind,
    SymbolFlags, SymbolKind, SymbolScope,
};

use crate::arch::Arch;

/// The runtime's function to which every stub jumps with the address of the missing name.
const THROWER: &str = "rt_missing_entry_point";

/// Symbols that the linker defines.
const OF_LINKER: &[&str] = &[
    "_GLOBAL_OFFSET_TABLE_",
    "__ehdr_start",
    "__executable_start",
    "_end",
    "end",
    "_etext",
    "_edata",
    "__bss_start",
];

/// A missing symbol and the methods that call it.
pub(crate) type Missing = BTreeMap<String, BTreeSet<String>>;

/// The symbols that an object asks for and an archive does not define.
///
/// # Errors
///
/// If one of the files is not what it should be.
pub(crate) fn find(object: &Path, archive: &Path) -> Result<Missing> {
    let defined = defined_by(archive)?;
    let data = fs::read(object).with_context(|| format!("cannot read {}", object.display()))?;
    let file = object::File::parse(&*data)
        .with_context(|| format!("{} is not an object file", object.display()))?;
    let wanted = file
        .symbols()
        .filter(|symbol| symbol.is_undefined())
        .filter_map(|symbol| Some((symbol.index(), symbol.name().ok()?.to_owned())));
    let mut missing: BTreeMap<usize, (String, BTreeSet<String>)> = BTreeMap::new();
    for (index, name) in wanted {
        if !name.is_empty() && !defined.contains(&name) && !is_of_linker(&name) {
            missing.insert(index.0, (name, BTreeSet::new()));
        }
    }
    if !missing.is_empty() {
        callers(&file, &mut missing);
    }
    Ok(missing.into_values().collect())
}

/// Every symbol that an archive defines for others.
///
/// # Errors
///
/// If the file is no archive.
pub(crate) fn defined_by(archive: &Path) -> Result<BTreeSet<String>> {
    let data = fs::read(archive).with_context(|| format!("cannot read {}", archive.display()))?;
    let members = ArchiveFile::parse(&*data)
        .with_context(|| format!("{} is not an archive", archive.display()))?;
    let mut names = BTreeSet::new();
    for member in members.members() {
        let content = member?.data(&*data)?;
        let Ok(file) = object::File::parse(content) else { continue };
        let global = file.symbols().filter(|symbol| !symbol.is_undefined() && symbol.is_global());
        names.extend(global.filter_map(|symbol| symbol.name().ok()).map(str::to_owned));
    }
    Ok(names)
}

/// The symbols that an object asks for.
///
/// # Errors
///
/// If the file is no object.
pub(crate) fn wanted_by(object: &Path) -> Result<BTreeSet<String>> {
    let data = fs::read(object).with_context(|| format!("cannot read {}", object.display()))?;
    let file = object::File::parse(&*data)
        .with_context(|| format!("{} is not an object file", object.display()))?;
    let undefined = file.symbols().filter(|symbol| symbol.is_undefined());
    Ok(undefined
        .filter_map(|symbol| symbol.name().ok())
        .filter(|name| !name.is_empty() && !is_of_linker(name))
        .map(str::to_owned)
        .collect())
}

fn is_of_linker(name: &str) -> bool {
    OF_LINKER.contains(&name) || name.starts_with("__start_") || name.starts_with("__stop_")
}

/// Notes for each missing symbol the functions whose code refers to it.
fn callers(file: &object::File<'_>, missing: &mut BTreeMap<usize, (String, BTreeSet<String>)>) {
    for section in file.sections().filter(|section| section.kind() == SectionKind::Text) {
        let mut functions: BTreeMap<u64, &str> = BTreeMap::new();
        for symbol in file.symbols().filter(|symbol| {
            symbol.is_definition() && symbol.section_index() == Some(section.index())
        }) {
            if let Ok(name) = symbol.name() {
                functions.insert(symbol.address(), name);
            }
        }
        for (offset, relocation) in section.relocations() {
            let RelocationTarget::Symbol(index) = relocation.target() else { continue };
            let Some((_, callers)) = missing.get_mut(&index.0) else { continue };
            if let Some((_, name)) = functions.range(..=offset).next_back() {
                callers.insert(readable(name));
            }
        }
    }
}

/// A compiler symbol as a person would write the method: `S_P_CoreLib_Interop_Sys__Read` becomes
/// `Interop.Sys.Read (System.Private.CoreLib)`. Dots and underscores are one in such symbols, so that
/// this is a good guess and no more.
fn readable(symbol: &str) -> String {
    let (rest, assembly) = match symbol.split_once("_Interop_") {
        Some((assembly, rest)) => (
            format!("Interop_{rest}"),
            assembly.replace("S_P_", "System.Private.").replace('_', "."),
        ),
        None => (symbol.replace("S_P_", "System.Private."), String::new()),
    };
    let Some((type_name, method)) = rest.split_once("__") else { return symbol.to_owned() };
    let method = method.split("__").next().unwrap_or(method);
    let method = format!("{}.{method}", type_name.replace('_', "."));
    if assembly.is_empty() { method } else { format!("{method} ({assembly})") }
}

/// What to tell the user about them.
pub(crate) fn describe(missing: &Missing, program: &str) -> String {
    let mut text = format!(
        "{program} refers to native entry points that nobody supplies; calling one throws EntryPointNotFoundException:"
    );
    for (name, callers) in missing {
        let list: Vec<&str> = callers.iter().take(3).map(String::as_str).collect();
        let more = if callers.len() > 3 {
            format!(" and {} more", callers.len() - 3)
        } else {
            String::new()
        };
        let by = if list.is_empty() { "data".to_owned() } else { list.join(", ") };
        text.push_str(&format!("\n  {name}: needed by {by}{more}"));
    }
    text
}

/// Writes an object with one stub for each missing symbol.
///
/// # Errors
///
/// If it cannot be written.
pub(crate) fn write_stubs(missing: &Missing, arch: Arch, file: &Path) -> Result<()> {
    let content = stubs(missing, arch)?;
    fs::write(file, content).with_context(|| format!("cannot write {}", file.display()))
}

fn stubs(missing: &Missing, arch: Arch) -> Result<Vec<u8>> {
    let machine = match arch {
        Arch::X86_64 => Architecture::X86_64,
    };
    let mut object = Object::new(BinaryFormat::Elf, machine, Endianness::Little);
    let text = object.section_id(object::write::StandardSection::Text);
    let names = object.section_id(object::write::StandardSection::ReadOnlyData);
    let thrower =
        object.add_symbol(symbol(THROWER, SymbolKind::Text, SymbolSection::Undefined, 0, 0));
    let stub = arch.missing_stub();
    for name in missing.keys() {
        let mut bytes = name.clone().into_bytes();
        bytes.push(0);
        let place = object.append_section_data(names, &bytes, 1);
        let text_name = object.add_symbol(symbol(
            &format!(".Lname.{name}"),
            SymbolKind::Data,
            SymbolSection::Section(names),
            place,
            bytes.len() as u64,
        ));
        let start = object.append_section_data(text, stub.code, 16);
        object.add_symbol(symbol(
            name,
            SymbolKind::Text,
            SymbolSection::Section(text),
            start,
            stub.code.len() as u64,
        ));
        for (offset, target) in [(stub.name_at, text_name), (stub.jump_at, thrower)] {
            let flags = RelocationFlags::Generic {
                kind: RelocationKind::Relative,
                encoding: RelocationEncoding::Generic,
                size: 32,
            };
            object.add_relocation(
                text,
                Relocation { offset: start + offset, symbol: target, addend: -4, flags },
            )?;
        }
    }
    // Nothing in it needs an executable stack.
    object.add_section(Vec::new(), b".note.GNU-stack".to_vec(), SectionKind::Other);
    Ok(object.write()?)
}

fn symbol(name: &str, kind: SymbolKind, section: SymbolSection, value: u64, size: u64) -> Symbol {
    let scope =
        if name.starts_with(".L") { SymbolScope::Compilation } else { SymbolScope::Linkage };
    Symbol {
        name: name.as_bytes().to_vec(),
        value,
        size,
        kind,
        scope,
        weak: false,
        section,
        flags: SymbolFlags::None,
    }
}

/// Finds what is missing and writes the stubs for it.
///
/// # Errors
///
/// As [`find`] and [`write_stubs`].
pub(crate) fn supply(
    object: &Path,
    archive: &Path,
    arch: Arch,
    place: &Path,
) -> Result<(Missing, PathBuf)> {
    let missing = find(object, archive)?;
    let file = place.join(format!("{}-missing.o", arch.name()));
    write_stubs(&missing, arch, &file)?;
    Ok((missing, file))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use object::{Object as _, ObjectSymbol as _};

    use super::{Missing, describe, readable, stubs, wanted_by};
    use crate::arch::Arch;

    #[test]
    fn a_method_is_named_as_its_author_named_it() {
        assert_eq!(
            readable("S_P_CoreLib_Interop_Sys__Read"),
            "Interop.Sys.Read (System.Private.CoreLib)"
        );
        assert_eq!(
            readable("System_Net_Sockets_Interop_Sys__Socket"),
            "Interop.Sys.Socket (System.Net.Sockets)"
        );
        assert_eq!(readable("app_Program__Main"), "app.Program.Main");
        assert_eq!(readable("odd"), "odd");
    }

    #[test]
    fn every_missing_symbol_gets_a_stub_that_asks_only_for_the_thrower() {
        let missing = Missing::from([
            ("One".to_owned(), BTreeSet::from(["A.B".to_owned()])),
            ("Two".to_owned(), BTreeSet::new()),
        ]);
        let bytes = stubs(&missing, Arch::X86_64).expect("stubs");
        let file = object::File::parse(&*bytes).expect("an object");
        let defined: Vec<&str> = file
            .symbols()
            .filter(|symbol| !symbol.is_undefined() && symbol.is_global())
            .filter_map(|symbol| symbol.name().ok())
            .collect();
        assert_eq!(defined, ["One", "Two"]);
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("stubs.o");
        std::fs::write(&path, &bytes).expect("written");
        assert_eq!(wanted_by(&path).expect("read"), BTreeSet::from([super::THROWER.to_owned()]));
        let text = describe(&missing, "app");
        assert!(
            text.contains("One: needed by A.B") && text.contains("Two: needed by data"),
            "{text}"
        );
    }
}
