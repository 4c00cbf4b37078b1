//! Building the Rust half: kernel, runtime archive and loader, each by cargo and cached as one step.

use std::collections::BTreeSet;
use std::fs;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::build::Work;
use crate::cache;
use crate::context::Context;
use crate::setup::bare::Core;
use crate::symbols;
use crate::tool::Tool;

/// What every Rust build depends on besides its own sources.
const COMMON: &[&str] = &["Cargo.toml", "Cargo.lock", ".cargo/config.toml"];

/// One product of cargo.
struct Product<'a> {
    /// Name of the step and of the file under the output directory.
    name: &'a str,
    /// Directories with its sources, from the root of the tree.
    sources: &'a [&'a str],
    /// Cargo's arguments after the common ones.
    arguments: Vec<String>,
    /// Flags for rustc.
    flags: Vec<String>,
    target: &'a str,
    /// The file's name in cargo's directory.
    made: &'a str,
    /// How `core` is had for this target.
    core: Core,
    /// What is done to the copy.
    finish: fn(&Path) -> Result<()>,
}

/// The kernel's ELF file.
///
/// # Errors
///
/// What cargo says.
pub(crate) fn kernel(work: &Work<'_>) -> Result<PathBuf> {
    let arch = work.arch;
    let script = work.context.root.join(arch.kernel_script());
    let mut flags: Vec<String> = arch.kernel_flags().iter().map(|&flag| flag.to_owned()).collect();
    flags.push(format!("-Clink-arg=-T{}", script.display()));
    let product = Product {
        name: "kernel.elf",
        sources: &["kernel", "hal"],
        arguments: vec!["build".into(), "--package=kernel".into(), "--bin=kernel".into()],
        flags,
        target: arch.kernel_target(),
        made: "kernel",
        core: work.setup.core.clone(),
        finish: |kernel| symbols::fill(kernel).and_then(|()| symbols::strip(kernel)),
    };
    product.build(work)
}

/// The runtime that every image of compiled C# is linked with.
///
/// # Errors
///
/// What cargo says.
pub(crate) fn runtime(work: &Work<'_>) -> Result<PathBuf> {
    let arch = work.arch;
    let product = Product {
        name: "libdotnet_shim.a",
        sources: &["dotnet-shim", "gc", "kernel/abi"],
        arguments: ["rustc", "--package=dotnet-shim", "--features=image", "--crate-type=staticlib"]
            .map(str::to_owned)
            .to_vec(),
        flags: arch.runtime_flags().iter().map(|&flag| flag.to_owned()).collect(),
        target: arch.runtime_target(),
        made: "libdotnet_shim.a",
        // The target is the build machine's own, whose `core` every toolchain has.
        core: Core::Installed,
        finish: |_| Ok(()),
    };
    product.build(work)
}

/// The UEFI program that loads the kernel.
///
/// # Errors
///
/// What cargo says.
pub(crate) fn loader(work: &Work<'_>) -> Result<PathBuf> {
    let arch = work.arch;
    let product = Product {
        name: "loader.efi",
        sources: &["iso/loader"],
        arguments: vec!["build".into(), "--package=loader".into(), "--bin=loader".into()],
        flags: Vec::new(),
        target: arch.loader_target(),
        made: "loader.efi",
        core: work.setup.core.clone(),
        finish: |_| Ok(()),
    };
    product.build(work)
}

/// The kernel that checks what the loader hands it.
///
/// # Errors
///
/// What cargo says.
pub(crate) fn probe(work: &Work<'_>) -> Result<PathBuf> {
    let arch = work.arch;
    let script = work.context.root.join(arch.probe_script());
    let mut flags: Vec<String> = arch.kernel_flags().iter().map(|&flag| flag.to_owned()).collect();
    flags.push(format!("-Clink-arg=-T{}", script.display()));
    let product = Product {
        name: "probe.elf",
        sources: &["iso/probe"],
        arguments: vec!["build".into(), "--package=probe".into(), "--bin=probe".into()],
        flags,
        target: arch.kernel_target(),
        made: "probe",
        core: work.setup.core.clone(),
        finish: |_| Ok(()),
    };
    product.build(work)
}

/// The image of `tests/guest`, a service without a runtime.
///
/// # Errors
///
/// What cargo says.
pub(crate) fn guest(work: &Work<'_>) -> Result<PathBuf> {
    let arch = work.arch;
    let product = Product {
        name: "guest.elf",
        sources: &["tests/guest", "kernel/abi"],
        arguments: vec!["build".into(), "--package=guest".into(), "--bin=guest".into()],
        flags: arch.guest_flags().iter().map(|&flag| flag.to_owned()).collect(),
        target: arch.kernel_target(),
        made: "guest",
        core: work.setup.core.clone(),
        finish: |_| Ok(()),
    };
    product.build(work)
}

impl Product<'_> {
    fn build(self, work: &Work<'_>) -> Result<PathBuf> {
        let Work { context, arch, .. } = *work;
        let made = context.dir(arch.name())?.join(self.name);
        let cargo_dir = context.out.join("cargo");
        let mut step = work
            .cache
            .step(format!("{}-{}", self.name, arch.name()))
            .parameters("arguments", &self.arguments)
            .parameters("flags", &self.flags)
            .parameter("target", self.target)
            .parameter("core", self.core.describe())
            .parameter("rustc", rustc_identity(context)?);
        for source in self.sources {
            step = step.sources(context.root.join(source));
        }
        for file in COMMON {
            step = step.file(context.root.join(file));
        }
        step.run(std::slice::from_ref(&made), || {
            context.progress(format!("cargo build {}", self.name));
            let watched = context.verbose || std::io::stderr().is_terminal();
            let mut cargo = Tool::cargo()
                .args(&self.arguments)
                .args(["--release", "--target", self.target, "--target-dir"])
                .arg(&cargo_dir);
            if !self.flags.is_empty() {
                cargo = cargo.env("CARGO_ENCODED_RUSTFLAGS", self.flags.join("\u{1f}"));
            }
            if !watched {
                cargo = cargo.arg("--quiet");
            }
            cargo = self.core.apply(cargo).dir(&context.root);
            if watched {
                cargo.run_shown(context)?;
            } else {
                cargo.run(context)?;
            }
            // Finished beside its place and then moved there whole.
            let raw = made.with_extension("raw");
            copy(&cargo_dir.join(self.target).join("release").join(self.made), &raw)?;
            (self.finish)(&raw)?;
            fs::rename(&raw, &made).with_context(|| format!("cannot make {}", made.display()))?;
            Ok(BTreeSet::new())
        })?;
        Ok(made)
    }
}

/// What tells one compiler from another, without starting it.
fn rustc_identity(context: &Context) -> Result<String> {
    let quiet = Context { verbose: false, ..context.clone() };
    let program = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    Tool::new(program).arg("-vV").text(&quiet)
}

/// Copies so that nobody ever sees half a file: another job may be linking with it.
fn copy(from: &Path, to: &Path) -> Result<()> {
    let content = fs::read(from).with_context(|| format!("cannot read {}", from.display()))?;
    cache::write_whole(to, &content)
}
