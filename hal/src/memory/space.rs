//! The address space of a service.
//!
//! The kernel never uses a service's addresses: [`AddressSpace::read`] and
//! [`write`](AddressSpace::write) translate them and go through the kernel's own window, under the
//! space's lock, so a mapping cannot vanish in between.
//!
//! A frame that was mapped is given back only after every CPU that may hold a translation to it has
//! dropped it. Entries are changed first; then each CPU that has the space loaded and is in user
//! mode is interrupted; one that is in the kernel drops its translations before it returns to user
//! mode.

use core::sync::atomic::{AtomicU32, Ordering};

use super::pte::{Entry, LEVELS, USER_ENTRIES};
use super::{Frame, PAGE_SIZE, PhysAddr, Protection, Shared, table};
use crate::arch::{Arch, Machine};
use crate::sync::SpinLock;
use abi::memory::{USER_END, USER_START};

/// Frames unmapped before the CPUs are told.
const BATCH: usize = 64;
/// Pages changed before others get a turn.
const LOCKED: usize = 4096;

/// Why a page was not mapped.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum MapError {
    /// No frame for a table.
    NoMemory,
    /// Something is mapped there.
    Occupied,
    /// The address is not a page of the user half, or the protection asks for writing and executing,
    /// or for writing a shared page.
    Invalid,
}

/// Why a service's memory could not be accessed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AccessError {
    /// Nothing is mapped at this address.
    Missing(usize),
    /// The mapping at this address does not allow it.
    Denied(usize),
}

/// What is mapped at an address.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Mapping {
    /// The page.
    pub address: PhysAddr,
    /// What the service may do with it.
    pub protection: Protection,
    /// Whether it is a [`Frame`] of the space; else it is [`Shared`].
    pub is_owned: bool,
}

/// The memory of a service: page tables and the frames mapped by them.
///
/// # Invariants
///
/// The user half of `root` leads only to tables and pages that belong to this space, or are
/// [`Shared`]. Entries change only under `lock`.
#[derive(Debug)]
pub struct AddressSpace {
    root: PhysAddr,
    lock: SpinLock<()>,
}

impl AddressSpace {
    /// An empty space; none when `frames` has none.
    pub fn new(frames: &mut dyn FnMut() -> Option<Frame>) -> Option<Self> {
        let mut root = frames()?;
        root.zero();
        Machine::init_root(root.bytes_mut());
        Some(Self { root: root.into_address(), lock: SpinLock::new(()) })
    }

    /// Maps `frame` at `address`. Tables come from `frames`, and stay until the space is destroyed.
    ///
    /// # Errors
    ///
    /// As [`MapError`] says; the frame comes back.
    pub fn map(
        &self,
        address: usize,
        frame: Frame,
        protection: Protection,
        frames: &mut dyn FnMut() -> Option<Frame>,
    ) -> Result<(), (Frame, MapError)> {
        let entry = Entry::page(frame.address(), protection, true);
        match self.enter(address, entry, protection, frames) {
            Ok(()) => {
                let _ = frame.into_address();
                Ok(())
            }
            Err(error) => Err((frame, error)),
        }
    }

    /// Maps a shared page at `address`, to read or execute.
    ///
    /// # Errors
    ///
    /// As [`MapError`] says.
    pub fn map_shared(
        &self,
        address: usize,
        page: Shared,
        protection: Protection,
        frames: &mut dyn FnMut() -> Option<Frame>,
    ) -> Result<(), MapError> {
        if protection.0 & 2 != 0 {
            return Err(MapError::Invalid);
        }
        self.enter(address, Entry::page(page.address(), protection, false), protection, frames)
    }

    fn enter(
        &self,
        address: usize,
        value: Entry,
        protection: Protection,
        frames: &mut dyn FnMut() -> Option<Frame>,
    ) -> Result<(), MapError> {
        if !is_range(address, 1) || !is_allowed(protection) {
            return Err(MapError::Invalid);
        }
        let _guard = self.lock.lock();
        // SAFETY: `root` is this space's top-level table, the lock is held, the address was checked.
        let entry = unsafe { table::make(self.root, address, frames) }.ok_or(MapError::NoMemory)?;
        if table::get(entry).is_mapped() {
            return Err(MapError::Occupied);
        }
        // No CPU keeps the absence of a translation, so nobody needs to be told.
        table::swap(entry, value);
        Ok(())
    }

    /// Unmaps what is mapped in `pages` pages from `address` on, and hands the frames among it to
    /// `free` when no CPU can reach them any more.
    ///
    /// # Panics
    ///
    /// When the range is not page-aligned or leaves the user half.
    pub fn unmap(&self, address: usize, pages: usize, free: &mut dyn FnMut(Frame)) {
        assert!(is_range(address, pages), "unmap of {pages} pages at {address:#x}");
        if pages > BATCH && self.hide(address, pages) {
            // Once for all; nothing is left that the batches below would have to tell.
            Machine::flush(self.root, address, pages);
        }
        let end = address + pages * PAGE_SIZE;
        let mut next = address;
        while next < end {
            let mut batch = [PhysAddr(0); BATCH];
            let (mut count, mut changed) = (0, false);
            let first = next;
            let guard = self.lock.lock();
            while next < end && count < BATCH {
                // SAFETY: this space's table, under its lock, for an address checked above.
                let entry = match unsafe { table::find(self.root, next) } {
                    Ok(entry) => entry,
                    Err(skip) => {
                        next = skip;
                        continue;
                    }
                };
                next += PAGE_SIZE;
                let value = table::get(entry);
                if value.is_mapped() {
                    table::swap(entry, Entry::EMPTY);
                    changed |= value.is_present();
                    if value.is_owned() {
                        batch[count] = value.address();
                        count += 1;
                    }
                }
            }
            drop(guard);
            if changed {
                Machine::flush(self.root, first, (next.min(end) - first) / PAGE_SIZE);
            }
            for &address in &batch[..count] {
                // SAFETY: the frame was mapped by `map`, its one entry is empty now, and every CPU
                // has dropped it.
                free(unsafe { Frame::from_address(address) });
            }
        }
    }

    /// Takes every access from the range, without telling the CPUs; whether there was any.
    fn hide(&self, address: usize, pages: usize) -> bool {
        let end = address + pages * PAGE_SIZE;
        let mut next = address;
        let mut changed = false;
        while next < end {
            let guard = self.lock.lock();
            // As long as the lock may be held.
            let stop = end.min(next.saturating_add(LOCKED * PAGE_SIZE));
            while next < stop {
                // SAFETY: this space's table, under its lock, for an address the caller checked.
                let entry = match unsafe { table::find(self.root, next) } {
                    Ok(entry) => entry,
                    Err(skip) => {
                        next = skip;
                        continue;
                    }
                };
                next += PAGE_SIZE;
                let value = table::get(entry);
                if value.is_present() {
                    table::swap(
                        entry,
                        Entry::page(value.address(), Protection::NONE, value.is_owned()),
                    );
                    changed = true;
                }
            }
            drop(guard);
        }
        changed
    }

    /// Changes the protection of what is mapped in `pages` pages from `address` on. Shared pages
    /// keep theirs where the new one allows writing.
    ///
    /// # Panics
    ///
    /// When the range is not page-aligned or leaves the user half, or `protection` allows writing and
    /// executing.
    pub fn protect(&self, address: usize, pages: usize, protection: Protection) {
        assert!(is_range(address, pages), "protect of {pages} pages at {address:#x}");
        assert!(is_allowed(protection), "protection {protection:?}");
        let end = address + pages * PAGE_SIZE;
        let mut next = address;
        let mut narrowed = false;
        let guard = self.lock.lock();
        while next < end {
            // SAFETY: this space's table, under its lock, for an address checked above.
            let entry = match unsafe { table::find(self.root, next) } {
                Ok(entry) => entry,
                Err(skip) => {
                    next = skip;
                    continue;
                }
            };
            next += PAGE_SIZE;
            let value = table::get(entry);
            if !value.is_mapped() || (!value.is_owned() && protection.0 & 2 != 0) {
                continue;
            }
            table::swap(entry, Entry::page(value.address(), protection, value.is_owned()));
            narrowed |= value.protection().0 & !protection.0 != 0;
        }
        drop(guard);
        // A CPU that still knows a narrower protection faults, looks again and goes on.
        if narrowed {
            Machine::flush(self.root, address, pages);
        }
    }

    /// What is mapped at `address`.
    pub fn query(&self, address: usize) -> Option<Mapping> {
        let page = address & !(PAGE_SIZE - 1);
        if !is_range(page, 1) {
            return None;
        }
        let _guard = self.lock.lock();
        // SAFETY: this space's table, under its lock, for an address just checked.
        let value = table::get(unsafe { table::find(self.root, page) }.ok()?);
        value.is_mapped().then(|| Mapping {
            address: value.address(),
            protection: value.protection(),
            is_owned: value.is_owned(),
        })
    }

    /// Copies from the service's memory.
    ///
    /// # Errors
    ///
    /// [`AccessError`] names the first address that cannot be read; what lies before it was copied.
    pub fn read(&self, address: usize, buffer: &mut [u8]) -> Result<(), AccessError> {
        let mut done = 0;
        while done < buffer.len() {
            let at = address.checked_add(done).ok_or(AccessError::Missing(usize::MAX))?;
            let len = (PAGE_SIZE - at % PAGE_SIZE).min(buffer.len() - done);
            let target = buffer[done..done + len].as_mut_ptr();
            self.access(at, Protection::READ, |page| {
                // SAFETY: `access` gives a readable place with `len` bytes to the end of the page,
                // and `target` is `len` bytes of the caller's buffer.
                unsafe { Machine::copy_volatile(page, target, len) }
            })?;
            done += len;
        }
        Ok(())
    }

    /// Copies to the service's memory, where the service itself may write.
    ///
    /// # Errors
    ///
    /// [`AccessError`] names the first address that cannot be written; what lies before it was.
    pub fn write(&self, address: usize, bytes: &[u8]) -> Result<(), AccessError> {
        let mut done = 0;
        while done < bytes.len() {
            let at = address.checked_add(done).ok_or(AccessError::Missing(usize::MAX))?;
            let len = (PAGE_SIZE - at % PAGE_SIZE).min(bytes.len() - done);
            let source = bytes[done..done + len].as_ptr();
            self.access(at, Protection::WRITE, |page| {
                // SAFETY: as in `read`, the other way round; the page is a frame of this space.
                unsafe { Machine::copy_volatile(source, page, len) }
            })?;
            done += len;
        }
        Ok(())
    }

    /// Reads an aligned word, as one access.
    ///
    /// # Errors
    ///
    /// [`AccessError`] when it cannot be read; a misaligned address is denied.
    pub fn load_u32(&self, address: usize) -> Result<u32, AccessError> {
        self.word(address, Protection::READ, |word| word.load(Ordering::SeqCst))
    }

    /// Writes an aligned word, as one access.
    ///
    /// # Errors
    ///
    /// [`AccessError`] when it cannot be written; a misaligned address is denied.
    pub fn store_u32(&self, address: usize, value: u32) -> Result<(), AccessError> {
        self.word(address, Protection::WRITE, |word| word.store(value, Ordering::SeqCst))
    }

    fn word<R>(
        &self,
        address: usize,
        needed: Protection,
        action: impl FnOnce(&AtomicU32) -> R,
    ) -> Result<R, AccessError> {
        if !address.is_multiple_of(4) {
            return Err(AccessError::Denied(address));
        }
        self.access(address, needed, |place| {
            // SAFETY: `access` gives a place with access as needed up to the end of the page; an
            // aligned word does not cross it.
            action(unsafe { AtomicU32::from_ptr(place.cast()) })
        })
    }

    /// Calls `action` with the kernel's pointer to `address`, good up to the end of its page.
    fn access<R>(
        &self,
        address: usize,
        needed: Protection,
        action: impl FnOnce(*mut u8) -> R,
    ) -> Result<R, AccessError> {
        let page = address & !(PAGE_SIZE - 1);
        if !is_range(page, 1) {
            return Err(AccessError::Missing(address));
        }
        let _guard = self.lock.lock();
        // SAFETY: this space's table, under its lock, for an address just checked.
        let value = unsafe { table::find(self.root, page) }
            .map(table::get)
            .ok()
            .filter(|value| value.is_mapped())
            .ok_or(AccessError::Missing(address))?;
        if value.protection().0 & needed.0 != needed.0 {
            return Err(AccessError::Denied(address));
        }
        let place = PhysAddr(value.address().0 + (address % PAGE_SIZE) as u64);
        Ok(action(Machine::window(place)))
    }

    /// A memory barrier on every CPU that runs a thread of the service: afterwards each of them has
    /// seen everything that this CPU did before.
    pub fn barrier(&self) {
        Machine::barrier(self.root);
    }

    /// Ends the space: everything it owned goes to `free`.
    pub fn destroy(self, free: &mut dyn FnMut(Frame)) {
        Machine::unload(self.root);
        // SAFETY: no CPU has the space loaded any more, and `self`, without which none can load it,
        // ends here.
        unsafe { table::free_below(self.root, LEVELS - 1, USER_ENTRIES, free) };
        // SAFETY: the root came from `into_address` and, as above, nobody uses it.
        free(unsafe { Frame::from_address(self.root) });
        core::mem::forget(self);
    }

    /// For the port's `run`: the top-level table.
    #[cfg_attr(not(target_os = "none"), expect(dead_code, reason = "the simulation decides"))]
    pub(crate) fn root(&self) -> PhysAddr {
        self.root
    }
}

impl Drop for AddressSpace {
    fn drop(&mut self) {
        panic!("address space {} dropped instead of destroyed", self.root);
    }
}

/// Whether `pages` pages from `address` on are aligned and in the user half.
fn is_range(address: usize, pages: usize) -> bool {
    let end = pages.checked_mul(PAGE_SIZE).and_then(|len| address.checked_add(len));
    address.is_multiple_of(PAGE_SIZE)
        && address >= USER_START
        && end.is_some_and(|end| end <= USER_END)
}

/// Whether nothing could be both written and executed.
fn is_allowed(protection: Protection) -> bool {
    protection.0 & 6 != 6 && protection.0 & !7 == 0
}

#[cfg(test)]
#[path = "space_tests.rs"]
mod tests;
