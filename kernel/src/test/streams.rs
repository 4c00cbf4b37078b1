//! Calls about streams: waiting for the port, input and its end, the log.

use abi::{Call, Error, NO_DEADLINE};
use hal::simulation::{self, Config};

use super::rig::{CODE, DATA, Rig, call, program, sample_package, store};

const FOREVER: usize = NO_DEADLINE as usize;

#[test]
#[cfg_attr(miri, ignore = "too long for Miri")]
fn output_waits_for_the_port_and_loses_nothing() {
    const LEN: usize = 100_000;
    program(CODE, |user, step| {
        let done = user.registers.r12 as usize;
        match step {
            0 => call(user, Call::MemoryMap, [0, LEN, 3, 0]),
            1 => {
                user.registers.r13 = user.registers.rax;
                None
            }
            2 => call(user, Call::MemoryCommit, [user.registers.r13 as usize, LEN]),
            3 => {
                let text: Vec<u8> = (0..LEN).map(|i| b'a' + (i % 26) as u8).collect();
                store(user, user.registers.r13 as usize, &text)
            }
            _ => {
                if step > 4 {
                    assert!(user.result() > 0, "{}", user.result());
                    user.registers.r12 += user.registers.rax;
                }
                let done = if step > 4 { user.registers.r12 as usize } else { done };
                match LEN - done {
                    0 => call(user, Call::Exit, [0]),
                    rest => {
                        let base = user.registers.r13 as usize;
                        call(user, Call::StreamWrite, [1, base + done, rest])
                    }
                }
            }
        }
    });
    let mut rig = Rig::new(2);
    simulation::set_room(0, 10);
    let mut text = String::new();
    for _ in 0..100_000 {
        if rig.run_for(20) {
            break;
        }
        text += &rig.output();
        // At the end nobody would make room while the kernel waits for it.
        simulation::set_room(0, if text.len() < LEN / 2 { 777 } else { usize::MAX });
    }
    text += &rig.output();
    assert_eq!(text.len(), LEN);
    assert!(text.bytes().enumerate().all(|(i, byte)| byte == b'a' + (i % 26) as u8));
}

#[test]
fn input_arrives_in_order_and_ends() {
    program(CODE, |user, step| match step {
        0 => call(user, Call::StreamRead, [0, DATA, 100, 1]),
        1 => {
            assert_eq!(user.result(), -(Error::TimedOut as i64));
            call(user, Call::StreamWrite, [1, DATA, 1])
        }
        _ => {
            if step > 2 {
                assert!(user.result() >= 0);
                let len = user.result() as usize;
                let mut bytes = vec![0; len];
                user.load(DATA, &mut bytes).expect("read into");
                if len == 0 {
                    return call(user, Call::Exit, [0]);
                }
                if user.registers.r12 == 0 {
                    user.registers.r12 = 1;
                    return call(user, Call::StreamWrite, [1, DATA, len]);
                }
                user.registers.r12 = 0;
            }
            call(user, Call::StreamRead, [0, DATA, 100, FOREVER])
        }
    });
    let package = sample_package();
    let command_line = "stdin=framed";
    let mut rig =
        Rig::with(&Config { cpus: 2, command_line, package: Some(&package), ..Config::default() });
    assert!(!rig.run_for(1000));
    simulation::received(0);
    simulation::send(0, b"one \x10\x10");
    assert!(!rig.run_for(1000));
    simulation::send(0, b" two\r\n\x10\x04");
    assert_eq!(rig.run(), 0);
    let output = rig.output();
    assert!(output.starts_with("one \x10"), "{output:?}");
    assert!(output.contains(" two\r\n"), "{output:?}");
}

#[test]
fn log_lines_carry_the_name_of_the_service() {
    program(CODE, |user, step| match step {
        0 => store(user, DATA, b"first\nsec\xffond\n"),
        1 => call(user, Call::StreamWrite, [3, DATA, 14]),
        _ => call(user, Call::Exit, [user.result() as usize]),
    });
    let mut rig = Rig::new(1);
    assert!(rig.run_for(1000));
    let log = String::from_utf8(simulation::received(2)).expect("text");
    assert!(
        log.contains("info: sample: first\n") && log.contains("info: sample: sec\u{fffd}ond\n")
    );
    assert!(log.ends_with("[exit] 14\n"), "{log}");
}
