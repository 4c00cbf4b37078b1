//! The loop each CPU runs: take a thread, let it run until the kernel is needed, do what is needed.
//!
//! There are no kernel threads and no kernel stacks to switch: a thread that waits is an object in a
//! queue, and what it waits for is in that object.

use alloc::boxed::Box;

use abi::Error;
use hal::cpu::Id;
use hal::memory::AccessError;
use hal::task::{Event, Interrupt};
use hal::{cpu, time};

use super::SLICE_NS;
use super::deadline::Entry;
use super::queue::Queue;
use crate::memory::touch::Touch;
use crate::thread::{Attention, Thread};
use crate::wait::Key;
use crate::{Kernel, arch, call, fault, service, trap};

/// What a CPU alone knows of itself.
#[derive(Debug)]
pub(crate) struct Local {
    /// Which one it is.
    pub(crate) cpu: Id,
    current: Option<Box<Thread>>,
    /// Since when the current thread runs.
    since_ns: u64,
    /// Since when it has its turn, which settling an account does not renew.
    turn_ns: u64,
    /// How much of that the kernel took for long work.
    kernel_ns: u64,
    /// What the timer is set to.
    armed_ns: u64,
    /// Whether something happened that the timer may have to be set for.
    is_timer_stale: bool,
    /// What the current thread wants to wait for, when it does.
    wish: Wish,
}

/// What becomes of a thread after the kernel did its work for it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use]
pub(crate) enum Next {
    /// It goes on.
    Resume,
    /// It goes on after others that are ready.
    Yield,
    /// It waits for what it wishes, see [`Local::wait_for`].
    Wait,
    /// It has ended.
    End,
}

/// What a thread wants to wait for.
#[derive(Clone, Copy, Debug)]
struct Wish {
    /// Who can wake it.
    key: Key,
    /// Until when.
    deadline_ns: u64,
    /// What must be so that it waits at all.
    condition: Condition,
}

/// What must be so for a thread to begin to wait, checked when no wake-up can slip by.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Condition {
    /// Its word holds this.
    WordIs(u32),
    /// There is no input yet, nor its end.
    NoInput,
    /// An output has no room.
    NoRoom(usize),
    /// Nothing.
    Always,
}

impl Local {
    /// A CPU that has run nothing yet.
    pub(crate) fn new(cpu: Id) -> Self {
        Self {
            cpu,
            current: None,
            since_ns: time::now_ns(),
            turn_ns: 0,
            kernel_ns: 0,
            armed_ns: u64::MAX,
            is_timer_stale: true,
            wish: Wish { key: Key::Nothing, deadline_ns: 0, condition: Condition::Always },
        }
    }

    /// Notes what the current thread wants to wait for. Kept here and not in what calls return, which
    /// so fits into a register.
    pub(crate) fn wait_for(&mut self, key: Key, deadline_ns: u64, condition: Condition) {
        self.wish = Wish { key, deadline_ns, condition };
    }

    /// Runs `work`, a long one, and notes how long it took.
    pub(crate) fn measure<R>(&mut self, work: impl FnOnce(&mut Self) -> R) -> R {
        let start = time::now_ns();
        let result = work(self);
        self.charge_since(start);
        result
    }

    /// Notes that the kernel worked since `start_ns`.
    pub(crate) fn charge_since(&mut self, start_ns: u64) {
        self.kernel_ns += time::now_ns().saturating_sub(start_ns);
    }

    /// Adds the time since the last settlement to the thread's account.
    pub(crate) fn settle(&mut self, thread: &Thread) {
        let now = time::now_ns();
        let kernel = core::mem::take(&mut self.kernel_ns);
        let user = now.saturating_sub(self.since_ns).saturating_sub(kernel);
        self.since_ns = now;
        thread.account(user, kernel);
    }
}

impl Kernel {
    /// What a CPU does from now on.
    pub(crate) fn run(&self, mut local: Local) -> ! {
        loop {
            self.run_thread(&mut local, || true);
        }
    }

    /// Lets the CPU do one thing: run a thread until the kernel is needed and do what is needed, or
    /// sleep until an interrupt.
    #[cfg(test)]
    pub(crate) fn step(&self, local: &mut Local) {
        self.run_thread(local, || false);
    }

    /// Runs a thread as long as it goes on, at most while `again` says so; sleeps when there is none.
    #[inline]
    fn run_thread(&self, local: &mut Local, again: impl Fn() -> bool) {
        let Some(mut thread) = local.current.take().or_else(|| self.take_next(local)) else {
            self.idle(local);
            return;
        };
        loop {
            let next = self.run_once(local, &mut thread);
            if next != Next::Resume {
                match self.leave(local, thread, next) {
                    Some(same) => thread = same,
                    None => return,
                }
            }
            if !again() {
                local.current = Some(thread);
                return;
            }
        }
    }

    /// Runs a thread until the kernel is needed, and does what is needed.
    #[inline]
    fn run_once(&self, local: &mut Local, thread: &mut Thread) -> Next {
        if thread.shared.wants_attention() || thread.unfinished.is_pending {
            return self.attend(local, thread);
        }
        if local.is_timer_stale {
            self.set_timer(local);
        }
        match thread.context.run(thread.service.space().table()) {
            Event::Call => call::dispatch(self, local, thread),
            Event::Fault { kind, code, address } => {
                fault::handle(self, local, thread, kind, code, address)
            }
            Event::Interrupt(interrupt) => self.interrupt(local, interrupt),
        }
    }

    /// The next ready thread, now running here.
    fn take_next(&self, local: &mut Local) -> Option<Box<Thread>> {
        let mut thread = self.scheduler.next(local.cpu)?;
        thread.last_cpu = local.cpu;
        thread.shared.set_running(Some(local.cpu));
        local.turn_ns = local.since_ns;
        local.is_timer_stale = true;
        Some(thread)
    }

    /// Takes a thread off the CPU; it comes back when it turns out that it can go on.
    fn leave(&self, local: &mut Local, thread: Box<Thread>, next: Next) -> Option<Box<Thread>> {
        match next {
            Next::Resume => Some(thread),
            Next::Yield if !self.scheduler.is_contended(local.cpu) => Some(thread),
            Next::Yield => {
                local.settle(&thread);
                thread.shared.set_running(None);
                self.scheduler.requeue(local.cpu, thread);
                None
            }
            Next::Wait => self.park(local, thread),
            Next::End => {
                local.settle(&thread);
                thread.shared.set_running(None);
                service::end_thread(self, local, *thread);
                None
            }
        }
    }

    /// Lays a thread down to wait; it comes back, with the result of its call, when there is nothing
    /// to wait for.
    fn park(&self, local: &mut Local, mut thread: Box<Thread>) -> Option<Box<Thread>> {
        let wish = local.wish;
        let (bucket, place) = self.waiting.bucket(wish.key);
        let mut bucket = bucket.lock();
        if thread.service.is_ending() {
            // Who ends it may not have come to this thread yet, which must not go on as if it had waited.
            thread.shared.ask(Attention::End);
            return Some(thread);
        }
        if let Err(result) = self.check(&thread, wish) {
            drop(bucket);
            match result {
                Refused::Result(error) => thread.finish_call(Err(error)),
                Refused::Repeat => thread.unfinished.is_pending = true,
                Refused::Missing(error) => {
                    let space = thread.service.space();
                    match space.recover(&self.frames, error, Touch::Read) {
                        Ok(()) => thread.unfinished.is_pending = true,
                        Err(error) => thread.finish_call(Err(error)),
                    }
                }
            }
            return Some(thread);
        }
        local.settle(&thread);
        thread.shared.set_running(None);
        thread.wait.key = wish.key;
        thread.wait.ticket += 1;
        thread.wait.deadline_on = None;
        if wish.deadline_ns != abi::NO_DEADLINE {
            thread.wait.deadline_on = Some(local.cpu);
            let (slot, ticket) = (thread.shared.slot(), thread.wait.ticket);
            let entry = Entry { deadline_ns: wish.deadline_ns, slot, place, ticket };
            local.is_timer_stale |= self.scheduler.add_deadline(local.cpu, entry);
        }
        bucket.push(thread);
        None
    }

    /// Whether a thread should wait; else what its call gives, or that it is to be tried again.
    fn check(&self, thread: &Thread, wish: Wish) -> Result<(), Refused> {
        match (wish.condition, wish.key) {
            (Condition::WordIs(expected), Key::Word { address, .. }) => {
                match thread.service.space().peek_u32(address) {
                    Ok(value) if value == expected => Ok(()),
                    Ok(_) => Err(Refused::Result(Error::Again)),
                    Err(error) => Err(Refused::Missing(error)),
                }
            }
            (Condition::NoInput, _) if self.streams.has_input() => Err(Refused::Repeat),
            (Condition::NoRoom(stream), _) if self.streams.has_room(stream) => Err(Refused::Repeat),
            _ => Ok(()),
        }
    }

    /// Wakes up to `limit` threads that wait for `key`; how many there were.
    pub(crate) fn wake(&self, local: &mut Local, key: Key, limit: usize) -> usize {
        if limit == 1 {
            let woken = self.waiting.take_one(key);
            return woken.map(|thread| self.finish_wait(local, key, thread)).is_some().into();
        }
        let mut woken = self.waiting.take(key, limit);
        let count = woken.len();
        while let Some(thread) = woken.pop() {
            self.finish_wait(local, key, thread);
        }
        count
    }

    /// Ends the wait of a thread that what it waited for has happened to.
    fn finish_wait(&self, local: &mut Local, key: Key, mut thread: Box<Thread>) {
        match key {
            Key::Word { .. } | Key::Nothing => thread.finish_call(Ok(0)),
            Key::Input | Key::Output(_) => thread.unfinished.is_pending = true,
        }
        self.rouse(local, thread);
    }

    /// Makes every waiting thread of a service ready, to meet its end.
    pub(crate) fn wake_service(&self, local: &mut Local, service: u64) {
        let mut woken: Queue<Thread> = self.waiting.take_service(service);
        while let Some(thread) = woken.pop() {
            self.rouse(local, thread);
        }
    }

    /// Makes a thread ready that was taken out of its bucket.
    fn rouse(&self, local: &mut Local, mut thread: Box<Thread>) {
        if let Some(cpu) = thread.wait.deadline_on.take() {
            self.scheduler.remove_deadline(cpu, thread.shared.slot());
        }
        self.make_ready(local, thread);
    }

    /// Makes a thread ready.
    pub(crate) fn make_ready(&self, local: &mut Local, thread: Box<Thread>) {
        local.is_timer_stale |= self.scheduler.make_ready(local.cpu, thread);
    }

    /// Gives a thread what it needs before it may go on in user mode.
    #[cold]
    fn attend(&self, local: &mut Local, thread: &mut Thread) -> Next {
        if thread.shared.is_asked(Attention::End) {
            return Next::End;
        }
        if thread.unfinished.is_pending {
            thread.unfinished.is_pending = false;
            // A long call gives way to what has become due since it began.
            self.expire(local, time::now_ns());
            return call::dispatch(self, local, thread);
        }
        thread.shared.attended(Attention::Interrupt);
        if trap::is_handling(thread) {
            // Interrupts within interrupts would fill any trap stack.
            thread.has_held_interrupt = true;
            return Next::Resume;
        }
        trap::deliver(self, local, thread, abi::trap::Kind::Interrupt, 0, 0)
    }

    /// Sleeps until there may be something to do.
    fn idle(&self, local: &mut Local) {
        self.scheduler.enter_idle(local.cpu);
        if let Some(thread) = self.take_next(local) {
            self.scheduler.leave_idle(local.cpu);
            local.since_ns = time::now_ns();
            local.turn_ns = local.since_ns;
            local.current = Some(thread);
            return;
        }
        self.set_timer(local);
        let interrupt = cpu::wait_for_interrupt();
        self.scheduler.leave_idle(local.cpu);
        local.since_ns = time::now_ns();
        // Nobody runs here, so what the interrupt says about the current thread has no object.
        let (Next::Resume | Next::Yield | Next::Wait | Next::End) =
            self.interrupt(local, interrupt);
    }

    /// Does what an interrupt asks for.
    fn interrupt(&self, local: &mut Local, interrupt: Interrupt) -> Next {
        local.is_timer_stale = true;
        match interrupt {
            Interrupt::Timer => {
                local.armed_ns = u64::MAX;
                let now = time::now_ns();
                self.expire(local, now);
                if now >= local.turn_ns + SLICE_NS { Next::Yield } else { Next::Resume }
            }
            Interrupt::Serial => {
                self.serve_serial(local);
                Next::Resume
            }
            // Attention is looked for, and the queue, whenever a thread is about to run.
            Interrupt::Reschedule | Interrupt::Other(_) => Next::Resume,
        }
    }

    /// Wakes the threads of this CPU whose deadlines have passed.
    fn expire(&self, local: &mut Local, now_ns: u64) {
        while let Some(due) = self.scheduler.take_due(local.cpu, now_ns) {
            let Some(mut thread) = self.waiting.take_late(due.place, due.slot, due.ticket) else {
                continue;
            };
            thread.wait.deadline_on = None;
            let result = if thread.wait.key == Key::Nothing { Ok(0) } else { Err(Error::TimedOut) };
            thread.finish_call(result);
            self.make_ready(local, thread);
        }
    }

    /// Sets the timer when it would ring too late. One that rings too early does no harm.
    fn set_timer(&self, local: &mut Local) {
        local.is_timer_stale = false;
        let mut needed = self.scheduler.next_deadline(local.cpu);
        if self.scheduler.is_contended(local.cpu) {
            needed = needed.min(local.turn_ns + SLICE_NS);
        }
        if needed < local.armed_ns {
            local.armed_ns = needed;
            time::set_deadline(Some(needed));
        }
    }
}

/// Why a thread need not wait.
enum Refused {
    /// Its call gives this.
    Result(Error),
    /// Its call is to be made again.
    Repeat,
    /// Its word lies in a page that has not been touched.
    Missing(AccessError),
}

impl Thread {
    /// Sets the result of the call that the thread is in.
    pub(crate) fn finish_call(&mut self, result: Result<u64, Error>) {
        let value = match result {
            Ok(value) => value as i64,
            Err(error) => -i64::from(error as i32),
        };
        arch::set_result(self.context.registers_mut(), value);
    }
}
