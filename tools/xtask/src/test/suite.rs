//! The C# suites of `tests/dotnet`, each a program that prints `TEST`, `PASS` and `FAIL` lines, run in the
//! guest. When a case takes the program down, the machine is started again for the cases after it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use super::transcript::{Report, Transcript, capture, describe};
use super::{Bench, Case, Job};
use crate::build::Service;
use crate::interrupt;
use crate::project::Project;
use crate::qemu::{End, Outcome};
use crate::run::{Place, Settings};

/// Where the suites are, from the root of the tree.
pub(super) const HOME: &str = "tests/dotnet";

/// Directories there that are no suites.
const OTHERS: &[&str] = &["harness", "outcomes", "bad"];

/// Under stress, a collection comes at every so many allocations.
pub(super) const STRESS: u32 = 20;

/// How often a suite is started again after a case that took it down.
const RESTARTS: u32 = 8;

/// A way to run every suite.
#[derive(Clone, Copy, Debug)]
struct Mode {
    name: &'static str,
    cpus: u32,
    is_stressed: bool,
    limit: Duration,
}

const MODES: &[Mode] = &[
    Mode { name: "1cpu", cpus: 1, is_stressed: false, limit: Duration::from_secs(240) },
    Mode { name: "4cpu", cpus: 4, is_stressed: false, limit: Duration::from_secs(240) },
    Mode { name: "stress", cpus: 4, is_stressed: true, limit: Duration::from_secs(900) },
];

/// Every suite in every mode that the filter can match.
///
/// # Errors
///
/// If the directory of the suites cannot be read.
pub(super) fn jobs<'a>(bench: &'a Bench<'a>) -> Result<Vec<Job<'a>>> {
    let home = bench.work.context.root.join(HOME);
    let mut suites = Vec::new();
    for entry in
        fs::read_dir(&home).with_context(|| format!("cannot read {}", home.display()))?.flatten()
    {
        let name = entry.file_name().to_string_lossy().into_owned();
        if !OTHERS.contains(&&*name) && entry.path().join(format!("{name}.csproj")).is_file() {
            suites.push((name, entry.path()));
        }
    }
    suites.sort();
    let mut jobs = Vec::new();
    for mode in MODES {
        for (name, path) in &suites {
            let group = format!("suite/{name}/{}", mode.name);
            let Some(cases) = selection(&group, bench.filter) else { continue };
            if !cases.iter().all(|case| mentions(path, case)) {
                continue;
            }
            let (job_name, path, mode) = (group.clone(), path.clone(), *mode);
            jobs.push(Job {
                name: job_name,
                run: Box::new(move || run(bench, &group, &path, mode, &cases)),
            });
        }
    }
    Ok(jobs)
}

/// What a filter means for a suite: nothing, or the arguments that select its cases (none for all).
fn selection(group: &str, filter: &str) -> Option<Vec<String>> {
    let path = format!("{group}/");
    if path.contains(filter) {
        return Some(Vec::new());
    }
    if ["host", "kernel", "boot", "probe", "outcome", "bad"]
        .iter()
        .any(|other| filter.starts_with(&format!("{other}/")))
    {
        return None;
    }
    // The end of the group may be the beginning of the filter; the rest selects cases.
    let overlap = (0..filter.len())
        .rev()
        .filter(|&at| filter.is_char_boundary(at))
        .find(|&at| path.ends_with(&filter[..at]));
    let rest = overlap.map_or(filter, |at| &filter[at..]);
    (!rest.starts_with("suite/")).then(|| vec![rest.to_owned()])
}

/// Whether a source of the suite holds the text: no machine needs to start to see that none does.
fn mentions(suite: &Path, text: &str) -> bool {
    let files = fs::read_dir(suite).into_iter().flatten().flatten();
    let sources = files.filter(|file| file.path().extension().is_some_and(|kind| kind == "cs"));
    let parts: Vec<&str> = text.split('/').collect();
    sources
        .filter_map(|file| fs::read_to_string(file.path()).ok())
        .any(|source| parts.iter().all(|part| source.contains(part)))
}

fn run(bench: &Bench<'_>, group: &str, path: &Path, mode: Mode, selected: &[String]) -> Vec<Case> {
    let start = Instant::now();
    let mut cases = Vec::new();
    if let Err(error) = attempt(bench, group, path, mode, selected, &mut cases) {
        cases.push(Case {
            group: group.to_owned(),
            name: "runs to its end".to_owned(),
            time: start.elapsed(),
            failure: Some(format!("{error:#}")),
        });
    }
    cases
}

fn attempt(
    bench: &Bench<'_>,
    group: &str,
    path: &Path,
    mode: Mode,
    selected: &[String],
    cases: &mut Vec<Case>,
) -> Result<()> {
    let work = bench.work;
    let service = work.service(&Project::find(path)?)?;
    let kernel = work.kernel()?;
    let guest = Guest { bench, service: &service, kernel: &kernel, mode };
    let mut arguments = selected.to_vec();
    for restart in 0..=RESTARTS {
        let (transcript, outcome) = guest.run(&arguments)?;
        let report = Report::read(group, &transcript);
        let is_done = report.is_done;
        let was_in = report.open.clone();
        cases.extend(report.cases);
        if is_done && outcome.end == End::Exit(u8::from(cases_failed(&transcript))) {
            return Ok(());
        }
        if interrupt::pending().is_some() {
            bail!("interrupted");
        }
        let how = describe(&outcome, &transcript);
        if is_done {
            bail!("it ended wrongly after its last case: {how}");
        }
        // Whatever was running is to blame; what comes after it deserves its chance.
        let Some(name) = was_in else { bail!("it ended outside of any case: {how}") };
        cases.push(Case { group: group.to_owned(), name, time: outcome.time, failure: Some(how) });
        if restart == RESTARTS {
            bail!("given up after {RESTARTS} restarts");
        }
        let (list, _) = guest.run(&[selected, &["--list".to_owned()]].concat())?;
        let done: BTreeSet<&str> = cases.iter().map(|case| case.name.as_str()).collect();
        arguments = list
            .stdout
            .lines()
            .filter_map(|line| line.strip_prefix("TEST "))
            .filter(|name| !done.contains(name))
            .map(str::to_owned)
            .collect();
        if arguments.is_empty() {
            return Ok(());
        }
    }
    Ok(())
}

fn cases_failed(transcript: &Transcript) -> bool {
    transcript.stdout.lines().any(|line| line.starts_with("FAIL "))
}

/// A suite in a machine.
struct Guest<'a> {
    bench: &'a Bench<'a>,
    service: &'a Service,
    kernel: &'a PathBuf,
    mode: Mode,
}

impl Guest<'_> {
    fn run(&self, arguments: &[String]) -> Result<(Transcript, Outcome)> {
        let work = self.bench.work;
        let mut environment = Vec::new();
        if self.mode.is_stressed {
            environment.push(format!("CERMET_GC_STRESS={}", self.bench.stress));
        }
        let place = Place::new(work.context)?;
        let package = place.path("package");
        fs::write(&package, self.service.package(arguments, &environment)?.bytes()?)
            .with_context(|| package.display().to_string())?;
        let settings = Settings { cpus: self.mode.cpus, ..Settings::default() };
        let machine = settings.machine(work, &place, self.kernel, &package)?;
        capture(self.bench, &machine, self.mode.limit)
    }
}

#[cfg(test)]
mod tests {
    use super::selection;

    #[test]
    fn a_filter_selects_suites_modes_and_cases() {
        let group = "suite/gc/1cpu";
        assert_eq!(selection(group, ""), Some(vec![]));
        assert_eq!(selection(group, "suite/gc"), Some(vec![]));
        assert_eq!(selection(group, "gc/1cpu/"), Some(vec![]));
        assert_eq!(selection(group, "gc/1cpu/weak"), Some(vec!["weak".to_owned()]));
        assert_eq!(selection(group, "weak"), Some(vec!["weak".to_owned()]));
        assert_eq!(selection(group, "suite/gc/4cpu/weak"), None);
        assert_eq!(selection(group, "boot/uefi"), None);
    }
}
