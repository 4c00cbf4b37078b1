//! `cargo xtask run`: builds a project, boots it, and ends as the program ends.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use clap::{Args, ValueEnum};

use crate::build::{Source, Work};
use crate::context::Context;
use crate::interrupt;
use crate::qemu::{Boot, End, Machine, Medium, Outcome, Streams};
use crate::setup::machine;
use crate::symbols;

/// Exit code when time was up, as that of `timeout`.
pub(crate) const TIMED_OUT: u8 = 124;
/// Exit code of a machine that cannot start the program.
const BOOT_FAILURE: u8 = abi::exit::BOOT_FAILURE;
/// Exit code of a kernel that panicked.
const KERNEL_PANIC: u8 = abi::exit::KERNEL_PANIC;

/// The least memory a machine can be asked to have: less than firmware and kernel need to complain.
const LEAST_KIB: u64 = 2 * 1024;

/// How the machine starts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Firmware {
    /// QEMU loads the kernel itself; the quick way.
    #[default]
    Direct,
    /// UEFI firmware starts our loader from an ISO image; the way of a real machine.
    Uefi,
}

/// Options of `cargo xtask run`.
#[derive(Args, Clone, Debug)]
pub(crate) struct Options {
    #[command(flatten)]
    pub source: Source,

    #[command(flatten)]
    pub settings: Settings,

    /// Write the kernel's log to this file
    #[arg(long, value_name = "FILE")]
    pub log: Option<PathBuf>,

    /// Arguments of the program's Main
    #[arg(last = true, value_name = "ARGS")]
    pub arguments: Vec<String>,
}

/// How the machine is to be.
#[derive(Args, Clone, Debug)]
pub(crate) struct Settings {
    /// How many CPUs the machine has, 1 to 64
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=64))]
    pub cpus: u32,

    /// How much memory the machine has: a number with K, M or G; without a letter it is MiB
    #[arg(long, value_name = "SIZE", default_value = "256M", value_parser = memory)]
    pub memory: u64,

    /// Stop after this time, with exit code 124 [default: no limit]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub timeout: Option<Duration>,

    /// Set an environment variable of the program; may be repeated
    #[arg(long = "env", value_name = "K=V", value_parser = variable)]
    pub environment: Vec<String>,

    /// How the machine starts
    #[arg(long, value_enum, default_value_t)]
    pub firmware: Firmware,

    /// Wait at the first instruction for a debugger at this TCP port of this machine
    #[arg(long, value_name = "PORT", num_args = 0..=1, default_missing_value = "1234")]
    pub gdb: Option<u16>,

    /// More arguments for QEMU, for experiments; may be repeated
    #[arg(long = "qemu", value_name = "ARG", allow_hyphen_values = true, hide_short_help = true)]
    pub qemu: Vec<String>,
}

/// `cargo xtask run`.
///
/// # Errors
///
/// If something does not build or the machine cannot be started.
pub(crate) fn command(context: &Context, options: &Options) -> Result<u8> {
    let arch = options.source.arch;
    let project = options.source.find(context)?;
    let log: Box<dyn io::Write + Send> = match &options.log {
        Some(file) => Box::new(
            File::create(file)
                .with_context(|| format!("cannot write the log to {}", file.display()))?,
        ),
        None if context.verbose => Box::new(io::stderr()),
        None => Box::new(io::sink()),
    };
    let work = Work::new(context, arch)?;
    let kernel = work.kernel()?;
    let service = work.service(&project)?;
    let place = Place::new(context)?;
    let package = place.path("package");
    fs::write(
        &package,
        service.package(&options.arguments, &options.settings.environment)?.bytes()?,
    )
    .with_context(|| format!("cannot write {}", package.display()))?;
    if let Some(wanted) = options.settings.lacks(&kernel, &package)? {
        let has = options.settings.memory;
        context.say(format!("cermet: too little memory: the machine has {has} KiB, and kernel and package alone take {wanted}"));
        return Ok(BOOT_FAILURE);
    }
    let machine = options.settings.machine(&work, &place, &kernel, &package)?;
    drop(work);
    if let Some(port) = options.settings.gdb {
        context.say(format!("xtask: waiting for a debugger. Symbols and connection:\n  gdb {} -ex 'add-symbol-file {}' -ex 'target remote :{port}'", kernel.with_extension("full.elf").display(), service.image.full.display()));
    }
    interrupt::watch()?;
    let streams = Streams {
        stdin: Box::new(io::stdin()),
        stdout: Box::new(io::stdout()),
        stderr: Box::new(io::stderr()),
        log,
    };
    let outcome = machine.run(context, streams, options.settings.timeout)?;
    drop(place);
    let is_log_shown = context.verbose && options.log.is_none();
    finish(context, &outcome, options.settings.timeout, is_log_shown)
}

/// The exit code that belongs to an outcome; what needs words gets them.
fn finish(
    context: &Context,
    outcome: &Outcome,
    timeout: Option<Duration>,
    is_log_shown: bool,
) -> Result<u8> {
    let show_log = || {
        if !is_log_shown && !outcome.log.trim().is_empty() {
            context.say(format!("the kernel's log ended with:\n{}", tail(&outcome.log, 40)));
        }
    };
    match &outcome.end {
        End::Exit(code) => {
            if *code == KERNEL_PANIC && outcome.log.contains("panic") {
                show_log();
            }
            Ok(*code)
        }
        End::TimedOut => {
            let limit = timeout.unwrap_or_default().as_secs_f64();
            context.say(format!("xtask: stopped after {limit} s (--timeout)"));
            Ok(TIMED_OUT)
        }
        End::Interrupted(signal) => Ok(u8::try_from(128 + signal).unwrap_or(u8::MAX)),
        // As a program that writes to a closed pipe ends.
        End::Unread => Ok(128 + 13),
        End::Broken(why) => {
            show_log();
            bail!("{why}")
        }
    }
}

fn tail(text: &str, lines: usize) -> String {
    let all: Vec<&str> = text.trim_end().lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}

/// What the command line gives when it says nothing.
impl Default for Settings {
    fn default() -> Settings {
        Settings {
            cpus: 1,
            memory: 256 * 1024,
            timeout: None,
            environment: Vec::new(),
            firmware: Firmware::default(),
            gdb: None,
            qemu: Vec::new(),
        }
    }
}

impl Settings {
    /// The kernel's command line for all that xtask runs: input comes in frames, and the streams begin
    /// with a mark.
    pub(crate) const COMMAND_LINE: &'static str = "stdin=framed streams=marked";

    /// What firmware keeps of the top of memory.
    const TABLES_KIB: u64 = 192;

    /// The least memory in KiB with which UEFI firmware comes to start anything.
    const LEAST_UEFI_KIB: u64 = 96 * 1024;

    /// The memory in KiB without which not even kernel and package can be loaded, if there is less.
    ///
    /// # Errors
    ///
    /// If one of the files cannot be read.
    fn lacks(&self, kernel: &Path, package: &Path) -> Result<Option<u64>> {
        let package = fs::metadata(package).with_context(|| package.display().to_string())?.len();
        // QEMU puts the package below the top of memory, where the firmware's tables are too.
        let wanted =
            (symbols::physical_end(kernel)? + package).div_ceil(1024) + Settings::TABLES_KIB;
        Ok((self.memory < wanted).then_some(wanted))
    }

    /// The machine for a kernel and a package.
    ///
    /// # Errors
    ///
    /// If the firmware or the ISO image cannot be had.
    pub(crate) fn machine(
        &self,
        work: &Work<'_>,
        place: &Place,
        kernel: &Path,
        package: &Path,
    ) -> Result<Machine> {
        let boot = match self.firmware {
            Firmware::Direct => Boot::Direct {
                kernel: kernel.to_path_buf(),
                package: package.to_path_buf(),
                command_line: Settings::COMMAND_LINE.to_owned(),
            },
            Firmware::Uefi => {
                if self.memory < Settings::LEAST_UEFI_KIB {
                    let least = Settings::LEAST_UEFI_KIB / 1024;
                    bail!(
                        "with less than {least}M of memory UEFI firmware does not come to start anything; use --firmware direct"
                    );
                }
                let (code, original) = machine::firmware(work.arch).context(
                    "there is no UEFI firmware on this machine; `cargo xtask setup` says how to get it",
                )?;
                let variables = place.path("variables.fd");
                fs::copy(&original, &variables)
                    .with_context(|| format!("cannot copy {}", original.display()))?;
                let iso = place.path("image.iso");
                crate::iso::make(work, kernel, package, Settings::COMMAND_LINE, &iso)?;
                Boot::Uefi { code, variables, iso, medium: Medium::Cd }
            }
        };
        Ok(Machine {
            arch: work.arch,
            cpus: self.cpus,
            memory_kib: self.memory,
            boot,
            gdb: self.gdb,
            more: self.qemu.clone(),
        })
    }
}

/// A directory for the files of one run, gone afterwards.
#[derive(Debug)]
pub(crate) struct Place {
    dir: PathBuf,
}

impl Place {
    /// Makes one, and removes those whose owners were killed.
    ///
    /// # Errors
    ///
    /// If it cannot be made.
    pub(crate) fn new(context: &Context) -> Result<Place> {
        use std::sync::atomic::{AtomicUsize, Ordering};
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let all = context.dir("run")?;
        for entry in fs::read_dir(&all).with_context(|| all.display().to_string())?.flatten() {
            let name = entry.file_name();
            let owner =
                name.to_string_lossy().split('-').next().and_then(|pid| pid.parse::<u32>().ok());
            if owner.is_some_and(|pid| !Path::new("/proc").join(pid.to_string()).exists()) {
                // Another xtask may be sweeping too.
                drop(fs::remove_dir_all(entry.path()));
            }
        }
        let dir =
            all.join(format!("{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed)));
        fs::create_dir(&dir).with_context(|| format!("cannot make {}", dir.display()))?;
        Ok(Place { dir })
    }

    /// A file in it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // Whatever stays is swept by the next run.
        drop(fs::remove_dir_all(&self.dir));
    }
}

/// A size in KiB.
fn memory(text: &str) -> Result<u64, String> {
    let wrong = || format!("`{text}` is no size: a number with K, M or G is wanted, such as 24M");
    let text_upper = text.trim().to_ascii_uppercase();
    let body = text_upper
        .strip_suffix("IB")
        .or_else(|| text_upper.strip_suffix('B'))
        .unwrap_or(&text_upper);
    let (digits, unit) = match body.chars().last() {
        Some('K') => (&body[..body.len() - 1], 1),
        Some('M') => (&body[..body.len() - 1], 1024),
        Some('G') => (&body[..body.len() - 1], 1024 * 1024),
        _ => (body, 1024),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong());
    }
    let kib = digits
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(unit))
        .filter(|&kib| kib <= 1 << 30)
        .ok_or_else(wrong)?;
    if kib < LEAST_KIB {
        Err(format!(
            "`{text}` is too little: a machine needs at least {}M to say anything",
            LEAST_KIB / 1024
        ))
    } else {
        Ok(kib)
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let value =
        text.parse::<f64>().ok().filter(|value| value.is_finite() && *value > 0.0 && *value < 1e9);
    value
        .map(Duration::from_secs_f64)
        .ok_or_else(|| format!("`{text}` is no time: a positive number of seconds is wanted"))
}

fn variable(text: &str) -> Result<String, String> {
    match text.split_once('=') {
        Some((name, _)) if !name.is_empty() => Ok(text.to_owned()),
        _ => Err(format!("`{text}` is no variable: NAME=VALUE is wanted")),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{memory, seconds, tail, variable};

    #[test]
    fn sizes_are_understood() {
        assert_eq!(memory("24M"), Ok(24 * 1024));
        assert_eq!(memory("24"), Ok(24 * 1024));
        assert_eq!(memory("1g"), Ok(1024 * 1024));
        assert_eq!(memory("4096K"), Ok(4096));
        assert_eq!(memory("24MiB"), Ok(24 * 1024));
        for wrong in ["", "M", "-1M", "1.5G", "x", "99999999999999999999G", "1T", "1K"] {
            assert!(memory(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn times_are_understood() {
        assert_eq!(seconds("1.5"), Ok(Duration::from_millis(1500)));
        for wrong in ["", "0", "-1", "inf", "nan", "x"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn variables_are_understood() {
        assert_eq!(variable("A=").as_deref(), Ok("A="));
        assert!(variable("A").is_err() && variable("=1").is_err());
    }

    #[test]
    fn the_tail_of_a_log_is_its_last_lines() {
        assert_eq!(tail("1\n2\n3\n", 2), "2\n3");
        assert_eq!(tail("1\n", 5), "1");
    }
}
