//! The kernel calls: the only door for services. Each is decoded and checked here and done elsewhere.
//!
//! | module | calls |
//! |---|---|
//! | [`memory`] | mapping, unmapping, protecting, discarding, committing |
//! | [`stream`] | writing and reading |
//! | [`thread`] | creating, interrupting, traps, thread pointer |
//! | [`wait`] | waiting, waking, sleeping, yielding |
//! | [`info`] | figures, random bytes |

mod info;
mod memory;
mod stream;
mod thread;
mod wait;

use abi::{Call, Error};

use crate::memory::space::Progress;
use crate::sched::cpu::{Local, Next};
use crate::thread::Thread;
use crate::{Kernel, arch, service};

/// How a call went.
enum Outcome {
    /// It is finished and gives this.
    Done(u64),
    /// It is finished, and others get the CPU.
    Yield,
    /// It is finished when the thread has waited; whoever wakes it sets the result.
    Wait,
    /// It goes on, from the start but with what it has done noted, after others had a chance.
    Again,
    /// It has replaced the thread's registers, or does not return.
    Next(Next),
}

type Result = core::result::Result<Outcome, Error>;

/// A call and who makes it.
struct Request<'a> {
    kernel: &'a Kernel,
    local: &'a mut Local,
    thread: &'a mut Thread,
    arguments: [usize; 4],
}

/// Does the call that a thread makes.
#[inline]
pub(crate) fn dispatch(kernel: &Kernel, local: &mut Local, thread: &mut Thread) -> Next {
    if arch::call_number(thread.context.registers()) == Call::Null as u64 {
        thread.finish_call(Ok(0));
        return Next::Resume;
    }
    decode(kernel, local, thread)
}

#[inline(never)]
fn decode(kernel: &Kernel, local: &mut Local, thread: &mut Thread) -> Next {
    let registers = thread.context.registers();
    let number = arch::call_number(registers);
    let arguments = arch::arguments(registers);
    let call = usize::try_from(number).ok().and_then(|number| Call::ALL.get(number));
    let mut request = Request { kernel, local, thread, arguments };
    let result = match call {
        Some(call) => request.perform(*call),
        None => Err(Error::BadCall),
    };
    match result {
        Ok(Outcome::Done(value)) => {
            request.thread.finish_call(Ok(value));
            Next::Resume
        }
        Ok(Outcome::Yield) => {
            request.thread.finish_call(Ok(0));
            Next::Yield
        }
        Ok(Outcome::Wait) => Next::Wait,
        Ok(Outcome::Again) => {
            request.thread.unfinished.is_pending = true;
            Next::Yield
        }
        Ok(Outcome::Next(next)) => next,
        Err(error) => {
            // Nothing of this call is done for the next one.
            request.thread.unfinished.done = 0;
            request.thread.finish_call(Err(error));
            Next::Resume
        }
    }
}

impl Request<'_> {
    fn perform(&mut self, call: Call) -> Result {
        match call {
            Call::Null => Ok(Outcome::Done(0)),
            Call::Exit => self.exit(),
            Call::StreamWrite => self.measured(Self::stream_write),
            Call::StreamRead => self.measured(Self::stream_read),
            Call::MemoryMap => self.measured(Self::memory_map),
            Call::MemoryUnmap => self.measured(Self::memory_unmap),
            Call::MemoryProtect => self.measured(Self::memory_protect),
            Call::MemoryDiscard => self.measured(Self::memory_discard),
            Call::MemoryCommit => self.measured(Self::memory_commit),
            Call::ThreadCreate => self.measured(Self::thread_create),
            Call::ThreadExit => Ok(Outcome::Next(Next::End)),
            Call::ThreadInterrupt => self.thread_interrupt(),
            Call::Wait => self.wait(),
            Call::Wake => self.wake(),
            Call::Yield => Ok(Outcome::Yield),
            Call::Sleep => self.sleep(),
            Call::Barrier => self.barrier(),
            Call::Random => self.measured(Self::random),
            Call::TrapHandler => self.trap_handler(),
            Call::TrapReturn => self.trap_return(),
            Call::TrapStack => self.trap_stack(),
            Call::ThreadPointer => self.thread_pointer(),
            Call::Info => self.info(),
        }
    }

    /// Does a call that may take long, on the kernel's account.
    fn measured(&mut self, call: fn(&mut Self) -> Result) -> Result {
        let start = hal::time::now_ns();
        let result = call(self);
        self.local.charge_since(start);
        result
    }

    fn exit(&mut self) -> Result {
        let code = self.arguments[0] as u8;
        service::end(self.kernel, self.local, &self.thread.service, code);
        Ok(Outcome::Next(Next::End))
    }

    /// Takes note of how far a call has come that handles a range piece by piece.
    fn progress(&mut self, progress: Progress) -> Result {
        match progress {
            Progress::Done => {
                self.thread.unfinished.done = 0;
                Ok(Outcome::Done(0))
            }
            Progress::Partly(done) => {
                self.thread.unfinished.done = done;
                Ok(Outcome::Again)
            }
        }
    }
}
