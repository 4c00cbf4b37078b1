//! Figures of the system as a whole: boot, sizes, memory, each with its goal.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::machine::{self, Counts, Guest, Machine};
use crate::build::{HELLO, Work};
use crate::project::Project;
use crate::{cache, iso};

/// A figure of both systems.
struct Figure {
    name: &'static str,
    unit: &'static str,
    ours: f64,
    linux: Option<f64>,
    goal: f64,
}

/// Measures everything and returns the table.
pub(super) fn measure(
    work: &Work<'_>,
    kernel: &Path,
    qemu: &Machine,
    ours: &Guest,
    linux: &Guest,
    dir: &Path,
) -> Result<String> {
    work.context.say("bench: boot");
    let plugin =
        machine::plugin(work.context, &work.context.root.join("tests/bench/icplug.c"), dir)?;
    let (mine, theirs) = (qemu.count(ours, &plugin)?, qemu.count(linux, &plugin)?);
    work.context.say("bench: sizes and memory");
    let service = work.service(&Project::find(&work.context.root.join(HELLO))?)?;
    let package = dir.join("hello.package");
    cache::write_whole(&package, &service.package(&[], &[])?.bytes()?)?;
    let image = dir.join("hello.iso");
    iso::make(work, kernel, &package, "", &image)?;
    let Guest::Linux(baseline) = linux else { unreachable!("the second guest is Linux") };
    let figures = [
        Figure {
            name: "QEMU start to first C# line",
            unit: "M instructions",
            ours: million(mine.total),
            linux: Some(million(theirs.total)),
            goal: 60.0,
        },
        Figure {
            name: "service image entry to first line",
            unit: "M instructions",
            ours: million(mine.since_user),
            linux: Some(million(theirs.since_user)),
            goal: 0.7,
        },
        Figure {
            name: "hello's stripped ELF (Linux: static)",
            unit: "MB",
            ours: million(size(&service.image.stripped)?),
            linux: Some(million(size(&baseline.program)?)),
            goal: 1.0,
        },
        Figure {
            name: "hello's ISO",
            unit: "MB",
            ours: million(size(&image)?),
            linux: None,
            goal: 6.0,
        },
        Figure {
            name: "smallest memory that works",
            unit: "MiB",
            ours: f64::from(qemu.smallest_memory(ours, 3, 64)?),
            linux: Some(f64::from(qemu.smallest_memory(linux, 40, 128)?)),
            goal: 24.0,
        },
    ];
    Ok(table(&figures) + &parts(&mine, &theirs))
}

/// The figures with their goals.
fn table(figures: &[Figure]) -> String {
    let mut text = String::from(
        "## The whole system, direct boot, 1 CPU\n\n| figure | Cermet | Linux | unit | goal | |\n|---|---:|---:|---|---:|---|\n",
    );
    for figure in figures {
        let linux = figure.linux.map_or_else(|| "-".to_owned(), |value| format!("{value:.2}"));
        let verdict = if figure.ours <= figure.goal { "ok" } else { "MISSED" };
        text += &format!(
            "| {} | {:.2} | {linux} | {} | {} | {verdict} |\n",
            figure.name, figure.ours, figure.unit, figure.goal
        );
    }
    text + "\n"
}

/// Where the instructions of the boot went.
fn parts(ours: &Counts, linux: &Counts) -> String {
    let mut text = String::from(
        "Of the boot, in millions of instructions:\n\n| system | firmware and loader | kernel | user |\n|---|---:|---:|---:|\n",
    );
    for (name, counts) in [("Cermet", ours), ("Linux", linux)] {
        text += &format!(
            "| {name} | {:.2} | {:.2} | {:.2} |\n",
            million(counts.firmware),
            million(counts.kernel),
            million(counts.user)
        );
    }
    text + "\n"
}

fn size(file: &Path) -> Result<u64> {
    Ok(fs::metadata(file).with_context(|| format!("no {}", file.display()))?.len())
}

/// In millions, for people.
#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
fn million(n: u64) -> f64 {
    n as f64 / 1e6
}
