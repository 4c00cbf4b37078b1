//! Calls about streams.

use abi::call::stream;
use abi::memory::Protection;
use abi::{Error, NO_DEADLINE};

use super::{Outcome, Request, Result};
use crate::sched::cpu::Condition;
use crate::stream::Read;
use crate::wait::Key;

/// Bytes copied at a time.
const CHUNK: usize = 1024;

/// Bytes written by one call at most; it says how many it took.
const MOST: usize = 64 * 1024;

impl Request<'_> {
    pub(super) fn stream_write(&mut self) -> Result {
        let [number, address, len, _] = self.arguments;
        let len = len.min(MOST);
        let space = self.thread.service.space();
        let frames = &self.kernel.frames;
        space.check(address, len, Protection::READ)?;
        if number == stream::LOG as usize {
            return self.log_write(address, len);
        }
        let output = self.kernel.streams.output(number).ok_or(Error::BadArgument)?;
        let mut done = 0;
        while done < len {
            let mut chunk = [0; CHUNK];
            let chunk = &mut chunk[..CHUNK.min(len - done)];
            space.read(frames, address + done, chunk)?;
            let taken = self.kernel.streams.write(output, chunk);
            done += taken;
            if taken < chunk.len() {
                break;
            }
        }
        if done > 0 || len == 0 {
            return Ok(Outcome::Done(done as u64));
        }
        self.local.wait_for(Key::Output(output), NO_DEADLINE, Condition::NoRoom(output));
        Ok(Outcome::Wait)
    }

    /// Writes lines to the log, each with the service's name.
    fn log_write(&mut self, address: usize, len: usize) -> Result {
        let len = len.min(CHUNK);
        let mut chunk = [0; CHUNK];
        let chunk = &mut chunk[..len];
        let service = &self.thread.service;
        service.space().read(&self.kernel.frames, address, chunk)?;
        for line in chunk.strip_suffix(b"\n").unwrap_or(chunk).split(|byte| *byte == b'\n') {
            let line = line.utf8_chunks();
            self.kernel.log.info(format_args!("{}: {}", service.name(), Lossy(line)));
        }
        Ok(Outcome::Done(len as u64))
    }

    pub(super) fn stream_read(&mut self) -> Result {
        let [number, address, len, deadline] = self.arguments;
        if number != stream::INPUT as usize {
            return Err(Error::BadArgument);
        }
        let space = self.thread.service.space();
        let len = len.min(CHUNK);
        space.check(address, len, Protection::WRITE)?;
        if len == 0 {
            return Ok(Outcome::Done(0));
        }
        // Once read from the stream the bytes must not be lost: the page is made real before.
        space.make_writable(&self.kernel.frames, address, len)?;
        let mut chunk = [0; CHUNK];
        match self.kernel.streams.read(&mut chunk[..len]) {
            Read::Bytes(count) => {
                space.write(&self.kernel.frames, address, &chunk[..count])?;
                Ok(Outcome::Done(count as u64))
            }
            Read::Nothing => {
                let deadline_ns = deadline as u64;
                if deadline_ns != NO_DEADLINE && deadline_ns <= hal::time::now_ns() {
                    return Err(Error::TimedOut);
                }
                self.local.wait_for(Key::Input, deadline_ns, Condition::NoInput);
                Ok(Outcome::Wait)
            }
        }
    }
}

/// Text with a replacement character for what is not UTF-8.
struct Lossy<'a>(core::str::Utf8Chunks<'a>);

impl core::fmt::Display for Lossy<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        for chunk in self.0.clone() {
            f.write_str(chunk.valid())?;
            if !chunk.invalid().is_empty() {
                f.write_str("\u{fffd}")?;
            }
        }
        Ok(())
    }
}
