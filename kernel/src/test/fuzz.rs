//! Calls with wild arguments, from several threads on several CPUs: whatever a service does, the
//! kernel goes on, and in the end no frame is missing.

use abi::Call;
use abi::memory::PAGE_SIZE;
use hal::simulation::{self, Config};
use hal::task::Event;

use super::Random;
use super::rig::{CODE, DATA, Rig, sample_package};

/// An argument that may just mean something.
fn argument(random: &mut Random) -> u64 {
    match random.below(8) {
        0 => DATA as u64 + random.next() % 0x4000,
        1 => (DATA + random.below(5) * PAGE_SIZE) as u64,
        2 => 0x10_0000_0000 + (random.next() % 4096) * PAGE_SIZE as u64,
        3 => random.next() % 8,
        4 => (random.next() % 64) * PAGE_SIZE as u64,
        5 => hal::time::now_ns() + random.next() % 1_000_000,
        6 => [1, 3, 5, 0][random.below(4)],
        _ => random.interesting(),
    }
}

fn run(seed: u64) {
    let mut random = Random::new(seed);
    let mut left = 3000_u32;
    simulation::code(CODE, move |user| {
        left = left.saturating_sub(1);
        let is_last = left == 0;
        if random.below(20) == 0 && !is_last {
            let kind = abi::trap::Kind::from_number(random.next() % 11);
            let kind = kind.unwrap_or(abi::trap::Kind::Memory);
            return Some(match random.below(2) {
                0 => Event::Fault {
                    kind: abi::trap::Kind::Memory,
                    code: random.next() % 32,
                    address: argument(&mut random),
                },
                _ => Event::Fault { kind, code: random.next(), address: random.interesting() },
            });
        }
        let number = match random.below(12) {
            _ if is_last => Call::Exit as u64,
            0 => random.interesting(),
            1 | 2 => Call::MemoryMap as u64,
            3 => Call::ThreadCreate as u64,
            _ => u64::from(random.next() as u32 % Call::COUNT),
        };
        // Not the end yet, nor all waiting for nothing.
        let number = match number {
            1 if !is_last => Call::TrapStack as u64,
            n if n == Call::ThreadExit as u64 && random.below(4) > 0 => Call::Yield as u64,
            n => n,
        };
        let mut arguments = core::array::from_fn(|_| argument(&mut random));
        if [Call::Wait as u64, Call::Sleep as u64, Call::StreamRead as u64].contains(&number) {
            let soon = hal::time::now_ns() + random.next() % 100_000;
            arguments[[2, 0, 3][random.below(3)]] = soon;
            if number == Call::Wait as u64 {
                arguments[2] = soon;
            } else if number == Call::StreamRead as u64 {
                arguments[3] = soon;
            } else {
                arguments[0] = soon;
            }
        }
        // Threads begin here again; traps come back here.
        match number {
            n if n == Call::TrapHandler as u64 => arguments[0] = CODE as u64,
            n if n == Call::ThreadCreate as u64 => {
                let stack = DATA + 0x2000;
                let fields = [CODE, 0, stack + 0x1000, 0, stack, 0x800, DATA];
                let bytes: Vec<u8> = fields.iter().flat_map(|f| f.to_le_bytes()).collect();
                // Where it cannot be written, the call gets what is there.
                let _ = user.store(DATA + 0x1000, &bytes);
                arguments[0] = DATA as u64 + 0x1000;
            }
            _ => {}
        }
        user.registers.rip = CODE as u64;
        user.call(number, arguments)
    });
    let package = sample_package();
    let cpus = 1 + (seed % 3) as u32;
    let config = Config { cpus, pages: 700, package: Some(&package), ..Config::default() };
    // Any code can be given to `Exit`; what counts is that the machine comes to a regular end, which
    // includes that every frame of the service was found again.
    Rig::with(&config).run();
}

#[test]
#[cfg_attr(miri, ignore = "too long for Miri")]
fn wild_calls_never_hurt_the_kernel() {
    for seed in 0..300 {
        run(seed);
    }
}
