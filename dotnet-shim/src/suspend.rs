//! Stopping and resuming the world.
//!
//! A preemptive thread counts as stopped, and waits when it comes back. A cooperative thread is
//! interrupted: in managed code, or in a stub on its behalf, it single-steps to the next safepoint
//! and parks there, inside the trap handler; in runtime code it is left alone and interrupted again
//! later.
use crate::code::Code;
use crate::lock::Guard;
use crate::thread::{self, List, THREADS, Thread};
use crate::{arch, sys};
use abi::NO_DEADLINE;
use abi::trap::Frame;
use core::ptr;
use core::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst};
use core::sync::atomic::{AtomicU32, AtomicU64, fence};

/// Not zero while the world is stopped or being stopped. Compiled code polls it.
#[unsafe(export_name = "RhpTrapThreads")]
pub(crate) static TRAP_THREADS: AtomicU32 = AtomicU32::new(0);

/// Counters for `CERMET_GC_STATS`.
pub(crate) struct Statistics {
    pub(crate) interrupts: AtomicU64,
    pub(crate) steps: AtomicU64,
    pub(crate) parks: AtomicU64,
    pub(crate) stopping_ns: AtomicU64,
    pub(crate) longest_stopping_ns: AtomicU64,
}

pub(crate) static STATISTICS: Statistics = Statistics {
    interrupts: AtomicU64::new(0),
    steps: AtomicU64::new(0),
    parks: AtomicU64::new(0),
    stopping_ns: AtomicU64::new(0),
    longest_stopping_ns: AtomicU64::new(0),
};

/// Runs `f` preemptively; the collector walks this thread from `frame`.
pub(crate) fn preemptive(frame: usize, f: impl FnOnce()) {
    let thread = thread::current();
    thread.transition_frame.store(frame, Release);
    f();
    become_cooperative(thread, frame);
}

/// Runs `f` cooperatively, in native code that was called by P/Invoke.
pub(crate) fn cooperative<T>(f: impl FnOnce(&'static Thread) -> T) -> T {
    let thread = thread::current();
    let frame = thread.transition_frame.load(Relaxed);
    become_cooperative(thread, frame);
    let result = f(thread);
    thread.transition_frame.store(frame, Release);
    result
}

fn become_cooperative(thread: &Thread, frame: usize) {
    loop {
        thread.transition_frame.store(0, Relaxed);
        fence(SeqCst);
        if TRAP_THREADS.load(Relaxed) == 0 {
            return;
        }
        thread.transition_frame.store(frame, Release);
        while TRAP_THREADS.load(Acquire) != 0 {
            let _ = sys::wait(&TRAP_THREADS, 1, NO_DEADLINE);
        }
    }
}

/// Slow path of P/Invoke return, reverse P/Invoke entry and polls: publishes `frame` and waits for
/// the collection to end.
#[unsafe(export_name = "rt_wait_for_gc")]
extern "C" fn wait_for_gc(frame: usize) {
    become_cooperative(thread::current(), frame);
}

/// Stops every other thread. The caller is preemptive and the only collector. The guard keeps the
/// list of threads as it is.
pub(crate) fn stop_world() -> Guard<'static, List> {
    /// Rounds of looking between two interrupts of the same thread.
    const PATIENCE: u32 = 16;
    /// Rounds of looking before the CPU is offered to others.
    const SPINS: u32 = 50;
    let start = sys::monotonic_ns();
    let list = THREADS.lock();
    TRAP_THREADS.store(1, SeqCst);
    // pairs with the plain stores and loads of the transition stubs
    sys::barrier();
    let me = thread::current();
    let mut round = 0;
    loop {
        let mut running = 0;
        for thread in list.iter() {
            let frame = thread.transition_frame.load(Acquire);
            if ptr::eq(thread, me) {
                thread.stop_frame.set(frame);
            } else if thread.stop_frame.get() == 0 && thread.parked.load(Acquire).is_null() {
                thread.stop_frame.set(frame);
                if frame == 0 {
                    running += 1;
                    if round % PATIENCE == 0 {
                        interrupt(thread);
                    }
                }
            }
        }
        if running == 0 {
            let taken = sys::monotonic_ns() - start;
            STATISTICS.stopping_ns.fetch_add(taken, Relaxed);
            STATISTICS.longest_stopping_ns.fetch_max(taken, Relaxed);
            return list;
        }
        round += 1;
        if round < SPINS && crate::start::block().cpu_count > 1 {
            for _ in 0..SPINS {
                core::hint::spin_loop();
            }
        } else {
            sys::yield_now();
        }
    }
}

/// Interrupts a thread, unless it has yet to handle the last interrupt: they must not pile up on its
/// trap stack.
fn interrupt(thread: &Thread) {
    if thread.interrupt.swap(1, AcqRel) == 0 {
        sys::thread_interrupt(thread.handle.load(Relaxed));
        STATISTICS.interrupts.fetch_add(1, Relaxed);
    }
}

/// Lets every thread run again.
pub(crate) fn resume_world(list: Guard<'static, List>) {
    TRAP_THREADS.store(0, SeqCst);
    for thread in list.iter() {
        thread.stop_frame.set(0);
        if !thread.parked.load(Relaxed).is_null() {
            thread.parked.store(ptr::null_mut(), Release);
            thread.park_word.store(0, Release);
            sys::wake(&thread.park_word, 1);
        }
    }
    sys::wake(&TRAP_THREADS, u32::MAX);
}

/// Handles the interrupt that [`interrupt`] sent.
pub(crate) fn on_interrupt(frame: &mut Frame) {
    approach(frame);
    thread::current().interrupt.store(0, Release);
}

/// After an interrupt or a single step: parks the thread if it is at a safepoint, steps it on if it can get
/// to one, leaves it alone otherwise.
pub(crate) fn approach(frame: &mut Frame) {
    let thread = thread::current();
    arch::set_single_step(&mut frame.registers, false);
    if TRAP_THREADS.load(Acquire) == 0 || thread.transition_frame.load(Acquire) != 0 {
        return;
    }
    let ip = arch::instruction_pointer(&frame.registers);
    match Code::managed(ip) {
        Some(code) if code.is_interruptible(ip) => {
            STATISTICS.parks.fetch_add(1, Relaxed);
            thread.park_word.store(1, Relaxed);
            thread.parked.store(frame, Release);
            while thread.park_word.load(Acquire) != 0 {
                let _ = sys::wait(&thread.park_word, 1, NO_DEADLINE);
            }
        }
        None if !arch::in_stubs(ip) => {}
        _ => {
            STATISTICS.steps.fetch_add(1, Relaxed);
            arch::set_single_step(&mut frame.registers, true);
        }
    }
}
