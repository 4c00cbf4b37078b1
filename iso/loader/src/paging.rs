//! Builds the page tables with which the kernel starts: 4 levels, pages of 2 MiB and 4 KiB.
//!
//! The tables lie in one block of physical memory that is filled from the front. Two roots are
//! built from it: the kernel's, and [`Tables::add_crossing`], which maps in addition the lower half
//! so that the loader can change over while it executes at its own address.

use crate::Error;
use crate::bytes::round_up;
use crate::elf::{Access, Plan};
use crate::memory::{Kind, Map};
use crate::protocol::HHDM;
use alloc::vec::Vec;
use core::ops::Range;

/// A page table.
pub type Table = [u64; 512];

const PRESENT: u64 = 1 << 0;
const WRITE: u64 = 1 << 1;
const WRITE_THROUGH: u64 = 1 << 3;
const LARGE: u64 = 1 << 7;
const PAT_SMALL: u64 = 1 << 7;
const PAT_LARGE: u64 = 1 << 12;
const NO_EXECUTE: u64 = 1 << 63;
const ADDRESS: u64 = 0x000f_ffff_ffff_f000;

const SMALL_SIZE: u64 = 4096;
const LARGE_SIZE: u64 = 2 << 20;

/// The direct map has to end before the kernel: half of the higher half is ample.
const DIRECT_MAX: u64 = 1 << 46;

/// How a range is cached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cache {
    /// As ordinary memory: entry 0 of the page attribute table.
    WriteBack,
    /// As a framebuffer: entry 5 of the page attribute table.
    WriteCombining,
}

/// Page tables under construction.
#[derive(Debug)]
pub struct Tables<'a> {
    pool: &'a mut [Table],
    /// Physical address of the pool.
    base: u64,
    used: usize,
}

/// The mapped parts of a memory map, joined where they touch and are cached alike.
fn runs(map: &Map, revision: u64) -> Vec<(Range<u64>, Cache)> {
    let mut runs: Vec<(Range<u64>, Cache)> = Vec::new();
    for region in map.regions().iter().filter(|region| region.kind.is_mapped(revision)) {
        let cache = match region.kind {
            Kind::Framebuffer => Cache::WriteCombining,
            _ => Cache::WriteBack,
        };
        match runs.last_mut() {
            Some((run, last)) if run.end == region.base && *last == cache => run.end = region.end,
            _ => runs.push((region.base..region.end, cache)),
        }
    }
    runs
}

/// How many tables the mappings of a map and an image take at most.
#[must_use]
pub fn tables_needed(map: &Map, revision: u64, image_size: u64) -> usize {
    // A run touches at most one table per 2 MiB at each end, one directory per GiB (or part of it)
    // in between, and one more table per 512 GiB.
    let tables = |size: u64| 2 + (size >> 30) + 2 + (size >> 39) + 2;
    let memory: u64 = runs(map, revision).iter().map(|(run, _)| tables(run.end - run.start)).sum();
    // The image's tables, the two roots and the lower half of the crossing.
    let rest = (image_size >> 21) + 8 + 8;
    usize::try_from(memory + rest).unwrap_or(usize::MAX)
}

impl<'a> Tables<'a> {
    /// Starts with an empty root in a pool that lies at a physical address.
    ///
    /// # Errors
    ///
    /// [`Error::Full`] if the pool has no table.
    pub fn new(pool: &'a mut [Table], base: u64) -> Result<Self, Error> {
        let mut tables = Self { pool, base, used: 0 };
        tables.add()?;
        Ok(tables)
    }

    /// Physical address of the kernel's root.
    #[must_use]
    pub fn root(&self) -> u64 {
        self.base
    }

    /// Maps everything that a kernel finds mapped: its segments, and the direct map.
    ///
    /// # Errors
    ///
    /// [`Error::Full`] if the pool is too small.
    pub fn map_all(
        &mut self,
        map: &Map,
        plan: &Plan,
        image: u64,
        revision: u64,
    ) -> Result<(), Error> {
        for (range, access) in plan.mappings() {
            let (start, length) = (range.start as u64, range.len() as u64);
            let place = plan.virtual_base + start;
            self.map(place, image + start, length, access, Cache::WriteBack)?;
        }
        let all = Access { write: true, execute: true };
        for (run, cache) in runs(map, revision) {
            if run.end > DIRECT_MAX {
                return Err(Error::Machine("there is memory above 64 TiB"));
            }
            self.map(HHDM + run.start, run.start, run.end - run.start, all, cache)?;
        }
        Ok(())
    }

    /// Adds a root for changing over: the kernel's, and in the lower half all memory at its
    /// physical address, including the devices below 4 GiB. Returns its physical address.
    ///
    /// # Errors
    ///
    /// [`Error::Full`] if the pool is too small.
    pub fn add_crossing(&mut self) -> Result<u64, Error> {
        let root = self.add()?;
        self.pool[root] = self.pool[0];
        for index in 1..256 {
            self.pool[root][index] = self.pool[0][256 + index];
        }
        let low = self.add()?;
        if let Some(direct) = self.index_of(self.pool[0][256]) {
            self.pool[low] = self.pool[direct];
        }
        for gib in 0..4 {
            let table = self.add()?;
            for index in 0..512 {
                let address = ((gib * 512 + index) as u64) * LARGE_SIZE;
                self.pool[table][index] = address | LARGE | WRITE | PRESENT;
            }
            self.pool[low][gib] = self.address_of(table) | WRITE | PRESENT;
        }
        self.pool[root][0] = self.address_of(low) | WRITE | PRESENT;
        Ok(self.address_of(root))
    }

    /// Maps a range of whole pages; what is mapped already is mapped anew.
    ///
    /// # Errors
    ///
    /// [`Error::Full`] if the pool is too small.
    pub fn map(
        &mut self,
        virt: u64,
        phys: u64,
        size: u64,
        access: Access,
        cache: Cache,
    ) -> Result<(), Error> {
        let mut flags = PRESENT;
        if access.write {
            flags |= WRITE;
        }
        if !access.execute {
            flags |= NO_EXECUTE;
        }
        if cache == Cache::WriteCombining {
            flags |= WRITE_THROUGH;
        }
        let size = round_up(size, SMALL_SIZE).ok_or(Error::Full("a mapping overflows"))?;
        let mut done = 0;
        while done < size {
            let (from, to) = (virt.wrapping_add(done), phys + done);
            let directory = self.directory(from)?;
            let index = index(from, 1);
            let fits = (from | to).is_multiple_of(LARGE_SIZE) && size - done >= LARGE_SIZE;
            let entry = self.pool[directory][index];
            if fits && (entry & PRESENT == 0 || entry & LARGE != 0) {
                let pat = if cache == Cache::WriteCombining { PAT_LARGE } else { 0 };
                self.pool[directory][index] = to | flags | pat | LARGE;
                done += LARGE_SIZE;
            } else {
                let pat = if cache == Cache::WriteCombining { PAT_SMALL } else { 0 };
                let table = self.small(directory, index)?;
                self.pool[table][self::index(from, 0)] = to | flags | pat;
                done += SMALL_SIZE;
            }
        }
        Ok(())
    }

    /// The page directory (level 2) of an address.
    fn directory(&mut self, virt: u64) -> Result<usize, Error> {
        let mut table = 0;
        for level in [3, 2] {
            let index = index(virt, level);
            table = match self.index_of(self.pool[table][index]) {
                Some(next) => next,
                None => self.link(table, index)?,
            };
        }
        Ok(table)
    }

    /// The page table (level 1) under an entry of a directory; a large page there is split.
    fn small(&mut self, directory: usize, index: usize) -> Result<usize, Error> {
        let entry = self.pool[directory][index];
        if entry & PRESENT != 0 && entry & LARGE == 0 {
            return self.index_of(entry).ok_or(Error::Full("a page table is missing"));
        }
        let table = self.link(directory, index)?;
        if entry & PRESENT != 0 {
            let pat = if entry & PAT_LARGE != 0 { PAT_SMALL } else { 0 };
            let base = (entry & ADDRESS & !(LARGE_SIZE - 1)) | pat;
            let flags = entry & (PRESENT | WRITE | WRITE_THROUGH | NO_EXECUTE);
            for (page, slot) in (0..).zip(&mut self.pool[table]) {
                *slot = (base + page * SMALL_SIZE) | flags;
            }
        }
        Ok(table)
    }

    /// Adds a table and enters it in another.
    fn link(&mut self, table: usize, index: usize) -> Result<usize, Error> {
        let new = self.add()?;
        self.pool[table][index] = self.address_of(new) | WRITE | PRESENT;
        Ok(new)
    }

    /// Takes the next table of the pool, empty.
    fn add(&mut self) -> Result<usize, Error> {
        let table = self.used;
        let slot = self.pool.get_mut(table).ok_or(Error::Full("page tables"))?;
        slot.fill(0);
        self.used += 1;
        Ok(table)
    }

    fn address_of(&self, table: usize) -> u64 {
        self.base + table as u64 * SMALL_SIZE
    }

    /// The table that an entry points to, if it points to one of the pool.
    fn index_of(&self, entry: u64) -> Option<usize> {
        if entry & PRESENT == 0 {
            return None;
        }
        let offset = (entry & ADDRESS).checked_sub(self.base)?;
        usize::try_from(offset / SMALL_SIZE).ok().filter(|&table| table < self.used)
    }
}

/// The index of an address in a table of a level, 3 being the root.
const fn index(virt: u64, level: u32) -> usize {
    ((virt >> (12 + 9 * level)) & 511) as usize
}

#[cfg(test)]
#[path = "paging_tests.rs"]
mod tests;
