//! The kernel from the other side: `tests/guest`, a service without a runtime that makes every call and
//! takes every trap; and calls with wild arguments, which must hurt nobody but their maker.

use std::fs;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};

use super::transcript::{Report, Transcript, capture, describe};
use super::{Bench, Case, Job};
use crate::package::Package;
use crate::qemu::{End, Outcome};
use crate::run::{Place, Settings};

/// The longest that one of these machines may take.
const LIMIT: Duration = Duration::from_secs(180);

/// As much memory as the tests are written for.
const MEMORY_KIB: u64 = 64 * 1024;

/// On how many CPUs the tests run.
const CPUS: &[u32] = &[1, 4];

/// On how many CPUs wild calls are made, one machine each; each has another seed.
const WILD_CPUS: &[u32] = &[1, 2, 3, 4];

/// Jobs for what the filter can match.
pub(super) fn jobs<'a>(bench: &'a Bench<'a>) -> Vec<Job<'a>> {
    let mut jobs = Vec::new();
    for &cpus in CPUS {
        let group = format!("kernel/{cpus}cpu");
        let path = format!("{group}/");
        // The names of the cases are known only when they have run.
        let is_possible = path.contains(bench.filter)
            || bench.filter.starts_with(&path)
            || !bench.filter.contains('/');
        if is_possible {
            jobs.push(Job {
                name: group.clone(),
                run: Box::new(move || suite(bench, &group, cpus)),
            });
        }
    }
    for &cpus in WILD_CPUS {
        let name = format!("wild-{cpus}cpu");
        if format!("kernel/{name}").contains(bench.filter) {
            jobs.push(Job::single("kernel", &name, move || wild(bench, cpus)));
        }
    }
    if "kernel/panic-is-symbolised".contains(bench.filter) {
        jobs.push(Job::single("kernel", "panic-is-symbolised", move || panic(bench)));
    }
    jobs
}

/// Runs the test image.
fn run(
    bench: &Bench<'_>,
    cpus: u32,
    argument: Option<&str>,
    command_line: &str,
) -> Result<(Transcript, Outcome)> {
    let work = bench.work;
    let kernel = work.kernel()?;
    let image = work.guest()?;
    let arguments: Vec<String> = argument.map(str::to_owned).into_iter().collect();
    let place = Place::new(work.context)?;
    let package = place.path("package");
    let bytes = Package::new("guest", &image)?.arguments(&arguments)?.environment(&[])?.bytes()?;
    fs::write(&package, bytes).with_context(|| package.display().to_string())?;
    let settings = Settings { cpus, memory: MEMORY_KIB, ..Settings::default() };
    let mut machine = settings.machine(work, &place, &kernel, &package)?;
    machine.add_to_command_line(command_line);
    capture(bench, &machine, LIMIT)
}

fn suite(bench: &Bench<'_>, group: &str, cpus: u32) -> Vec<Case> {
    let whole = |failure: String| Case {
        group: group.to_owned(),
        name: "runs to its end".to_owned(),
        time: Duration::ZERO,
        failure: Some(failure),
    };
    let (transcript, outcome) = match run(bench, cpus, None, "") {
        Ok(ran) => ran,
        Err(error) => return vec![whole(format!("{error:#}"))],
    };
    let report = Report::read(group, &transcript);
    let has_failed = report.cases.iter().any(|case| case.failure.is_some());
    let mut cases = report.cases;
    if !report.is_done && !has_failed || report.is_done && outcome.end != End::Exit(0) {
        cases.push(whole(describe(&outcome, &transcript)));
    }
    cases
}

/// However it ends, it is not the kernel that ends badly.
fn wild(bench: &Bench<'_>, cpus: u32) -> Result<()> {
    let (transcript, outcome) = run(bench, cpus, Some("wild"), "")?;
    match outcome.end {
        End::Exit(code) if code != abi::exit::KERNEL_PANIC && code != abi::exit::BOOT_FAILURE => {
            Ok(())
        }
        _ => bail!("{}", describe(&outcome, &transcript)),
    }
}

/// The kernel's own end is a message with names in it, and an exit code.
fn panic(bench: &Bench<'_>) -> Result<()> {
    let (transcript, outcome) = run(bench, 1, None, "panic=boot")?;
    let is_told = outcome.log.contains("panic") && outcome.log.contains("kernel::");
    ensure!(
        outcome.end == End::Exit(abi::exit::KERNEL_PANIC) && is_told,
        "{}",
        describe(&outcome, &transcript)
    );
    Ok(())
}
