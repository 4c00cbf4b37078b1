//! Services: what one is, how its threads begin and end, and how all of it is freed.
//!
//! | module | concern |
//! |---|---|
//! | [`package`], [`crc`], [`elf`] | what arrives, checked |
//! | [`load`] | from a package to a first thread |
//!
//! A service ends in three steps. [`end`] notes the exit code, asks all threads for attention and
//! wakes those that wait. Each thread, as soon as a CPU gets to it, ends in [`end_thread`]. The last
//! of them to let go of the service frees what it held and checks that nothing is missing.

pub(crate) mod crc;
pub(crate) mod elf;
pub(crate) mod load;
pub(crate) mod package;

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;
use core::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};

use abi::Error;
use abi::thread::ThreadParameters;
use hal::task::Context;

use crate::Kernel;
use crate::memory::{Space, heap};
use crate::sched::cpu::Local;
use crate::sched::deadline::Deadlines;
use crate::thread::{self, Attention, Shared, Table, Thread};
use crate::wait::Key;

/// Threads a service may have.
const THREAD_LIMIT: u32 = 8192;

/// A program in its own address space.
#[derive(Debug)]
pub(crate) struct Service {
    number: u64,
    name: Box<str>,
    space: Space,
    /// Frames that no service had before it was made.
    frames_before: usize,
    trap_handler: AtomicUsize,
    /// [`ALIVE`], or the exit code.
    ending: AtomicU32,
    threads: AtomicU32,
    /// CPU time of its threads in user mode.
    pub(crate) user_ns: AtomicU64,
    /// CPU time of its threads in the kernel.
    pub(crate) kernel_ns: AtomicU64,
}

const ALIVE: u32 = u32::MAX;

impl Service {
    fn new(number: u64, name: &str, space: Space, frames_before: usize) -> Self {
        Self {
            number,
            name: name.into(),
            space,
            frames_before,
            trap_handler: AtomicUsize::new(0),
            ending: AtomicU32::new(ALIVE),
            threads: AtomicU32::new(0),
            user_ns: AtomicU64::new(0),
            kernel_ns: AtomicU64::new(0),
        }
    }

    /// Its name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Its memory.
    #[inline]
    pub(crate) const fn space(&self) -> &Space {
        &self.space
    }

    /// Where its traps go, or zero.
    pub(crate) fn trap_handler(&self) -> usize {
        self.trap_handler.load(Ordering::Relaxed)
    }

    /// Sets where its traps go.
    pub(crate) fn set_trap_handler(&self, entry: usize) {
        self.trap_handler.store(entry, Ordering::Relaxed);
    }

    /// Whether it is to end.
    pub(crate) fn is_ending(&self) -> bool {
        self.ending.load(Ordering::SeqCst) != ALIVE
    }

    /// Threads alive.
    pub(crate) fn thread_count(&self) -> u32 {
        self.threads.load(Ordering::Relaxed)
    }
}

impl Thread {
    /// Adds CPU time to the thread's and its service's account.
    pub(crate) fn account(&self, user_ns: u64, kernel_ns: u64) {
        // Only the CPU that runs the thread changes its account; the service's has many writers.
        let add = |account: &AtomicU64, ns| {
            account.store(account.load(Ordering::Relaxed) + ns, Ordering::Relaxed);
        };
        add(&self.shared.user_ns, user_ns);
        self.service.user_ns.fetch_add(user_ns, Ordering::Relaxed);
        if kernel_ns != 0 {
            add(&self.shared.kernel_ns, kernel_ns);
            self.service.kernel_ns.fetch_add(kernel_ns, Ordering::Relaxed);
        }
    }
}

/// Makes a thread of a service; it is not ready yet.
pub(crate) fn create_thread(
    kernel: &Kernel,
    service: &Arc<Service>,
    parameters: &ThreadParameters,
) -> Result<Box<Thread>, Error> {
    if service.threads.fetch_add(1, Ordering::Relaxed) >= THREAD_LIMIT {
        service.threads.fetch_sub(1, Ordering::Relaxed);
        return Err(Error::Limit);
    }
    try_create(kernel, service, parameters).inspect_err(|_| {
        service.threads.fetch_sub(1, Ordering::Relaxed);
    })
}

fn try_create(
    kernel: &Kernel,
    service: &Arc<Service>,
    parameters: &ThreadParameters,
) -> Result<Box<Thread>, Error> {
    heap::make_room(&kernel.frames, 0)?;
    service.space.charge(thread::CHARGE)?;
    let give_back = |error| {
        service.space.discharge(thread::CHARGE);
        error
    };
    let context = Context::new(
        parameters.entry,
        // As after a call: the word of the return address is there.
        parameters.stack_top - 8,
        parameters.thread_pointer,
        parameters.argument,
    )
    .ok_or(Error::NoMemory)
    .map_err(give_back)?;
    let shared = enter_table(kernel, service.number).map_err(give_back)?;
    // `end` notes the end first and then walks the table: either it has seen this entry, or the end
    // is seen here.
    if service.is_ending() {
        shared.ask(Attention::End);
    }
    let mut thread = Box::new(Thread::new(context, service.clone(), shared));
    thread.trap_stack = (parameters.trap_stack, parameters.trap_stack_len);
    thread.exit_word = parameters.exit_word;
    Ok(thread)
}

fn enter_table(kernel: &Kernel, service: u64) -> Result<Arc<Shared>, Error> {
    let mut table = kernel.threads.lock();
    if table.is_full() {
        let capacity = (2 * table.capacity()).max(64);
        if capacity > thread::LIMIT {
            return Err(Error::Limit);
        }
        let per_cpu = capacity * Deadlines::BYTES_PER_SLOT * hal::cpu::count() as usize;
        heap::make_room(&kernel.frames, per_cpu + capacity * Table::BYTES_PER_SLOT)?;
        // Room for the deadlines first: a slot that exists can always wait.
        if !kernel.scheduler.reserve(capacity) || !table.grow(capacity) {
            return Err(Error::NoMemory);
        }
    }
    Ok(table.insert(service).expect("the table has just grown"))
}

/// Ends a service for what it did, and says so.
pub(crate) fn kill(
    kernel: &Kernel,
    local: &mut Local,
    service: &Service,
    code: u8,
    reason: fmt::Arguments<'_>,
) {
    // Threads that go wrong together, or while the service ends, make one message.
    if end(kernel, local, service, code) {
        kernel.tell_service(service, reason);
    }
}

/// Ends a service with an exit code. The first to say so decides the code; true for that one.
pub(crate) fn end(kernel: &Kernel, local: &mut Local, service: &Service, code: u8) -> bool {
    let first =
        service.ending.compare_exchange(ALIVE, code.into(), Ordering::SeqCst, Ordering::SeqCst);
    if first.is_err() {
        return false;
    }
    for thread in kernel.threads.lock().of_service(service.number) {
        if let Some(cpu) = thread.ask(Attention::End)
            && cpu != local.cpu
        {
            hal::cpu::reschedule(cpu);
        }
    }
    kernel.wake_service(local, service.number);
    true
}

/// Ends a thread that no CPU runs any more.
pub(crate) fn end_thread(kernel: &Kernel, local: &mut Local, thread: Thread) {
    let Thread { service, shared, exit_word, unfinished, .. } = thread;
    kernel.threads.lock().remove(shared.handle);
    service.space.forgo(&kernel.frames, unfinished.promised);
    service.space.discharge(thread::CHARGE);
    let rest = service.threads.fetch_sub(1, Ordering::Relaxed) - 1;
    if exit_word != 0 && !service.is_ending() {
        // A word that is not there any more was the service's own doing.
        if service.space.store_u32(&kernel.frames, exit_word, 0).is_ok() {
            let key = Key::Word { service: service.number, address: exit_word };
            kernel.wake(local, key, usize::MAX);
        }
    }
    if rest == 0 && !service.is_ending() {
        // Its last thread left without an exit code.
        end(kernel, local, &service, 0);
    }
    if let Some(service) = Arc::into_inner(service) {
        tear_down(kernel, service);
    }
}

/// Frees what a service held, checks the books, and ends the machine, whose only service it was.
fn tear_down(kernel: &Kernel, service: Service) {
    let code = service.ending.load(Ordering::SeqCst) as u8;
    let (used, _) = service.space.usage();
    service.space.destroy(&kernel.frames);
    let after = kernel.frames.outside_services();
    kernel.log.info(format_args!(
        "{} ended with {code}: {used} pages freed, {} of {} free, {} ms user, {} ms kernel",
        service.name,
        kernel.frames.free(),
        kernel.frames.total(),
        service.user_ns.load(Ordering::Relaxed) / 1_000_000,
        service.kernel_ns.load(Ordering::Relaxed) / 1_000_000,
    ));
    assert_eq!(after, service.frames_before, "{} left frames behind", service.name);
    kernel.finish(code);
}
