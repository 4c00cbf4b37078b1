//! The kernel: policy over the machine in `hal`, in safe code only.
//!
//! | module | concern |
//! |---|---|
//! | `memory` | physical frames, what a service has mapped, making pages real |
//! | `thread` | threads and their handles |
//! | `sched` | which thread runs where and until when; the loop each CPU runs |
//! | `wait` | threads that wait |
//! | `service` | packages and images, the life and death of a service |
//! | `call` | the kernel calls |
//! | `fault`, `trap` | what a thread did that it cannot do, and telling its service |
//! | `stream`, `log` | serial ports: input and output of a service, messages of the kernel |
//!
//! The kernel is driven by events: each CPU runs a thread until that needs the kernel, does what is
//! needed, and goes on. A thread that waits is an object in a queue. So there is one kernel stack per
//! CPU, interrupts are off in the kernel, and no lock is held while a thread runs.
//!
//! # Order of locks
//!
//! A lock further down may be taken while one further up is held, never the other way round; locks of
//! one line are never held together.
//!
//! 1. thread table
//! 2. bucket of waiting threads
//! 3. run queue; deadline heap; address space; stream; log
//! 4. frame pool; page tables; serial port (in `hal`)

#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

mod arch;
mod bytes;
mod call;
mod command_line;
mod fault;
mod log;
mod memory;
mod sched;
mod service;
mod stream;
#[cfg(test)]
mod test;
mod thread;
mod trap;
mod wait;

use alloc::boxed::Box;
use core::fmt::{self, Write};
use core::panic::PanicInfo;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use abi::exit;
use abi::memory::PAGE_SIZE;
use hal::boot::Info;
use hal::console::Port;
use hal::sync::{Once, SpinLock};
use hal::{backtrace, cpu, power};

use command_line::{MARK, Options};
use log::{Log, Severity, Text};
use memory::Frames;
use sched::Scheduler;
use sched::cpu::Local;
use service::Service;
use stream::Streams;
use thread::{Table, Thread};
use wait::Waiting;

/// COM1: standard output and input.
const OUTPUT_PORT: usize = 0;
/// COM2: standard error.
const ERROR_PORT: usize = 1;
/// COM3: the log.
const LOG_PORT: usize = 2;

/// Everything the kernel knows.
#[derive(Debug)]
struct Kernel {
    info: &'static Info,
    options: Options,
    frames: Frames,
    threads: SpinLock<Table>,
    scheduler: Scheduler,
    waiting: Waiting,
    streams: Streams,
    log: Log,
    services: AtomicU64,
}

static KERNEL: Once<Kernel> = Once::new();

/// Starts the kernel on a machine that is ready, and the service in its package.
///
/// # Panics
///
/// When the command line asks for that.
pub fn boot(info: &'static Info) -> ! {
    let kernel = KERNEL.call_once(|| Kernel::new(info));
    kernel.log_machine();
    assert!(!kernel.options.panic, "the command line asks for a panic");
    let first = kernel.load();
    cpu::start_all(run_other);
    let mut local = Local::new(cpu::current());
    kernel.make_ready(&mut local, first);
    kernel.run(local)
}

/// What the other CPUs do.
fn run_other(cpu: cpu::Id) -> ! {
    let kernel = KERNEL.get().expect("the first CPU made it before it started others");
    kernel.run(Local::new(cpu))
}

impl Kernel {
    fn new(info: &'static Info) -> Self {
        let options = Options::parse(info.command_line);
        let output = Port::open(OUTPUT_PORT);
        let error = Port::open(ERROR_PORT);
        if options.mark_streams {
            for port in [output, error].into_iter().flatten() {
                port.write_all(&MARK);
            }
        }
        let log = if options.log_to_output { output } else { Port::open(LOG_PORT) };
        Self {
            info,
            options,
            frames: Frames::new(info.memory),
            threads: SpinLock::new(Table::new()),
            scheduler: Scheduler::new(),
            waiting: Waiting::new(),
            streams: Streams::new(output, error, options.source),
            log: Log::new(log),
            services: AtomicU64::new(0),
        }
    }

    fn log_machine(&self) {
        let kib = |pages: usize| pages * PAGE_SIZE / 1024;
        self.log.info(format_args!(
            "cermet {} by {}: {} CPUs, {} KiB of memory, {} KiB free",
            env!("CARGO_PKG_VERSION"),
            self.info.loader,
            cpu::count(),
            self.info.total_memory / 1024,
            kib(self.frames.total()),
        ));
    }

    /// The first thread of the service in the package.
    fn load(&self) -> Box<Thread> {
        let Some(module) = self.info.package else {
            self.boot_failure(format_args!("there is no package: the loader gave no boot module"));
        };
        match service::load::load(self, module) {
            Ok(thread) => {
                let service = &thread.service;
                self.log.info(format_args!("starting {}", service.name()));
                thread
            }
            Err(failure) => self.boot_failure(format_args!(
                "{failure} (machine: {} KiB)",
                self.info.total_memory / 1024
            )),
        }
    }

    /// Says why there is nothing to run, and ends.
    fn boot_failure(&self, reason: fmt::Arguments<'_>) -> ! {
        self.log.line(Severity::Error, format_args!("cannot start: {reason}"));
        self.tell(format_args!("cermet: cannot start: {reason}\n"));
        self.finish(exit::BOOT_FAILURE)
    }

    /// Tells of a service's misfortune, in the log and where it would itself.
    fn tell_service(&self, service: &Service, text: fmt::Arguments<'_>) {
        self.log.line(Severity::Warning, format_args!("{}: {text}", service.name()));
        self.tell(format_args!("{}: {text}\n", service.name()));
    }

    /// Writes to standard error.
    fn tell(&self, text: fmt::Arguments<'_>) {
        let mut bytes = [0; 1024];
        let mut out = Text { bytes: &mut bytes, len: 0 };
        // It takes everything, or cuts it off.
        let _ = out.write_fmt(text);
        let len = out.len;
        self.streams.write_error(&bytes[..len]);
    }

    /// The number of the next service.
    fn next_service_number(&self) -> u64 {
        self.services.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Ends the machine with an exit code.
    fn finish(&self, code: u8) -> ! {
        self.streams.flush();
        self.log.end(code);
        power::off()
    }
}

/// Where the text of a panic goes, piece by piece and without locks.
struct Emergency {
    fallback: Option<Port>,
}

impl Write for Emergency {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        match KERNEL.get() {
            Some(kernel) => kernel.log.emergency(self.fallback, text.as_bytes()),
            None => {
                if let Some(port) = Port::open(LOG_PORT).or(self.fallback) {
                    port.write_all(text.as_bytes());
                }
            }
        }
        Ok(())
    }
}

/// Says where the kernel found a bug in itself, and ends the machine.
pub fn panicked(info: &PanicInfo<'_>) -> ! {
    const NOBODY: u32 = u32::MAX;
    static PANICKING: AtomicU32 = AtomicU32::new(NOBODY);
    let here = cpu::current().number();
    match PANICKING.compare_exchange(NOBODY, here, Ordering::SeqCst, Ordering::SeqCst) {
        Ok(_) => {}
        // A panic in the panic: what could be said was said.
        Err(cpu) if cpu == here => power::off(),
        // Another CPU is saying why the machine ends, and must not be cut off.
        Err(_) => power::halt(),
    }
    cpu::stop_others();
    let mut out = Emergency { fallback: Port::open(OUTPUT_PORT) };
    // The sink takes everything.
    let _ = writeln!(out, "kernel panic on CPU {}: {info}", cpu::current());
    let _ = backtrace::write(&mut out);
    let _ = writeln!(out, "[exit] {}", exit::KERNEL_PANIC);
    power::off()
}
