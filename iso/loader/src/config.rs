//! The configuration: the part of Limine's `limine.conf` that starting one kernel needs.
//!
//! ```text
//! # comment
//! timeout: 0
//! /Title
//!     protocol: limine
//!     path: boot():/cermet/kernel.elf
//!     cmdline: text
//!     module_path: boot():/cermet/package
//!     module_string: text
//!     resolution: 1024x768
//! ```
//!
//! There is no menu: the entry that `default_entry` numbers (the first by default) is started at
//! once, whatever `timeout` says. Options that only dress the menu are ignored, as are options of
//! other protocols. Sub-entries and macros are refused.

use crate::{Error, path};
use alloc::vec::Vec;

/// Where a configuration may be, best first, after the loader's own directory.
pub const PLACES: [&str; 4] =
    ["/boot/limine/limine.conf", "/boot/limine.conf", "/limine/limine.conf", "/limine.conf"];

/// A module of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Module<'a> {
    /// Path on the boot volume.
    pub path: &'a str,
    /// `module_string`, or empty.
    pub string: &'a str,
}

/// The entry to start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Path of the kernel on the boot volume.
    pub path: &'a str,
    /// Command line, or empty.
    pub command_line: &'a str,
    /// Modules, in order.
    pub modules: Vec<Module<'a>>,
    /// Wanted width and height of the framebuffer.
    pub resolution: Option<(u32, u32)>,
}

/// An entry as it was written, before it is known to be the one that is started.
#[derive(Default)]
struct Draft<'a> {
    protocol: Option<(usize, &'a str)>,
    path: Option<&'a str>,
    command_line: &'a str,
    modules: Vec<(&'a str, &'a str)>,
    resolution: Option<(u32, u32)>,
}

/// Finds the entry to start in the text of a configuration.
///
/// # Errors
///
/// [`Error::Configuration`] or [`Error::Path`] for what this loader does not understand.
pub fn parse(text: &str) -> Result<Entry<'_>, Error> {
    let mut drafts: Vec<Draft<'_>> = Vec::new();
    let mut chosen = 1;
    for (number, line) in text.lines().enumerate().map(|(index, line)| (index + 1, line.trim())) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if line.contains("${") {
            return Err(Error::Configuration(number, "macros are not supported"));
        }
        if let Some(title) = line.strip_prefix('/') {
            if title.starts_with('/') {
                return Err(Error::Configuration(number, "sub-entries are not supported"));
            }
            drafts.push(Draft::default());
            continue;
        }
        let Some((name, value)) = line.split_once(':') else {
            return Err(Error::Configuration(number, "expected `option: value` or `/title`"));
        };
        let (name, value) = (name.trim(), value.trim());
        if name.eq_ignore_ascii_case("default_entry") {
            chosen = value.parse().map_err(|_| {
                Error::Configuration(number, "default_entry is supported as a number only")
            })?;
        } else if let Some(draft) = drafts.last_mut() {
            option(draft, number, name, value)?;
        }
    }
    let index = usize::checked_sub(chosen, 1);
    let Some(draft) = index.and_then(|index| drafts.into_iter().nth(index)) else {
        return Err(Error::Configuration(0, "there is no entry to start"));
    };
    finish(draft)
}

/// Takes in one option of an entry.
fn option<'a>(
    draft: &mut Draft<'a>,
    number: usize,
    name: &str,
    value: &'a str,
) -> Result<(), Error> {
    let is = |names: &[&str]| names.iter().any(|other| name.eq_ignore_ascii_case(other));
    if is(&["protocol"]) {
        draft.protocol = Some((number, value));
    } else if is(&["path", "kernel_path"]) {
        draft.path = Some(value);
    } else if is(&["cmdline", "kernel_cmdline"]) {
        draft.command_line = value;
    } else if is(&["module_path"]) {
        draft.modules.push((value, ""));
    } else if is(&["module_string", "module_cmdline"]) {
        match draft.modules.last_mut() {
            Some(module) => module.1 = value,
            None => return Err(Error::Configuration(number, "there is no module before it")),
        }
    } else if is(&["resolution"]) {
        let mut numbers = value.split('x').map(str::parse);
        match (numbers.next(), numbers.next()) {
            (Some(Ok(width)), Some(Ok(height))) => draft.resolution = Some((width, height)),
            _ => return Err(Error::Configuration(number, "expected WIDTHxHEIGHT")),
        }
    }
    Ok(())
}

/// Checks the entry that was chosen.
fn finish(draft: Draft<'_>) -> Result<Entry<'_>, Error> {
    match draft.protocol {
        Some((_, name)) if name.eq_ignore_ascii_case("limine") => {}
        Some((number, _)) => {
            return Err(Error::Configuration(number, "only the protocol `limine` is supported"));
        }
        None => return Err(Error::Configuration(0, "the entry has no protocol")),
    }
    let Some(kernel) = draft.path else {
        return Err(Error::Configuration(0, "the entry has no path"));
    };
    let mut modules = Vec::with_capacity(draft.modules.len());
    for (text, string) in draft.modules {
        modules.push(Module { path: path::on_boot_volume(text)?, string });
    }
    Ok(Entry {
        path: path::on_boot_volume(kernel)?,
        command_line: draft.command_line,
        modules,
        resolution: draft.resolution,
    })
}

#[cfg(test)]
mod tests {
    use super::{Entry, Module, parse};
    use crate::Error;
    use alloc::{string::String, vec, vec::Vec};

    const FULL: &str = "# made\r\ntimeout: 0\nquiet: yes\n\n/Cermet\n  PROTOCOL: Limine\n\
        \tpath: boot():/cermet/kernel.elf\n  cmdline: stdin=framed a:b\n  comment: x\n\
        module_path: boot():/cermet/package\nmodule_string: s t\nmodule_path: boot():/two\n\
        resolution: 800x600x32\n/Other\nprotocol: linux\n";

    #[test]
    fn an_entry_has_kernel_modules_and_texts() {
        assert_eq!(
            parse(FULL),
            Ok(Entry {
                path: "/cermet/kernel.elf",
                command_line: "stdin=framed a:b",
                modules: vec![
                    Module { path: "/cermet/package", string: "s t" },
                    Module { path: "/two", string: "" }
                ],
                resolution: Some((800, 600)),
            })
        );
    }

    #[test]
    fn the_default_entry_is_chosen_by_number() {
        let text = "default_entry: 2\n/a\n/b\nprotocol: limine\npath: boot():/b\n";
        assert_eq!(parse(text).map(|entry| entry.path), Ok("/b"));
        let text = "/a\nprotocol: limine\npath: boot():/a\ndefault_entry: 3\n";
        assert_eq!(parse(text), Err(Error::Configuration(0, "there is no entry to start")));
        assert!(parse("default_entry: 0\n/a\n").is_err());
        assert!(parse("default_entry: a\n/a\n").is_err());
    }

    #[test]
    fn what_is_not_understood_is_refused_with_its_line() {
        for (text, line) in [
            ("/a\n//b\n", 2),
            ("/a\n\nprotocol: linux\n", 3),
            ("/a\ncmdline: ${X}\n", 2),
            ("/a\nnonsense\n", 2),
            ("/a\nmodule_string: x\n", 2),
            ("/a\nresolution: 800\n", 2),
            ("", 0),
            ("/a\n", 0),
            ("/a\nprotocol: limine\n", 0),
        ] {
            match parse(text) {
                Err(Error::Configuration(number, _)) => assert_eq!(number, line, "{text:?}"),
                other => panic!("{text:?}: {other:?}"),
            }
        }
        assert!(parse("/a\nprotocol: limine\npath: boot():/k\nmodule_path: /x\n").is_err());
    }

    #[test]
    fn no_text_makes_it_panic() {
        let mut state = 0x1234_5678_9abc_def1_u64;
        let mut next = move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            usize::try_from(state >> 33).expect("31 bits fit")
        };
        for _ in 0..if cfg!(miri) { 50 } else { 20_000 } {
            let mut bytes: Vec<u8> = FULL.into();
            for _ in 0..=next() % 8 {
                let at = next() % bytes.len().max(1);
                if bytes.is_empty() {
                    break;
                }
                match next() % 3 {
                    0 => bytes[at] = b"/:#\n(x$)"[next() % 8],
                    1 => drop(bytes.remove(at)),
                    _ => bytes.truncate(at + 1),
                }
            }
            let text = String::from_utf8_lossy(&bytes);
            drop(parse(&text));
        }
    }
}
