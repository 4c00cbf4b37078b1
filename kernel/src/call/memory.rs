//! Calls about memory.

use abi::Error;
use abi::memory::Protection;

use super::{Outcome, Request, Result};
use crate::memory::heap;
use crate::memory::region::Backing;
use crate::memory::space::{Progress, range};

impl Request<'_> {
    pub(super) fn memory_map(&mut self) -> Result {
        let [hint, len, protection_bits, reserved] = self.arguments;
        if reserved != 0 {
            return Err(Error::BadArgument);
        }
        let protection = protection(protection_bits)?;
        heap::make_room(&self.kernel.frames, 0)?;
        let space = self.thread.service.space();
        space.map(hint, len, protection, Backing::Zero).map(|address| Outcome::Done(address as u64))
    }

    pub(super) fn memory_unmap(&mut self) -> Result {
        let [address, len, ..] = self.arguments;
        let range = range(address, len)?;
        // What is unmapped piece by piece may be two regions for a while. Without room it is tried too:
        // it frees memory.
        let _ = heap::make_room(&self.kernel.frames, 0);
        let from = self.thread.unfinished.done;
        let progress = self.thread.service.space().unmap(&self.kernel.frames, range, from);
        self.progress(progress?)
    }

    pub(super) fn memory_protect(&mut self) -> Result {
        let [address, len, protection_bits, _] = self.arguments;
        let range = range(address, len)?;
        let protection = protection(protection_bits)?;
        heap::make_room(&self.kernel.frames, 0)?;
        self.thread.service.space().protect(range, protection)?;
        Ok(Outcome::Done(0))
    }

    pub(super) fn memory_discard(&mut self) -> Result {
        let [address, len, ..] = self.arguments;
        let range = range(address, len)?;
        let from = self.thread.unfinished.done;
        let progress = self.thread.service.space().discard(&self.kernel.frames, range, from);
        self.progress(progress?)
    }

    pub(super) fn memory_commit(&mut self) -> Result {
        let [address, len, ..] = self.arguments;
        let (start, end) = range(address, len)?;
        let frames = &self.kernel.frames;
        let service = self.thread.service.clone();
        let space = service.space();
        let from = self.thread.unfinished.done;
        if from == 0 {
            self.thread.unfinished.promised = space.promise(frames, start, end)?;
        }
        let promised = &mut self.thread.unfinished.promised;
        let progress = space.commit(frames, (start, end), from, promised);
        if !matches!(progress, Ok(Progress::Partly(_))) {
            space.forgo(frames, core::mem::take(promised));
        }
        self.progress(progress?)
    }
}

fn protection(bits: usize) -> core::result::Result<Protection, Error> {
    [Protection::NONE, Protection::READ, Protection::WRITE, Protection::EXECUTE]
        .into_iter()
        .find(|protection| protection.0 as usize == bits)
        .ok_or(Error::BadArgument)
}
