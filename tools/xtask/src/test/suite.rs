//! The C# suites of `tests/dotnet`, each a program that prints `TEST`, `PASS` and `FAIL` lines, run in the
//! guest. When a case takes the program down, the machine is started again for the cases after it.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use super::{Bench, Case, Job};
use crate::build::Service;
use crate::interrupt;
use crate::project::Project;
use crate::qemu::{End, Outcome, Streams};
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
    if ["host", "boot", "probe", "outcome", "bad"]
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
    (!rest.contains('/')).then(|| vec![rest.to_owned()])
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

/// How a machine ended, for a person.
pub(super) fn describe(outcome: &Outcome, transcript: &Transcript) -> String {
    let end = match &outcome.end {
        End::Exit(code) => format!("exit code {code}"),
        End::TimedOut => format!("no end after {:.0} s", outcome.time.as_secs_f64()),
        End::Interrupted(signal) => format!("signal {signal}"),
        End::Unread => "nobody read its output".to_owned(),
        End::Broken(why) => why.clone(),
    };
    let mut text = end;
    for (name, stream) in
        [("stdout", &transcript.stdout), ("stderr", &transcript.stderr), ("log", &outcome.log)]
    {
        let lines: Vec<&str> = stream.trim_end().lines().collect();
        if !lines.is_empty() {
            text.push_str(&format!(
                "\n{name}: {}",
                lines[lines.len().saturating_sub(12)..].join("\n        ")
            ));
        }
    }
    text
}

/// What a machine printed.
#[derive(Clone, Debug, Default)]
pub(super) struct Transcript {
    /// `Console.Out`.
    pub stdout: String,
    /// `Console.Error`.
    pub stderr: String,
    /// When each line of stdout was complete, from the start.
    pub times: Vec<Duration>,
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

/// Runs a machine without input and keeps what it prints.
pub(super) fn capture(
    bench: &Bench<'_>,
    machine: &crate::qemu::Machine,
    limit: Duration,
) -> Result<(Transcript, Outcome)> {
    let stdout = Recorder::default();
    let stderr = Recorder::default();
    let streams = Streams {
        stdin: Box::new(std::io::empty()),
        stdout: Box::new(stdout.clone()),
        stderr: Box::new(stderr.clone()),
        log: Box::new(std::io::sink()),
    };
    let outcome = machine.run(bench.work.context, streams, Some(limit))?;
    let (out, times) = stdout.take();
    let (err, _) = stderr.take();
    Ok((Transcript { stdout: out, stderr: err, times }, outcome))
}

/// Keeps text and the time of each of its lines.
#[derive(Clone, Debug)]
struct Recorder {
    start: Instant,
    state: Arc<Mutex<(Vec<u8>, Vec<Duration>)>>,
}

impl Default for Recorder {
    fn default() -> Recorder {
        Recorder { start: Instant::now(), state: Arc::default() }
    }
}

impl Recorder {
    fn take(&self) -> (String, Vec<Duration>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (bytes, times) = std::mem::take(&mut *state);
        (String::from_utf8_lossy(&bytes).into_owned(), times)
    }
}

impl Write for Recorder {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = bytes.iter().filter(|&&byte| byte == b'\n').count();
        let now = self.start.elapsed();
        state.1.extend(std::iter::repeat_n(now, lines));
        state.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// What the lines of a suite say.
#[derive(Clone, Debug, Default)]
struct Report {
    cases: Vec<Case>,
    /// The case that began and did not end.
    open: Option<String>,
    is_done: bool,
}

impl Report {
    fn read(group: &str, transcript: &Transcript) -> Report {
        let mut report = Report::default();
        let mut began = Duration::ZERO;
        for (index, line) in transcript.stdout.lines().enumerate() {
            let line = line.trim_end_matches('\r');
            let now = transcript.times.get(index).copied().unwrap_or(began);
            let mut ended = |name: &str, failure: Option<String>| {
                report.cases.push(Case {
                    group: group.to_owned(),
                    name: name.to_owned(),
                    time: now.saturating_sub(began),
                    failure,
                });
            };
            if let Some(name) = line.strip_prefix("TEST ") {
                report.open = Some(name.to_owned());
                began = now;
            } else if let Some(name) = line.strip_prefix("PASS ") {
                ended(name, None);
                report.open = None;
            } else if let Some((name, why)) =
                line.strip_prefix("FAIL ").and_then(|rest| rest.split_once(": "))
            {
                ended(name, Some(why.replace(" | ", "\n")));
                report.open = None;
            } else if line.starts_with("DONE ") {
                report.is_done = true;
            }
        }
        report
    }
}

/// The cases of a suite's output that ran on the build machine.
pub(super) fn parse(group: &str, text: &str, time: Duration) -> Vec<Case> {
    let transcript = Transcript { stdout: text.to_owned(), ..Transcript::default() };
    let mut report = Report::read(group, &transcript);
    let open = report.open.take().filter(|_| !report.is_done);
    report.cases.extend(open.map(|name| Case {
        group: group.to_owned(),
        name,
        time,
        failure: Some("it did not end".to_owned()),
    }));
    report.cases
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Report, Transcript, parse, selection};

    #[test]
    fn lines_become_results() {
        let stdout =
            "# hello\nTEST a\nPASS a\nTEST b\nFAIL b: expected 1 got 2 | at x\nTEST c\nnoise\n"
                .to_owned();
        let times = [0, 0, 1, 1, 3, 3, 3].map(Duration::from_secs).to_vec();
        let report =
            Report::read("suite/s/1cpu", &Transcript { stdout, stderr: String::new(), times });
        assert!(!report.is_done);
        assert_eq!(report.open.as_deref(), Some("c"));
        assert_eq!(report.cases.len(), 2);
        assert_eq!(report.cases[0].time, Duration::from_secs(1));
        assert_eq!(report.cases[1].failure.as_deref(), Some("expected 1 got 2\nat x"));
    }

    #[test]
    fn a_case_without_a_result_has_failed() {
        let cases = parse("g", "TEST a\nPASS a\nTEST b\n", Duration::ZERO);
        assert_eq!(cases.iter().filter(|case| case.failure.is_some()).count(), 1);
        assert_eq!(parse("g", "TEST a\nPASS a\nDONE 1 0\n", Duration::ZERO).len(), 1);
    }

    #[test]
    fn a_filter_selects_suites_modes_and_cases() {
        let group = "suite/gc/1cpu";
        assert_eq!(selection(group, ""), Some(vec![]));
        assert_eq!(selection(group, "suite/gc"), Some(vec![]));
        assert_eq!(selection(group, "gc/1cpu/"), Some(vec![]));
        assert_eq!(selection(group, "gc/1cpu/weak"), Some(vec!["weak".to_owned()]));
        assert_eq!(selection(group, "weak"), Some(vec!["weak".to_owned()]));
        assert_eq!(selection(group, "gc/4cpu/weak"), None);
        assert_eq!(selection(group, "boot/uefi"), None);
    }
}
