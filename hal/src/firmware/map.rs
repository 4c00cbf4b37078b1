//! The memory that is free at boot: page-aligned regions, added, cut and taken from.

use crate::boot::Region;
use crate::memory::{PAGE_SIZE, PhysAddr};

/// Regions a machine may have.
const CAPACITY: usize = 128;

const PAGE: u64 = PAGE_SIZE as u64;

/// A set of pages as regions: ascending, apart, none empty.
#[derive(Clone, Debug)]
pub(crate) struct Map {
    regions: [Region; CAPACITY],
    len: usize,
}

impl Map {
    /// No pages.
    pub(crate) const fn new() -> Self {
        Self { regions: [Region { start: PhysAddr(0), pages: 0 }; CAPACITY], len: 0 }
    }

    /// The regions.
    pub(crate) fn regions(&self) -> &[Region] {
        &self.regions[..self.len]
    }

    /// How many bytes the pages have.
    pub(crate) fn total(&self) -> u64 {
        self.regions().iter().map(|region| region.pages as u64 * PAGE).sum()
    }

    /// One past the last byte of the last page.
    pub(crate) fn end(&self) -> PhysAddr {
        PhysAddr(self.regions().last().map_or(0, end))
    }

    /// Adds the pages that lie wholly in `len` bytes from `start` on.
    pub(crate) fn add(&mut self, start: u64, len: u64) {
        let mut low = start.saturating_add(PAGE - 1) & !(PAGE - 1);
        let mut high = start.saturating_add(len) & !(PAGE - 1);
        if low >= high {
            return;
        }
        // Swallow every region that overlaps or touches, then insert what came of it.
        let mut at = 0;
        while at < self.len {
            let region = self.regions[at];
            if end(&region) < low || region.start.0 > high {
                at += 1;
                continue;
            }
            low = low.min(region.start.0);
            high = high.max(end(&region));
            self.delete(at);
        }
        let at = self.regions().partition_point(|region| region.start.0 < low);
        self.insert(at, low, high);
    }

    /// Removes every page that `len` bytes from `start` on touch.
    pub(crate) fn remove(&mut self, start: u64, len: u64) {
        let low = start & !(PAGE - 1);
        let high = start.saturating_add(len).saturating_add(PAGE - 1) & !(PAGE - 1);
        let mut at = 0;
        while at < self.len {
            let region = self.regions[at];
            let (first, last) = (region.start.0, end(&region));
            if last <= low || first >= high {
                at += 1;
                continue;
            }
            self.delete(at);
            if first < low {
                self.insert(at, first, low);
                at += 1;
            }
            if last > high {
                self.insert(at, high, last);
                at += 1;
            }
        }
    }

    /// Takes the highest run of `pages` pages below `limit`; none when no region has them.
    pub(crate) fn take(&mut self, pages: usize, limit: u64) -> Option<PhysAddr> {
        let len = pages as u64 * PAGE;
        let start = self.regions().iter().rev().find_map(|region| {
            let start = end(region).min(limit & !(PAGE - 1)).checked_sub(len)?;
            (start >= region.start.0).then_some(start)
        })?;
        self.remove(start, len);
        Some(PhysAddr(start))
    }

    fn delete(&mut self, at: usize) {
        self.regions.copy_within(at + 1..self.len, at);
        self.len -= 1;
    }

    /// Inserts a region; a machine with more regions than fit loses the one that does not.
    fn insert(&mut self, at: usize, low: u64, high: u64) {
        if self.len == CAPACITY {
            return;
        }
        self.regions.copy_within(at..self.len, at + 1);
        self.regions[at] = Region { start: PhysAddr(low), pages: ((high - low) / PAGE) as usize };
        self.len += 1;
    }
}

fn end(region: &Region) -> u64 {
    region.start.0 + region.pages as u64 * PAGE
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    fn spans(map: &Map) -> Vec<(u64, u64)> {
        map.regions().iter().map(|region| (region.start.0 / PAGE, end(region) / PAGE)).collect()
    }

    #[test]
    fn overlapping_and_touching_regions_become_one() {
        let mut map = Map::new();
        map.add(8 * PAGE, 2 * PAGE);
        map.add(2 * PAGE, 2 * PAGE);
        map.add(4 * PAGE, PAGE);
        map.add(3 * PAGE, 6 * PAGE);
        map.add(20 * PAGE, PAGE);
        assert_eq!(spans(&map), [(2, 10), (20, 21)]);
        assert_eq!((map.total(), map.end().0), (9 * PAGE, 21 * PAGE));
    }

    #[test]
    fn only_whole_pages_are_added_and_every_touched_page_is_removed() {
        let mut map = Map::new();
        map.add(PAGE + 1, 3 * PAGE);
        assert_eq!(spans(&map), [(2, 4)]);
        map.add(0, 10 * PAGE);
        map.remove(3 * PAGE + 5, PAGE);
        assert_eq!(spans(&map), [(0, 3), (5, 10)]);
        map.remove(0, 100 * PAGE);
        assert!(map.regions().is_empty());
        map.add(5, 6);
        map.add(u64::MAX - 3, 8);
        assert!(map.regions().is_empty());
    }

    #[test]
    fn pages_are_taken_from_the_top_below_the_limit() {
        let mut map = Map::new();
        map.add(PAGE, 4 * PAGE);
        map.add(10 * PAGE, 10 * PAGE);
        assert_eq!(map.take(2, u64::MAX), Some(PhysAddr(18 * PAGE)));
        assert_eq!(map.take(4, 12 * PAGE), Some(PhysAddr(PAGE)));
        assert_eq!(map.take(2, 12 * PAGE), Some(PhysAddr(10 * PAGE)));
        assert_eq!(map.take(7, u64::MAX), None);
        assert_eq!(spans(&map), [(12, 18)]);
    }
}
