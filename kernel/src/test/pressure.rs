//! Calls under pressure: from other threads, and from memory that is used up.

use abi::{Call, Error, NO_DEADLINE, info};
use hal::simulation;

use super::rig::{CODE, DATA, Rig, call, program, store};

const FOREVER: usize = NO_DEADLINE as usize;
/// Code of a second thread, or of the trap handler.
const OTHER: usize = CODE + 64;
/// Untouched data.
const ZEROS: usize = DATA + 0x2000;

/// Parameters of a thread at [`OTHER`].
fn parameters(argument: usize) -> Vec<u8> {
    [OTHER, argument, ZEROS + 0x2000, 0, ZEROS, 0x1000, 0]
        .iter()
        .flat_map(|field| field.to_le_bytes())
        .collect()
}

#[test]
fn asking_for_figures_does_not_keep_the_cpu() {
    program(CODE, |user, step| match step {
        0 => store(user, DATA, &[0; 4]),
        1 => store(user, ZEROS, &parameters(0)),
        2 => call(user, Call::ThreadCreate, [ZEROS]),
        _ => {
            let mut word = [0; 4];
            user.load(DATA, &mut word).expect("touched");
            match word {
                [0, ..] => call(user, Call::Info, [info::THREAD as usize, ZEROS, 32]),
                _ => call(user, Call::Exit, [3]),
            }
        }
    });
    program(OTHER, |user, step| match step {
        0 => store(user, DATA, &[1; 4]),
        _ => call(user, Call::ThreadExit, []),
    });
    let mut rig = Rig::new(1);
    assert!(rig.run_for(100_000), "the other thread gets its turn");
}

#[test]
fn input_reaches_a_page_that_is_there_when_memory_is_used_up() {
    program(CODE, |user, step| match step {
        0 => store(user, ZEROS, &[0; 4]),
        1 => store(user, DATA, &[0; 4]),
        2 => call(user, Call::TrapHandler, [OTHER]),
        3 => call(user, Call::TrapStack, [DATA, 0x1000]),
        4 => call(user, Call::MemoryMap, [0, 64 << 20, 3, 0]),
        5 => {
            user.registers.r12 = user.registers.rax;
            None
        }
        // Until there is none left.
        _ => store(user, user.registers.r12 as usize + (step as usize - 6) * 4096, &[1]),
    });
    program(OTHER, |user, _| {
        if user.registers.r13 == 0 {
            user.registers.r13 = 1;
            return call(user, Call::StreamRead, [0, ZEROS, 4, FOREVER]);
        }
        assert_eq!(user.result(), 4);
        let mut bytes = [0; 4];
        user.load(ZEROS, &mut bytes).expect("touched");
        assert_eq!(&bytes, b"text");
        call(user, Call::Exit, [4])
    });
    let mut rig = Rig::new(1);
    simulation::send(0, b"text");
    assert_eq!(rig.run(), 4);
}

#[test]
fn what_a_failed_call_has_done_is_not_done_for_the_next() {
    const LEN: usize = 128 << 10;
    program(CODE, |user, step| {
        let base = user.registers.r12 as usize;
        match step {
            0 => call(user, Call::MemoryMap, [0, LEN, 3, 0]),
            1 => {
                user.registers.r12 = user.registers.rax;
                None
            }
            2 => store(user, ZEROS, &parameters(base)),
            3 => call(user, Call::ThreadCreate, [ZEROS]),
            // While half of it is done, the other thread takes the memory away.
            4 => call(user, Call::Random, [base, LEN]),
            5 => {
                assert_eq!(user.result(), -(Error::BadAddress as i64));
                call(user, Call::MemoryMap, [base, LEN, 3, 0])
            }
            6 => call(user, Call::Random, [base, 4096]),
            _ => {
                assert_eq!(user.result(), 0);
                let mut bytes = [0; 64];
                user.load(base, &mut bytes).expect("written");
                assert_ne!(bytes, [0; 64]);
                call(user, Call::Exit, [6])
            }
        }
    });
    program(OTHER, |user, step| match step {
        0 => call(user, Call::MemoryUnmap, [user.registers.rdi as usize, LEN]),
        _ => call(user, Call::ThreadExit, []),
    });
    assert_eq!(Rig::new(1).run(), 6);
}
