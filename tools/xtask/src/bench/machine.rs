//! QEMU runs for the benchmarks: both systems with the same options.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use super::baseline::Image;
use crate::arch::Arch;
use crate::build::Service;
use crate::context::Context;
use crate::tool::Tool;

/// One of the two systems, with a program.
pub(super) enum Guest {
    /// Ours.
    Cermet {
        /// The kernel.
        kernel: PathBuf,
        /// The program.
        service: Box<Service>,
        /// Where its package goes.
        dir: PathBuf,
    },
    /// The other one.
    Linux(Image),
}

/// What the guest's clock counts.
#[derive(Clone, Copy, Debug)]
pub(super) enum Clock {
    /// Guest instructions, a nanosecond each.
    Instructions,
    /// Time.
    Wall,
}

/// Instructions up to the mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Counts {
    /// Firmware, loader and whatever else runs below before the kernel.
    pub(super) firmware: u64,
    /// In the kernel's half of the address space.
    pub(super) kernel: u64,
    /// In the other half, after the kernel has started.
    pub(super) user: u64,
    /// All of them.
    pub(super) total: u64,
    /// All since the first one in user mode.
    pub(super) since_user: u64,
}

/// How QEMU is called.
pub(super) struct Machine {
    qemu: &'static str,
    dir: PathBuf,
}

/// No run of the benchmarks may take longer.
const TIMEOUT: &str = "1800";

impl Machine {
    /// A machine whose temporary files go to `dir`.
    pub(super) fn new(arch: Arch, dir: &Path) -> Self {
        Self { qemu: arch.qemu(), dir: dir.to_path_buf() }
    }

    /// Runs the guest's program to its end and returns what it printed.
    ///
    /// # Errors
    ///
    /// If QEMU cannot be started.
    pub(super) fn run(
        &self,
        guest: &Guest,
        arguments: &[String],
        clock: Clock,
        cpus: u32,
        memory: &str,
    ) -> Result<String> {
        let mut command = self.command(guest, arguments, memory, cpus, TIMEOUT)?;
        if matches!(clock, Clock::Instructions) {
            command.args(["-icount", "shift=0,sleep=off"]);
        }
        let done = command.output().context("cannot start QEMU")?;
        Ok(String::from_utf8_lossy(&done.stdout).into_owned())
    }

    /// Counts the instructions up to the program's mark.
    ///
    /// # Errors
    ///
    /// If QEMU cannot be started or the mark was not reached.
    pub(super) fn count(&self, guest: &Guest, plugin: &Path) -> Result<Counts> {
        let counts = self.dir.join("counts.txt");
        let mut command = self.command(guest, &[], "256M", 1, TIMEOUT)?;
        command.args(["-icount", "shift=0,sleep=off", "-plugin"]);
        command.arg(format!("file={},out={}", plugin.display(), counts.display()));
        let done = command.output().context("cannot start QEMU")?;
        let text = fs::read_to_string(&counts).unwrap_or_default();
        let Some(found) = parse_counts(&text) else {
            bail!(
                "the program did not reach its mark; it printed:\n{}{}",
                String::from_utf8_lossy(&done.stdout),
                String::from_utf8_lossy(&done.stderr)
            );
        };
        Ok(found)
    }

    /// The smallest memory, in MiB, with which the program prints its line; searched between two bounds.
    ///
    /// # Errors
    ///
    /// If it prints nothing even with the upper bound.
    pub(super) fn smallest_memory(
        &self,
        guest: &Guest,
        mut low: u32,
        mut high: u32,
    ) -> Result<u32> {
        let prints = |megabytes: u32| -> Result<bool> {
            let done = self
                .command(guest, &[], &format!("{megabytes}M"), 1, "60")?
                .output()
                .context("cannot start QEMU")?;
            Ok(String::from_utf8_lossy(&done.stdout).contains("Hello, World!"))
        };
        if !prints(high)? {
            bail!("the program prints nothing even with {high} MiB");
        }
        while high - low > 1 {
            let middle = low.midpoint(high);
            if prints(middle)? { high = middle } else { low = middle }
        }
        Ok(high)
    }

    fn command(
        &self,
        guest: &Guest,
        arguments: &[String],
        memory: &str,
        cpus: u32,
        seconds: &str,
    ) -> Result<Command> {
        let mut command = Command::new("timeout");
        command.args([seconds, self.qemu, "-machine", "q35", "-cpu", "max", "-accel", "tcg"]);
        command.args(["-m", memory, "-smp", &cpus.to_string()]);
        command.args(["-display", "none", "-monitor", "none", "-nodefaults", "-no-reboot"]);
        command.args(["-serial", "stdio"]);
        match guest {
            Guest::Cermet { kernel, service, dir } => {
                let package = dir.join("bench.package");
                fs::write(&package, service.package(arguments, &[])?.bytes()?)?;
                command.args(["-serial", "null", "-serial", "null"]);
                command.arg("-kernel").arg(kernel).arg("-initrd").arg(package);
                command.args(["-append", "stdin=framed"]);
            }
            Guest::Linux(image) => {
                command.arg("-kernel").arg(&image.kernel).arg("-initrd").arg(&image.initramfs);
                let extra = if arguments.is_empty() {
                    String::new()
                } else {
                    format!(" -- {}", arguments.join(" "))
                };
                command.arg("-append").arg(format!("console=ttyS0 quiet panic=-1{extra}"));
            }
        }
        command.stdin(Stdio::null());
        Ok(command)
    }
}

/// Builds the instruction-counting plugin.
///
/// # Errors
///
/// If there is no C compiler.
pub(super) fn plugin(context: &Context, source: &Path, dir: &Path) -> Result<PathBuf> {
    let file = dir.join("icplug.so");
    Tool::new("gcc").args(["-O2", "-shared", "-fPIC", "-o"]).arg(&file).arg(source).run(context)?;
    Ok(file)
}

/// The counts in the plugin's `MARK` line.
fn parse_counts(text: &str) -> Option<Counts> {
    let field = |line: &str, name: &str| -> Option<u64> {
        line.split_whitespace().find_map(|w| w.strip_prefix(name)?.strip_prefix('=')?.parse().ok())
    };
    let mark = text.lines().find(|l| l.starts_with("MARK "))?;
    let user = text.lines().find(|l| l.starts_with("USER "))?;
    let total = field(mark, "total")?;
    Some(Counts {
        firmware: field(mark, "firmware+loader")?,
        kernel: field(mark, "kernel")?,
        user: field(mark, "user")?,
        total,
        since_user: total.checked_sub(field(user, "total")?)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_is_read() {
        let text = "USER total=25 firmware+loader=5 kernel=20 user=0\nMARK total=60 firmware+loader=10 kernel=20 user=30\n";
        assert_eq!(
            parse_counts(text),
            Some(Counts { firmware: 10, kernel: 20, user: 30, total: 60, since_user: 35 })
        );
        assert_eq!(parse_counts("EXIT total=1"), None);
    }
}
