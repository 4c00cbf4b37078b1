//! The tree's own rules about its text, each a function from a file to complaints.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

/// The longest that a source file may be.
const LONGEST: usize = 500;

/// A source file.
struct Source<'a> {
    /// Path from the root of the tree, with `/`.
    path: &'a str,
    text: &'a str,
}

/// What a rule has to say about a file.
type Rule = fn(&Source<'_>) -> Vec<String>;

const RULES: &[Rule] =
    &[opens_with_its_purpose, is_short, keeps_machine_code_apart, numbers_what_is_left_to_do];

/// Holds every rule against every source file.
///
/// # Errors
///
/// With all complaints, if there are any.
pub(super) fn check(root: &Path) -> Result<()> {
    let mut files = Vec::new();
    collect(root, &mut files)?;
    files.sort();
    let mut complaints = Vec::new();
    for file in files {
        let path = file.strip_prefix(root).unwrap_or(&file).to_string_lossy().replace('\\', "/");
        let text = fs::read_to_string(&file).with_context(|| format!("cannot read {path}"))?;
        let source = Source { path: &path, text: &text };
        for rule in RULES {
            complaints
                .extend(rule(&source).into_iter().map(|complaint| format!("{path}{complaint}")));
        }
    }
    for (crate_root, reason) in FORBIDS {
        let text = fs::read_to_string(root.join(crate_root))
            .with_context(|| format!("cannot read {crate_root}"))?;
        if !text.contains("#![forbid(unsafe_code)]") {
            complaints.push(format!("{crate_root}: must have #![forbid(unsafe_code)]: {reason}"));
        }
    }
    if complaints.is_empty() { Ok(()) } else { bail!("{}", complaints.join("\n")) }
}

/// Crates without unsafe code.
const FORBIDS: &[(&str, &str)] = &[
    ("kernel/src/lib.rs", "policy needs none; the machine's crate argues for it"),
    ("kernel/abi/src/lib.rs", "numbers and layouts need none"),
    ("tools/xtask/src/main.rs", "a tool needs none"),
];

/// Rust, assembly and C# sources, build products and hidden directories left out.
fn collect(dir: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(dir).with_context(|| format!("cannot read {}", dir.display()))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            let is_product =
                matches!(&*name, "target" | "obj") || (name == "bin" && !dir.ends_with("src"));
            if !name.starts_with('.') && !is_product {
                collect(&path, files)?;
            }
        } else if path
            .extension()
            .is_some_and(|extension| matches!(&*extension.to_string_lossy(), "rs" | "S" | "cs"))
        {
            files.push(path);
        }
    }
    Ok(())
}

fn is_rust(source: &Source<'_>) -> bool {
    source.path.ends_with(".rs")
}

/// The first line of a Rust file says what it is.
fn opens_with_its_purpose(source: &Source<'_>) -> Vec<String> {
    let is_said = source.text.starts_with("//! ")
        || (source.path.ends_with(".gen.rs") && source.text.starts_with("//"));
    if is_rust(source) && !is_said {
        vec![":1: the first line must be a //! line that says what the file is".to_owned()]
    } else {
        Vec::new()
    }
}

fn is_short(source: &Source<'_>) -> Vec<String> {
    let lines = source.text.lines().count();
    let is_generated = source.path.ends_with(".gen.rs") || source.path.ends_with(".g.cs");
    if lines > LONGEST && !is_generated {
        vec![format!(": {lines} lines; {LONGEST} are the most")]
    } else {
        Vec::new()
    }
}

/// Machine code and what depends on the architecture stay under `arch/`, and in the file that selects it.
fn keeps_machine_code_apart(source: &Source<'_>) -> Vec<String> {
    let is_apart = source.path.contains("/arch/")
        || source.path.ends_with("/arch.rs")
        || source.path.contains("/sys/")
        || source.path.ends_with("/sys.rs");
    if !is_rust(source) || is_apart {
        return Vec::new();
    }
    // Written in two parts, so that this file does not complain of itself.
    let marks = [
        concat!("target", "_arch"),
        concat!("a", "sm!("),
        concat!("naked", "_asm!"),
        concat!("global", "_asm!"),
    ];
    let mut complaints = Vec::new();
    for (number, line) in source.text.lines().enumerate() {
        let code = line.split("//").next().unwrap_or_default();
        if let Some(mark) = marks.iter().find(|mark| code.contains(**mark)) {
            complaints.push(format!(
                ":{}: `{mark}` belongs under an arch/ folder or into the arch.rs beside it",
                number + 1
            ));
        }
    }
    complaints
}

/// What is left to do has an issue.
fn numbers_what_is_left_to_do(source: &Source<'_>) -> Vec<String> {
    let marks = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X:")];
    let mut complaints = Vec::new();
    for (number, line) in source.text.lines().enumerate() {
        for mark in marks {
            let Some((_, rest)) = line.split_once(mark) else { continue };
            let is_word = !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
            let is_numbered = rest
                .strip_prefix("(#")
                .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
            if is_word && !is_numbered {
                complaints.push(format!(
                    ":{}: `{mark}` needs the number of an issue: `{mark}(#12)`",
                    number + 1
                ));
            }
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::{
        LONGEST, Rule, Source, is_short, keeps_machine_code_apart, numbers_what_is_left_to_do,
        opens_with_its_purpose,
    };

    fn count(rule: Rule, path: &str, text: &str) -> usize {
        rule(&Source { path, text }).len()
    }

    #[test]
    fn a_file_says_what_it_is() {
        assert_eq!(count(opens_with_its_purpose, "a/b.rs", "//! What it is.\n"), 0);
        assert_eq!(count(opens_with_its_purpose, "a/b.rs", "use core::fmt;\n"), 1);
        assert_eq!(count(opens_with_its_purpose, "a/b.cs", "using System;\n"), 0);
    }

    #[test]
    fn a_file_is_not_too_long() {
        assert_eq!(count(is_short, "a/b.rs", &"\n".repeat(LONGEST)), 0);
        assert_eq!(count(is_short, "a/b.rs", &"\n".repeat(LONGEST + 1)), 1);
        assert_eq!(count(is_short, "a/b.gen.rs", &"\n".repeat(LONGEST + 1)), 0);
    }

    #[test]
    fn machine_code_is_kept_apart() {
        let text = concat!("#[cfg(target", "_arch = \"x86_64\")]\n// as", "m! in a comment\n");
        assert_eq!(count(keeps_machine_code_apart, "hal/src/cpu.rs", text), 1);
        assert_eq!(count(keeps_machine_code_apart, "hal/src/arch/x86_64/cpu.rs", text), 0);
        assert_eq!(count(keeps_machine_code_apart, "hal/src/arch.rs", text), 0);
    }

    #[test]
    fn what_is_left_to_do_has_a_number() {
        let mark = concat!("TO", "DO");
        assert_eq!(count(numbers_what_is_left_to_do, "a.rs", &format!("// {mark}: later\n")), 1);
        assert_eq!(
            count(numbers_what_is_left_to_do, "a.rs", &format!("// {mark}(#12): later\n")),
            0
        );
        assert_eq!(
            count(numbers_what_is_left_to_do, "a.rs", &format!("let x = \"{mark}S\";\n")),
            0
        );
    }
}
