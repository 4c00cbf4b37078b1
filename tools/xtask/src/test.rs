//! `cargo xtask test`: every test there is, one summary, and JUnit XML beside it.
//!
//! | module | tests |
//! |---|---|
//! | [`host`] | the Rust crates on the build machine, `tools/ilpatch`'s own tests |
//! | [`boot`] | ways to boot, and machines and packages that cannot |
//! | [`probe`] | the loader, by a kernel that checks what it is given |
//! | [`kernel`] | the kernel's calls and traps, from a service without a runtime; wild calls |
//! | [`expect`] | programs with a certain end, and projects that cannot be built |
//! | [`suite`] | the C# suites in the guest: on one CPU, on four, and under GC stress |
//!
//! A test's full name is `group/name`. Two machines run at a time.

mod boot;
mod expect;
mod host;
mod junit;
mod kernel;
mod probe;
mod suite;
mod transcript;

use std::collections::VecDeque;
use std::io::Write as _;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;
use clap::Args;

use crate::arch::Arch;
use crate::build::Work;
use crate::context::Context;
use crate::interrupt;

/// Options of `cargo xtask test`.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Only tests whose full name contains this
    #[arg(value_name = "FILTER", default_value = "", hide_default_value = true)]
    filter: String,

    /// How many machines run at a time
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=64))]
    jobs: u32,

    /// Under GC stress, collect at every Nth allocation
    #[arg(long, value_name = "N", default_value_t = suite::STRESS)]
    stress: u32,
}

/// The result of one test.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// Such as `suite/exceptions/1cpu`.
    pub group: String,
    /// The test's own name.
    pub name: String,
    /// How long it took.
    pub time: Duration,
    /// What went wrong, if anything did.
    pub failure: Option<String>,
}

impl Case {
    /// The name that a filter is held against.
    pub(crate) fn full_name(&self) -> String {
        format!("{}/{}", self.group, self.name)
    }
}

/// What the tests work with.
#[derive(Debug)]
struct Bench<'a> {
    work: &'a Work<'a>,
    filter: &'a str,
    stress: u32,
}

/// Something to do that yields results.
struct Job<'a> {
    name: String,
    run: Box<dyn FnOnce() -> Vec<Case> + Send + 'a>,
}

impl<'a> Job<'a> {
    /// A job that is one test.
    fn single(group: &str, name: &str, test: impl FnOnce() -> Result<()> + Send + 'a) -> Job<'a> {
        let (group, name) = (group.to_owned(), name.to_owned());
        let full = format!("{group}/{name}");
        let run = move || {
            let start = Instant::now();
            let failure = test().err().map(|error| format!("{error:#}"));
            vec![Case { group, name, time: start.elapsed(), failure }]
        };
        Job { name: full, run: Box::new(run) }
    }
}

/// `cargo xtask test`.
///
/// # Errors
///
/// If the tests cannot be started at all.
pub(crate) fn command(context: &Context, options: &Options) -> Result<u8> {
    let start = Instant::now();
    interrupt::watch()?;
    let work = Work::new(context, Arch::default())?;
    let bench = Bench { work: &work, filter: &options.filter, stress: options.stress };
    let mut cases = Vec::new();
    // Alone, because cargo uses every processor.
    cases.extend(host::run(&bench)?);
    let mut jobs = boot::jobs(&bench);
    jobs.extend(probe::jobs(&bench));
    jobs.extend(kernel::jobs(&bench));
    jobs.extend(suite::jobs(&bench)?);
    jobs.extend(expect::jobs(&bench)?);
    cases.extend(run_all(jobs, options.jobs));
    if let Some(signal) = interrupt::pending() {
        context.say("xtask: interrupted");
        return Ok(u8::try_from(128 + signal).unwrap_or(u8::MAX));
    }
    cases.retain(|case| case.full_name().contains(&options.filter));
    report(context, &cases, start.elapsed())
}

/// Runs all jobs, so many at a time, and tells of each as it ends.
fn run_all(jobs: Vec<Job<'_>>, at_a_time: u32) -> Vec<Case> {
    let queue = Mutex::new(VecDeque::from(jobs));
    let results = Mutex::new(Vec::new());
    let worker = || {
        while interrupt::pending().is_none() {
            let Some(job) = queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front() else {
                return;
            };
            let start = Instant::now();
            let cases = (job.run)();
            tell(&job.name, &cases, start.elapsed());
            results.lock().unwrap_or_else(PoisonError::into_inner).extend(cases);
        }
    };
    thread::scope(|scope| {
        for _ in 0..at_a_time {
            scope.spawn(worker);
        }
    });
    results.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// One line for a job, and one for each failure.
fn tell(name: &str, cases: &[Case], time: Duration) {
    let failed: Vec<&Case> = cases.iter().filter(|case| case.failure.is_some()).collect();
    let mut text = match (cases.len(), failed.len()) {
        (1, 0) => format!("ok    {name}"),
        (1, _) => format!("FAIL  {name}"),
        (count, 0) => format!("ok    {name}: {count} passed"),
        (count, bad) => format!("FAIL  {name}: {} passed, {bad} failed", count - bad),
    };
    text.push_str(&format!(" ({:.1} s)\n", time.as_secs_f64()));
    for case in failed {
        if cases.len() > 1 {
            text.push_str(&format!("  FAIL  {}\n", case.name));
        }
        for line in case.failure.iter().flat_map(|failure| failure.lines()).take(30) {
            text.push_str(&format!("        {line}\n"));
        }
    }
    let mut out = std::io::stdout().lock();
    // Nobody to tell is no reason to stop testing.
    drop(out.write_all(text.as_bytes()).and_then(|()| out.flush()));
}

/// Writes the summary and the XML file.
fn report(context: &Context, cases: &[Case], time: Duration) -> Result<u8> {
    let file = context.out.parent().unwrap_or(&context.out).join("test-results.xml");
    crate::cache::write_whole(&file, junit::document(cases, time).as_bytes())?;
    let failed: Vec<&Case> = cases.iter().filter(|case| case.failure.is_some()).collect();
    println!();
    if cases.is_empty() {
        println!("no test has a name like that");
    }
    for case in &failed {
        println!("FAIL {}", case.full_name());
    }
    println!("took {:.0} s; results in {}", time.as_secs_f64(), file.display());
    println!("{} passed, {} failed", cases.len() - failed.len(), failed.len());
    Ok(u8::from(!failed.is_empty() || cases.is_empty()))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use anyhow::bail;

    use super::{Case, Job, run_all};

    #[test]
    fn every_job_is_run_and_every_result_kept() {
        let mut jobs: Vec<Job<'_>> =
            (0..5).map(|index| Job::single("g", &index.to_string(), || Ok(()))).collect();
        jobs.push(Job::single("g", "bad", || bail!("it is bad")));
        let mut cases = run_all(jobs, 2);
        cases.sort_by_key(Case::full_name);
        assert_eq!(cases.len(), 6);
        assert_eq!(cases[5].failure.as_deref(), Some("it is bad"));
        assert!(cases[0].time < Duration::from_secs(1));
    }
}
