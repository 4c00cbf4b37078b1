//! `cargo xtask bench`: the same C# on Cermet and on Linux in the same QEMU, side by side.
//!
//! | module | holds |
//! |---|---|
//! | [`baseline`] | the Linux image: Debian's cloud kernel and Microsoft's runtime |
//! | [`cpio`] | the archive that Linux starts from |
//! | [`machine`] | QEMU runs: counted instructions, wall clock, smallest memory |
//! | [`report`] | the table, worst ratio first |
//!
//! Under `-icount shift=0,sleep=off` one guest instruction takes one guest nanosecond, so the clock of
//! the guest counts instructions and two systems compare exactly, however busy the host is. Those
//! figures decide; the wall clock is shown beside them.

mod baseline;
mod cpio;
mod machine;
mod report;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::Args;

use crate::arch::Arch;
use crate::build::Work;
use crate::cache;
use crate::context::Context;
use crate::project::Project;
use machine::{Clock, Guest, Machine};

/// The options of `cargo xtask bench`.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Only the benchmarks whose names start with one of these
    pub names: Vec<String>,

    /// How often each benchmark is measured; the median counts
    #[arg(long, default_value_t = 3)]
    pub rounds: u32,

    /// Also measure by wall clock on 1 and 4 CPUs (noisy; several minutes)
    #[arg(long)]
    pub wall: bool,

    /// Leave out boot, sizes and memory
    #[arg(long)]
    pub micro_only: bool,
}

/// Measures and reports; the report also goes to `target/cermet/bench/report.md`.
///
/// # Errors
///
/// If something does not build or QEMU cannot be started.
pub(crate) fn command(context: &Context, options: &Options) -> Result<u8> {
    let arch = Arch::default();
    let work = Work::new(context, arch)?;
    let kernel = work.kernel()?;
    let dir = context.dir("bench")?;
    let projects = context.root.join("tests/bench");
    let qemu = Machine::new(arch, &dir);
    let pair = |name: &str| -> Result<(Guest, Guest, PathBuf, PathBuf)> {
        let project = Project::find(&projects.join(name))?;
        let service = work.service(&project)?;
        let linux = baseline::build(&work, &dir, name, &projects)?;
        let ours = Guest::Cermet {
            kernel: kernel.clone(),
            service: Box::new(service.clone()),
            dir: dir.clone(),
        };
        let program = linux.program.clone();
        Ok((ours, Guest::Linux(linux), service.image.stripped.clone(), program))
    };

    let mut text = String::from("# Cermet beside Linux, same C#, same QEMU\n\n");
    let (ours, linux, _, _) = pair("micro")?;
    let mut arguments = options.names.clone();
    arguments.push(format!("rounds={}", options.rounds));
    let mut missed = false;
    let mut compare = |title: &str, clock: Clock, cpus: u32| -> Result<String> {
        context.say(format!("bench: {title}"));
        let mine = qemu.run(&ours, &arguments, clock, cpus, "512M")?;
        let theirs = qemu.run(&linux, &arguments, clock, cpus, "512M")?;
        let (mine, failed) = report::parse(&mine);
        let (theirs, _) = report::parse(&theirs);
        let mut table = report::table(title, &mine, &theirs);
        for line in failed {
            table.push_str(&format!("FAILED: {line}\n"));
        }
        missed |= matches!(clock, Clock::Instructions)
            && (table.contains("MISS") || table.contains("FAILED"));
        Ok(table + "\n")
    };
    text += &compare("Guest instructions, 1 CPU", Clock::Instructions, 1)?;
    if options.wall {
        text += &compare("Wall clock, 1 CPU", Clock::Wall, 1)?;
        text += &compare("Wall clock, 4 CPUs", Clock::Wall, 4)?;
    }
    if !options.micro_only {
        let (ours, linux, image, program) = pair("boot")?;
        text += &boot(&qemu, &ours, &linux, context, &dir)?;
        text += &sizes(&image, &program)?;
        text += &memory(&qemu, &ours, &linux)?;
    }
    println!("{text}");
    let file = dir.join("report.md");
    cache::write_whole(&file, text.as_bytes())?;
    context.say(format!("bench: the report is in {}", file.display()));
    Ok(u8::from(missed))
}

/// Instructions from QEMU's start to the first line of C#.
fn boot(
    qemu: &Machine,
    ours: &Guest,
    linux: &Guest,
    context: &Context,
    dir: &Path,
) -> Result<String> {
    context.say("bench: boot");
    let plugin = machine::plugin(&context.root.join("tests/bench/icplug.c"), dir)?;
    let mut text = String::from(
        "## Boot to the first C# line, guest instructions in millions, 1 CPU\n\n\
         | system | firmware and loader | kernel | user | total |\n|---|---:|---:|---:|---:|\n",
    );
    for (name, guest) in [("Cermet", ours), ("Linux", linux)] {
        let counts = qemu.count(guest, &plugin)?;
        let million = |n: u64| {
            // Precise enough: counts stay far below 2^52.
            #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
            let value = n as f64 / 1e6;
            format!("{value:.2}")
        };
        text += &format!(
            "| {name} | {} | {} | {} | {} |\n",
            million(counts.firmware),
            million(counts.kernel),
            million(counts.user),
            million(counts.total)
        );
    }
    Ok(text + "\n")
}

/// Sizes of the stripped programs.
fn sizes(image: &Path, program: &Path) -> Result<String> {
    let size = |file: &Path| -> Result<u64> {
        Ok(fs::metadata(file).with_context(|| format!("no {}", file.display()))?.len())
    };
    Ok(format!(
        "## Size of the stripped program in bytes\n\n| Cermet | Linux (static) |\n|---:|---:|\n| {} | {} |\n\n",
        size(image)?,
        size(program)?
    ))
}

/// The smallest memory with which the first line is printed.
fn memory(qemu: &Machine, ours: &Guest, linux: &Guest) -> Result<String> {
    let mine = qemu.smallest_memory(ours, 4, 64)?;
    let theirs = qemu.smallest_memory(linux, 40, 128)?;
    Ok(format!(
        "## Smallest memory that prints the line, MiB\n\n| Cermet | Linux |\n|---:|---:|\n| {mine} | {theirs} |\n\n"
    ))
}
