//! Traps: what a service is told when it does what it may not.

use abi::start::Start;
use abi::trap::{Frame, Kind};
use abi::{Call, Error};

use crate::arch::{self, Trouble};
use crate::call;
use crate::trap::{Trap, catch};

fn told(trouble: Trouble) -> Trap {
    extern "C" fn cause(number: u64) {
        let (trouble, _) = EXPECTED[number as usize];
        arch::cause(trouble);
    }
    let number = EXPECTED.iter().position(|(t, _)| *t == trouble).expect("it is in the table");
    catch(cause, number as u64).expect("a trap")
}

const EXPECTED: [(Trouble, Kind); 13] = [
    (Trouble::Divide, Kind::Divide),
    (Trouble::Undefined, Kind::IllegalInstruction),
    (Trouble::DisableInterrupts, Kind::Protection),
    (Trouble::ReadControl, Kind::Protection),
    (Trouble::ReadPort, Kind::Protection),
    (Trouble::LoadTable, Kind::Protection),
    (Trouble::Halt, Kind::Protection),
    (Trouble::ModelRegister, Kind::Protection),
    (Trouble::NonCanonical, Kind::Protection),
    (Trouble::Breakpoint, Kind::Breakpoint),
    (Trouble::SoftwareInterrupt, Kind::Protection),
    (Trouble::KernelRead, Kind::Memory),
    (Trouble::KernelJump, Kind::Memory),
];

pub(super) fn each_trouble_has_its_kind(_: &Start) {
    for (trouble, kind) in EXPECTED {
        for _ in 0..3 {
            assert_eq!(told(trouble).kind, Some(kind), "{trouble:?}");
        }
    }
    let breakpoint = told(Trouble::Breakpoint);
    assert!(breakpoint.instruction >= arch::BREAKPOINT_LEN);
}

pub(super) fn a_null_access_tells_its_address(_: &Start) {
    extern "C" fn write(address: u64) {
        let _ = call::make(Call::Null, [address]);
        core::hint::black_box(address);
        poke(address);
    }
    for address in [0, 8, 0xfff, 0xfff0] {
        let trap = catch(write, address).expect("nothing is there");
        assert_eq!((trap.kind, trap.address), (Some(Kind::Memory), address));
        assert_eq!(trap.code & 1 << 1, 1 << 1, "a write");
    }
}

#[expect(unsafe_code, reason = "a deliberate fault")]
fn poke(address: u64) {
    // SAFETY: nothing is mapped there, which is what is tested; the caller is guarded.
    unsafe { core::ptr::with_exposed_provenance_mut::<u8>(address as usize).write_volatile(1) }
}

pub(super) fn single_steps_are_told(_: &Start) {
    let trap = catch(arch::single_step, 0).expect("a step");
    assert_eq!(trap.kind, Some(Kind::SingleStep));
}

pub(super) fn kernel_registers_cannot_be_had(_: &Start) {
    let mut frame = Frame::default();
    for (rip, rsp) in [(0xffff_ffff_8020_0000, 0x1000), (0x40_0000, u64::MAX), (1 << 47, 1 << 47)] {
        (frame.registers.rip, frame.registers.rsp) = (rip, rsp);
        let result = call::make(Call::TrapReturn, [core::ptr::from_ref(&frame) as u64]);
        assert_eq!(result, Err(Error::BadArgument));
    }
    assert_eq!(call::make(Call::TrapReturn, [8]), Err(Error::BadAddress));
}
