//! Programs and projects with a certain end: `expect.toml` says how each must end and what it must print.
//! Each is run the way a user runs it, by `cargo xtask run` in a process of its own.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Output;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

use super::suite::HOME;
use super::{Bench, Job};
use crate::limit;
use crate::tool::Tool;

/// Beyond the time that the run itself is limited to: for building.
const LIMIT: Duration = Duration::from_secs(420);

/// The files, and the group of each.
const FILES: &[(&str, &str)] = &[("outcomes/expect.toml", "outcome"), ("bad/expect.toml", "bad")];

#[derive(Debug, Deserialize)]
struct File {
    #[serde(default)]
    case: Vec<Expectation>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Expectation {
    name: String,
    project: String,
    #[serde(default)]
    args: Vec<String>,
    #[serde(default)]
    env: BTreeMap<String, String>,
    cpus: Option<u32>,
    memory: Option<String>,
    timeout: Option<f64>,
    #[serde(default)]
    stdin: String,
    exit: i32,
    stdout: Option<String>,
    stdout_hex: Option<String>,
    stdout_repeat: Option<Repeat>,
    stdout_lines: Option<Vec<String>>,
    stderr: Option<String>,
    stderr_hex: Option<String>,
    stderr_repeat: Option<Repeat>,
    stderr_lines: Option<Vec<String>>,
    #[serde(default)]
    #[expect(dead_code, reason = "a remark for readers of the file: the project builds and runs")]
    builds: bool,
}

#[derive(Clone, Debug, Deserialize)]
struct Repeat {
    text: String,
    times: usize,
}

/// One job for each expectation that the filter matches.
///
/// # Errors
///
/// If a file cannot be read.
pub(super) fn jobs<'a>(bench: &'a Bench<'a>) -> Result<Vec<Job<'a>>> {
    let home = bench.work.context.root.join(HOME);
    let mut jobs = Vec::new();
    for (file, group) in FILES {
        let path = home.join(file);
        if !path.is_file() {
            continue;
        }
        let text =
            fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let list: File = toml::from_str(&text).with_context(|| path.display().to_string())?;
        for expectation in list.case {
            let full = format!("{group}/{}", expectation.name);
            if full.contains(bench.filter) {
                let home = home.clone();
                let name = expectation.name.clone();
                jobs.push(Job::single(group, &name, move || expectation.check(bench, &home)));
            }
        }
    }
    Ok(jobs)
}

impl Expectation {
    fn check(&self, bench: &Bench<'_>, home: &Path) -> Result<()> {
        let mut args = vec!["run".to_owned(), home.join(&self.project).display().to_string()];
        args.extend(self.cpus.iter().map(|cpus| format!("--cpus={cpus}")));
        args.extend(self.memory.iter().map(|memory| format!("--memory={memory}")));
        args.extend(self.timeout.iter().map(|timeout| format!("--timeout={timeout}")));
        args.extend(self.env.iter().map(|(name, value)| format!("--env={name}={value}")));
        args.push("--".to_owned());
        args.extend(self.args.iter().cloned());
        let limit = LIMIT + Duration::from_secs_f64(self.timeout.unwrap_or(0.0));
        let output = limit::output(
            bench.work.context,
            myself().args(args),
            Some(self.stdin.clone().into_bytes()),
            limit,
        )?;
        let wrong = self.differences(&output);
        if wrong.is_empty() { Ok(()) } else { bail!("{}", wrong.join("\n")) }
    }

    /// Everything that is not as expected.
    fn differences(&self, output: &Output) -> Vec<String> {
        let mut wrong = Vec::new();
        if output.status.code() != Some(self.exit) {
            let code = output
                .status
                .code()
                .map_or_else(|| output.status.to_string(), |code| code.to_string());
            wrong.push(format!("exit code {code}, expected {}", self.exit));
        }
        let streams = [
            (
                "stdout",
                &output.stdout,
                Wanted {
                    text: &self.stdout,
                    hex: &self.stdout_hex,
                    repeat: &self.stdout_repeat,
                    lines: &self.stdout_lines,
                },
            ),
            (
                "stderr",
                &output.stderr,
                Wanted {
                    text: &self.stderr,
                    hex: &self.stderr_hex,
                    repeat: &self.stderr_repeat,
                    lines: &self.stderr_lines,
                },
            ),
        ];
        for (name, got, wanted) in streams {
            if let Some(what) = wanted.difference(got) {
                wrong.push(format!("{name}: {what}"));
            }
        }
        if !wrong.is_empty() {
            wrong.push(format!("stdout was: {}", excerpt(&output.stdout)));
            wrong.push(format!("stderr was: {}", excerpt(&output.stderr)));
        }
        wrong
    }
}

/// This very program, to be run as a user runs it: whatever has become of its file since.
pub(super) fn myself() -> Tool {
    Tool::new("/proc/self/exe")
}

/// What a stream must hold; at most one of them.
struct Wanted<'a> {
    text: &'a Option<String>,
    hex: &'a Option<String>,
    repeat: &'a Option<Repeat>,
    lines: &'a Option<Vec<String>>,
}

impl Wanted<'_> {
    fn difference(&self, got: &[u8]) -> Option<String> {
        if let Some(text) = self.text {
            return first_difference(text.as_bytes(), got);
        }
        if let Some(hex) = self.hex {
            let text: String = got.iter().map(|byte| format!("{byte:02x}")).collect();
            return (text != hex.to_ascii_lowercase())
                .then(|| format!("expected the bytes {hex}, got {text}"));
        }
        if let Some(repeat) = self.repeat {
            let text: String = (0..repeat.times)
                .map(|index| repeat.text.replace("{n}", &format!("{index:06}")))
                .collect();
            return first_difference(text.as_bytes(), got);
        }
        let patterns = self.lines.as_ref()?;
        let text = String::from_utf8_lossy(got);
        let lines: Vec<&str> = text.split('\n').collect();
        let lines = if lines.last() == Some(&"") { &lines[..lines.len() - 1] } else { &lines[..] };
        (!match_lines(patterns, lines)).then(|| format!("does not match {patterns:?}"))
    }
}

fn first_difference(wanted: &[u8], got: &[u8]) -> Option<String> {
    if wanted == got {
        return None;
    }
    let at =
        wanted.iter().zip(got).position(|(a, b)| a != b).unwrap_or(wanted.len().min(got.len()));
    Some(format!(
        "expected {} bytes, got {}; they differ from byte {at} on: expected {}, got {}",
        wanted.len(),
        got.len(),
        excerpt(&wanted[at..]),
        excerpt(&got[at..])
    ))
}

fn excerpt(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(1200)]).into_owned();
    format!("{text:?}")
}

/// Whether lines match patterns, of which `...` stands for any number of lines.
fn match_lines(patterns: &[String], lines: &[&str]) -> bool {
    let Some((first, rest)) = patterns.split_first() else { return lines.is_empty() };
    if first == "..." {
        return (0..=lines.len()).any(|skipped| match_lines(rest, &lines[skipped..]));
    }
    lines.split_first().is_some_and(|(line, more)| glob(first, line) && match_lines(rest, more))
}

/// Whether a text matches a pattern in which `*` stands for anything.
fn glob(pattern: &str, text: &str) -> bool {
    let Some((head, tail)) = pattern.split_once('*') else { return pattern == text };
    let Some(rest) = text.strip_prefix(head) else { return false };
    let mut starts = rest.char_indices().map(|(at, _)| at).chain([rest.len()]);
    starts.any(|at| glob(tail, &rest[at..]))
}

#[cfg(test)]
mod tests {
    use super::{Repeat, Wanted, glob, match_lines};

    fn strings(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|&text| text.to_owned()).collect()
    }

    #[test]
    fn globs_match_within_a_line() {
        assert!(glob("a*c", "abbc") && glob("*", "") && glob("*x*", "axb") && glob("é*", "éa"));
        assert!(!glob("a*c", "abcd") && !glob("abc", "ab"));
    }

    #[test]
    fn dots_match_any_number_of_lines() {
        let patterns = strings(&["...", "*two*", "..."]);
        assert!(match_lines(&patterns, &["one", "number two", "three"]));
        assert!(match_lines(&patterns, &["two"]));
        assert!(!match_lines(&patterns, &["one"]));
        assert!(match_lines(&[], &[]) && !match_lines(&[], &["one"]));
    }

    #[test]
    fn streams_are_compared_as_asked() {
        let none = Wanted { text: &None, hex: &None, repeat: &None, lines: &None };
        assert!(none.difference(b"anything").is_none());
        let hex = Some("0aFF".to_owned());
        assert!(Wanted { hex: &hex, ..none }.difference(b"\x0a\xff").is_none());
        let none = Wanted { text: &None, hex: &None, repeat: &None, lines: &None };
        let repeat = Some(Repeat { text: "line {n}\n".to_owned(), times: 2 });
        assert!(
            Wanted { repeat: &repeat, ..none }.difference(b"line 000000\nline 000001\n").is_none()
        );
        let none = Wanted { text: &None, hex: &None, repeat: &None, lines: &None };
        let text = Some("abc".to_owned());
        let difference = Wanted { text: &text, ..none }.difference(b"abd").expect("they differ");
        assert!(difference.contains("from byte 2 on"), "{difference}");
    }
}
