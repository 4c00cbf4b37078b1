//! Calls about waiting.

use abi::Error;

use super::{Outcome, Request, Result};
use crate::sched::cpu::Condition;
use crate::wait::Key;

impl Request<'_> {
    pub(super) fn wait(&mut self) -> Result {
        let [address, expected, deadline, _] = self.arguments;
        if !address.is_multiple_of(4) {
            return Err(Error::BadArgument);
        }
        let key = Key::Word { service: self.thread.shared.service, address };
        self.local.wait_for(key, deadline as u64, Condition::WordIs(expected as u32));
        Ok(Outcome::Wait)
    }

    pub(super) fn wake(&mut self) -> Result {
        let [address, count, ..] = self.arguments;
        if !address.is_multiple_of(4) {
            return Err(Error::BadArgument);
        }
        let key = Key::Word { service: self.thread.shared.service, address };
        Ok(Outcome::Done(self.kernel.wake(self.local, key, count) as u64))
    }

    pub(super) fn sleep(&mut self) -> Result {
        let deadline_ns = self.arguments[0] as u64;
        if deadline_ns <= hal::time::now_ns() {
            return Ok(Outcome::Done(0));
        }
        self.thread.finish_call(Ok(0));
        self.local.wait_for(Key::Nothing, deadline_ns, Condition::Always);
        Ok(Outcome::Wait)
    }

    pub(super) fn barrier(&mut self) -> Result {
        self.thread.service.space().table().barrier();
        Ok(Outcome::Done(0))
    }
}
