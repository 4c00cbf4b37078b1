//! The native half of exception dispatch: iteration over stack frames, with nested dispatches
//! colliding, and enumeration of clauses. CoreLib runs both passes and calls these.
use crate::code::{self, Code};
use crate::format::lsda::{self, ClauseKind};
use crate::unwind::{Registers, register};
use crate::{roots, thread};
use core::mem::offset_of;
use core::ptr;
use core::sync::atomic::Ordering::Relaxed;

/// `StackFrameIterator` of CoreLib.
#[repr(C)]
pub(crate) struct FrameIterator {
    thread: usize,
    instance: usize,
    frame_pointer: usize,
    control_pc: usize,
    registers: Registers,
    scratch: [u64; 24],
    original_pc: usize,
    previous_transition: usize,
}

/// `ExInfo` of CoreLib: an exception in flight. It lies in the frame of the throw stub.
#[repr(C)]
pub(crate) struct ExInfo {
    /// The exception that this one interrupted.
    pub(crate) previous: *mut ExInfo,
    context: *mut usize,
    /// The exception object.
    pub(crate) exception: usize,
    kind: u8,
    pass: u8,
    clause: u32,
    iterator: FrameIterator,
    notify_sp: usize,
}

/// Size of [`ExInfo`]; the throw stubs reserve it.
pub(crate) const EXINFO_SIZE: usize = 0x1a0;

// Compiled into CoreLib 9.0.22 (class AsmOffsets).
const _: () = {
    assert!(size_of::<FrameIterator>() == 0x178);
    assert!(offset_of!(FrameIterator, registers) == 0x20);
    assert!(offset_of!(FrameIterator, original_pc) == 0x168);
    assert!(offset_of!(ExInfo, iterator) == 0x20);
    assert!(offset_of!(ExInfo, notify_sp) == 0x198);
    assert!(size_of::<ExInfo>() == EXINFO_SIZE);
    assert!(size_of::<Registers>() == 0x88);
};

const KIND_HARDWARE: u8 = 2;
const KIND_SUPERSEDED: u8 = 8;
const NO_CLAUSE: u32 = u32::MAX;
const FIRST_PASS: u8 = 1;

unsafe extern "C" {
    fn rt_throw_return();
    fn rt_hardware_throw_return();
    fn rt_rethrow_return();
    fn rt_catch_return();
    fn rt_finally_return();
    fn RhpCalculateStackTraceWorker(buffer: *mut usize, length: u32, address: usize) -> i32;
}

/// Does a frame returning to `ip` belong to a throw stub?
pub(crate) fn is_throw_stub(ip: usize) -> bool {
    ip == rt_throw_return as *const () as usize
        || ip == rt_rethrow_return as *const () as usize
        || is_hardware_throw_stub(ip)
}

/// Does a frame returning to `ip` belong to the throw stub of hardware faults?
pub(crate) fn is_hardware_throw_stub(ip: usize) -> bool {
    ip == rt_hardware_throw_return as *const () as usize
}

/// Does a frame returning to `ip` belong to a stub that calls a catch or a finally? (A filter is left
/// through its caller's catch-all, by plain unwinding.)
fn is_second_pass_stub(ip: usize) -> bool {
    ip == rt_catch_return as *const () as usize || ip == rt_finally_return as *const () as usize
}

impl FrameIterator {
    /// Stands on the current frame if that is managed. `exact`: the ip is that of a faulting
    /// instruction and not a return address.
    fn settle(&mut self, exact: bool) -> bool {
        if !code::is_managed(self.registers.ip) {
            return false;
        }
        self.original_pc = self.registers.ip;
        self.control_pc = self.registers.ip - usize::from(!exact);
        // CoreLib merges neighbouring frames with equal frame pointers (the funclets of one
        // activation), so a method without a frame register must report 0 and not its caller's rbp.
        let code = Code::at(self.control_pc);
        let has_frame = code.is_some_and(|code| code.has_frame_register());
        self.frame_pointer = if has_frame { self.registers.value(register::RBP) } else { 0 };
        true
    }

    /// Unwinds through our own stubs to a managed frame, a stub that needs care, or the unknown.
    ///
    /// # Safety
    ///
    /// The registers are those of a frame of this thread.
    unsafe fn skip_stubs(&mut self) {
        while !code::is_managed(self.registers.ip) && !is_second_pass_stub(self.registers.ip) {
            if is_throw_stub(self.registers.ip) {
                // SAFETY: the frame is that of a throw stub.
                self.registers = unsafe { Registers::from_throw_stub(self.registers.sp) };
                continue;
            }
            let Some(code) = Code::at(self.registers.ip.wrapping_sub(1)) else { return };
            // SAFETY: the frame is that of this code.
            unsafe { self.registers.unwind(&code.step) };
        }
    }

    /// Stands on the frame below a transition frame.
    ///
    /// # Safety
    ///
    /// `frame` is a transition frame of this thread, or none.
    unsafe fn start_at_transition(&mut self, frame: usize) -> bool {
        if frame == 0 || frame == thread::NO_FRAMES {
            return false;
        }
        // SAFETY: the caller's promise.
        unsafe {
            self.registers = Registers::from_transition_frame(frame);
            self.skip_stubs();
        }
        self.settle(false)
    }
}

/// Stores through an out-parameter that may be null.
fn store<T>(place: *mut T, value: T) {
    if !place.is_null() {
        // SAFETY: *Caller*: not null, so valid.
        unsafe { place.write(value) };
    }
}

#[unsafe(export_name = "RhpSfiInit")]
unsafe extern "C" fn iterator_init(
    iterator: &mut FrameIterator,
    context: *mut usize,
    instruction_fault: u8,
    intercepted: *mut u8,
) -> u32 {
    store(intercepted, 0);
    iterator.previous_transition = 0;
    if context.is_null() {
        let frame = thread::current().deferred_frame.get();
        // SAFETY: the frame was deferred by the call that is being served.
        return u32::from(unsafe { iterator.start_at_transition(frame) });
    }
    // SAFETY: *Caller*: the context of a throw on this thread.
    unsafe {
        iterator.registers = Registers::from_limited_context(context);
        iterator.skip_stubs();
    }
    u32::from(iterator.settle(instruction_fault != 0))
}

/// `collided` is null for stack-trace walks, which only want frames.
#[unsafe(export_name = "RhpSfiNext")]
unsafe extern "C" fn iterator_next(
    iterator: &mut FrameIterator,
    collided: *mut u32,
    unwound_reverse: *mut u8,
    intercepted: *mut u8,
) -> u32 {
    store(intercepted, 0);
    store(unwound_reverse, 0);
    store(collided, NO_CLAUSE);
    loop {
        let Some(code) = Code::managed(iterator.control_pc) else { return 0 };
        if code.is_reverse_pinvoke_body() {
            let frame = roots::reverse_pinvoke_frame(&code, &iterator.registers);
            store(unwound_reverse, 1);
            // SAFETY: the method saved the frame on entry.
            return u32::from(unsafe { iterator.start_at_transition(frame) });
        }
        // SAFETY: the iterator stands on a frame of this method.
        unsafe {
            iterator.registers.unwind(&code.step);
            iterator.skip_stubs();
        }
        if !is_second_pass_stub(iterator.registers.ip) {
            return u32::from(iterator.settle(false));
        }
        // A funclet of an older dispatch: its owner is the innermost one above this stub. Continue
        // where that dispatch stands instead of walking its already unwound frames again.
        let mut owner = thread::current().exception_head.get();
        // SAFETY: the list leads through live stub frames of this thread.
        let owner = unsafe {
            while !owner.is_null() && (owner as usize) < iterator.registers.sp {
                owner = (*owner).previous;
            }
            owner.as_mut()
        };
        let Some(owner) = owner else { fatal!("A funclet runs without a dispatch.") };
        if owner.pass == FIRST_PASS || owner.clause == NO_CLAUSE {
            // SAFETY: the context of a throw on this thread.
            unsafe {
                iterator.registers = Registers::from_limited_context(owner.context);
                iterator.skip_stubs();
            }
            return u32::from(iterator.settle(owner.kind & KIND_HARDWARE != 0));
        }
        iterator.registers = owner.iterator.registers;
        iterator.original_pc = owner.iterator.original_pc;
        iterator.control_pc = owner.iterator.control_pc;
        iterator.frame_pointer = owner.iterator.frame_pointer;
        if collided.is_null() {
            continue; // a stack trace shows the funclet, not its parent once more
        }
        store(collided, owner.clause);
        owner.kind |= KIND_SUPERSEDED;
        return 1;
    }
}

/// `EHEnum` of CoreLib.
#[repr(C)]
struct ClauseEnumerator {
    cursor: usize,
    count: u32,
    index: u32,
    start: usize,
    padding: usize,
}

/// `RhEHClause` of CoreLib.
#[repr(C)]
struct ManagedClause {
    kind: i32,
    try_start: u32,
    try_end: u32,
    filter: usize,
    handler: usize,
    target: usize,
}

#[unsafe(export_name = "RhpEHEnumInitFromStackFrameIterator")]
unsafe extern "C" fn clauses_init(
    iterator: &FrameIterator,
    region: &mut [usize; 4],
    clauses: &mut ClauseEnumerator,
) -> u32 {
    let Some(code) = Code::managed(iterator.control_pc) else { return 0 };
    let start = code.start();
    *region = [start, 0, 0, 0];
    let Some(list) = code.clauses() else { return 0 };
    let Some((count, cursor)) = code::decode(list, lsda::clauses) else { return 0 };
    *clauses = ClauseEnumerator { cursor, count, index: 0, start, padding: 0 };
    1
}

#[unsafe(export_name = "RhpEHEnumNext")]
unsafe extern "C" fn clauses_next(
    clauses: &mut ClauseEnumerator,
    managed: &mut ManagedClause,
) -> u32 {
    if clauses.index >= clauses.count {
        return 0;
    }
    let Some((clause, next)) = code::decode(clauses.cursor, lsda::clause) else {
        fatal!("Method {:#x} has damaged exception clauses.", clauses.start);
    };
    clauses.index += 1;
    clauses.cursor = next;
    let at = |offset: u32| clauses.start + offset as usize;
    let (kind, filter, target) = match clause.kind {
        ClauseKind::Typed(table) => (0, 0, table),
        ClauseKind::Fault => (1, 0, 0),
        ClauseKind::Filter(offset) => (2, at(offset), 0),
    };
    *managed = ManagedClause {
        kind,
        try_start: clause.try_start,
        try_end: clause.try_end,
        filter,
        handler: at(clause.handler),
        target,
    };
    1
}

/// The stack of the calling thread, which called by P/Invoke.
#[unsafe(export_name = "RhpGetCurrentThreadStackTrace")]
unsafe extern "C" fn current_stack_trace(buffer: *mut usize, length: u32, address: usize) -> i32 {
    let thread = thread::current();
    thread.deferred_frame.set(thread.transition_frame.load(Relaxed));
    // SAFETY: *Caller*: managed code with the arguments it was called for.
    unsafe { RhpCalculateStackTraceWorker(buffer, length, address) }
}

/// Only for a debugger; an empty context says that there is nothing to see.
#[unsafe(export_name = "RhpCopyContextFromExInfo")]
unsafe extern "C" fn copy_context(context: *mut u8, length: i32, _limited: usize) {
    // SAFETY: *Caller*: that many bytes are writable.
    unsafe { ptr::write_bytes(context, 0, length.max(0) as usize) };
}
