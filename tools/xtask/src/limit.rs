//! Running a program to its end or to the end of our patience, with all that it started.

use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process_group};

use crate::context::Context;
use crate::interrupt;
use crate::tool::{Tool, spoken};

/// Between a request to stop and its enforcement.
const GRACE: Duration = Duration::from_secs(3);

/// Runs a program with some input and collects what it prints. It is stopped when the time is up.
///
/// # Errors
///
/// If it cannot be started or is not done in time.
pub(crate) fn output(
    context: &Context,
    tool: Tool,
    input: Option<Vec<u8>>,
    limit: Duration,
) -> Result<Output> {
    let line = tool.line();
    if context.verbose {
        context.say(format!("+ {line}"));
    }
    let mut command = tool.into_command();
    command
        .stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0);
    let mut group = Group(command.spawn().with_context(|| format!("cannot start {line}"))?);
    let stdout = reader(group.0.stdout.take().context("stdout")?);
    let stderr = reader(group.0.stderr.take().context("stderr")?);
    if let (Some(input), Some(mut stdin)) = (input, group.0.stdin.take()) {
        // A program that does not read all of its input is not an error.
        thread::spawn(move || drop(stdin.write_all(&input)));
    }
    let start = Instant::now();
    let status = loop {
        if let Some(status) = group.0.try_wait().context("waiting")? {
            break Some(status);
        }
        if start.elapsed() >= limit || interrupt::pending().is_some() {
            break None;
        }
        thread::sleep(Duration::from_millis(5));
    };
    group.end();
    let join = |reader: thread::JoinHandle<Vec<u8>>| reader.join().unwrap_or_default();
    let (stdout, stderr) = (join(stdout), join(stderr));
    match status {
        Some(status) => Ok(Output { status, stdout, stderr }),
        None => {
            let partial = Output { status: std::process::ExitStatus::default(), stdout, stderr };
            bail!("not done after {} s; it had printed:\n{}", limit.as_secs(), spoken(&partial))
        }
    }
}

fn reader(mut from: impl Read + Send + 'static) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // What was read before an error is still worth having.
        drop(from.read_to_end(&mut bytes));
        bytes
    })
}

/// A process and its group, none of which outlives this value.
struct Group(Child);

impl Group {
    /// Asks the group to end, then makes it.
    fn end(&mut self) {
        let Ok(id) = i32::try_from(self.0.id()) else { return };
        let Some(group) = Pid::from_raw(id) else { return };
        // An empty group is what we want: then there is nobody to signal.
        let _ = kill_process_group(group, Signal::TERM);
        let start = Instant::now();
        while start.elapsed() < GRACE && !matches!(self.0.try_wait(), Ok(Some(_))) {
            thread::sleep(Duration::from_millis(5));
        }
        let _ = kill_process_group(group, Signal::KILL);
        drop(self.0.wait());
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.end();
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::output;
    use crate::context::Context;
    use crate::tool::Tool;

    fn context() -> Context {
        Context { root: "/".into(), out: "/nonexistent".into(), verbose: false }
    }

    #[test]
    fn input_goes_in_and_output_comes_out() {
        let result = output(
            &context(),
            Tool::new("sh").args(["-c", "cat; echo err >&2; exit 3"]),
            Some(b"in".to_vec()),
            Duration::from_secs(20),
        )
        .expect("it ends");
        assert_eq!(
            (result.status.code(), &*result.stdout, &*result.stderr),
            (Some(3), &b"in"[..], &b"err\n"[..])
        );
    }

    #[test]
    fn a_program_that_does_not_end_is_ended_with_its_children() {
        let start = Instant::now();
        let result = output(
            &context(),
            Tool::new("sh").args(["-c", "echo begun; sleep 600 & wait"]),
            None,
            Duration::from_millis(200),
        );
        assert!(result.expect_err("it does not end").to_string().contains("begun"));
        assert!(start.elapsed() < Duration::from_secs(20));
    }
}
