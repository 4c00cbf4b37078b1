//! Making pages real when they are first touched.
//!
//! Zeroed pages come one by one, or several ahead once a service touches them in sequence, as a heap
//! that grows does. Pages of the package are mapped in place, the neighbours with them; a writable
//! one is copied at the first write. So a service starts before its image was read whole, and what
//! it never uses takes no memory.

use abi::memory::{PAGE_SIZE, Protection};
use abi::{Error, trap};
use hal::memory::{Frame, MapError, Mapping};

use super::Frames;
use super::region::{Backing, Region};
use super::space::{Space, State, Wallet};

/// Pages of the package mapped together.
const NEIGHBOURS: usize = 16;

/// Zeroed pages made ahead at most.
const AHEAD: usize = 16;

/// What a thread wants of an address.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Touch {
    /// To read it.
    Read,
    /// To write it.
    Write,
    /// To execute it.
    Execute,
}

impl Touch {
    /// As a CPU's error code says.
    pub(crate) const fn from_code(code: u64) -> Self {
        match code {
            code if code & 1 << 4 != 0 => Self::Execute,
            code if code & 1 << 1 != 0 => Self::Write,
            _ => Self::Read,
        }
    }

    const fn needs(self) -> Protection {
        match self {
            Self::Read => Protection::READ,
            Self::Write => Protection::WRITE,
            Self::Execute => Protection::EXECUTE,
        }
    }

    const fn is_allowed_by(self, protection: Protection) -> bool {
        protection.0 & self.needs().0 == self.needs().0
    }
}

/// Why a page was not made real.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Refusal {
    /// Nothing is mapped there, or not so that it could be touched like this.
    Forbidden,
    /// The machine or the quota has no memory left.
    NoMemory,
}

impl Refusal {
    /// What a call says.
    pub(crate) const fn error(self) -> Error {
        match self {
            Self::Forbidden => Error::BadAddress,
            Self::NoMemory => Error::NoMemory,
        }
    }

    /// What a trap says.
    pub(crate) const fn kind(self) -> trap::Kind {
        match self {
            Self::Forbidden => trap::Kind::Memory,
            Self::NoMemory => trap::Kind::NoMemory,
        }
    }
}

/// Whether a service touches new pages in ascending order.
#[derive(Debug, Default)]
pub(super) struct Sequence {
    /// The page that would continue it.
    next: usize,
    /// How many to make at once then.
    ahead: usize,
}

impl Sequence {
    /// How many pages to make, now that `page` is touched.
    fn step(&mut self, page: usize) -> usize {
        self.ahead = if page == self.next { (2 * self.ahead).clamp(1, AHEAD) } else { 1 };
        self.next = page + self.ahead * PAGE_SIZE;
        self.ahead
    }
}

impl Space {
    /// Makes the page at `address` real, so that it can be touched like this.
    pub(crate) fn touch(
        &self,
        frames: &Frames,
        address: usize,
        touch: Touch,
    ) -> Result<(), Refusal> {
        let State { regions, purse, sequence } = &mut *self.state.lock();
        let region = *regions.find(address).ok_or(Refusal::Forbidden)?;
        if !touch.is_allowed_by(region.protection) {
            return Err(Refusal::Forbidden);
        }
        let page = address & !(PAGE_SIZE - 1);
        let mut wallet = Wallet { purse, frames, promised: 0 };
        match region.backing {
            Backing::Zero => {
                self.make_real(&region, page, touch, &mut wallet)?;
                let mut count = sequence.step(page);
                if count > 1 && frames.free() < frames.total() / 8 {
                    count = 1;
                }
                for ahead in 1..count {
                    let page = page + ahead * PAGE_SIZE;
                    if page >= region.end
                        || self.make_real(&region, page, touch, &mut wallet).is_err()
                    {
                        break;
                    }
                }
                Ok(())
            }
            Backing::File { .. } if touch != Touch::Write => {
                self.map_neighbours(&region, page, touch, &mut wallet);
                self.make_real(&region, page, touch, &mut wallet)
            }
            Backing::File { .. } | Backing::Fixed => {
                self.make_real(&region, page, touch, &mut wallet)
            }
        }
    }

    /// Maps those pages of the package around `page` that can be mapped in place.
    fn map_neighbours(&self, region: &Region, page: usize, touch: Touch, wallet: &mut Wallet<'_>) {
        let first = page & !(NEIGHBOURS * PAGE_SIZE - 1);
        let start = first.max(region.start);
        let end = (first + NEIGHBOURS * PAGE_SIZE).min(region.end);
        for neighbour in (start..end).step_by(PAGE_SIZE) {
            if let Some((shared, protection)) = self.in_place(region, neighbour, touch) {
                // One that is mapped already stays; a lack of memory shows where it matters.
                let _ = self.table.map_shared(neighbour, shared, protection, &mut || wallet.take());
            }
        }
    }

    /// The package's own page for `page`, when it can stand for it as long as nobody writes.
    fn in_place(
        &self,
        region: &Region,
        page: usize,
        touch: Touch,
    ) -> Option<(hal::memory::Shared, Protection)> {
        let Backing::File { page: first, len } = region.backing else { return None };
        let offset = page - region.start;
        if touch == Touch::Write || offset + PAGE_SIZE > len {
            return None;
        }
        let shared = self.package?.page(first + offset / PAGE_SIZE)?;
        let protection = match region.protection {
            Protection::WRITE => Protection::READ,
            other => other,
        };
        Some((shared, protection))
    }

    /// Makes one page real. The caller holds the state and found `region` in it.
    pub(super) fn make_real(
        &self,
        region: &Region,
        page: usize,
        touch: Touch,
        wallet: &mut Wallet<'_>,
    ) -> Result<(), Refusal> {
        if region.backing == Backing::Fixed {
            return Ok(());
        }
        if let Some((shared, protection)) = self.in_place(region, page, touch) {
            self.keep_only(page, |mapping| touch.is_allowed_by(mapping.protection));
            return match self.table.map_shared(page, shared, protection, &mut || wallet.take()) {
                Ok(()) | Err(MapError::Occupied) => Ok(()),
                Err(MapError::NoMemory) => Err(Refusal::NoMemory),
                Err(MapError::Invalid) => Err(Refusal::Forbidden),
            };
        }
        if region.backing != Backing::Zero {
            // The page in place makes room for one that can be written.
            self.keep_only(page, |mapping| mapping.is_owned);
        }
        let Some(mut frame) = wallet.take() else {
            // A page that is there needs none: another CPU was faster, or the kernel makes sure.
            let is_there = self.table.query(page).is_some_and(|mapping| mapping.is_owned);
            return if is_there { Ok(()) } else { Err(Refusal::NoMemory) };
        };
        self.fill(region, page, &mut frame);
        match self.table.map(page, frame, region.protection, &mut || wallet.take()) {
            Ok(()) => Ok(()),
            Err((frame, error)) => {
                wallet.give(frame);
                match error {
                    // Another CPU was faster, or this one had an outdated translation.
                    MapError::Occupied => Ok(()),
                    MapError::NoMemory => Err(Refusal::NoMemory),
                    MapError::Invalid => Err(Refusal::Forbidden),
                }
            }
        }
    }

    /// Unmaps a page of the package that is mapped at `page`, unless it is `good`.
    fn keep_only(&self, page: usize, good: impl FnOnce(&Mapping) -> bool) {
        if self.table.query(page).is_some_and(|m| !m.is_owned && !good(&m)) {
            self.table.unmap(page, 1, &mut |_| unreachable!("a shared page has no owner"));
        }
    }

    /// Gives a new page its contents.
    fn fill(&self, region: &Region, page: usize, frame: &mut Frame) {
        let Backing::File { page: first, len } = region.backing else {
            frame.zero();
            return;
        };
        let offset = page - region.start;
        let bytes = self.package.map_or(&[][..], |package| package.bytes());
        let start = first * PAGE_SIZE + offset;
        let count = len.saturating_sub(offset).min(PAGE_SIZE);
        let source = bytes.get(start..start + count).unwrap_or(&[]);
        let (copied, zeros) = frame.bytes_mut().split_at_mut(source.len());
        copied.copy_from_slice(source);
        zeros.fill(0);
    }
}
