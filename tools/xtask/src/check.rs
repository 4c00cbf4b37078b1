//! `cargo xtask check`: formatting, lints and the tree's own rules, without running anything.

mod arrows;
mod rules;

use std::time::Instant;

use anyhow::{Result, bail};

use crate::arch::Arch;
use crate::build::Work;
use crate::context::Context;
use crate::contract;
use crate::tool::Tool;

type Check = fn(&Work<'_>) -> Result<()>;

/// Every check, quick ones first.
const CHECKS: &[(&str, Check)] = &[
    ("house rules", |work| rules::check(&work.context.root)),
    ("imports and versions", |work| arrows::check(work.context)),
    ("formatting", |work| cargo(work, &["fmt", "--all", "--check"])),
    ("clippy on the host", |work| clippy(work, Tool::cargo(), &["--workspace", "--all-targets"])),
    ("clippy of the runtime", |work| {
        clippy(work, Tool::cargo(), &["--package=dotnet-shim", "--features=image"])
    }),
    ("clippy of kernel and hal on bare metal", |work| {
        bare(
            work,
            &["--package=hal", "--package=kernel", "--package=probe"],
            work.arch.kernel_target(),
        )
    }),
    ("clippy of the loader on UEFI", |work| {
        bare(work, &["--package=loader"], work.arch.loader_target())
    }),
    ("documentation", |work| document(work)),
    ("contract with compiled C#", contract::check),
];

/// `cargo xtask check`.
///
/// # Errors
///
/// If what the checks need cannot be had.
pub(crate) fn command(context: &Context) -> Result<u8> {
    let work = Work::new(context, Arch::default())?;
    let mut failed = Vec::new();
    for (name, check) in CHECKS {
        let start = Instant::now();
        let result = check(&work);
        let time = start.elapsed().as_secs_f64();
        match result {
            Ok(()) => println!("ok    {name} ({time:.1} s)"),
            Err(error) => {
                println!("FAIL  {name} ({time:.1} s)\n{error:#}");
                failed.push(*name);
            }
        }
    }
    if failed.is_empty() {
        println!("check: all is well");
        return Ok(0);
    }
    println!("check: failed: {}", failed.join(", "));
    Ok(1)
}

fn cargo(work: &Work<'_>, args: &[&str]) -> Result<()> {
    Tool::cargo().args(args).dir(&work.context.root).run(work.context)
}

fn clippy(work: &Work<'_>, cargo: Tool, args: &[&str]) -> Result<()> {
    let tool = cargo.args(["clippy", "--quiet"]).args(args);
    tool.args(["--", "-D", "warnings"]).dir(&work.context.root).run(work.context)
}

/// Clippy for a target that has no standard library.
fn bare(work: &Work<'_>, packages: &[&str], target: &str) -> Result<()> {
    let tool = Tool::cargo().args(["clippy", "--quiet", "--target", target]).args(packages);
    // Build-std compiles the standard library again for each directory: share that of the kernel's build.
    let tool = tool.arg("--target-dir").arg(work.context.out.join("cargo"));
    let tool = work.setup.core.apply(tool).args(["--", "-D", "warnings"]);
    tool.dir(&work.context.root).run(work.context)
}

/// Links in documentation lead somewhere.
fn document(work: &Work<'_>) -> Result<()> {
    let tool = Tool::cargo()
        .args(["doc", "--quiet", "--workspace", "--no-deps", "--document-private-items"])
        .env("RUSTDOCFLAGS", "-D warnings");
    let result = tool.dir(&work.context.root).run(work.context);
    if let Err(error) = result {
        bail!("{error:#}");
    }
    Ok(())
}
