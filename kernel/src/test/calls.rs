//! The kernel calls, one by one and against each other.

use abi::memory::PAGE_SIZE;
use abi::{Call, Error, NO_DEADLINE, exit, info};
use hal::simulation::{self, Config, User};
use hal::task::Event;

use super::rig::{CODE, DATA, Rig, call, program, sample_package, store};
use crate::bytes::{u32_at, u64_at};

pub(super) const FOREVER: usize = NO_DEADLINE as usize;
/// Code of a second thread.
pub(super) const OTHER: usize = CODE + 64;
/// Untouched data: `DATA` is initialised, this is zero.
pub(super) const ZEROS: usize = DATA + 0x2000;

fn code_of(error: Error) -> i64 {
    -(error as i64)
}

/// Parameters of a thread at [`OTHER`], with its stack and trap stack in a mapping at `stack`.
fn parameters(argument: usize, stack: usize, exit_word: usize) -> Vec<u8> {
    [OTHER, argument, stack + 0x2000, 0, stack, 0x1000, exit_word]
        .iter()
        .flat_map(|field| field.to_le_bytes())
        .collect()
}

/// Creates a thread at [`OTHER`].
pub(super) fn create(user: &mut User<'_>, argument: usize, exit_word: usize) -> Option<Event> {
    let fault = store(user, ZEROS, &parameters(argument, ZEROS, exit_word));
    fault.or_else(|| call(user, Call::ThreadCreate, [ZEROS]))
}

pub(super) fn word(user: &User<'_>, address: usize) -> u32 {
    let mut bytes = [0; 4];
    user.load(address, &mut bytes).expect("a page that was touched");
    u32::from_le_bytes(bytes)
}

#[test]
fn a_wait_sees_its_word_and_its_deadline() {
    program(CODE, |user, step| match step {
        0 => store(user, DATA, &5_u32.to_le_bytes()),
        1 => call(user, Call::Wait, [DATA, 6, FOREVER]),
        2 => {
            assert_eq!(user.result(), code_of(Error::Again));
            call(user, Call::Wait, [DATA, 5, hal::time::now_ns() as usize + 1_000_000])
        }
        3 => {
            assert_eq!(user.result(), code_of(Error::TimedOut));
            call(user, Call::Wait, [DATA, 5, 1])
        }
        4 => {
            assert_eq!(user.result(), code_of(Error::TimedOut));
            call(user, Call::Wait, [DATA + 1, 5, 1])
        }
        5 => {
            assert_eq!(user.result(), code_of(Error::BadArgument));
            call(user, Call::Wait, [0x1_0000, 5, 1])
        }
        6 => {
            assert_eq!(user.result(), code_of(Error::BadAddress));
            call(user, Call::Wait, [ZEROS + 0x1000, 1, FOREVER])
        }
        7 => {
            assert_eq!(user.result(), code_of(Error::Again), "an untouched word is zero");
            call(user, Call::Wake, [DATA, 10])
        }
        _ => {
            assert_eq!(user.result(), 0);
            call(user, Call::Exit, [0])
        }
    });
    assert_eq!(Rig::new(1).run(), 0);
}

#[test]
fn sleeping_takes_as_long_as_it_says() {
    program(CODE, |user, step| {
        let now = hal::time::now_ns();
        match step {
            0 => {
                user.registers.r12 = now;
                call(user, Call::Sleep, [now as usize + 50_000_000])
            }
            _ => {
                let slept = now - user.registers.r12;
                assert!((50_000_000..51_000_000).contains(&slept), "{slept}");
                assert_eq!(user.result(), 0);
                call(user, Call::Exit, [0])
            }
        }
    });
    assert_eq!(Rig::new(2).run(), 0);
}

/// Two threads hand a word to and fro a thousand times.
fn ping_pong(cpus: u32) {
    const ROUNDS: u32 = 1000;
    let turn = |user: &mut User<'_>, mine: u32| {
        let now = word(user, DATA);
        if now >= 2 * ROUNDS {
            return call(user, Call::Wake, [DATA, usize::MAX]);
        }
        if now % 2 != mine {
            return call(user, Call::Wait, [DATA, now as usize, FOREVER]);
        }
        user.store(DATA, &(now + 1).to_le_bytes()).expect("touched");
        call(user, Call::Wake, [DATA, 1])
    };
    program(CODE, move |user, step| match step {
        0 => store(user, DATA, &[0; 4]),
        1 => store(user, DATA + 4, &[1]),
        2 => create(user, 0, DATA + 4),
        _ if word(user, DATA) >= 2 * ROUNDS && word(user, DATA + 4) == 0 => {
            call(user, Call::Exit, [9])
        }
        _ if word(user, DATA) >= 2 * ROUNDS => call(user, Call::Yield, []),
        _ => turn(user, 0),
    });
    program(OTHER, move |user, _| {
        let is_over = word(user, DATA) >= 2 * ROUNDS;
        if is_over { call(user, Call::ThreadExit, []) } else { turn(user, 1) }
    });
    assert_eq!(Rig::new(cpus).run(), 9);
}

#[test]
#[cfg_attr(miri, ignore = "too long for Miri")]
fn no_wake_up_is_lost_on_one_cpu() {
    ping_pong(1);
}

#[test]
#[cfg_attr(miri, ignore = "too long for Miri")]
fn no_wake_up_is_lost_on_four_cpus() {
    ping_pong(4);
}

#[test]
#[cfg_attr(miri, ignore = "too long for Miri")]
fn a_spinning_thread_is_preempted_and_time_is_accounted() {
    program(CODE, |user, step| match step {
        0 => store(user, DATA, &[0; 4]),
        1 => create(user, 0, 0),
        _ if word(user, DATA) == 0 => None,
        2.. if user.registers.r12 == 0 => {
            user.registers.r12 = 1;
            call(user, Call::Info, [info::SERVICE as usize, ZEROS, 100])
        }
        _ => {
            let mut figures = [0; 56];
            user.load(ZEROS, &mut figures).expect("written");
            assert!(u64_at(&figures, 32).expect("user time") > 4_000_000);
            assert!(u64_at(&figures, 40).expect("kernel time") > 0);
            assert_eq!(u32_at(&figures, 48), Some(1), "the other thread has ended");
            assert_eq!(user.result(), 56);
            call(user, Call::Exit, [0])
        }
    });
    program(OTHER, |user, step| match step {
        0 => store(user, DATA, &[1; 4]),
        _ => call(user, Call::ThreadExit, []),
    });
    assert_eq!(Rig::new(1).run(), 0);
}

#[test]
fn a_thread_gets_its_parameters_and_its_exit_word_is_cleared() {
    program(CODE, |user, step| match step {
        0 => store(user, DATA + 8, &[7, 0, 0, 0]),
        1 => create(user, 1234, DATA + 8),
        2 => {
            assert!(user.result() > 0);
            user.registers.r13 = user.registers.rax;
            call(user, Call::Wait, [DATA + 8, 7, FOREVER])
        }
        3 => {
            assert!([0, code_of(Error::Again)].contains(&user.result()));
            assert_eq!(word(user, DATA + 8), 0);
            // The handle means nothing any more.
            call(user, Call::ThreadInterrupt, [user.registers.r13 as usize])
        }
        _ => {
            assert_eq!(user.result(), code_of(Error::BadHandle));
            call(user, Call::Exit, [0])
        }
    });
    program(OTHER, |user, _| {
        assert_eq!(user.registers.rdi, 1234);
        assert_eq!(user.registers.rsp as usize, ZEROS + 0x2000 - 8);
        call(user, Call::ThreadExit, [])
    });
    for cpus in [1, 3] {
        assert_eq!(Rig::new(cpus).run(), 0);
    }
}

#[test]
fn memory_is_mapped_protected_discarded_and_unmapped() {
    program(CODE, |user, step| {
        let base = user.registers.r12 as usize;
        match step {
            0 => call(user, Call::MemoryMap, [0, 5 * PAGE_SIZE - 1, 3, 0]),
            1 => {
                user.registers.r12 = user.registers.rax;
                None
            }
            2 => store(user, base + PAGE_SIZE - 2, &[1, 2, 3, 4]),
            3 => call(user, Call::MemoryProtect, [base, PAGE_SIZE, 1]),
            4 => {
                assert_eq!(user.result(), 0);
                assert!(user.store(base, &[1]).is_err(), "it can only be read now");
                assert_eq!(word(user, base + PAGE_SIZE - 4), 0x0201_0000);
                call(user, Call::MemoryDiscard, [base, 2 * PAGE_SIZE])
            }
            5 => {
                assert_eq!(user.result(), code_of(Error::BadAddress), "not all of it is writable");
                assert_eq!(word(user, base + PAGE_SIZE), 0x0403);
                call(user, Call::MemoryDiscard, [base + PAGE_SIZE, 4 * PAGE_SIZE])
            }
            6 => {
                let mut bytes = [9];
                if let Err(fault) = user.load(base + PAGE_SIZE, &mut bytes) {
                    return Some(fault);
                }
                assert_eq!(bytes, [0]);
                call(user, Call::MemoryUnmap, [base + PAGE_SIZE, PAGE_SIZE])
            }
            7 => {
                assert_eq!(user.result(), 0);
                assert!(user.load(base + PAGE_SIZE, &mut [0]).is_err());
                call(user, Call::MemoryMap, [base, PAGE_SIZE, 3, 0])
            }
            8 => {
                assert_eq!(user.result(), code_of(Error::BadArgument), "it is taken");
                call(user, Call::MemoryMap, [base + PAGE_SIZE, PAGE_SIZE, 0, 0])
            }
            9 => {
                assert_eq!(user.result(), base as i64 + PAGE_SIZE as i64);
                call(user, Call::MemoryMap, [0, PAGE_SIZE, 7, 0])
            }
            10 => {
                assert_eq!(user.result(), code_of(Error::BadArgument), "writable and executable");
                call(user, Call::MemoryProtect, [base, PAGE_SIZE, 7])
            }
            _ => {
                assert_eq!(user.result(), code_of(Error::BadArgument));
                call(user, Call::Exit, [0])
            }
        }
    });
    assert_eq!(Rig::new(1).run(), 0);
}

#[test]
fn discarded_data_of_the_image_are_zero() {
    program(CODE, |user, step| {
        let mut byte = [9];
        match step {
            0 => store(user, DATA + 3, &[1]),
            1 => call(user, Call::MemoryDiscard, [DATA, PAGE_SIZE]),
            2 => {
                assert_eq!(user.result(), 0);
                if let Err(fault) = user.load(DATA + 3, &mut byte) {
                    return Some(fault);
                }
                assert_eq!(byte, [0]);
                if let Err(fault) = user.load(DATA + PAGE_SIZE, &mut byte) {
                    return Some(fault);
                }
                assert_eq!(byte, [0xda], "its neighbours stay");
                call(user, Call::MemoryDiscard, [CODE, PAGE_SIZE])
            }
            _ => {
                assert_eq!(user.result(), code_of(Error::BadAddress), "code is not writable");
                call(user, Call::Exit, [0])
            }
        }
    });
    assert_eq!(Rig::new(1).run(), 0);
}

#[test]
fn huge_reservations_cost_nothing() {
    const HUGE: usize = 100 << 30;
    program(CODE, |user, step| {
        let base = user.registers.r12 as usize;
        match step {
            0 => call(user, Call::MemoryMap, [0, HUGE, 3, 0]),
            1 => {
                user.registers.r12 = user.registers.rax;
                None
            }
            2 => store(user, base, &[1]),
            3 => store(user, base + HUGE / 2, &[1]),
            4 => store(user, base + HUGE - 1, &[1]),
            5 => call(user, Call::MemoryDiscard, [base, HUGE]),
            6 => {
                assert_eq!(user.result(), 0);
                store(user, base + HUGE / 3, &[1])
            }
            7 => call(user, Call::MemoryUnmap, [base, HUGE]),
            8 => {
                assert_eq!(user.result(), 0);
                call(user, Call::MemoryMap, [base, HUGE, 0, 0])
            }
            _ => {
                assert_eq!(user.result(), base as i64);
                call(user, Call::Exit, [0])
            }
        }
    });
    assert_eq!(Rig::new(1).run(), 0);
}

#[test]
#[cfg_attr(miri, ignore = "too long for Miri")]
fn a_commitment_is_all_or_nothing() {
    program(CODE, |user, step| {
        let base = user.registers.r12 as usize;
        match step {
            0 => call(user, Call::MemoryMap, [0, 64 << 20, 3, 0]),
            1 => {
                user.registers.r12 = user.registers.rax;
                None
            }
            2 => call(user, Call::MemoryCommit, [base, 64 << 20]),
            3 => {
                assert_eq!(user.result(), code_of(Error::NoMemory));
                call(user, Call::MemoryCommit, [base, 12 << 20])
            }
            4 => {
                assert_eq!(user.result(), 0);
                // All of it is there without another fault.
                for page in (0..12 << 20).step_by(PAGE_SIZE) {
                    user.store(base + page, &[1]).expect("committed");
                }
                assert!(user.store(base + (12 << 20), &[1]).is_err());
                call(user, Call::MemoryCommit, [base, 13 << 20])
            }
            5 => {
                assert_eq!(user.result(), 0, "most of it is there already");
                call(user, Call::MemoryCommit, [base, 16 << 20])
            }
            6 => {
                assert_eq!(user.result(), code_of(Error::NoMemory));
                call(user, Call::MemoryCommit, [base + (63 << 20), 2 << 20])
            }
            _ => {
                assert_eq!(user.result(), code_of(Error::BadAddress));
                call(user, Call::Exit, [0])
            }
        }
    });
    let package = sample_package();
    let config = Config { pages: 4096, package: Some(&package), ..Config::default() };
    assert_eq!(Rig::with(&config).run(), 0);
}

#[test]
fn exit_ends_threads_wherever_they_are() {
    program(CODE, |user, step| match step {
        0 => store(user, DATA, &[0; 16]),
        1..6 => create(user, step as usize, 0),
        6..100 => call(user, Call::Yield, []),
        _ => call(user, Call::Exit, [77]),
    });
    program(OTHER, |user, _| match user.registers.rdi {
        1 => None,
        2 => call(user, Call::Wait, [DATA, 0, FOREVER]),
        3 => call(user, Call::Sleep, [FOREVER - 1]),
        4 => call(user, Call::StreamRead, [0, ZEROS + 0x1000, 1, FOREVER]),
        _ => call(user, Call::Yield, []),
    });
    for cpus in 1..5 {
        assert_eq!(Rig::new(cpus).run(), 77, "with {cpus} CPUs");
    }
}

#[test]
#[cfg_attr(miri, ignore = "too long for Miri")]
fn many_threads_come_and_go_in_little_memory() {
    program(CODE, |user, step| match step {
        0 => store(user, DATA, &[0; 16]),
        1..2000 if step % 2 == 1 => create(user, 0, 0),
        1..2000 => {
            assert!(user.result() > 0, "thread {step}: {}", user.result());
            call(user, Call::Yield, [])
        }
        _ => call(user, Call::Exit, [0]),
    });
    program(OTHER, |user, _| call(user, Call::ThreadExit, []));
    assert_eq!(Rig::new(1).run(), 0);
}

#[test]
#[cfg_attr(miri, ignore = "too long for Miri")]
fn threads_without_end_meet_a_limit() {
    program(CODE, |user, step| match step {
        0 => store(user, DATA, &[0; 16]),
        _ if step > 1 && user.result() < 0 => {
            assert!([code_of(Error::NoMemory), code_of(Error::Limit)].contains(&user.result()));
            call(user, Call::Exit, [5])
        }
        _ => create(user, 0, 0),
    });
    program(OTHER, |user, _| call(user, Call::Wait, [DATA, 0, FOREVER]));
    assert_eq!(Rig::new(1).run(), 5);
}

#[test]
fn a_trap_without_room_ends_the_service() {
    program(CODE, |user, step| match step {
        0 => call(user, Call::TrapHandler, [OTHER]),
        1 => call(user, Call::TrapStack, [DATA, 100]),
        _ => Some(Event::Fault { kind: abi::trap::Kind::Divide, code: 0, address: 0 }),
    });
    assert_eq!(Rig::new(1).run(), exit::FAULT);
    let message = String::from_utf8(simulation::received(1)).expect("text");
    assert!(message.starts_with("sample: division error"), "{message}");
    assert!(message.contains("rip=0000000000400000"), "{message}");
}
