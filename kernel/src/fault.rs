//! What happens when a thread cannot go on by itself: pages are made real, everything else is told to
//! its service, and a service that cannot be told is ended.

use abi::exit;
use abi::trap::{Frame, Kind};

use crate::arch::Dump;
use crate::memory::touch::Touch;
use crate::sched::cpu::{Local, Next};
use crate::thread::Thread;
use crate::{Kernel, service, trap};

/// Does what a fault asks for.
pub(crate) fn handle(
    kernel: &Kernel,
    local: &mut Local,
    thread: &mut Thread,
    kind: Kind,
    code: u64,
    address: u64,
) -> Next {
    let mut kind = kind;
    if kind == Kind::Memory {
        let space = thread.service.space();
        let touched = local
            .measure(|_| space.touch(&kernel.frames, address as usize, Touch::from_code(code)));
        match touched {
            Ok(()) => return Next::Resume,
            Err(refusal) => kind = refusal.kind(),
        }
    }
    trap::deliver(kernel, local, thread, kind, code, address)
}

/// Ends the service of a thread for a fault that it cannot be told of.
pub(crate) fn end_service(
    kernel: &Kernel,
    local: &mut Local,
    thread: &Thread,
    frame: &Frame,
) -> Next {
    let what = Kind::from_number(frame.kind).map_or("unknown fault", name);
    let dump = Dump(&frame.registers);
    let reason =
        format_args!("{what} at address {:#x} (code {:#x})\n{dump}", frame.address, frame.code);
    service::kill(kernel, local, &thread.service, exit::FAULT, reason);
    Next::End
}

/// Ends the service of a thread that needs memory where there is none, and cannot be told.
pub(crate) fn out_of_memory(kernel: &Kernel, local: &mut Local, thread: &Thread) -> Next {
    let reason = format_args!("out of memory");
    service::kill(kernel, local, &thread.service, exit::OUT_OF_MEMORY, reason);
    Next::End
}

fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Memory => "memory fault",
        Kind::NoMemory => "no memory",
        Kind::Divide => "division error",
        Kind::IllegalInstruction => "illegal instruction",
        Kind::Protection => "protection fault",
        Kind::Alignment => "alignment fault",
        Kind::FloatingPoint => "floating-point exception",
        Kind::Breakpoint => "breakpoint",
        Kind::SingleStep => "single step",
        Kind::Interrupt => "interrupt without room on the trap stack",
    }
}
