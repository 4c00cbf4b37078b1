//! Thread blocks, thread-local storage, creation and exit.
//!
//! Rule: the thread pointer holds the address of the [`Thread`], whose first word points to itself
//! (the x86-64 convention); the image's thread-local block, which holds the compiler's inlined
//! thread statics, ends right below it.
use crate::arch;
use crate::exception::ExInfo;
use crate::lock::Mutex;
use crate::{heap, sys};
use abi::memory::{PAGE_SIZE, Protection};
use abi::start::Start;
use abi::thread::ThreadParameters;
use abi::trap::Frame;
use core::cell::{Cell, UnsafeCell};
use core::ffi::c_void;
use core::ptr;
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use core::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, AtomicUsize};

/// Transition frame of a preemptive thread without managed frames.
pub(crate) const NO_FRAMES: usize = usize::MAX;
/// Stack of a thread that asks for no size, as on Linux. Only touched pages take memory.
const DEFAULT_STACK: usize = 8 << 20;
const MIN_STACK: usize = 128 << 10;
/// Room for a trap frame, the vector state, and what handling a trap calls; twice for nesting.
const TRAP_STACK: usize = 64 << 10;
/// Blocks of ended threads that are kept for the next ones.
const KEPT: usize = 4;

/// Start routine of a thread, as the class library passes it.
pub(crate) type Routine = extern "C" fn(*mut c_void) -> *mut c_void;

/// A thread of the service. Managed code and the assembly stubs know some of its fields by offset.
#[repr(C)]
pub(crate) struct Thread {
    self_pointer: *const Thread,
    /// Where the next objects go.
    pub(crate) allocation: UnsafeCell<gc::Context>,
    /// 0: cooperative. A frame or [`NO_FRAMES`]: preemptive, the stack is walked from there.
    pub(crate) transition_frame: AtomicUsize,
    /// Frame to walk from while a runtime helper works cooperatively.
    pub(crate) deferred_frame: Cell<usize>,
    /// Where C code keeps its stack protector's value.
    _canary: usize,
    /// Innermost exception in flight.
    pub(crate) exception_head: Cell<*mut ExInfo>,
    /// What the common thunk stub leaves for the thunk's target.
    pub(crate) thunk_context: Cell<usize>,
    /// Storage of the thread statics that are not inlined.
    pub(crate) static_storage: Cell<usize>,
    /// Inlined thread-static roots.
    pub(crate) inline_roots: Cell<*mut InlineRoot>,
    /// Areas that the class library registered for reporting.
    pub(crate) gc_frames: Cell<*mut GcFrame>,
    /// Registers of a thread that is parked in a trap; null otherwise.
    pub(crate) parked: AtomicPtr<Frame>,
    /// 1 from the sending of an interrupt until it has been handled.
    pub(crate) interrupt: AtomicU32,
    /// 1 while the thread is to stay parked.
    pub(crate) park_word: AtomicU32,
    /// Not zero while the kernel may still touch the stack.
    pub(crate) alive: AtomicU32,
    /// The kernel's handle.
    pub(crate) handle: AtomicU64,
    pub(crate) errno: Cell<i32>,
    pub(crate) stack_low: Cell<usize>,
    pub(crate) stack_high: Cell<usize>,
    /// Transition frame seen when the world was stopped.
    pub(crate) stop_frame: Cell<usize>,
    pub(crate) next: Cell<*mut Thread>,
    routine: Cell<Option<Routine>>,
    argument: Cell<*mut c_void>,
    mapping: Cell<usize>,
    mapping_length: Cell<usize>,
}

/// A thread-static root in the image's thread-local block.
#[repr(C)]
pub(crate) struct InlineRoot {
    pub(crate) object: usize,
    pub(crate) next: *mut InlineRoot,
    manager: usize,
}

/// `GCFrameRegistration` of CoreLib.
#[repr(C)]
pub(crate) struct GcFrame {
    thread: *const Thread,
    pub(crate) next: *mut GcFrame,
    pub(crate) references: *mut usize,
    pub(crate) count: u32,
    pub(crate) interior: i32,
}

impl GcFrame {
    /// Runs `f` with the reference in `place` reported to the collector.
    pub(crate) fn with<T>(place: &mut usize, f: impl FnOnce() -> T) -> T {
        let thread = current();
        let next = thread.gc_frames.get();
        let mut frame = Self { thread, next, references: place, count: 1, interior: 0 };
        thread.gc_frames.set(&raw mut frame);
        let result = f();
        thread.gc_frames.set(next);
        result
    }
}

/// Head of a list of threads.
pub(crate) struct List(pub(crate) *mut Thread);

// SAFETY: the list is behind a lock, and a block's list link is only used under it.
unsafe impl Send for List {}

impl List {
    /// The threads in it.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &'static Thread> + use<> {
        let mut next = self.0;
        core::iter::from_fn(move || {
            // SAFETY: blocks in a list are live; who iterates holds its lock.
            let thread = unsafe { next.as_ref() }?;
            next = thread.next.get();
            Some(thread)
        })
    }

    /// Takes out the first thread that `wanted` accepts.
    fn take(&mut self, wanted: impl Fn(&Thread) -> bool) -> Option<&'static Thread> {
        let mut previous: Option<&Thread> = None;
        for thread in self.iter() {
            if wanted(thread) {
                match previous {
                    Some(previous) => previous.next.set(thread.next.get()),
                    None => self.0 = thread.next.get(),
                }
                return Some(thread);
            }
            previous = Some(thread);
        }
        None
    }

    fn push(&mut self, thread: &'static Thread) {
        thread.next.set(self.0);
        self.0 = (&raw const *thread).cast_mut();
    }
}

/// All attached threads. The suspender holds this lock while the world is stopped.
pub(crate) static THREADS: Mutex<List> = Mutex::new(List(ptr::null_mut()));
/// Ended threads whose memory can be used again once `alive` is zero.
static DEAD: Mutex<List> = Mutex::new(List(ptr::null_mut()));
static EXIT_CALLBACK: AtomicUsize = AtomicUsize::new(0);

/// The image's thread-local block: address, bytes in the file, bytes in memory.
static TLS_IMAGE: [AtomicUsize; 3] =
    [AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0)];

/// The calling thread.
pub(crate) fn current() -> &'static Thread {
    // SAFETY: every thread that runs our code has a block, which outlives its last instruction.
    unsafe { &*arch::current_thread() }
}

/// Remembers the image's thread-local block. The alignment is folded into the size.
pub(crate) fn set_tls_image(address: usize, file_size: usize, memory_size: usize, align: usize) {
    let size = memory_size.next_multiple_of(align.max(1));
    for (cell, value) in TLS_IMAGE.iter().zip([address, file_size, size]) {
        cell.store(value, Relaxed);
    }
}

fn page_up(size: usize) -> usize {
    size.next_multiple_of(PAGE_SIZE)
}

/// Maps guard page, stack, guard page, trap stack, thread-local block and thread block, in this
/// order, and gives the thread block.
fn new_block(stack: usize) -> Option<&'static Thread> {
    let local = TLS_IMAGE[2].load(Relaxed).next_multiple_of(64);
    let block = page_up(local + size_of::<Thread>());
    let length = PAGE_SIZE + stack + PAGE_SIZE + TRAP_STACK + block;
    let base = sys::map(length, Protection::WRITE).ok()?;
    let trap_stack = base + length - block - TRAP_STACK;
    let ready = sys::commit(trap_stack, TRAP_STACK + block).is_ok();
    // SAFETY: the mapping is new; nobody has touched the guard pages.
    unsafe {
        if !ready
            || sys::protect(base, PAGE_SIZE, Protection::NONE).is_err()
            || sys::protect(trap_stack - PAGE_SIZE, PAGE_SIZE, Protection::NONE).is_err()
        {
            let _ = sys::unmap(base, length);
            return None;
        }
        Some(init_block(base + length - block + local, base, length, stack))
    }
}

/// Makes a fresh thread-local block and thread block.
///
/// # Safety
///
/// `address` is that of the thread block in a mapping made by [`new_block`] which no thread uses.
unsafe fn init_block(
    address: usize,
    mapping: usize,
    mapping_length: usize,
    stack: usize,
) -> &'static Thread {
    let [image, file_size, size] = [0, 1, 2].map(|index: usize| TLS_IMAGE[index].load(Relaxed));
    // SAFETY: the caller's promise; all zero is a valid thread block.
    let thread = unsafe {
        ptr::write_bytes((address - size) as *mut u8, 0, size + size_of::<Thread>());
        ptr::copy_nonoverlapping(image as *const u8, (address - size) as *mut u8, file_size);
        let thread = address as *mut Thread;
        (*thread).self_pointer = thread;
        &*thread
    };
    thread.mapping.set(mapping);
    thread.mapping_length.set(mapping_length);
    thread.stack_low.set(mapping + PAGE_SIZE);
    thread.stack_high.set(mapping + PAGE_SIZE + stack);
    thread.transition_frame.store(NO_FRAMES, Relaxed);
    thread
}

impl Thread {
    /// Lowest byte of the trap stack.
    fn trap_stack(&self, stack: usize) -> usize {
        self.mapping.get() + PAGE_SIZE + stack + PAGE_SIZE
    }

    /// Bytes of objects this thread has allocated.
    pub(crate) fn allocated(&self) -> u64 {
        // SAFETY: *Owner*: asked by the thread itself, or with the world stopped.
        unsafe { (*self.allocation.get()).allocated() }
    }

    /// Is this address in the guard page below the stack, or close to it?
    pub(crate) fn is_stack_guard(&self, address: usize) -> bool {
        const REACH: usize = 64 << 10;
        let low = self.stack_low.get();
        (low.saturating_sub(REACH)..low + PAGE_SIZE).contains(&address)
    }
}

/// Makes the thread that entered the image a thread of the runtime.
pub(crate) fn attach_main(start: &Start) {
    let Some(thread) = new_block(0) else { fatal!("Out of memory.") };
    thread.handle.store(start.thread, Relaxed);
    thread.stack_high.set(start.stack_high);
    thread.stack_low.set(start.stack_low);
    thread.alive.store(1, Relaxed);
    // SAFETY: block and trap stack are new and this thread's own.
    unsafe {
        sys::set_thread_pointer(&raw const *thread as usize);
        sys::set_trap_stack(thread.trap_stack(0), TRAP_STACK);
    }
    THREADS.lock().push(thread);
}

/// Starts a detached thread that calls `routine(argument)` preemptively. 0 means the default stack.
pub(crate) fn create(stack: usize, routine: Routine, argument: *mut c_void) -> bool {
    let stack = if stack == 0 { DEFAULT_STACK } else { page_up(stack.max(MIN_STACK)) };
    let Some(thread) = reuse(stack).or_else(|| new_block(stack)) else { return false };
    thread.routine.set(Some(routine));
    thread.argument.set(argument);
    thread.alive.store(1, Relaxed);
    let parameters = ThreadParameters {
        entry: thread_main as *const () as usize,
        argument: &raw const *thread as usize,
        stack_top: thread.stack_high.get(),
        thread_pointer: &raw const *thread as usize,
        trap_stack: thread.trap_stack(stack),
        trap_stack_len: TRAP_STACK,
        exit_word: thread.alive.as_ptr() as usize,
    };
    let mut threads = THREADS.lock();
    // SAFETY: block and stacks are the new thread's own; `thread_main` takes the block.
    match unsafe { sys::thread_create(&parameters) } {
        Ok(handle) => {
            // under the lock, so that no suspender sees the thread without its handle
            thread.handle.store(handle, Relaxed);
            threads.push(thread);
            true
        }
        Err(_) => {
            drop(threads);
            release(thread);
            false
        }
    }
}

extern "C" fn thread_main(thread: &'static Thread) -> ! {
    // The creator lists us before it drops the lock; only then may we run managed code.
    drop(THREADS.lock());
    if let Some(routine) = thread.routine.get() {
        routine(thread.argument.get());
    }
    detach(thread)
}

fn detach(thread: &'static Thread) -> ! {
    let callback = EXIT_CALLBACK.load(Relaxed);
    if callback != 0 {
        // SAFETY: *Caller*: the class library registered a function of this type.
        let callback: extern "C" fn() = unsafe { core::mem::transmute(callback) };
        callback();
    }
    {
        let mut threads = THREADS.lock();
        // SAFETY: *Owner*: the thread is the caller, and allocates no more.
        heap::heap().end_context(unsafe { &mut *thread.allocation.get() });
        let me = threads.take(|other| ptr::eq(other, thread));
        debug_assert!(me.is_some(), "every running thread is listed");
        DEAD.lock().push(thread);
    }
    // the kernel clears `alive` afterwards
    sys::thread_exit()
}

/// The block of an ended thread with a stack of this size. Gives surplus blocks back.
fn reuse(stack: usize) -> Option<&'static Thread> {
    let mut dead = DEAD.lock();
    let ended = |thread: &Thread| thread.alive.load(Acquire) == 0;
    let size = |thread: &Thread| thread.stack_high.get() - thread.stack_low.get();
    let found = dead.take(|thread| ended(thread) && size(thread) == stack);
    while dead.iter().count() > KEPT {
        let Some(surplus) = dead.take(ended) else { break };
        release(surplus);
    }
    drop(dead);
    found.map(|thread| {
        let address = &raw const *thread as usize;
        let (mapping, length) = (thread.mapping.get(), thread.mapping_length.get());
        // SAFETY: the block was made by `new_block` and its thread has ended.
        unsafe { init_block(address, mapping, length, stack) }
    })
}

/// Gives the memory of a thread that never started, or has ended, back.
fn release(thread: &'static Thread) {
    // SAFETY: no thread uses the mapping, and no list holds the block.
    let result = unsafe { sys::unmap(thread.mapping.get(), thread.mapping_length.get()) };
    debug_assert!(result.is_ok(), "the mapping is that of `new_block`");
}

#[unsafe(export_name = "RhSetThreadExitCallback")]
extern "C" fn set_thread_exit_callback(callback: usize) {
    EXIT_CALLBACK.store(callback, Release);
}

#[unsafe(export_name = "RhCurrentOSThreadId")]
extern "C" fn current_thread_id() -> u64 {
    current().handle.load(Relaxed)
}

#[unsafe(export_name = "RhCurrentNativeThreadId")]
extern "C" fn current_native_thread_id() -> usize {
    current().handle.load(Relaxed) as usize
}

#[unsafe(export_name = "RhpGetCurrentThread")]
extern "C" fn current_thread() -> *const Thread {
    current()
}

#[unsafe(export_name = "RhGetThreadStaticStorage")]
extern "C" fn thread_static_storage() -> *mut usize {
    current().static_storage.as_ptr()
}

#[unsafe(export_name = "RhRegisterInlinedThreadStaticRoot")]
extern "C" fn register_inlined_root(root: &'static mut InlineRoot, manager: usize) {
    let thread = current();
    root.next = thread.inline_roots.get();
    root.manager = manager;
    thread.inline_roots.set(root);
}

#[unsafe(export_name = "RhRegisterForGCReporting")]
extern "C" fn register_for_reporting(frame: &'static mut GcFrame) {
    let thread = current();
    frame.thread = thread;
    frame.next = thread.gc_frames.get();
    thread.gc_frames.set(frame);
}

#[unsafe(export_name = "RhUnregisterForGCReporting")]
extern "C" fn unregister_for_reporting(frame: &'static mut GcFrame) {
    current().gc_frames.set(frame.next);
    frame.thread = ptr::null();
}

#[unsafe(export_name = "RhGetCurrentThreadStackBounds")]
extern "C" fn stack_bounds(low: &mut usize, high: &mut usize) {
    let thread = current();
    (*low, *high) = (thread.stack_low.get(), thread.stack_high.get());
}

#[unsafe(export_name = "RhGetAllocatedBytesForCurrentThread")]
extern "C" fn allocated_bytes() -> i64 {
    current().allocated().cast_signed()
}

/// Frames stay physically intact for our walker, so collecting during dispatch is safe.
#[unsafe(export_name = "RhpSetThreadDoNotTriggerGC")]
extern "C" fn set_do_not_trigger_gc() {}

/// Threads are never aborted.
#[unsafe(export_name = "RhpGetThreadAbortException")]
extern "C" fn thread_abort_exception() -> usize {
    0
}

#[unsafe(export_name = "RhYield")]
extern "C" fn yield_thread() -> i32 {
    sys::yield_now();
    1
}

#[unsafe(export_name = "RhSpinWait")]
extern "C" fn spin_wait(iterations: i32) {
    for _ in 0..iterations {
        core::hint::spin_loop();
    }
}

#[unsafe(export_name = "RhFlushProcessWriteBuffers")]
extern "C" fn flush_write_buffers() {
    sys::barrier();
}

#[unsafe(export_name = "RhGetProcessCpuCount")]
extern "C" fn cpu_count() -> i32 {
    crate::start::block().cpu_count.max(1).cast_signed()
}

#[unsafe(export_name = "rt_bad_reverse_pinvoke")]
extern "C" fn bad_reverse_pinvoke() -> ! {
    fatal!("An unmanaged-callers-only method was called from managed code.")
}
