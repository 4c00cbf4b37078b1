//! Roots of a stopped thread: its frames, thread statics, exceptions in flight, registered areas.
//!
//! Rule: frames are walked physically, those of a dispatcher and those it has already unwound
//! included. They still hold what they held, so for a collector that does not move objects
//! reporting them is merely generous, and no bookkeeping of funclets is needed. Two places are
//! reported as ambiguous: the registers of an interrupted leaf, and the argument block of an
//! interface dispatch that is being resolved.
use crate::code::{self, Code};
use crate::exception;
use crate::format::gcinfo::{Slot, Stand};
use crate::thread::{NO_FRAMES, Thread};
use crate::unwind::{COUNT, Registers};
use core::sync::atomic::Ordering::Acquire;

unsafe extern "C" {
    fn rt_dispatch_resolve_return();
}

/// Receives the roots of a thread.
pub(crate) trait Sink {
    /// A reference, perhaps null.
    fn exact(&mut self, reference: usize);
    /// An address inside an object, or anything else.
    fn ambiguous(&mut self, word: usize);
}

/// Reports every root of a thread. The world is stopped.
pub(crate) fn report(thread: &Thread, sink: &mut impl Sink) {
    frames(thread, sink);
    sink.exact(thread.static_storage.get());
    let mut root = thread.inline_roots.get();
    // SAFETY: *Stopped*: the three lists lead through the thread's own blocks and live frames.
    while let Some(found) = unsafe { root.as_ref() } {
        sink.exact(found.object);
        root = found.next;
    }
    let mut exception = thread.exception_head.get();
    // SAFETY: as above.
    while let Some(found) = unsafe { exception.as_ref() } {
        sink.exact(found.exception);
        exception = found.previous;
    }
    let mut frame = thread.gc_frames.get();
    // SAFETY: as above.
    while let Some(found) = unsafe { frame.as_ref() } {
        for index in 0..found.count as usize {
            // SAFETY: *Caller*: the registration names that many words.
            let word = unsafe { *found.references.add(index) };
            if found.interior == 0 { sink.exact(word) } else { sink.ambiguous(word) }
        }
        frame = found.next;
    }
}

/// The transition frame that a reverse P/Invoke method saved when native code called it.
pub(crate) fn reverse_pinvoke_frame(method: &Code, registers: &Registers) -> usize {
    let info = method.gc_info();
    let Some(slot) = info.reverse_slot else {
        fatal!("Method {:#x} is called by native code and saves no frame.", method.start());
    };
    let base = match info.frame_base {
        Some(number) => registers.value(index(number)),
        None => registers.sp,
    };
    // SAFETY: the slot is in the method's live frame.
    unsafe { *(base.wrapping_add_signed(slot as isize) as *const usize) }
}

/// From the compiler's number of a register to its place; the stack pointer has none.
fn index(number: u32) -> usize {
    let number = number as usize;
    match number {
        0..=3 => number,
        5..=COUNT => number - 1,
        _ => fatal!("GC information names register {number}."),
    }
}

/// May a call change this register?
fn is_scratch(number: u32) -> bool {
    !matches!(number, 3 | 5 | 12..=15)
}

fn frames(thread: &Thread, sink: &mut impl Sink) {
    let mut stand = Stand::Call;
    // SAFETY: a parked thread keeps its trap frame until it is resumed.
    let mut registers = match unsafe { thread.parked.load(Acquire).as_mut() } {
        Some(trap) => {
            stand = Stand::Interrupted;
            let registers = Registers::from_trap(&mut trap.registers);
            (0..COUNT).for_each(|index| sink.ambiguous(registers.value(index)));
            registers
        }
        None if thread.stop_frame.get() == NO_FRAMES => return,
        // SAFETY: *Stopped*: the thread published this frame.
        None => unsafe { Registers::from_transition_frame(thread.stop_frame.get()) },
    };
    // lowest address of an unfinished dispatch's arguments
    let mut dispatch_arguments = None;
    loop {
        if !code::is_managed(registers.ip) {
            if exception::is_throw_stub(registers.ip) {
                if exception::is_hardware_throw_stub(registers.ip) {
                    stand = Stand::Faulted;
                }
                // SAFETY: the frame is that of a throw stub.
                registers = unsafe { Registers::from_throw_stub(registers.sp) };
                continue;
            }
            if registers.ip == rt_dispatch_resolve_return as *const () as usize {
                dispatch_arguments = Some(registers.sp + DISPATCH_ARGUMENTS);
            }
            let Some(code) = Code::at(registers.ip - 1) else {
                fatal!("A frame returns to {:#x}, which is no known code.", registers.ip);
            };
            // SAFETY: the frame is that of this code.
            unsafe { registers.unwind(&code.step) };
            continue;
        }
        let pc = if stand == Stand::Call { registers.ip - 1 } else { registers.ip };
        let Some(method) = Code::at(pc) else {
            fatal!("There is no method at {:#x}.", registers.ip);
        };
        if let Some(start) = dispatch_arguments.take() {
            // nobody else reports the arguments yet: registers and the caller's outgoing area
            let end = registers.sp + method.gc_info().outgoing;
            for at in (start..end).step_by(size_of::<usize>()) {
                // SAFETY: the block lies in the frame of the dispatch stub and its caller.
                sink.ambiguous(unsafe { *(at as *const usize) });
            }
        }
        slots(&method, &registers, stand, sink);
        if method.is_reverse_pinvoke_body() {
            let frame = reverse_pinvoke_frame(&method, &registers);
            if frame == NO_FRAMES || frame == 0 {
                return;
            }
            // SAFETY: the method saved the frame on entry.
            registers = unsafe { Registers::from_transition_frame(frame) };
        } else {
            // SAFETY: the frame is that of this method.
            unsafe { registers.unwind(&method.step) };
        }
        stand = Stand::Call;
    }
}

/// Where the dispatch stub keeps the arguments, from its stack pointer (see `dispatch.S`).
const DISPATCH_ARGUMENTS: usize = 0x80;

fn slots(method: &Code, registers: &Registers, stand: Stand, sink: &mut impl Sink) {
    let info = method.gc_info();
    let offset = registers.ip - method.start();
    let frame = info.frame_base.map_or(0, |number| registers.value(index(number)));
    let result = info.live_slots(offset, stand, |live| {
        let word = match live.slot {
            Slot::Register(number) if is_scratch(number) && stand != Stand::Interrupted => return,
            Slot::Register(number) => registers.value(index(number)),
            // the outgoing area is the callee's
            Slot::Stack(offset)
                if stand != Stand::Interrupted
                    && usize::try_from(offset).is_ok_and(|offset| offset < info.outgoing) =>
            {
                return;
            }
            // SAFETY: the slot is in the live frame.
            Slot::Stack(offset) => unsafe { read(registers.sp, offset) },
            // SAFETY: as above.
            Slot::Frame(offset) => unsafe { read(frame, offset) },
        };
        if live.interior { sink.ambiguous(word) } else { sink.exact(word) }
    });
    if let Err(error) = result {
        fatal!("GC: {error:?} at {:#x} (method {:#x})", registers.ip, method.start());
    }
}

/// # Safety
///
/// The word is in a live frame.
unsafe fn read(base: usize, offset: i64) -> usize {
    // SAFETY: the caller's promise.
    unsafe { *(base.wrapping_add_signed(offset as isize) as *const usize) }
}
