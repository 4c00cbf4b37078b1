//! `cargo xtask contract`: what compiled C# asks for, what `dotnet-shim/contract.toml` promises, and what
//! the runtime archive defines, held against each other.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

use crate::arch::Arch;
use crate::build::{HELLO, Work};
use crate::context::Context;
use crate::project::Project;
use crate::{ilc, missing, rust};

/// The promises, from the root of the tree.
const FILE: &str = "dotnet-shim/contract.toml";

/// What a symbol is to compiled code: called by the compiler's own code, from CoreLib in cooperative mode or
/// through a P/Invoke; data; the platform layer; the C library.
const CLASSES: &[&str] = &["JIT", "COOP", "PINV", "DATA", "PAL", "C"];

/// Symbols of the archive that can only be there for compiled C#.
const OURS: &[&str] = &["Rh", "SystemNative_", "CermetNative_"];

#[derive(Debug, Deserialize)]
struct File {
    #[serde(default)]
    symbol: Vec<Symbol>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Symbol {
    name: String,
    class: String,
    module: String,
    test: String,
    #[serde(default)]
    #[expect(dead_code, reason = "for readers of the file")]
    note: String,
}

/// `cargo xtask contract`: prints the gaps.
///
/// # Errors
///
/// If something does not build.
pub(crate) fn command(context: &Context) -> Result<u8> {
    let work = Work::new(context, Arch::default())?;
    let sides = Sides::gather(&work)?;
    let complaints = sides.complaints(&context.root);
    for complaint in &complaints {
        println!("{complaint}");
    }
    let unlisted: BTreeSet<&String> = sides.unlisted().collect();
    if !unlisted.is_empty() {
        println!("\n# to be added to {FILE}:");
        for name in unlisted {
            println!("[[symbol]]\nname = \"{name}\"\nclass = \"\"\nmodule = \"\"\ntest = \"\"\n");
        }
    }
    println!(
        "{} promised, {} asked for, {} defined; {} complaints",
        sides.promised.len(),
        sides.asked.len(),
        sides.defined.len(),
        complaints.len()
    );
    Ok(u8::from(!complaints.is_empty()))
}

/// The check of the same.
///
/// # Errors
///
/// With all complaints, if there are any.
pub(crate) fn check(work: &Work<'_>) -> Result<()> {
    let complaints = Sides::gather(work)?.complaints(&work.context.root);
    if complaints.is_empty() { Ok(()) } else { bail!("{}", complaints.join("\n")) }
}

/// The three sides.
#[derive(Debug, Default)]
struct Sides {
    promised: BTreeMap<String, Symbol>,
    doubled: Vec<String>,
    asked: BTreeSet<String>,
    defined: BTreeSet<String>,
}

impl Sides {
    fn gather(work: &Work<'_>) -> Result<Sides> {
        let root = &work.context.root;
        let mut sides = Sides::read(&root.join(FILE))?;
        sides.defined = missing::defined_by(&rust::runtime(work)?)?;
        let hello = Project::find(&root.join(HELLO))?;
        let manifest = hello.build(work.context, &work.cache, &work.setup.dotnet.sdk)?;
        sides.asked = missing::wanted_by(&ilc::compile(work, &hello, &manifest)?)?;
        // Whatever else of the tree has been compiled before asks too; it is not compiled for this.
        for suite in fs::read_dir(root.join("tests/dotnet")).into_iter().flatten().flatten() {
            let Ok(project) = Project::find(&suite.path()) else { continue };
            let object = project.place(work.context)?.join(format!("{}.o", work.arch.name()));
            if object.is_file() {
                sides.asked.extend(
                    missing::wanted_by(&object)?
                        .into_iter()
                        .filter(|name| !name.contains("NoSuch")),
                );
            }
        }
        Ok(sides)
    }

    fn read(file: &Path) -> Result<Sides> {
        let text =
            fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        let file: File = toml::from_str(&text).with_context(|| file.display().to_string())?;
        let mut sides = Sides::default();
        for symbol in file.symbol {
            let name = symbol.name.clone();
            if sides.promised.insert(name.clone(), symbol).is_some() {
                sides.doubled.push(name);
            }
        }
        Ok(sides)
    }

    /// Symbols that somebody asks for or supplies and that are promised by nobody.
    fn unlisted(&self) -> impl Iterator<Item = &String> {
        let supplied =
            self.defined.iter().filter(|name| OURS.iter().any(|ours| name.starts_with(ours)));
        self.asked.iter().chain(supplied).filter(|name| !self.promised.contains_key(*name))
    }

    fn complaints(&self, root: &Path) -> Vec<String> {
        let mut complaints: Vec<String> =
            self.doubled.iter().map(|name| format!("{name}: listed twice")).collect();
        for (name, symbol) in &self.promised {
            if !self.defined.contains(name) {
                complaints.push(format!("{name}: promised but not defined by the archive"));
            }
            if !CLASSES.contains(&&*symbol.class) {
                complaints.push(format!("{name}: class `{}` is none of {CLASSES:?}", symbol.class));
            }
            if !is_module(root, &symbol.module) {
                complaints.push(format!(
                    "{name}: there is no module `{}` in dotnet-shim/src or gc",
                    symbol.module
                ));
            }
            if !is_test(root, &symbol.test) {
                complaints.push(format!("{name}: there is no test `{}`", symbol.test));
            }
        }
        for name in self.unlisted() {
            let asked = if self.asked.contains(name) {
                "compiled C# asks for it"
            } else {
                "the archive exports it"
            };
            let defined = if self.defined.contains(name) { "" } else { ", and nobody defines it" };
            complaints.push(format!("{name}: {asked}{defined}, but it is not in {FILE}"));
        }
        complaints.sort();
        complaints.dedup();
        complaints
    }
}

fn is_module(root: &Path, name: &str) -> bool {
    let base = root.join("dotnet-shim/src").join(name.replace("::", "/"));
    !name.is_empty() && (name == "gc" || base.with_extension("rs").is_file() || base.is_dir())
}

fn is_test(root: &Path, name: &str) -> bool {
    match name.split_once('/') {
        Some(("suite", suite)) => {
            root.join("tests/dotnet").join(suite.split('/').next().unwrap_or_default()).is_dir()
        }
        Some(("boot" | "outcome" | "host", rest)) => !rest.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::Sides;

    fn sides(promised: &[&str], asked: &[&str], defined: &[&str]) -> Sides {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let file = dir.path().join("contract.toml");
        let text: String = promised.iter().map(|name| format!("[[symbol]]\nname = \"{name}\"\nclass = \"JIT\"\nmodule = \"gc\"\ntest = \"host/dotnet-shim\"\n")).collect();
        std::fs::write(&file, text).expect("written");
        let own = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        Sides { asked: own(asked), defined: own(defined), ..Sides::read(&file).expect("read") }
    }

    #[test]
    fn three_sides_that_agree_leave_nothing_to_say() {
        assert!(
            sides(&["RhA", "b"], &["RhA"], &["RhA", "b", "internal"])
                .complaints(Path::new("/"))
                .is_empty()
        );
    }

    #[test]
    fn every_gap_is_told() {
        let complaints = sides(&["RhA", "RhA", "RhGone"], &["RhNew", "RhA"], &["RhA", "RhSpare"])
            .complaints(Path::new("/"));
        let told = |words: &str| complaints.iter().any(|complaint| complaint.starts_with(words));
        assert!(told("RhA: listed twice"), "{complaints:?}");
        assert!(told("RhGone: promised but not defined"), "{complaints:?}");
        assert!(told("RhNew: compiled C# asks for it, and nobody defines it"), "{complaints:?}");
        assert!(told("RhSpare: the archive exports it"), "{complaints:?}");
        assert_eq!(complaints.len(), 4);
    }
}
