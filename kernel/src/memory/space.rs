//! The address space of a service: regions, page tables and quota.
//!
//! # Locking
//!
//! `state` is held for every change and every page made real, so regions and page tables agree. A CPU
//! that holds it may tell other CPUs to drop translations; those that spin for it meanwhile answer
//! (`hal::sync`). Order: `state`, then the frame pool.

use abi::Error;
use abi::memory::{PAGE_SIZE, Protection, USER_END, USER_START};
use hal::boot::Module;
use hal::memory::{AccessError, AddressSpace, Frame, MapError};
use hal::sync::SpinLock;

use super::region::{Backing, Region, Regions};
use super::touch::{Refusal, Sequence, Touch};
use super::{Frames, heap};

/// Where mappings without a wished address begin: above every image.
const MAP_BASE: usize = 0x10_0000_0000;

/// Mappings a service may have.
const REGION_LIMIT: usize = 65_536;

/// Bookkeeping of this many mappings is charged as a page.
const REGIONS_PER_PAGE: usize = 32;

/// Pages freed, or address space scanned in units of [`STEP`], before a call lets others run.
const WORK: usize = 4096;

/// Address space handled at a time.
const STEP: usize = 4096 * PAGE_SIZE;

/// Whether a long call is finished.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use]
pub(crate) enum Progress {
    /// It is.
    Done,
    /// This many bytes of its range are.
    Partly(usize),
}

/// The address space.
#[derive(Debug)]
pub(crate) struct Space {
    pub(super) table: AddressSpace,
    pub(super) state: SpinLock<State>,
    /// Where file-backed regions come from.
    pub(super) package: Option<Module>,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) regions: Regions,
    pub(super) purse: Purse,
    pub(super) sequence: Sequence,
}

/// What a service has of its quota, in pages.
#[derive(Debug)]
pub(super) struct Purse {
    /// Frames it holds, page tables included.
    pub(super) held: usize,
    /// Frames promised to it, and what the kernel keeps on its behalf.
    pub(super) charged: usize,
    /// Bookkeeping of its mappings.
    regions: usize,
    limit: usize,
}

impl Purse {
    fn used(&self) -> usize {
        self.held + self.charged + self.regions
    }

    fn room(&self) -> usize {
        self.limit.saturating_sub(self.used())
    }

    /// Gives a frame back.
    fn release(&mut self, frame: Frame, frames: &Frames) {
        self.held -= 1;
        frames.release(frame);
    }
}

/// Where the frames of one operation come from.
#[derive(Debug)]
pub(super) struct Wallet<'a> {
    pub(super) purse: &'a mut Purse,
    pub(super) frames: &'a Frames,
    /// How many of them were promised before.
    pub(super) promised: usize,
}

impl Wallet<'_> {
    /// A frame, out of those promised or else within the quota.
    pub(super) fn take(&mut self) -> Option<Frame> {
        let frame = if self.promised > 0 {
            self.promised -= 1;
            self.purse.charged -= 1;
            self.frames.take()
        } else if self.purse.room() > 0 {
            self.frames.allocate()?
        } else {
            return None;
        };
        self.purse.held += 1;
        Some(frame)
    }

    /// Gives a frame back.
    pub(super) fn give(&mut self, frame: Frame) {
        self.purse.release(frame, self.frames);
    }
}

/// The pages of `start..start + len`, which must be aligned and in the user half; `len` is rounded
/// up.
pub(crate) fn range(start: usize, len: usize) -> Result<(usize, usize), Error> {
    let len = len.checked_next_multiple_of(PAGE_SIZE).ok_or(Error::BadArgument)?;
    let end = start.checked_add(len).ok_or(Error::BadArgument)?;
    if !start.is_multiple_of(PAGE_SIZE) || len == 0 || start < USER_START || end > USER_END {
        return Err(Error::BadArgument);
    }
    Ok((start, end))
}

impl Space {
    /// An empty space that may hold `limit` pages; none when there is not even a frame for its
    /// top-level table.
    pub(crate) fn new(frames: &Frames, limit: usize, package: Option<Module>) -> Option<Self> {
        let mut purse = Purse { held: 0, charged: 0, regions: 0, limit };
        let table =
            AddressSpace::new(&mut || Wallet { purse: &mut purse, frames, promised: 0 }.take())?;
        let regions = Regions::new(MAP_BASE);
        let state = State { regions, purse, sequence: Sequence::default() };
        Some(Self { table, state: SpinLock::new(state), package })
    }

    /// The page tables, to run in.
    pub(crate) const fn table(&self) -> &AddressSpace {
        &self.table
    }

    /// Pages it holds, and pages it may hold.
    pub(crate) fn usage(&self) -> (usize, usize) {
        let state = self.state.lock();
        (state.purse.used(), state.purse.limit)
    }

    /// Charges what the kernel keeps for the service, in pages.
    pub(crate) fn charge(&self, pages: usize) -> Result<(), Error> {
        let purse = &mut self.state.lock().purse;
        if purse.room() < pages {
            return Err(Error::NoMemory);
        }
        purse.charged += pages;
        Ok(())
    }

    /// Takes a charge back.
    pub(crate) fn discharge(&self, pages: usize) {
        self.state.lock().purse.charged -= pages;
    }

    /// Maps `len` bytes at `wish`, or anywhere when that is zero.
    pub(crate) fn map(
        &self,
        wish: usize,
        len: usize,
        protection: Protection,
        backing: Backing,
    ) -> Result<usize, Error> {
        let state = &mut *self.state.lock();
        let len = len.checked_next_multiple_of(PAGE_SIZE).ok_or(Error::BadArgument)?;
        let wish = match wish {
            0 if len == 0 => return Err(Error::BadArgument),
            0 => state.regions.find_gap(len).ok_or(Error::NoMemory)?,
            wish => wish,
        };
        let (start, end) = range(wish, len)?;
        if !state.regions.is_free(start, end) {
            return Err(Error::BadArgument);
        }
        state.admit_regions(1)?;
        state.regions.insert(Region { start, end, protection, backing });
        state.settle_regions();
        Ok(start)
    }

    /// Puts a page the service may read into the region at `address`, with what `fill` writes to it.
    pub(crate) fn fill_fixed(
        &self,
        frames: &Frames,
        address: usize,
        fill: &dyn Fn(&mut [u8; PAGE_SIZE]),
    ) -> Result<(), Error> {
        let purse = &mut self.state.lock().purse;
        let mut wallet = Wallet { purse, frames, promised: 0 };
        let mut frame = wallet.take().ok_or(Error::NoMemory)?;
        frame.zero();
        fill(frame.bytes_mut());
        let mapped = self.table.map(address, frame, Protection::READ, &mut || wallet.take());
        mapped.map_err(|(frame, error)| {
            wallet.give(frame);
            if error == MapError::NoMemory { Error::NoMemory } else { Error::BadAddress }
        })
    }

    /// Unmaps what is mapped in `start..end`, as far as `from` bytes have not been done before.
    pub(crate) fn unmap(
        &self,
        frames: &Frames,
        (start, end): (usize, usize),
        from: usize,
    ) -> Result<Progress, Error> {
        let state = &mut *self.state.lock();
        // A hole in the middle of a region makes two of it. Everything else frees, and is never refused.
        if state.regions.find(start).is_some_and(|r| r.start < start && end < r.end) {
            heap::make_room(frames, 0)?;
            if state.regions.len() >= REGION_LIMIT {
                return Err(Error::Limit);
            }
        }
        let mut work = Work::default();
        let mut next = start + from;
        while next < end {
            let Some(region) = state.regions.next(next).filter(|region| region.start < end) else {
                break;
            };
            let step = region.start.max(next);
            let step_end = region.end.min(end).min(step.saturating_add(STEP));
            let part = state.regions.take(step, step_end).expect("a region was found there");
            self.clear(state, frames, (part.start, part.end), &mut work);
            next = step_end;
            if work.is_enough() && next < end {
                state.settle_regions();
                return Ok(Progress::Partly(next - start));
            }
        }
        state.settle_regions();
        Ok(Progress::Done)
    }

    /// Drops the contents of `start..end`, all of it writable, as far as not done before.
    pub(crate) fn discard(
        &self,
        frames: &Frames,
        (start, end): (usize, usize),
        from: usize,
    ) -> Result<Progress, Error> {
        let state = &mut *self.state.lock();
        let is_writable = |region: &Region| region.protection == Protection::WRITE;
        if !state.regions.covers(start, end, is_writable) {
            return Err(Error::BadAddress);
        }
        if from == 0 && !state.regions.covers(start, end, |r| r.backing == Backing::Zero) {
            // What came from the package does not come back.
            heap::make_room(frames, 0)?;
            state.admit_regions(2)?;
            state.regions.forget_files(start, end);
            state.settle_regions();
        }
        let mut work = Work::default();
        let mut next = start + from;
        while next < end {
            let step_end = end.min(next.saturating_add(STEP));
            self.clear(state, frames, (next, step_end), &mut work);
            next = step_end;
            if work.is_enough() && next < end {
                return Ok(Progress::Partly(next - start));
            }
        }
        Ok(Progress::Done)
    }

    /// Takes the pages of a range out of the page tables.
    fn clear(
        &self,
        state: &mut State,
        frames: &Frames,
        (start, end): (usize, usize),
        work: &mut Work,
    ) {
        work.steps += 1;
        self.table.unmap(start, (end - start) / PAGE_SIZE, &mut |frame| {
            work.pages += 1;
            state.purse.release(frame, frames);
        });
    }

    /// Changes the protection of `start..end`.
    pub(crate) fn protect(
        &self,
        (start, end): (usize, usize),
        protection: Protection,
    ) -> Result<(), Error> {
        let state = &mut *self.state.lock();
        let can_have = |r: &Region| r.backing != Backing::Fixed;
        if !state.regions.covers(start, end, can_have) {
            return Err(Error::BadAddress);
        }
        state.admit_regions(2)?;
        state.regions.protect(start, end, protection);
        state.settle_regions();
        self.table.protect(start, (end - start) / PAGE_SIZE, protection);
        Ok(())
    }

    /// Promises the frames that backing `start..end` takes; how many those are.
    pub(crate) fn promise(
        &self,
        frames: &Frames,
        start: usize,
        end: usize,
    ) -> Result<usize, Error> {
        let state = &mut *self.state.lock();
        if !state.regions.covers(start, end, |region| region.protection != Protection::NONE) {
            return Err(Error::BadAddress);
        }
        let mut purse_take = |pages: usize| {
            // Tables: one for each 2 MiB, each 1 GiB, each 512 GiB begun.
            let count = pages + pages / 512 + pages / 512 / 512 + 6;
            let fits = state.purse.room() >= count && frames.promise(count);
            if fits {
                state.purse.charged += count;
            }
            fits.then_some(count)
        };
        let pages = (end - start) / PAGE_SIZE;
        if let Some(count) = purse_take(pages) {
            return Ok(count);
        }
        if pages > frames.total() {
            return Err(Error::NoMemory);
        }
        // Perhaps much of it is backed already.
        let is_missing = |page: &usize| self.table.query(*page).is_none();
        let missing = (start..end).step_by(PAGE_SIZE).filter(is_missing).count();
        purse_take(missing).ok_or(Error::NoMemory)
    }

    /// Takes back what is left of a promise.
    pub(crate) fn forgo(&self, frames: &Frames, promised: usize) {
        self.state.lock().purse.charged -= promised;
        frames.forgo(promised);
    }

    /// Backs `start..end` from what was promised, as far as not done before.
    pub(crate) fn commit(
        &self,
        frames: &Frames,
        (start, end): (usize, usize),
        from: usize,
        promised: &mut usize,
    ) -> Result<Progress, Error> {
        let state = &mut *self.state.lock();
        let stop = end.min(start + from + WORK / 4 * PAGE_SIZE);
        for page in (start + from..stop).step_by(PAGE_SIZE) {
            let region = *state.regions.find(page).ok_or(Error::BadAddress)?;
            let touch =
                if region.protection == Protection::WRITE { Touch::Write } else { Touch::Read };
            let mut wallet = Wallet { purse: &mut state.purse, frames, promised: *promised };
            let result = self.make_real(&region, page, touch, &mut wallet);
            *promised = wallet.promised;
            result.map_err(Refusal::error)?;
        }
        Ok(if stop == end { Progress::Done } else { Progress::Partly(stop - start) })
    }

    /// Makes a range real for writing, all of which the service may write.
    pub(crate) fn make_writable(
        &self,
        frames: &Frames,
        address: usize,
        len: usize,
    ) -> Result<(), Error> {
        let first = address & !(PAGE_SIZE - 1);
        for page in (first..address + len).step_by(PAGE_SIZE) {
            self.touch(frames, page, Touch::Write).map_err(Refusal::error)?;
        }
        Ok(())
    }

    /// Copies from the service's memory.
    pub(crate) fn read(
        &self,
        frames: &Frames,
        address: usize,
        buffer: &mut [u8],
    ) -> Result<(), Error> {
        self.check(address, buffer.len(), Protection::READ)?;
        while let Err(error) = self.table.read(address, buffer) {
            self.recover(frames, error, Touch::Read)?;
        }
        Ok(())
    }

    /// Copies to the service's memory.
    pub(crate) fn write(&self, frames: &Frames, address: usize, bytes: &[u8]) -> Result<(), Error> {
        self.check(address, bytes.len(), Protection::WRITE)?;
        while let Err(error) = self.table.write(address, bytes) {
            self.recover(frames, error, Touch::Write)?;
        }
        Ok(())
    }

    /// The aligned word at `address`; none when its page must be touched first.
    pub(crate) fn peek_u32(&self, address: usize) -> Result<u32, AccessError> {
        self.table.load_u32(address)
    }

    /// Writes an aligned word.
    pub(crate) fn store_u32(
        &self,
        frames: &Frames,
        address: usize,
        value: u32,
    ) -> Result<(), Error> {
        if !address.is_multiple_of(4) {
            return Err(Error::BadArgument);
        }
        while let Err(error) = self.table.store_u32(address, value) {
            self.recover(frames, error, Touch::Write)?;
        }
        Ok(())
    }

    /// Makes the page real that an access of ours missed.
    pub(crate) fn recover(
        &self,
        frames: &Frames,
        error: AccessError,
        touch: Touch,
    ) -> Result<(), Error> {
        let (AccessError::Missing(address) | AccessError::Denied(address)) = error;
        self.touch(frames, address, touch).map_err(Refusal::error)
    }

    /// Whether all of a range has at least `needed`. A range of no bytes is always good.
    pub(crate) fn check(
        &self,
        address: usize,
        len: usize,
        needed: Protection,
    ) -> Result<(), Error> {
        if len == 0 {
            return Ok(());
        }
        let end = address.checked_add(len).ok_or(Error::BadAddress)?;
        let allows = |region: &Region| region.protection.0 & needed.0 == needed.0;
        let is_good = self.state.lock().regions.covers(address, end, allows);
        is_good.then_some(()).ok_or(Error::BadAddress)
    }

    /// Ends the space; every frame it held is given back.
    pub(crate) fn destroy(self, frames: &Frames) {
        self.table.destroy(&mut |frame| frames.release(frame));
    }
}

impl State {
    /// Checks that `more` mappings would be within the limits.
    fn admit_regions(&self, more: usize) -> Result<(), Error> {
        let count = self.regions.len() + more;
        if count > REGION_LIMIT {
            return Err(Error::Limit);
        }
        if count / REGIONS_PER_PAGE > self.purse.regions + self.purse.room() {
            return Err(Error::NoMemory);
        }
        Ok(())
    }

    /// Charges the mappings there are now.
    fn settle_regions(&mut self) {
        self.purse.regions = self.regions.len() / REGIONS_PER_PAGE;
    }
}

/// How much a call has done since the kernel was entered.
#[derive(Debug, Default)]
struct Work {
    pages: usize,
    steps: usize,
}

impl Work {
    fn is_enough(&self) -> bool {
        self.pages >= WORK || self.steps >= WORK
    }
}
