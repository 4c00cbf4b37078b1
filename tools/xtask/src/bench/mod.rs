//! `cargo xtask bench`: the same C# on Cermet and on Linux in the same QEMU, side by side.
//!
//! | module | holds |
//! |---|---|
//! | [`baseline`] | the Linux image: Debian's cloud kernel and Microsoft's runtime |
//! | [`cpio`] | the archive that Linux starts from |
//! | [`machine`] | QEMU runs: counted instructions, wall clock, smallest memory |
//! | [`report`] | the table, worst ratio first |
//! | [`whole`] | boot, sizes, memory |
//!
//! Under `-icount shift=0,sleep=off` one guest instruction takes one guest nanosecond, so the clock of
//! the guest counts instructions and two systems compare exactly, however busy the host is. Those
//! figures decide; the wall clock is shown beside them.

mod baseline;
mod cpio;
mod machine;
mod report;
mod whole;

use anyhow::Result;
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
    let pair = |name: &str| -> Result<(Guest, Guest)> {
        let project = Project::find(&projects.join(name))?;
        let service = work.service(&project)?;
        let linux = baseline::build(&work, &dir, name, &projects)?;
        let ours = Guest::Cermet {
            kernel: kernel.clone(),
            service: Box::new(service.clone()),
            dir: dir.clone(),
        };
        Ok((ours, Guest::Linux(linux)))
    };

    let mut text = String::from("# Cermet beside Linux, same C#, same QEMU\n\n");
    let (ours, linux) = pair("micro")?;
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
        let (ours, linux) = pair("boot")?;
        let whole = whole::measure(&work, &kernel, &qemu, &ours, &linux, &dir)?;
        missed |= whole.contains("MISSED");
        text += &whole;
    }
    println!("{text}");
    let file = dir.join("report.md");
    cache::write_whole(&file, text.as_bytes())?;
    context.say(format!("bench: the report is in {}", file.display()));
    Ok(u8::from(missed))
}
