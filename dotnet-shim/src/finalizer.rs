//! Finalizable objects, the queue of unreachable ones, and the finalizer thread.
//! Rule: waiting for pending finalizers waits for what is queued now, by count, never for an empty queue: objects that re-register
//! themselves in their finalizer (the BCL's Gen2GcCallback) could keep the queue filled for ever.
use crate::heap::map_memory;
use crate::lock::{Condition, Mutex, RawMutex};
use crate::object::{FINALIZER_RUN, Object};
use crate::thread;
use core::ffi::c_void;
use core::sync::atomic::{AtomicUsize, Ordering::*};

const MAX: usize = 1 << 26;
/// Flat arrays in reserved memory.
pub(crate) struct List {
    pub(crate) p: *mut Object,
    pub(crate) n: usize,
}
unsafe impl Send for List {}
impl List {
    const fn new() -> List {
        List { p: core::ptr::null_mut(), n: 0 }
    }
    pub(crate) fn push(&mut self, o: Object) {
        if self.p.is_null() {
            self.p = map_memory(MAX * 8) as *mut Object;
        }
        if self.n == MAX {
            fatal!("too many finalizable objects");
        }
        unsafe { *self.p.add(self.n) = o };
        self.n += 1;
    }
    pub(crate) fn as_slice(&mut self) -> &mut [Object] {
        if self.n == 0 {
            &mut []
        } else {
            unsafe { core::slice::from_raw_parts_mut(self.p, self.n) }
        }
    }
}
/// `ready[taken..]` is still to be handed out; `before` counts the entries already dropped from the front of `ready`.
pub(crate) struct Queues {
    pub(crate) registered: List,
    pub(crate) ready: List,
    pub(crate) taken: usize,
    before: usize,
}
pub(crate) static QUEUES: Mutex<Queues> =
    Mutex::new(Queues { registered: List::new(), ready: List::new(), taken: 0, before: 0 });
static M: RawMutex = RawMutex::new();
static WORK: Condition = Condition::new();
static DONE: Condition = Condition::new();
/// Number of queue entries whose finalizer has returned (or was suppressed), ever.
static FINISHED: AtomicUsize = AtomicUsize::new(0);
static STARTED: AtomicUsize = AtomicUsize::new(0);

pub(crate) fn register(o: Object) {
    QUEUES.lock().registered.push(o);
}
/// After a collection queued objects.
pub(crate) fn wake() {
    M.lock();
    WORK.notify_all();
    M.unlock();
}

unsafe extern "C" {
    fn ProcessFinalizers();
}
extern "C" fn finalizer_main(_: *mut c_void) -> *mut c_void {
    unsafe { ProcessFinalizers() };
    core::ptr::null_mut()
}
pub(crate) fn start() {
    STARTED.store(1, Relaxed);
    if !thread::create(0, finalizer_main, core::ptr::null_mut()) {
        fatal!("no finalizer thread");
    }
}

fn queue_is_empty() -> bool {
    let q = QUEUES.lock();
    q.taken == q.ready.n
}
/// 1: there are finalizers to run.
#[unsafe(export_name = "RhpWaitForFinalizerRequest")]
extern "C" fn wait_for_finalizer_request() -> u32 {
    M.lock();
    while queue_is_empty() {
        WORK.wait(&M, abi::NO_DEADLINE);
    }
    M.unlock();
    1
}
#[unsafe(export_name = "RhpSignalFinalizationComplete")]
extern "C" fn signal_finalization_complete(_count: u32, _observed: i32) {}
#[unsafe(export_name = "RhWaitForPendingFinalizers")]
extern "C" fn wait_for_pending_finalizers(_reentrant: i32) {
    if STARTED.load(Relaxed) == 0 {
        return;
    }
    M.lock();
    let want = {
        let q = QUEUES.lock();
        q.before + q.ready.n
    };
    while FINISHED.load(Relaxed) < want {
        DONE.wait(&M, abi::NO_DEADLINE);
    }
    M.unlock();
}
/// Only the finalizer thread calls this, so everything handed out earlier has finished.
#[unsafe(export_name = "RhpGetNextFinalizableObject")]
extern "C" fn get_next_finalizable_object() -> usize {
    let mut q = QUEUES.lock();
    let mut finished = q.before + q.taken;
    let mut next = 0;
    while q.taken < q.ready.n {
        let i = q.taken;
        q.taken += 1;
        let o = q.ready.as_slice()[i];
        if o.header().load(Relaxed) & FINALIZER_RUN == 0 {
            next = o.0;
            break;
        }
        // suppressed after it was queued: consume the bit and skip
        o.header().fetch_and(!FINALIZER_RUN, Relaxed);
        finished = q.before + q.taken;
    }
    if q.taken == q.ready.n || q.taken >= 4096 {
        let (taken, n) = (q.taken, q.ready.n);
        q.ready.as_slice().copy_within(taken.., 0);
        q.ready.n = n - taken;
        q.before += taken;
        q.taken = 0;
    }
    drop(q);
    M.lock();
    FINISHED.store(finished, Relaxed);
    DONE.notify_all();
    M.unlock();
    next
}
#[unsafe(export_name = "RhSuppressFinalize")]
extern "C" fn suppress_finalize(o: Object) {
    if o.table().has_finalizer() {
        o.header().fetch_or(FINALIZER_RUN, Relaxed);
    }
}
#[unsafe(export_name = "RhReRegisterForFinalize")]
extern "C" fn re_register_for_finalize(o: Object) -> u32 {
    if o.table().has_finalizer() {
        if o.header().load(Relaxed) & FINALIZER_RUN != 0 {
            o.header().fetch_and(!FINALIZER_RUN, Relaxed);
        } else {
            register(o);
        }
    }
    1
}
