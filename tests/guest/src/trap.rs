//! Taking traps: noting what they were, and leaving the guarded call that caused one.

use core::sync::atomic::Ordering;

use abi::Call;
use abi::trap::{Frame, Kind};

use crate::{arch, call, thread};

/// Sets the handler.
pub(crate) fn install() {
    call::make(Call::TrapHandler, [arch::trap_entry()]).expect("a user address");
}

/// Where traps arrive: notes the trap, and leaves the guarded call unless it was an interrupt.
pub(crate) extern "C" fn handle(frame: &mut Frame) -> ! {
    let block = thread::current();
    let facts = [frame.kind, frame.code, frame.address, frame.registers.rip];
    for (place, fact) in block.trap.iter().zip(facts) {
        place.store(fact, Ordering::SeqCst);
    }
    block.count.fetch_add(1, Ordering::SeqCst);
    if frame.kind != Kind::Interrupt as u64 {
        arch::set_resume(frame, block.resume.load(Ordering::SeqCst));
    }
    let result = call::make(Call::TrapReturn, [core::ptr::from_ref(frame) as u64]);
    panic!("returning from a trap failed: {result:?}");
}

/// What a trap was.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Trap {
    pub(crate) kind: Option<Kind>,
    pub(crate) code: u64,
    pub(crate) address: u64,
    pub(crate) instruction: u64,
}

/// Runs `action(argument)`; the trap it took, if it did.
pub(crate) fn catch(action: extern "C" fn(u64), argument: u64) -> Option<Trap> {
    let trapped = arch::guarded(action, argument);
    let fact = |index: usize| thread::current().trap[index].load(Ordering::SeqCst);
    trapped.then(|| Trap {
        kind: Kind::from_number(fact(0)),
        code: fact(1),
        address: fact(2),
        instruction: fact(3),
    })
}
