//! The bytes of a regular file.
//!
//! Three layers, the first that has a byte wins: a *region* that programs have mapped into memory, the
//! *chunks* that were written, the *base*, bytes that lie in memory anyway (a content file in the
//! package) and are never copied unless written. A byte that no layer has is zero, so a file may be
//! sparse.
use crate::pal::alloc::collections::BTreeMap;
use crate::pal::alloc::sync::Arc;
use crate::pal::alloc::vec::Vec;
use crate::pal::block::{self, Block};
use crate::pal::error::{Errno, Result};

/// Bytes of a file that are kept together.
pub(super) const CHUNK: u64 = block::SIZE as u64;
/// Chunks up to this length are ordinary allocations; two to some power, less the allocator's prefix.
const SMALL_MAX: usize = 32 * 1024 - PREFIX;
const PREFIX: usize = 16;

/// The longest file, as on Linux.
pub(super) const LENGTH_MAX: u64 = i64::MAX as u64;

/// Memory that holds the start of a file because it is mapped. Other parties write it at any time.
pub(crate) trait Region: Send + Sync {
    /// Its length; constant.
    fn len(&self) -> u64;
    /// Copies out; the range lies inside.
    fn read(&self, offset: u64, bytes: &mut [u8]);
    /// Copies in; the range lies inside. Fails when memory runs out.
    fn write(&self, offset: u64, bytes: &[u8]) -> Result<()>;
    /// Makes a range zero; the range lies inside.
    fn clear(&self, offset: u64, length: u64);
    /// Backs a range with memory; the range lies inside.
    fn commit(&self, offset: u64, length: u64) -> Result<()>;
    /// Its address in memory.
    fn address(&self) -> usize;
}

/// How much memory files may use, and how much they do.
pub(crate) struct Quota {
    /// Bytes they may use.
    pub(crate) limit: u64,
    /// Bytes in use.
    pub(crate) used: u64,
}

impl Quota {
    fn take(&mut self, bytes: usize) -> Result<()> {
        let used = self.used + bytes as u64;
        if used > self.limit {
            return Err(Errno::ENOSPC);
        }
        self.used = used;
        Ok(())
    }

    fn give(&mut self, bytes: usize) {
        self.used -= bytes as u64;
    }
}

/// The contents of a file.
#[derive(Default)]
pub(super) struct Data {
    length: u64,
    base: &'static [u8],
    chunks: BTreeMap<u64, Chunk>,
    region: Option<Arc<dyn Region>>,
}

impl Data {
    /// A file that begins as `base`.
    pub(super) fn fixed(base: &'static [u8]) -> Self {
        Self { length: base.len() as u64, base, ..Self::default() }
    }

    pub(super) fn len(&self) -> u64 {
        self.length
    }

    pub(super) fn region(&self) -> Option<&Arc<dyn Region>> {
        self.region.as_ref()
    }

    /// Reads from `offset` on; fewer bytes than asked for only at the end.
    pub(super) fn read(&self, offset: u64, bytes: &mut [u8]) -> usize {
        let available = self.length.saturating_sub(offset);
        let count = bytes.len().min(usize::try_from(available).unwrap_or(usize::MAX));
        let mut done = 0;
        while done < count {
            let position = offset + done as u64;
            let step = self.step(position, count - done);
            self.read_step(position, &mut bytes[done..done + step]);
            done += step;
        }
        count
    }

    /// How many of `count` bytes from `position` on lie in one layer and chunk.
    fn step(&self, position: u64, count: usize) -> usize {
        let end = match &self.region {
            Some(region) if position < region.len() => region.len(),
            _ => (position / CHUNK + 1) * CHUNK,
        };
        count.min(usize::try_from(end - position).unwrap_or(usize::MAX))
    }

    fn read_step(&self, position: u64, bytes: &mut [u8]) {
        if let Some(region) = &self.region
            && position < region.len()
        {
            return region.read(position, bytes);
        }
        let (source, within) = match self.chunks.get(&(position / CHUNK)) {
            Some(chunk) => (chunk.bytes(), (position % CHUNK) as usize),
            None => (self.base, usize::try_from(position).unwrap_or(usize::MAX)),
        };
        let source = source.get(within..).unwrap_or_default();
        let count = source.len().min(bytes.len());
        bytes[..count].copy_from_slice(&source[..count]);
        bytes[count..].fill(0);
    }

    /// Writes at `offset`, beyond the end too. Fewer bytes than given only when memory runs out.
    pub(super) fn write(&mut self, offset: u64, bytes: &[u8], quota: &mut Quota) -> Result<usize> {
        if offset >= LENGTH_MAX && !bytes.is_empty() {
            return Err(Errno::EFBIG);
        }
        let count = bytes.len().min(usize::try_from(LENGTH_MAX - offset).unwrap_or(usize::MAX));
        let mut done = 0;
        while done < count {
            let position = offset + done as u64;
            let step = self.step(position, count - done);
            if let Err(error) = self.write_step(position, &bytes[done..done + step], quota) {
                if done == 0 {
                    return Err(error);
                }
                break;
            }
            done += step;
            self.length = self.length.max(position + step as u64);
        }
        Ok(done)
    }

    fn write_step(&mut self, position: u64, bytes: &[u8], quota: &mut Quota) -> Result<()> {
        if let Some(region) = &self.region
            && position < region.len()
        {
            return region.write(position, bytes);
        }
        let within = (position % CHUNK) as usize;
        let chunk = self.own(position / CHUNK, within + bytes.len(), quota)?;
        chunk[within..within + bytes.len()].copy_from_slice(bytes);
        Ok(())
    }

    /// The chunk `index`, written or not before, at least `length` long.
    fn own(&mut self, index: u64, length: usize, quota: &mut Quota) -> Result<&mut [u8]> {
        if !self.chunks.contains_key(&index) {
            let start = usize::try_from(index * CHUNK).unwrap_or(usize::MAX);
            let base = self.base.get(start..).unwrap_or_default();
            let base = &base[..base.len().min(block::SIZE)];
            let mut chunk = Chunk::default();
            chunk.grow(length.max(base.len()), quota)?;
            chunk.bytes_mut()[..base.len()].copy_from_slice(base);
            self.chunks.insert(index, chunk);
        }
        let chunk = self.chunks.get_mut(&index).expect("it was there or is now");
        chunk.grow(length, quota)?;
        Ok(chunk.bytes_mut())
    }

    /// Sets the length; bytes that become part of the file are zero.
    pub(super) fn set_len(&mut self, length: u64, quota: &mut Quota) -> Result<()> {
        if length > LENGTH_MAX {
            return Err(Errno::EFBIG);
        }
        if length < self.length {
            let keep = usize::try_from(length).unwrap_or(usize::MAX);
            self.base = &self.base[..self.base.len().min(keep)];
            let last = length / CHUNK;
            let dropped = self.chunks.split_off(&(last + 1));
            dropped.into_values().for_each(|chunk| chunk.release(quota));
            if length.is_multiple_of(CHUNK) {
                if let Some(chunk) = self.chunks.remove(&last) {
                    chunk.release(quota);
                }
            } else if let Some(chunk) = self.chunks.get_mut(&last) {
                chunk.truncate((length % CHUNK) as usize);
            }
            if let Some(region) = &self.region
                && length < region.len()
            {
                region.clear(length, self.length.min(region.len()) - length);
            }
        }
        self.length = length;
        Ok(())
    }

    /// Checks that a range beyond the end could be written. The length stays, as the class library asks
    /// of Linux; the memory itself comes with the writes.
    pub(super) fn allocate(&self, offset: u64, length: u64, quota: &Quota) -> Result<()> {
        let end = offset.checked_add(length).filter(|&end| end <= LENGTH_MAX);
        let added = end.ok_or(Errno::EFBIG)?.saturating_sub(self.length);
        if added > quota.limit.saturating_sub(quota.used) {
            return Err(Errno::ENOSPC);
        }
        Ok(())
    }

    /// Moves the start of the file into a region, which is new and zero.
    pub(super) fn attach(&mut self, region: Arc<dyn Region>, quota: &mut Quota) -> Result<()> {
        let mut buffer = [0; 4096];
        let end = self.length.min(region.len());
        let mut position = 0;
        while position < end {
            let count = buffer.len().min((end - position) as usize);
            self.read(position, &mut buffer[..count]);
            region.write(position, &buffer[..count])?;
            position += count as u64;
        }
        let whole = region.len() / CHUNK;
        let rest = self.chunks.split_off(&whole);
        let moved = core::mem::replace(&mut self.chunks, rest);
        moved.into_values().for_each(|chunk| chunk.release(quota));
        self.region = Some(region);
        Ok(())
    }

    /// Gives all memory back.
    pub(super) fn release(&mut self, quota: &mut Quota) {
        let chunks = core::mem::take(&mut self.chunks);
        chunks.into_values().for_each(|chunk| chunk.release(quota));
        *self = Self::default();
    }
}

/// The bytes of one chunk; those behind its end are zero.
enum Chunk {
    Small(Vec<u8>),
    Full(Block),
}

impl Default for Chunk {
    fn default() -> Self {
        Self::Small(Vec::new())
    }
}

impl Chunk {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Small(bytes) => bytes,
            Self::Full(block) => block,
        }
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        match self {
            Self::Small(bytes) => bytes,
            Self::Full(block) => block,
        }
    }

    /// Memory in use for it.
    fn memory(&self) -> usize {
        match self {
            Self::Small(bytes) if bytes.capacity() == 0 => 0,
            Self::Small(bytes) => bytes.capacity() + PREFIX,
            Self::Full(_) => block::SIZE,
        }
    }

    /// Makes it at least `length` bytes long. Doubling keeps appending cheap.
    fn grow(&mut self, length: usize, quota: &mut Quota) -> Result<()> {
        let Self::Small(bytes) = self else { return Ok(()) };
        if length <= bytes.capacity() {
            if bytes.len() < length {
                bytes.resize(length, 0);
            }
            return Ok(());
        }
        let before = if bytes.capacity() == 0 { 0 } else { bytes.capacity() + PREFIX };
        if length <= SMALL_MAX {
            let capacity = (length + PREFIX).next_power_of_two() - PREFIX;
            quota.take(capacity + PREFIX - before)?;
            if bytes.try_reserve_exact(capacity - bytes.len()).is_err() {
                quota.give(capacity + PREFIX - before);
                return Err(Errno::ENOSPC);
            }
            // The allocator may have given more than asked for.
            quota.used += (bytes.capacity() - capacity) as u64;
            bytes.resize(length, 0);
            return Ok(());
        }
        quota.take(block::SIZE - before)?;
        let Some(mut block) = Block::new() else {
            quota.give(block::SIZE - before);
            return Err(Errno::ENOSPC);
        };
        block[..bytes.len()].copy_from_slice(bytes);
        *self = Self::Full(block);
        Ok(())
    }

    /// Makes what is behind `length` zero.
    fn truncate(&mut self, length: usize) {
        match self {
            Self::Small(bytes) => bytes.truncate(length),
            Self::Full(block) => block[length..].fill(0),
        }
    }

    /// Gives its memory back.
    fn release(self, quota: &mut Quota) {
        quota.give(self.memory());
    }
}
