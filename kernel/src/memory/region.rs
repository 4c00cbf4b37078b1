//! What a service has mapped, apart from page tables: an ordered map of regions.
//!
//! Pure bookkeeping. A region says what its pages are made of when they are first touched; a huge
//! reservation is one entry.

use alloc::collections::BTreeMap;

use abi::memory::{PAGE_SIZE, Protection, USER_END, USER_START};

/// What the pages of a region are made of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Backing {
    /// Zeros.
    Zero,
    /// Pages of the package from `page` on; zeros after `len` bytes. Read-only regions map the
    /// package's own pages, writable ones copy a page at the first write.
    File { page: usize, len: usize },
    /// Pages the kernel mapped when it made the region: start block and clock.
    Fixed,
}

impl Backing {
    /// What lies `offset` bytes further on.
    fn skip(self, offset: usize) -> Self {
        match self {
            Self::File { page, len } => {
                Self::File { page: page + offset / PAGE_SIZE, len: len.saturating_sub(offset) }
            }
            other => other,
        }
    }
}

/// A run of pages that are alike. Never empty.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Region {
    /// First address.
    pub(crate) start: usize,
    /// One past the last.
    pub(crate) end: usize,
    /// What the service may do with it.
    pub(crate) protection: Protection,
    /// What its pages are made of.
    pub(crate) backing: Backing,
}

impl Region {
    /// Its part in `start..end`, which must overlap it.
    fn part(&self, start: usize, end: usize) -> Self {
        let start = start.max(self.start);
        let backing = self.backing.skip(start - self.start);
        Self { start, end: end.min(self.end), protection: self.protection, backing }
    }

    /// Whether `other`, which begins where this ends, could be the same region.
    fn continues_with(&self, other: &Self) -> bool {
        self.end == other.start
            && self.protection == other.protection
            && self.backing == Backing::Zero
            && other.backing == Backing::Zero
    }
}

/// The regions of a service, by their start. They do not overlap.
#[derive(Debug)]
pub(crate) struct Regions {
    map: BTreeMap<usize, Region>,
    /// No gap below this is known to be free.
    hint: usize,
    /// Where mappings without a wish begin.
    base: usize,
}

impl Regions {
    /// No regions; those without a wished address will go from `base` up.
    pub(crate) const fn new(base: usize) -> Self {
        Self { map: BTreeMap::new(), hint: base, base }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.map.len()
    }

    /// The region that `address` lies in.
    pub(crate) fn find(&self, address: usize) -> Option<&Region> {
        self.map.range(..=address).next_back().map(|(_, r)| r).filter(|r| address < r.end)
    }

    /// The first region that begins at or after `address`, or contains it.
    pub(crate) fn next(&self, address: usize) -> Option<&Region> {
        self.find(address).or_else(|| self.map.range(address..).next().map(|(_, r)| r))
    }

    /// Whether nothing overlaps `start..end`.
    pub(crate) fn is_free(&self, start: usize, end: usize) -> bool {
        self.map.range(..end).next_back().is_none_or(|(_, r)| r.end <= start)
    }

    /// Whether all of `start..end` lies in regions that are `wanted`.
    pub(crate) fn covers(
        &self,
        start: usize,
        end: usize,
        mut wanted: impl FnMut(&Region) -> bool,
    ) -> bool {
        let mut next = start;
        while next < end {
            match self.find(next) {
                Some(region) if wanted(region) => next = region.end,
                _ => return false,
            }
        }
        true
    }

    /// The lowest gap of `len` bytes, from the hint on or else anywhere above the base.
    pub(crate) fn find_gap(&self, len: usize) -> Option<usize> {
        self.gap_above(self.hint, len).or_else(|| self.gap_above(self.base, len))
    }

    fn gap_above(&self, mut start: usize, len: usize) -> Option<usize> {
        if let Some(region) = self.find(start) {
            start = region.end;
        }
        for region in self.map.range(start..).map(|(_, region)| region) {
            if region.start - start >= len {
                return Some(start);
            }
            start = region.end;
        }
        (USER_END.checked_sub(start)? >= len).then_some(start)
    }

    /// Adds a region where nothing is. It grows a neighbour that it continues.
    pub(crate) fn insert(&mut self, mut region: Region) {
        debug_assert!(self.is_free(region.start, region.end), "regions do not overlap");
        debug_assert!(region.start >= USER_START && region.end <= USER_END, "user half");
        if region.start <= self.hint && self.hint < region.end {
            self.hint = region.end;
        }
        if let Some((_, before)) = self.map.range_mut(..region.start).next_back()
            && before.continues_with(&region)
        {
            region.start = before.start;
        }
        if let Some(after) = self.map.get(&region.end).copied()
            && region.continues_with(&after)
        {
            self.map.remove(&after.start);
            region.end = after.end;
        }
        self.map.insert(region.start, region);
    }

    /// Removes the first region or part of one in `start..end`, and returns it.
    pub(crate) fn take(&mut self, start: usize, end: usize) -> Option<Region> {
        let whole = *self.next(start).filter(|region| region.start < end)?;
        let part = whole.part(start, end);
        if whole.start < part.start {
            self.map.insert(whole.start, Region { end: part.start, ..whole });
        } else {
            self.map.remove(&whole.start);
        }
        if part.end < whole.end {
            self.map.insert(part.end, whole.part(part.end, whole.end));
        }
        if part.start >= self.base {
            self.hint = self.hint.min(part.start);
        }
        Some(part)
    }

    /// Gives `start..end`, all of which is mapped, another protection.
    pub(crate) fn protect(&mut self, start: usize, end: usize, protection: Protection) {
        self.change(start, end, |part| Region { protection, ..part });
    }

    /// Makes `start..end`, all of which is mapped, consist of zeros.
    pub(crate) fn forget_files(&mut self, start: usize, end: usize) {
        self.change(start, end, |part| Region { backing: Backing::Zero, ..part });
    }

    fn change(&mut self, start: usize, end: usize, change: impl Fn(Region) -> Region) {
        let hint = self.hint;
        let mut next = start;
        while next < end {
            let Some(part) = self.take(next, end) else { break };
            next = part.end;
            self.insert(change(part));
        }
        self.hint = hint;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test::{Random, rounds};

    const BASE: usize = 0x10_0000;

    /// What a page is, page by page: the slow and obvious way.
    type Model = BTreeMap<usize, (Protection, Backing)>;

    fn check(regions: &Regions, model: &Model) {
        let mut previous_end = 0;
        let mut pages = 0;
        for (start, region) in &regions.map {
            assert!(*start == region.start && region.start >= previous_end);
            assert!(region.end > region.start && region.start % PAGE_SIZE == 0);
            previous_end = region.end;
            for address in (region.start..region.end).step_by(PAGE_SIZE) {
                let here = region.part(address, address + PAGE_SIZE);
                assert_eq!(model.get(&address), Some(&(here.protection, here.backing)));
                pages += 1;
            }
        }
        assert_eq!(pages, model.len());
    }

    fn random_protection(random: &mut Random) -> Protection {
        [Protection::NONE, Protection::READ, Protection::WRITE, Protection::EXECUTE]
            [random.below(4)]
    }

    #[test]
    fn behaves_as_a_map_of_single_pages_does() {
        for seed in 0..1 + rounds(20) {
            let mut random = Random::new(seed);
            let mut regions = Regions::new(BASE);
            let mut model = Model::new();
            for _ in 0..500 {
                let start = BASE + random.below(64) * PAGE_SIZE;
                let end = start + (1 + random.below(16)) * PAGE_SIZE;
                let is_free = model.range(start..end).next().is_none();
                assert_eq!(regions.is_free(start, end), is_free);
                match random.below(4) {
                    0 if is_free => {
                        let backing = match random.below(2) {
                            0 => Backing::Zero,
                            _ => Backing::File { page: random.below(9), len: random.below(90_000) },
                        };
                        let protection = random_protection(&mut random);
                        let region = Region { start, end, protection, backing };
                        for address in (start..end).step_by(PAGE_SIZE) {
                            let backing = backing.skip(address - start);
                            model.insert(address, (protection, backing));
                        }
                        regions.insert(region);
                    }
                    1 => {
                        let mut next = start;
                        while let Some(part) = regions.take(next, end) {
                            assert!(part.start >= next && part.end <= end);
                            next = part.end;
                        }
                        model.retain(|address, _| !(start..end).contains(address));
                    }
                    2 => {
                        let covered =
                            (start..end).step_by(PAGE_SIZE).all(|a| model.contains_key(&a));
                        assert_eq!(regions.covers(start, end, |_| true), covered);
                        if covered {
                            let protection = random_protection(&mut random);
                            regions.protect(start, end, protection);
                            model.range_mut(start..end).for_each(|(_, page)| page.0 = protection);
                            if random.below(4) == 0 {
                                regions.forget_files(start, end);
                                let zero = Backing::Zero;
                                model.range_mut(start..end).for_each(|(_, page)| page.1 = zero);
                            }
                        }
                    }
                    _ => {
                        let len = (1 + random.below(8)) * PAGE_SIZE;
                        let gap = regions.find_gap(len).expect("user space is large");
                        assert!(gap >= BASE && model.range(gap..gap + len).next().is_none());
                        let found = regions.find(start).map(|r| (r.start..r.end).contains(&start));
                        assert_eq!(found, model.contains_key(&start).then_some(true));
                    }
                }
                check(&regions, &model);
            }
        }
    }

    fn zero(start: usize, pages: usize) -> Region {
        let (protection, backing) = (Protection::WRITE, Backing::Zero);
        Region { start, end: start + pages * PAGE_SIZE, protection, backing }
    }

    #[test]
    fn neighbours_of_zeros_become_one() {
        let mut regions = Regions::new(BASE);
        regions.insert(zero(BASE, 1));
        regions.insert(zero(BASE + 2 * PAGE_SIZE, 1));
        assert_eq!(regions.len(), 2);
        regions.insert(zero(BASE + PAGE_SIZE, 1));
        assert_eq!(regions.len(), 1);
    }

    #[test]
    fn a_freed_gap_is_used_again_before_new_addresses() {
        let mut regions = Regions::new(BASE);
        for index in 0..10 {
            let start = regions.find_gap(PAGE_SIZE).expect("room");
            assert_eq!(start, BASE + index * PAGE_SIZE);
            regions.insert(zero(start, 1));
        }
        regions.take(BASE + 3 * PAGE_SIZE, BASE + 5 * PAGE_SIZE).expect("mapped");
        assert_eq!(regions.find_gap(2 * PAGE_SIZE), Some(BASE + 3 * PAGE_SIZE));
        assert_eq!(regions.find_gap(3 * PAGE_SIZE), Some(BASE + 10 * PAGE_SIZE));
    }

    #[test]
    fn what_does_not_fit_has_no_gap() {
        let regions = Regions::new(BASE);
        assert_eq!(regions.find_gap(USER_END - BASE), Some(BASE));
        assert_eq!(regions.find_gap(USER_END - BASE + 1), None);
        assert_eq!(regions.find_gap(usize::MAX), None);
    }
}
