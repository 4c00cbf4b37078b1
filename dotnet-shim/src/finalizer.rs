//! The finalizer thread, and who waits for it.
//!
//! Rule: waiting for pending finalizers waits for what is queued now, by count, never for an empty
//! queue: objects that re-register themselves in their finalizer (the class library's
//! `Gen2GcCallback`) could keep the queue filled for ever.
use crate::heap::heap;
use crate::lock::{Condition, RawMutex};
use crate::object::{FINALIZER_RUN, Object};
use crate::thread;
use core::ffi::c_void;
use core::sync::atomic::Ordering::Relaxed;
use core::sync::atomic::{AtomicBool, AtomicUsize};

static LOCK: RawMutex = RawMutex::new();
static WORK: Condition = Condition::new();
static DONE: Condition = Condition::new();
/// Objects whose finalizer has returned (or was suppressed), ever.
static FINISHED: AtomicUsize = AtomicUsize::new(0);
static IS_STARTED: AtomicBool = AtomicBool::new(false);

unsafe extern "C" {
    fn ProcessFinalizers();
}

extern "C" fn finalizer_main(_: *mut c_void) -> *mut c_void {
    // SAFETY: a managed export for exactly this use; it does not return.
    unsafe { ProcessFinalizers() };
    core::ptr::null_mut()
}

/// Starts the finalizer thread.
pub(crate) fn start() {
    IS_STARTED.store(true, Relaxed);
    if !thread::create(0, finalizer_main, core::ptr::null_mut()) {
        fatal!("There is no memory for the finalizer thread.");
    }
}

/// After a collection found objects to finalize.
pub(crate) fn wake() {
    LOCK.lock();
    WORK.notify_all();
    LOCK.unlock();
}

/// Waits until there are finalizers to run; 1 says that there are.
#[unsafe(export_name = "RhpWaitForFinalizerRequest")]
extern "C" fn wait_for_request() -> u32 {
    LOCK.lock();
    loop {
        let (queued, taken) = heap().finalization_counts();
        if queued != taken {
            break;
        }
        WORK.wait(&LOCK, abi::NO_DEADLINE);
    }
    LOCK.unlock();
    1
}

#[unsafe(export_name = "RhpSignalFinalizationComplete")]
extern "C" fn signal_complete(_count: u32, _observed: i32) {}

#[unsafe(export_name = "RhWaitForPendingFinalizers")]
extern "C" fn wait_for_pending(_allow_reentrant: i32) {
    if !IS_STARTED.load(Relaxed) {
        return;
    }
    let wanted = heap().finalization_counts().0;
    LOCK.lock();
    while FINISHED.load(Relaxed) < wanted {
        DONE.wait(&LOCK, abi::NO_DEADLINE);
    }
    LOCK.unlock();
}

/// The next object to finalize. Only the finalizer thread asks, so all that it was given earlier has
/// been finalized.
#[unsafe(export_name = "RhpGetNextFinalizableObject")]
extern "C" fn next_object() -> usize {
    let mut finished = heap().finalization_counts().1;
    let mut next = 0;
    while let Some(object) = heap().next_finalizable() {
        if Object(object).header().load(Relaxed) & FINALIZER_RUN == 0 {
            next = object;
            break;
        }
        // suppressed after it was queued: consume the bit and skip
        Object(object).header().fetch_and(!FINALIZER_RUN, Relaxed);
        finished += 1;
    }
    LOCK.lock();
    FINISHED.store(finished, Relaxed);
    DONE.notify_all();
    LOCK.unlock();
    next
}

#[unsafe(export_name = "RhSuppressFinalize")]
extern "C" fn suppress_finalize(object: Object) {
    if object.table().has_finalizer() {
        object.header().fetch_or(FINALIZER_RUN, Relaxed);
    }
}

/// 0 when there is no memory to remember the object.
#[unsafe(export_name = "RhReRegisterForFinalize")]
extern "C" fn re_register_for_finalize(object: Object) -> u32 {
    let is_done = !object.table().has_finalizer()
        || object.header().fetch_and(!FINALIZER_RUN, Relaxed) & FINALIZER_RUN != 0
        || heap().register_finalizable(object.0);
    u32::from(is_done)
}
