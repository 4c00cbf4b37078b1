//! Running other programs: echoed, with a clean environment, and with an error that says what failed.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use anyhow::{Context as _, Result, anyhow, bail};

use crate::context::Context;

/// A program about to be run.
#[derive(Debug)]
pub(crate) struct Tool {
    command: Command,
}

impl Tool {
    /// A program by name or path.
    pub(crate) fn new(program: impl AsRef<OsStr>) -> Tool {
        let mut command = Command::new(program);
        command.stdin(Stdio::null());
        Tool { command }
    }

    /// Cargo, without what an outer `cargo run` has put into the environment.
    pub(crate) fn cargo() -> Tool {
        let program = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
        let mut tool = Tool::new(program);
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            let of_run = text == "CARGO"
                || text.starts_with("CARGO_PKG_")
                || text.starts_with("CARGO_MANIFEST_")
                || text == "CARGO_CRATE_NAME"
                || text == "CARGO_BIN_NAME";
            if of_run
                || matches!(&*text, "RUSTFLAGS" | "CARGO_ENCODED_RUSTFLAGS" | "LD_LIBRARY_PATH")
            {
                tool.command.env_remove(&name);
            }
        }
        tool
    }

    /// Adds one argument.
    #[must_use]
    pub(crate) fn arg(mut self, arg: impl AsRef<OsStr>) -> Tool {
        self.command.arg(arg);
        self
    }

    /// Adds arguments.
    #[must_use]
    pub(crate) fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Tool {
        self.command.args(args);
        self
    }

    /// Sets an environment variable.
    #[must_use]
    pub(crate) fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Tool {
        self.command.env(name, value);
        self
    }

    /// Sets several.
    #[must_use]
    pub(crate) fn envs<K: AsRef<OsStr>, V: AsRef<OsStr>>(
        mut self,
        all: impl IntoIterator<Item = (K, V)>,
    ) -> Tool {
        self.command.envs(all);
        self
    }

    /// Sets the working directory.
    #[must_use]
    pub(crate) fn dir(mut self, dir: impl AsRef<Path>) -> Tool {
        self.command.current_dir(dir);
        self
    }

    /// The command line as a person would type it.
    pub(crate) fn line(&self) -> String {
        let mut words = vec![quoted(self.command.get_program())];
        words.extend(self.command.get_args().map(quoted));
        words.join(" ")
    }

    /// Gives the command to a caller who starts it in his own way.
    pub(crate) fn into_command(self) -> Command {
        self.command
    }

    /// Runs it and returns what it printed and how it ended.
    ///
    /// # Errors
    ///
    /// If it cannot be started.
    pub(crate) fn output(mut self, context: &Context) -> Result<Output> {
        self.echo(context);
        let line = self.line();
        self.command
            .output()
            .map_err(|error| not_started(&line, self.command.get_program(), &error))
    }

    /// Runs it and returns what it printed on stdout.
    ///
    /// # Errors
    ///
    /// If it cannot be started or fails; then the error holds all that it printed.
    pub(crate) fn text(self, context: &Context) -> Result<String> {
        let line = self.line();
        let output = self.output(context)?;
        if !output.status.success() {
            bail!("{}\nthe command was: {line}", spoken(&output));
        }
        String::from_utf8(output.stdout)
            .with_context(|| format!("{line} printed something that is not text"))
    }

    /// Runs it quietly; what it printed is shown only with `--verbose` or if it fails.
    ///
    /// # Errors
    ///
    /// If it cannot be started or fails.
    pub(crate) fn run(self, context: &Context) -> Result<()> {
        let line = self.line();
        let output = self.output(context)?;
        if !output.status.success() {
            bail!("{}\nthe command was: {line}", spoken(&output));
        }
        if context.verbose {
            let text = spoken(&output);
            if !text.is_empty() {
                context.say(text);
            }
        }
        Ok(())
    }

    /// Runs it with its output on our stderr.
    ///
    /// # Errors
    ///
    /// If it cannot be started or fails.
    pub(crate) fn run_shown(mut self, context: &Context) -> Result<()> {
        self.echo(context);
        let line = self.line();
        self.command.stdout(std::io::stderr());
        let status = self
            .command
            .status()
            .map_err(|error| not_started(&line, self.command.get_program(), &error))?;
        if status.success() { Ok(()) } else { Err(anyhow!("{line} failed ({status})")) }
    }

    fn echo(&self, context: &Context) {
        if context.verbose {
            context.say(format!("+ {}", self.line()));
        }
    }
}

/// The directory entry of a program on PATH.
pub(crate) fn find(program: &str) -> Option<std::path::PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join(program)).find(|file| is_executable(file))
}

/// Whether a file exists and may be executed by somebody.
pub(crate) fn is_executable(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

/// Everything a program printed, stdout first.
pub(crate) fn spoken(output: &Output) -> String {
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    text.trim_end().to_owned()
}

fn not_started(line: &str, program: &OsStr, error: &std::io::Error) -> anyhow::Error {
    if error.kind() == std::io::ErrorKind::NotFound {
        anyhow!(
            "{} is not installed or not on PATH (wanted for: {line})",
            program.to_string_lossy()
        )
    } else {
        anyhow!("cannot start {line}: {error}")
    }
}

fn quoted(word: &OsStr) -> String {
    let text = word.to_string_lossy();
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=+./:,@%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.into_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::{Tool, find};

    #[test]
    fn a_command_line_can_be_typed_again() {
        let line = Tool::new("echo").arg("plain").arg("two words").arg("it's").arg("").line();
        assert_eq!(line, r"echo plain 'two words' 'it'\''s' ''");
    }

    #[test]
    fn a_shell_is_found_and_nonsense_is_not() {
        assert!(find("sh").is_some());
        assert!(find("no-such-program-at-all").is_none());
    }
}
