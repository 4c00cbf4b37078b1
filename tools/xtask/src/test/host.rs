//! Tests that run on the build machine: those of the Rust crates, and `tools/ilpatch`'s own.

use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use serde::Deserialize;

use super::{Bench, Case, tell};
use crate::limit;
use crate::tool::{self, Tool};

/// The longest that one test program may take.
const LIMIT: Duration = Duration::from_secs(600);

/// Where the patcher's own tests are, from the root of the tree.
const ILPATCH: &str = "tools/ilpatch/tests";

/// What cargo says of a test program that it built.
#[derive(Debug, Deserialize)]
struct Message {
    reason: String,
    executable: Option<PathBuf>,
    manifest_path: Option<PathBuf>,
    target: Option<Target>,
    profile: Option<Profile>,
}

#[derive(Debug, Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Profile {
    test: bool,
}

/// Builds and runs them all.
///
/// # Errors
///
/// If the test programs do not build.
pub(super) fn run(bench: &Bench<'_>) -> Result<Vec<Case>> {
    let mut cases = Vec::new();
    if !wanted(bench, "host/") {
        return Ok(cases);
    }
    for program in programs(bench)? {
        let group = program.group();
        let start = Instant::now();
        let found = program.run(bench);
        let found: Vec<Case> =
            found.into_iter().filter(|case| case.full_name().contains(bench.filter)).collect();
        if !found.is_empty() {
            tell(&group, &found, start.elapsed());
        }
        cases.extend(found);
    }
    cases.extend(ilpatch(bench));
    Ok(cases)
}

/// Whether a filter can match anything of a group.
fn wanted(bench: &Bench<'_>, group: &str) -> bool {
    let filter = bench.filter;
    // A filter that names another group wants none of this one.
    !["boot/", "kernel/", "suite/", "outcome/", "bad/"]
        .iter()
        .any(|other| *other != group && filter.starts_with(other))
}

/// A test program of the workspace.
struct Program {
    package: String,
    target: String,
    executable: PathBuf,
    directory: PathBuf,
}

fn programs(bench: &Bench<'_>) -> Result<Vec<Program>> {
    let context = bench.work.context;
    context.progress("cargo test --no-run");
    let cargo = Tool::cargo()
        .args([
            "test",
            "--workspace",
            "--no-run",
            "--quiet",
            "--message-format=json-render-diagnostics",
        ])
        .dir(&context.root);
    let output = cargo.output(context)?;
    if !output.status.success() {
        bail!("the tests do not build:\n{}", String::from_utf8_lossy(&output.stderr));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let messages = text.lines().filter_map(|line| serde_json::from_str::<Message>(line).ok());
    let mut programs: Vec<Program> = messages.filter_map(program).collect();
    programs.sort_by(|a, b| (&a.package, &a.target).cmp(&(&b.package, &b.target)));
    Ok(programs)
}

fn program(message: Message) -> Option<Program> {
    let is_test = message.reason == "compiler-artifact"
        && message.profile.is_some_and(|profile| profile.test);
    let directory = message.manifest_path?.parent()?.to_path_buf();
    let package = directory.file_name()?.to_string_lossy().into_owned();
    let target = message.target?;
    let is_library = target.kind.iter().any(|kind| kind.contains("lib"));
    let target = if is_library { "lib".to_owned() } else { target.name };
    is_test.then_some(())?;
    Some(Program { package, target, executable: message.executable?, directory })
}

impl Program {
    fn group(&self) -> String {
        format!("host/{}/{}", self.package, self.target)
    }

    fn run(&self, bench: &Bench<'_>) -> Vec<Case> {
        let start = Instant::now();
        let tool = Tool::new(&self.executable)
            .dir(&self.directory)
            .env("CARGO_MANIFEST_DIR", &self.directory);
        let result = limit::output(bench.work.context, tool, None, LIMIT);
        self.judge(result, start.elapsed())
    }

    fn judge(&self, result: Result<Output>, time: Duration) -> Vec<Case> {
        let whole = |failure: String| {
            vec![Case {
                group: self.group(),
                name: "runs to its end".to_owned(),
                time,
                failure: Some(failure),
            }]
        };
        let output = match result {
            Ok(output) => output,
            Err(error) => return whole(format!("{error:#}")),
        };
        let text = String::from_utf8_lossy(&output.stdout);
        let mut cases = parse(&self.group(), &text);
        let has_failure = cases.iter().any(|case| case.failure.is_some());
        if !output.status.success() && !has_failure {
            cases.extend(whole(format!("{}\n{}", output.status, tool::spoken(&output))));
        }
        cases
    }
}

/// Reads what Rust's test harness printed.
fn parse(group: &str, text: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for line in text.lines() {
        let Some((name, result)) =
            line.strip_prefix("test ").and_then(|rest| rest.split_once(" ... "))
        else {
            continue;
        };
        let name = name.strip_suffix(" - should panic").unwrap_or(name);
        let failure = match result.trim() {
            "ok" => None,
            result if result.starts_with("ignored") => continue,
            _ => Some(details(text, name)),
        };
        cases.push(Case {
            group: group.to_owned(),
            name: name.to_owned(),
            time: Duration::ZERO,
            failure,
        });
    }
    cases
}

/// What a failed test had printed.
fn details(text: &str, name: &str) -> String {
    let head = format!("---- {name} stdout ----\n");
    let part = text
        .split_once(&head)
        .map_or("failed", |(_, rest)| rest.split("\n---- ").next().unwrap_or(rest));
    part.split("\n\nfailures:").next().unwrap_or(part).trim().to_owned()
}

/// The patcher's tests are a C# console program in the suites' own form.
fn ilpatch(bench: &Bench<'_>) -> Vec<Case> {
    let project = bench.work.context.root.join(ILPATCH);
    if !project.is_dir()
        || !wanted(bench, "host/")
        || !("host/ilpatch/".contains(bench.filter) || bench.filter.contains("ilpatch"))
    {
        return Vec::new();
    }
    let start = Instant::now();
    let cases = match run_ilpatch(bench, &project) {
        Ok(text) => super::transcript::parse("host/ilpatch", &text, start.elapsed()),
        Err(error) => vec![Case {
            group: "host/ilpatch".to_owned(),
            name: "runs".to_owned(),
            time: start.elapsed(),
            failure: Some(format!("{error:#}")),
        }],
    };
    tell("host/ilpatch", &cases, start.elapsed());
    cases
}

fn run_ilpatch(bench: &Bench<'_>, project: &Path) -> Result<String> {
    let context = bench.work.context;
    let sdk = &bench.work.setup.dotnet.sdk;
    let out = context.dir("ilpatch-tests")?;
    let tool = sdk
        .tool()
        .args(["run", "-c", "Release", "--artifacts-path"])
        .arg(&out)
        .arg("--project")
        .arg(project)
        .dir(project);
    let output = limit::output(context, tool, None, LIMIT)?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if !text.contains("\nDONE ") && !text.starts_with("DONE ") {
        bail!("{}", tool::spoken(&output));
    }
    Ok(text)
}

/// A test program's own description is used for messages only.
impl std::fmt::Debug for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.group())
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn the_harness_is_read() {
        let text = "\nrunning 3 tests\ntest a::one ... ok\ntest a::two ... FAILED\ntest b ... ignored, slow\ntest c - should panic ... ok\n\nfailures:\n\n---- a::two stdout ----\nthread 'a::two' panicked at x.rs:1:2:\nboom\n\n\nfailures:\n    a::two\n";
        let cases = parse("host/x/lib", text);
        assert_eq!(
            cases.iter().map(|case| case.name.as_str()).collect::<Vec<_>>(),
            ["a::one", "a::two", "c"]
        );
        assert_eq!(
            cases[1].failure.as_deref(),
            Some("thread 'a::two' panicked at x.rs:1:2:\nboom")
        );
        assert!(cases[0].failure.is_none());
    }
}
