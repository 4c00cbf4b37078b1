//! Calls about threads and traps.

use abi::Error;
use abi::memory::USER_END;
use abi::thread::ThreadParameters;

use super::{Outcome, Request, Result};
use crate::arch::{self, FRAME_BYTES};
use crate::bytes::u64_at;
use crate::sched::cpu::Next;
use crate::service;
use crate::thread::Attention;

const PARAMETERS: usize = size_of::<ThreadParameters>();

impl Request<'_> {
    pub(super) fn thread_create(&mut self) -> Result {
        let mut bytes = [0; PARAMETERS];
        let service = self.thread.service.clone();
        service.space().read(&self.kernel.frames, self.arguments[0], &mut bytes)?;
        let field =
            |index: usize| u64_at(&bytes, 8 * index).expect("inside the parameters") as usize;
        let parameters = ThreadParameters {
            entry: field(0),
            argument: field(1),
            stack_top: field(2),
            thread_pointer: field(3),
            trap_stack: field(4),
            trap_stack_len: field(5),
            exit_word: field(6),
        };
        let is_user = |address: usize| address < USER_END;
        if !is_user(parameters.entry)
            || !is_user(parameters.stack_top)
            || !is_user(parameters.thread_pointer)
            || parameters.stack_top < 16
            || !parameters.stack_top.is_multiple_of(16)
            || !parameters.exit_word.is_multiple_of(4)
            || !is_trap_stack(parameters.trap_stack, parameters.trap_stack_len)
        {
            return Err(Error::BadArgument);
        }
        let thread = service::create_thread(self.kernel, &service, &parameters)?;
        let handle = thread.shared.handle;
        self.kernel.make_ready(self.local, thread);
        Ok(Outcome::Done(handle))
    }

    pub(super) fn thread_interrupt(&mut self) -> Result {
        let handle = self.arguments[0] as u64;
        let threads = self.kernel.threads.lock();
        let target = threads
            .get(handle)
            .filter(|target| target.service == self.thread.shared.service)
            .ok_or(Error::BadHandle)?;
        if let Some(cpu) = target.ask(Attention::Interrupt)
            && cpu != self.local.cpu
        {
            hal::cpu::reschedule(cpu);
        }
        Ok(Outcome::Done(0))
    }

    pub(super) fn trap_handler(&mut self) -> Result {
        let entry = self.arguments[0];
        if entry >= USER_END {
            return Err(Error::BadArgument);
        }
        self.thread.service.set_trap_handler(entry);
        Ok(Outcome::Done(0))
    }

    pub(super) fn trap_stack(&mut self) -> Result {
        let [base, len, ..] = self.arguments;
        if !is_trap_stack(base, len) {
            return Err(Error::BadArgument);
        }
        self.thread.trap_stack = (base, len);
        Ok(Outcome::Done(0))
    }

    pub(super) fn trap_return(&mut self) -> Result {
        let mut bytes = [0; FRAME_BYTES];
        let space = self.thread.service.space();
        space.read(&self.kernel.frames, self.arguments[0], &mut bytes)?;
        let frame = arch::frame_from_bytes(&bytes);
        if !arch::can_resume(&frame.registers) {
            return Err(Error::BadArgument);
        }
        *self.thread.context.registers_mut() = frame.registers;
        if core::mem::take(&mut self.thread.has_held_interrupt) {
            // This CPU runs the thread, and looks again before it goes on.
            let _this = self.thread.shared.ask(Attention::Interrupt);
        }
        Ok(Outcome::Next(Next::Resume))
    }

    pub(super) fn thread_pointer(&mut self) -> Result {
        let value = self.arguments[0];
        if value >= USER_END {
            return Err(Error::BadArgument);
        }
        self.thread.context.set_thread_pointer(value);
        Ok(Outcome::Done(0))
    }
}

/// Whether a trap stack could be there; no length means none.
fn is_trap_stack(base: usize, len: usize) -> bool {
    base.checked_add(len).is_some_and(|top| top <= USER_END)
}
