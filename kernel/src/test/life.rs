//! The life of a service: start, memory on demand, faults, end.

use abi::{Call, exit};
use hal::simulation::{self, Config};
use hal::task::Event;

use super::rig::{CODE, DATA, Rig, call, program, sample_package, store};
use crate::Kernel;
use crate::bytes::u64_at;
use crate::service::load;

#[test]
fn a_service_writes_and_exits() {
    program(CODE, |user, step| match step {
        0 => store(user, DATA, b"hello\n"),
        1 => call(user, Call::StreamWrite, [1, DATA, 6]),
        2 => {
            assert_eq!(user.result(), 6);
            call(user, Call::StreamWrite, [2, DATA, 4])
        }
        _ => call(user, Call::Exit, [0x107]),
    });
    let mut rig = Rig::new(1);
    assert_eq!(rig.run(), 7);
    assert!(simulation::is_off());
    assert_eq!(rig.output(), "hello\n");
    assert_eq!(simulation::received(1), b"hell");
}

#[test]
fn the_start_block_describes_the_service() {
    program(CODE, |user, step| {
        let start = user.registers.rdi as usize;
        if step > 0 {
            return call(user, Call::Exit, [0]);
        }
        let mut block = [0; 144];
        if let Err(fault) = user.load(start, &mut block) {
            return Some(fault);
        }
        let word = |offset| u64_at(&block, offset).expect("inside") as usize;
        assert_eq!(word(0) as u64, abi::start::MAGIC);
        assert_eq!(word(8), abi::VERSION as usize | 2 << 32);
        let (package, len) = (word(16), word(24));
        let mut header = [0; 8];
        if let Err(fault) = user.load(package, &mut header) {
            return Some(fault);
        }
        assert_eq!(header, abi::package::MAGIC);
        assert_eq!(len, sample_package().len());
        let (low, high) = (word(48), word(56));
        assert_eq!(high - low, 8 << 20);
        assert_eq!(user.registers.rsp as usize, high - 8);
        assert_eq!((word(64), word(72)), (CODE, DATA + 0x4000));
        None
    });
    assert_eq!(Rig::new(2).run(), 0);
}

#[test]
fn the_image_is_copied_where_it_is_written_only() {
    program(CODE, |user, step| {
        let mut bytes = [0; 3];
        match step {
            // The last page of the file's part: data, then zeros.
            0 => {
                if let Err(fault) = user.load(DATA + 5999, &mut bytes) {
                    return Some(fault);
                }
                assert_eq!(bytes, [0xda, 0, 0]);
                store(user, DATA + 1, &[7])
            }
            1 => {
                user.load(DATA, &mut bytes).expect("it was just written");
                assert_eq!(bytes, [0xda, 7, 0xda]);
                store(user, CODE, &[0])
            }
            _ => call(user, Call::Exit, [1]),
        }
    });
    // The write to the code is a fault, and there is no handler.
    assert_eq!(Rig::new(1).run(), exit::FAULT);
    let message = simulation::received(1);
    assert!(message.starts_with(b"sample: memory fault at address 0x400000"), "{message:?}");
}

#[test]
fn the_last_thread_to_leave_ends_the_service() {
    program(CODE, |user, _| call(user, Call::ThreadExit, []));
    assert_eq!(Rig::new(1).run(), 0);
}

#[test]
#[cfg_attr(miri, ignore = "too long for Miri")]
fn a_service_that_takes_all_memory_is_ended_and_the_books_balance() {
    program(CODE, |user, step| {
        let (len, place) = (64 << 30, user.registers.r12 as usize);
        match step {
            0 => call(user, Call::MemoryMap, [0, len, 3, 0]),
            1 => {
                user.registers.r12 = user.registers.rax;
                None
            }
            _ => {
                user.registers.r12 += 4096;
                let fault = store(user, place, &[1]);
                if fault.is_some() {
                    user.registers.r12 -= 4096;
                }
                fault
            }
        }
    });
    assert_eq!(Rig::new(1).run(), exit::OUT_OF_MEMORY);
    assert_eq!(simulation::received(1), b"sample: out of memory\n");
}

#[test]
fn too_little_memory_is_said_at_boot() {
    let package = sample_package();
    let config = Config { pages: 200, package: Some(&package), ..Config::default() };
    let kernel = Kernel::new(simulation::boot(&config));
    let module = kernel.info.package.expect("given");
    assert!(matches!(load::load(&kernel, module), Err(load::Failure::Memory { free: 199, .. })));
    assert!(simulation::until_halt(|| drop(kernel.load())).is_none());
    let message = String::from_utf8(simulation::received(1)).expect("text");
    assert!(message.contains("too little memory: 796 KiB"), "{message}");
    assert!(simulation::received(2).ends_with(b"[exit] 102\n"));
}

#[test]
fn a_damaged_package_is_said_at_boot() {
    let mut package = sample_package();
    package[4500] ^= 1;
    let config = Config { package: Some(&package), ..Config::default() };
    let kernel = Kernel::new(simulation::boot(&config));
    assert!(simulation::until_halt(|| drop(kernel.load())).is_none());
    let message = String::from_utf8(simulation::received(1)).expect("text");
    assert!(message.contains("checksum"), "{message}");
}

#[test]
fn no_package_and_no_ports_end_with_a_boot_failure() {
    let kernel = Kernel::new(simulation::boot(&Config { ports: 0, ..Config::default() }));
    assert!(simulation::until_halt(|| drop(kernel.load())).is_none());
    assert!(simulation::is_off());
}

#[test]
fn a_fault_reaches_the_trap_handler_and_returns() {
    const HANDLER: usize = CODE + 64;
    program(CODE, |user, step| match step {
        0 => call(user, Call::TrapHandler, [HANDLER]),
        1 => call(user, Call::TrapStack, [DATA + 0x2000, 0x2000]),
        2 => {
            user.registers.r15 = 77;
            store(user, 0x1234, &[1])
        }
        _ => {
            assert_eq!(user.registers.r15, 78);
            call(user, Call::Exit, [33])
        }
    });
    simulation::code(HANDLER, |user| {
        let frame = user.registers.rdi as usize;
        assert_eq!(frame, DATA + 0x4000 - 176);
        assert_eq!(user.registers.rsp as usize, frame - 8);
        let mut bytes = [0; 176];
        user.load(frame, &mut bytes).expect("the frame is there");
        let word = |index: usize| u64_at(&bytes, 8 * index).expect("inside");
        assert_eq!((word(18), word(19), word(20)), (1, 2, 0x1234));
        assert_eq!(word(16), CODE as u64);
        // The next step, and another value in r15.
        let change = |index: usize, value: u64| {
            user.store(frame + 8 * index, &value.to_le_bytes()).expect("writable");
        };
        change(1, 3);
        change(15, word(15) + 1);
        call(user, Call::TrapReturn, [frame])
    });
    assert_eq!(Rig::new(1).run(), 33);
}

#[test]
fn other_events_than_memory_reach_the_handler_too() {
    const HANDLER: usize = CODE + 64;
    program(CODE, |user, step| match step {
        0 => call(user, Call::TrapHandler, [HANDLER]),
        1 => call(user, Call::TrapStack, [DATA + 0x2000, 0x2000]),
        _ => Some(Event::Fault { kind: abi::trap::Kind::Divide, code: 0, address: 0 }),
    });
    simulation::code(HANDLER, |user| {
        let mut kind = [0; 8];
        user.load(user.registers.rdi as usize + 144, &mut kind).expect("the frame is there");
        call(user, Call::Exit, [usize::from(kind[0])])
    });
    assert_eq!(Rig::new(1).run(), abi::trap::Kind::Divide as u8);
}
