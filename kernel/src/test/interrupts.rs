//! Interrupt traps of running, waiting and trap-handling threads.

use abi::{Call, info};
use hal::simulation::{self, User};

use super::calls::{FOREVER, OTHER, ZEROS, create, word};
use super::rig::{CODE, DATA, Rig, call, program, store};

#[test]
fn an_interrupt_reaches_running_and_waiting_threads() {
    const HANDLER: usize = CODE + 128;
    program(CODE, |user, step| match step {
        0 => store(user, DATA, &[0; 8]),
        1 => call(user, Call::TrapHandler, [HANDLER]),
        2 => create(user, 0, 0),
        3 => {
            user.registers.r13 = user.registers.rax;
            None
        }
        // The other spins until its handler has run, then waits.
        4 => call(user, Call::ThreadInterrupt, [user.registers.r13 as usize]),
        5 if word(user, DATA) == 0 => {
            user.registers.rbx = 5;
            None
        }
        5..50 => call(user, Call::Yield, []),
        50 => call(user, Call::ThreadInterrupt, [user.registers.r13 as usize]),
        51 => call(user, Call::Wake, [DATA + 4, 1]),
        52 if word(user, DATA) == 1 => {
            user.registers.rbx = 51;
            None
        }
        _ => call(user, Call::Exit, [word(user, DATA) as usize]),
    });
    program(OTHER, |user, _| match word(user, DATA) {
        0 => None,
        _ => call(user, Call::Wait, [DATA + 4, 0, FOREVER]),
    });
    simulation::code(HANDLER, |user| {
        let frame = user.registers.rdi as usize;
        let mut kind = [0; 8];
        user.load(frame + 144, &mut kind).expect("the frame is there");
        assert_eq!(u64::from_le_bytes(kind), abi::trap::Kind::Interrupt as u64);
        let count = word(user, DATA) + 1;
        user.store(DATA, &count.to_le_bytes()).expect("touched");
        call(user, Call::TrapReturn, [frame])
    });
    for cpus in [1, 2] {
        assert_eq!(Rig::new(cpus).run(), 2);
    }
}

#[test]
fn an_interrupt_waits_for_the_end_of_a_handler() {
    const HANDLER: usize = CODE + 128;
    fn own_handle(user: &User<'_>) -> usize {
        word(user, DATA + 64) as usize | (word(user, DATA + 68) as usize) << 32
    }
    program(CODE, |user, step| match step {
        0 => store(user, DATA, &[0; 8]),
        1 => call(user, Call::TrapHandler, [HANDLER]),
        2 => call(user, Call::TrapStack, [ZEROS, 0x1000]),
        3 => call(user, Call::Info, [info::THREAD as usize, DATA + 64, 40]),
        4 => {
            user.registers.r13 =
                u64::from(word(user, DATA + 64)) | u64::from(word(user, DATA + 68)) << 32;
            None
        }
        5 => call(user, Call::ThreadInterrupt, [user.registers.r13 as usize]),
        _ => call(user, Call::Exit, [word(user, DATA) as usize]),
    });
    // The first handler interrupts its own thread again, and would be called anew at once.
    simulation::code(HANDLER, |user| {
        let count = word(user, DATA);
        if count == 0 {
            user.store(DATA, &1_u32.to_le_bytes()).expect("touched");
            user.registers.r14 = user.registers.rdi;
            return call(user, Call::ThreadInterrupt, [own_handle(user)]);
        }
        if count == 1 {
            user.store(DATA, &2_u32.to_le_bytes()).expect("touched");
            return call(user, Call::TrapReturn, [user.registers.r14 as usize]);
        }
        let top = (ZEROS + 0x1000 - size_of::<abi::trap::Frame>()) as u64;
        assert_eq!(user.registers.rdi, top, "nothing is nested");
        user.store(DATA, &3_u32.to_le_bytes()).expect("touched");
        call(user, Call::TrapReturn, [user.registers.rdi as usize])
    });
    assert_eq!(Rig::new(1).run(), 3);
}
