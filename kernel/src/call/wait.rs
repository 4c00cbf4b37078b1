//! Calls about waiting.

use abi::Error;

use super::{Outcome, Request, Result};
use crate::sched::cpu::{Condition, Wish};
use crate::wait::Key;

impl Request<'_> {
    pub(super) fn wait(&mut self) -> Result {
        let [address, expected, deadline, _] = self.arguments;
        let deadline_ns = deadline as u64;
        if !address.is_multiple_of(4) {
            return Err(Error::BadArgument);
        }
        let key = Key::Word { service: self.thread.shared.service, address };
        let condition = Condition::WordIs(expected as u32);
        Ok(Outcome::Wait(Wish { key, deadline_ns, condition }))
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
        let condition = Condition::Always;
        Ok(Outcome::Wait(Wish { key: Key::Nothing, deadline_ns, condition }))
    }

    pub(super) fn barrier(&mut self) -> Result {
        self.thread.service.space().table().barrier();
        Ok(Outcome::Done(0))
    }
}
