//! What a machine printed, and what the lines of a test program in it mean: `TEST name` when a case
//! begins, `PASS name` or `FAIL name: why` when it ends, `DONE passed failed` at the end.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Result;

use super::{Bench, Case};
use crate::qemu::{End, Machine, Outcome, Streams};

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

/// Runs a machine without input and keeps what it prints.
pub(super) fn capture(
    bench: &Bench<'_>,
    machine: &Machine,
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

/// What the lines of a suite say.
#[derive(Clone, Debug, Default)]
pub(super) struct Report {
    /// The cases that ended.
    pub cases: Vec<Case>,
    /// The case that began and did not end.
    pub open: Option<String>,
    /// Whether the program came to its end.
    pub is_done: bool,
}

impl Report {
    /// Reads them off.
    pub(super) fn read(group: &str, transcript: &Transcript) -> Report {
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

    use super::{Report, Transcript, parse};

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
}
