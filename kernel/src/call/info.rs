//! Calls that give information.

use core::sync::atomic::Ordering;

use abi::memory::{PAGE_SIZE, Protection};
use abi::{Error, info};

use super::{Outcome, Request, Result};
use crate::bytes::Writer;
use crate::memory::space::Progress;

/// Random bytes made at a time, and in one go.
const CHUNK: usize = 256;
const MOST: usize = 64 * 1024;

impl Request<'_> {
    pub(super) fn info(&mut self) -> Result {
        let [kind, address, len, _] = self.arguments;
        self.local.settle(self.thread);
        match u32::try_from(kind) {
            Ok(info::SERVICE) => self.give(address, len, &self.service_figures()),
            Ok(info::THREAD) => self.give(address, len, &self.thread_figures()),
            _ => Err(Error::BadArgument),
        }
    }

    /// Writes a structure, cut to what the caller has room for.
    fn give(&self, address: usize, len: usize, bytes: &[u8]) -> Result {
        let len = len.min(bytes.len());
        self.thread.service.space().write(&self.kernel.frames, address, &bytes[..len])?;
        Ok(Outcome::Done(len as u64))
    }

    fn service_figures(&self) -> [u8; size_of::<info::Service>()] {
        let service = &self.thread.service;
        let (used, limit) = service.space().usage();
        Writer::new()
            .size(limit * PAGE_SIZE)
            .size(used * PAGE_SIZE)
            .u64(self.kernel.info.total_memory)
            .size(self.kernel.frames.free() * PAGE_SIZE)
            .u64(service.user_ns.load(Ordering::Relaxed))
            .u64(service.kernel_ns.load(Ordering::Relaxed))
            .u32(service.thread_count())
            .u32(hal::cpu::count())
            .finish()
    }

    fn thread_figures(&self) -> [u8; size_of::<info::Thread>()] {
        let shared = &self.thread.shared;
        Writer::new()
            .u64(shared.handle)
            .u64(shared.user_ns.load(Ordering::Relaxed))
            .u64(shared.kernel_ns.load(Ordering::Relaxed))
            .u32(self.local.cpu.number())
            .u32(0)
            .finish()
    }

    pub(super) fn random(&mut self) -> Result {
        let [address, len, ..] = self.arguments;
        let space = self.thread.service.space();
        space.check(address, len, Protection::WRITE)?;
        let mut done = self.thread.unfinished.done;
        let stop = len.min(done.saturating_add(MOST));
        while done < stop {
            let mut bytes = [0; CHUNK];
            let bytes = &mut bytes[..CHUNK.min(stop - done)];
            hal::random::fill(bytes);
            space.write(&self.kernel.frames, address + done, bytes)?;
            done += bytes.len();
        }
        self.progress(if done < len { Progress::Partly(done) } else { Progress::Done })
    }
}
