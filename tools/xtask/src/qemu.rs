//! A QEMU machine: started, listened to, fed, timed, and gone when its owner is gone.
//!
//! | port | carries | how it reaches us |
//! |---|---|---|
//! | COM1 | the service's stdout and stdin | QEMU's own stdout and stdin |
//! | COM2 | the service's stderr | a socket |
//! | COM3 | the kernel's log | a socket |

mod streams;

use std::io::{self, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use streams::{Copier, Gate, Kept, Port, feed};

use crate::arch::Arch;
use crate::context::Context;
use crate::interrupt;
use crate::tool::{self, Tool};

/// How often the end of the machine is looked for.
const POLL: Duration = Duration::from_millis(4);

/// How the machine starts.
#[derive(Clone, Debug)]
pub(crate) enum Boot {
    /// QEMU loads kernel and package itself and enters through PVH.
    Direct {
        /// The kernel's ELF file.
        kernel: PathBuf,
        /// The package.
        package: PathBuf,
        /// The kernel's command line.
        command_line: String,
    },
    /// As [`Boot::Direct`], without a package: for tests.
    Bare {
        /// The kernel's ELF file.
        kernel: PathBuf,
        /// The kernel's command line.
        command_line: String,
    },
    /// The firmware starts the loader on a disk image.
    Uefi {
        /// The firmware's code.
        code: PathBuf,
        /// The firmware's variables: written to, so a private copy.
        variables: PathBuf,
        /// The image.
        iso: PathBuf,
        /// On what it is.
        medium: Medium,
    },
}

/// On what an image is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Medium {
    /// A CD.
    Cd,
    /// A SATA disk.
    Disk,
    /// A disk of the kind that only virtual machines have.
    Virtio,
    /// A USB stick.
    Usb,
}

/// A machine about to be started.
#[derive(Clone, Debug)]
pub(crate) struct Machine {
    /// Its architecture.
    pub arch: Arch,
    /// Its processors.
    pub cpus: u32,
    /// Its memory in KiB.
    pub memory_kib: u64,
    /// How it starts.
    pub boot: Boot,
    /// Port at which QEMU waits for a debugger before the first instruction.
    pub gdb: Option<u16>,
    /// More arguments for QEMU.
    pub more: Vec<String>,
}

/// Where a machine's streams come from and go to.
pub(crate) struct Streams {
    /// Becomes `Console.In`.
    pub stdin: Box<dyn Read + Send>,
    /// Takes `Console.Out`.
    pub stdout: Box<dyn Write + Send>,
    /// Takes `Console.Error`.
    pub stderr: Box<dyn Write + Send>,
    /// Takes the kernel's log.
    pub log: Box<dyn Write + Send>,
}

/// How a machine ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The service ended with this code.
    Exit(u8),
    /// Time was up.
    TimedOut,
    /// A signal asked us to stop.
    Interrupted(i32),
    /// Nobody reads stdout any more.
    Unread,
    /// The machine ended without saying how the service did; with what QEMU said.
    Broken(String),
}

/// A machine's end, and the last of its log.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    /// How it ended.
    pub end: End,
    /// The last of the kernel's log.
    pub log: String,
    /// From the start of QEMU to its end.
    pub time: Duration,
}

impl Medium {
    /// How QEMU treats the file.
    fn drive(self) -> &'static str {
        match self {
            Medium::Cd => "media=cdrom,readonly=on",
            // Disks that cannot be written are not for every controller; what is written is dropped.
            Medium::Disk | Medium::Virtio | Medium::Usb => "snapshot=on",
        }
    }

    /// The devices that the machine gets for it.
    fn devices(self) -> &'static [&'static str] {
        match self {
            Medium::Cd => &["-device", "ide-cd,drive=boot,bootindex=0"],
            Medium::Disk => &["-device", "ide-hd,drive=boot,bootindex=0"],
            Medium::Virtio => &["-device", "virtio-blk-pci,drive=boot,bootindex=0"],
            Medium::Usb => {
                &["-device", "qemu-xhci", "-device", "usb-storage,drive=boot,bootindex=0"]
            }
        }
    }
}

impl Machine {
    /// QEMU's command line, without the serial ports.
    fn tool(&self) -> Tool {
        let mut args: Vec<String> =
            self.arch.qemu_machine().iter().map(|&arg| arg.to_owned()).collect();
        args.extend(
            ["-accel", "tcg", "-nodefaults", "-no-reboot", "-display", "none", "-monitor", "none"]
                .map(str::to_owned),
        );
        args.extend([
            "-m".to_owned(),
            format!("{}K", self.memory_kib),
            "-smp".to_owned(),
            self.cpus.to_string(),
        ]);
        match &self.boot {
            Boot::Direct { kernel, package, command_line } => {
                args.extend([
                    "-kernel".to_owned(),
                    kernel.display().to_string(),
                    "-initrd".to_owned(),
                    package.display().to_string(),
                ]);
                args.extend(["-append".to_owned(), command_line.clone()]);
            }
            Boot::Bare { kernel, command_line } => {
                args.extend([
                    "-kernel".to_owned(),
                    kernel.display().to_string(),
                    "-append".to_owned(),
                    command_line.clone(),
                ]);
            }
            Boot::Uefi { code, variables, iso, medium } => {
                args.extend([
                    "-drive".to_owned(),
                    format!("if=pflash,format=raw,unit=0,readonly=on,file={}", comma(code)),
                    "-drive".to_owned(),
                    format!("if=pflash,format=raw,unit=1,file={}", comma(variables)),
                    "-drive".to_owned(),
                    format!("{},if=none,id=boot,format=raw,file={}", medium.drive(), comma(iso)),
                ]);
                args.extend(medium.devices().iter().map(|&arg| arg.to_owned()));
            }
        }
        if let Some(port) = self.gdb {
            args.extend(["-gdb".to_owned(), format!("tcp:127.0.0.1:{port}"), "-S".to_owned()]);
        }
        args.extend(self.more.iter().cloned());
        // If we die in a way that runs no destructor, QEMU must not outlive us.
        match tool::find("setpriv") {
            Some(setpriv) => Tool::new(setpriv)
                .args(["--pdeathsig", "KILL", "--"])
                .arg(self.arch.qemu())
                .args(args),
            None => Tool::new(self.arch.qemu()).args(args),
        }
    }

    /// Adds a word to the kernel's command line, where QEMU is the one that gives it.
    pub(crate) fn add_to_command_line(&mut self, word: &str) {
        if let Boot::Direct { command_line, .. } | Boot::Bare { command_line, .. } = &mut self.boot
        {
            *command_line = format!("{command_line} {word}").trim().to_owned();
        }
    }

    /// Runs the machine to its end.
    ///
    /// # Errors
    ///
    /// If QEMU cannot be started.
    pub(crate) fn run(
        &self,
        context: &Context,
        streams: Streams,
        timeout: Option<Duration>,
    ) -> Result<Outcome> {
        let (stderr, stderr_port) = Port::open("c1")?;
        let (log, log_port) = Port::open("c2")?;
        let tool = self
            .tool()
            .args(["-chardev", "stdio,id=c0,signal=off", "-serial", "chardev:c0"])
            .args(stderr_port)
            .args(log_port);
        if context.verbose {
            context.say(format!("+ {}", tool.line()));
        }
        let mut command = tool.into_command();
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        let start = Instant::now();
        let mut child = Running::start(&mut command, self.arch)?;

        let unread = Arc::new(AtomicBool::new(false));
        let (kept, said) = (Kept::default(), Kept::default());
        let (first, second) = (Arc::<Gate>::default(), Arc::<Gate>::default());
        let stdout = child.0.stdout.take().context("QEMU's stdout")?;
        let own = child.0.stderr.take().context("QEMU's stderr")?;
        let input = child.0.stdin.take().context("QEMU's stdin")?;
        let outputs = vec![
            Copier {
                unread: Some(unread.clone()),
                gate: Some(first.clone()),
                ..Copier::plain(streams.stdout)
            }
            .start(stdout),
            stderr.copy(Copier { gate: Some(second.clone()), ..Copier::plain(streams.stderr) }),
            log.copy(Copier { kept: Some(kept.clone()), ..Copier::plain(streams.log) }),
            Copier { kept: Some(said.clone()), ..Copier::plain(Box::new(io::sink())) }.start(own),
        ];
        feed(streams.stdin, input, first.clone());

        let watch = Watch { start, timeout, unread, gate: first.clone() };
        let stopped = child.wait(&watch)?;
        let time = start.elapsed();
        for port in [&stderr, &log] {
            port.give_up();
        }
        for output in outputs {
            // A copier cannot panic: it only reads and writes.
            drop(output.join());
        }
        let log = kept.text();
        let end = match stopped {
            Stopped::Early(end) => end,
            Stopped::Itself(status) => match exit_code(&log) {
                Some(code) => End::Exit(code),
                None => {
                    let words = [said.text(), first.before(), second.before()].concat();
                    End::Broken(broken(status, &words))
                }
            },
        };
        Ok(Outcome { end, log, time })
    }
}

/// The exit code that the kernel wrote as the last word of its log.
pub(crate) fn exit_code(log: &str) -> Option<u8> {
    let line = log.lines().rev().find_map(|line| line.trim().strip_prefix("[exit] "))?;
    line.trim().parse().ok()
}

fn broken(status: ExitStatus, said: &str) -> String {
    let said = said.trim();
    let how = if status.success() {
        "the machine stopped without an exit code".to_owned()
    } else {
        format!("QEMU failed ({status})")
    };
    if said.is_empty() { how } else { format!("{how}: {said}") }
}

/// A path in an option list of QEMU, where a comma is doubled.
fn comma(path: &std::path::Path) -> String {
    path.display().to_string().replace(',', ",,")
}

/// A child that is killed when it is dropped.
struct Running(Child);

/// What a wait looks at.
struct Watch {
    start: Instant,
    timeout: Option<Duration>,
    unread: Arc<AtomicBool>,
    gate: Arc<Gate>,
}

enum Stopped {
    Itself(ExitStatus),
    Early(End),
}

impl Watch {
    /// Why the machine is to be stopped now, if it is.
    fn end(&self) -> Option<End> {
        if let Some(signal) = interrupt::pending() {
            return Some(End::Interrupted(signal));
        }
        if self.unread.load(Ordering::Relaxed) {
            return Some(End::Unread);
        }
        if let Some(why) = self.gate.halted() {
            return Some(End::Broken(why));
        }
        let is_late = self.timeout.is_some_and(|timeout| self.start.elapsed() >= timeout);
        is_late.then_some(End::TimedOut)
    }
}

impl Running {
    fn start(command: &mut Command, arch: Arch) -> Result<Running> {
        let child =
            command.spawn().with_context(|| format!("{} cannot be started", arch.qemu()))?;
        Ok(Running(child))
    }

    fn wait(&mut self, watch: &Watch) -> Result<Stopped> {
        loop {
            if let Some(status) = self.0.try_wait().context("waiting for QEMU")? {
                return Ok(Stopped::Itself(status));
            }
            if let Some(end) = watch.end() {
                return Ok(Stopped::Early(self.stop(end)));
            }
            thread::sleep(POLL);
        }
    }

    fn stop(&mut self, end: End) -> End {
        self.kill();
        end
    }

    fn kill(&mut self) {
        // It may have ended by itself; then there is nothing to kill and the wait returns at once.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Boot, Machine, comma, exit_code};
    use crate::arch::Arch;

    #[test]
    fn the_exit_code_is_the_last_one_in_the_log() {
        assert_eq!(exit_code("booting\n[exit] 3\n"), Some(3));
        assert_eq!(exit_code("[exit] 3\r\nmore\n[exit] 134\r\n"), Some(134));
        assert_eq!(exit_code("no end"), None);
        assert_eq!(exit_code("[exit] 300\n"), None);
        assert_eq!(exit_code("the text [exit] 1 within a line\n"), None);
    }

    #[test]
    fn commas_in_paths_are_doubled() {
        assert_eq!(comma(Path::new("/a,b")), "/a,,b");
    }

    #[test]
    fn a_machine_has_the_asked_for_size() {
        let boot = Boot::Direct {
            kernel: "k".into(),
            package: "p".into(),
            command_line: "stdin=framed".into(),
        };
        let line = Machine {
            arch: Arch::X86_64,
            cpus: 3,
            memory_kib: 24 * 1024,
            boot,
            gdb: None,
            more: Vec::new(),
        }
        .tool()
        .line();
        assert!(
            line.contains("-smp 3")
                && line.contains("-m 24576K")
                && line.contains("-append stdin=framed"),
            "{line}"
        );
    }
}
