//! A kernel on a simulated machine, with a service whose code is given by the test.

use abi::Call;
use abi::package::kind;
use hal::boot::Info;
use hal::simulation::{self, Config, User};
use hal::task::Event;

use super::Random;
use crate::Kernel;
use crate::sched::cpu::Local;
use crate::service::{elf, load, package};

/// Where the service's code lies.
pub(crate) const CODE: usize = 0x40_0000;
/// Where its initialised data lie, two pages in the file and two without.
pub(crate) const DATA: usize = 0x41_0000;
/// The contents of the initialised data.
pub(crate) const DATA_BYTES: [u8; 6000] = [0xda; 6000];

/// A kernel, its machine and the CPUs' state.
pub(crate) struct Rig {
    pub(crate) kernel: &'static Kernel,
    locals: Vec<Local>,
    random: Random,
}

/// A good package with an image at [`CODE`] and [`DATA`].
pub(crate) fn sample_package() -> Vec<u8> {
    let image = elf::tests::build(
        CODE as u64,
        &[(5, CODE as u64, &[0x90; 5000], 5000), (6, DATA as u64, &DATA_BYTES, 0x4000)],
    );
    package::tests::build(&[(kind::IMAGE, "sample", &image), (kind::CONTENT, "a", b"content")])
}

impl Rig {
    /// A machine with `cpus` CPUs that runs the sample service.
    pub(crate) fn new(cpus: u32) -> Self {
        Self::with(&Config { cpus, package: Some(&sample_package()), ..Config::default() })
    }

    /// The machine of `config`, running what is in its package.
    pub(crate) fn with(config: &Config<'_>) -> Self {
        Self::start(simulation::boot(config), config.cpus)
    }

    fn start(info: &'static Info, cpus: u32) -> Self {
        // Leaked: a test may stop in the middle, with frames in use that must not be dropped.
        let kernel: &'static Kernel = Box::leak(Box::new(Kernel::new(info)));
        let module = info.package.expect("the test gave a package");
        let thread = load::load(kernel, module).expect("the package is good");
        let mut locals: Vec<_> = (0..cpus)
            .map(|cpu| {
                simulation::set_cpu(cpu);
                Local::new(hal::cpu::current())
            })
            .collect();
        simulation::set_cpu(0);
        kernel.make_ready(&mut locals[0], thread);
        Self { kernel, locals, random: Random::new(1) }
    }

    /// Steps all CPUs in random order until the machine is off; the exit code.
    pub(crate) fn run(&mut self) -> u8 {
        assert!(self.run_for(20_000_000), "the service comes to an end");
        let log = String::from_utf8(simulation::received(2)).expect("the log is text");
        let last = log.lines().last().expect("the log has lines");
        let code = last.strip_prefix("[exit] ").expect("the last line is the exit code");
        code.parse().expect("a number")
    }

    /// Steps all CPUs up to `steps` times together; true when the machine went off.
    pub(crate) fn run_for(&mut self, steps: usize) -> bool {
        let finished = simulation::until_halt(|| {
            for _ in 0..steps {
                let cpu = self.random.below(self.locals.len());
                simulation::set_cpu(cpu as u32);
                self.kernel.step(&mut self.locals[cpu]);
                assert!(simulation::idle_waits() < 10_000, "every CPU waits for ever");
            }
        });
        finished.is_none()
    }

    /// Standard output.
    pub(crate) fn output(&self) -> String {
        String::from_utf8(simulation::received(0)).expect("text")
    }
}

/// Sets the code at `address`: `step` is called with 0, 1, 2... for each thread that runs it, and the
/// same number again after a fault.
pub(crate) fn program(
    address: usize,
    mut step: impl FnMut(&mut User<'_>, u64) -> Option<Event> + 'static,
) {
    simulation::code(address, move |user| {
        let number = user.registers.rbx;
        user.registers.rbx += 1;
        let event = step(user, number);
        if matches!(event, Some(Event::Fault { .. })) {
            user.registers.rbx = number;
        }
        event
    });
}

/// Makes a kernel call with up to four arguments.
pub(crate) fn call<const N: usize>(
    user: &mut User<'_>,
    call: Call,
    arguments: [usize; N],
) -> Option<Event> {
    let mut all = [0; 4];
    for (place, argument) in all.iter_mut().zip(arguments) {
        *place = argument as u64;
    }
    user.call(call as u64, all)
}

/// Writes memory, or gives the fault.
pub(crate) fn store(user: &User<'_>, address: usize, bytes: &[u8]) -> Option<Event> {
    user.store(address, bytes).err()
}
