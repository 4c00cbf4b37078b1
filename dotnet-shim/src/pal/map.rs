//! Exports: memory mappings, of nothing or of files.
//!
//! The kernel maps only anonymous memory. A file that is mapped shared therefore moves into such a
//! mapping, a [`Window`], and reading and writing the file use that memory from then on: every view and
//! every descriptor see the same bytes at once. A read-only view of such a file is not protected
//! against writes through wild pointers. A private mapping is a copy.
use super::alloc::collections::BTreeMap;
use super::alloc::sync::Arc;
use super::error::{Errno, Result};
use super::files;
use super::fs::Region;
use super::outcome::{fail, status};
use crate::lock::Mutex;
use crate::sys;
use abi::memory::{PAGE_SIZE, Protection};
use core::ptr;

/// Address space for a mapped file at least, so that it can grow while it is mapped.
const WINDOW_MIN: u64 = 1 << 30;

/// Access, in the class library's encoding.
mod access {
    pub(super) const WRITE: i32 = 2;
    pub(super) const EXECUTE: i32 = 4;
    pub(super) const ALL: i32 = 7;
}

/// Kinds of mapping, in the class library's encoding.
mod kind {
    pub(super) const SHARED: i32 = 1;
    pub(super) const PRIVATE: i32 = 2;
    pub(super) const ANONYMOUS: i32 = 0x10;
}

/// Memory that is a file.
///
/// # Invariants
///
/// `address` is the start of a writable mapping of `length` bytes that lives as long as this. Managed
/// code writes it at any time, so it is touched through raw pointers only.
struct Window {
    address: usize,
    length: u64,
}

impl Window {
    fn new(length: u64) -> Result<Self> {
        let bytes = usize::try_from(length).map_err(|_| Errno::ENOMEM)?;
        let address = sys::map(bytes, Protection::WRITE).map_err(|_| Errno::ENOMEM)?;
        Ok(Self { address, length })
    }

    /// The address of a range, which must lie inside.
    fn range(&self, offset: u64, length: u64) -> *mut u8 {
        assert!(offset.checked_add(length).is_some_and(|end| end <= self.length));
        (self.address + offset as usize) as *mut u8
    }
}

impl Region for Window {
    fn len(&self) -> u64 {
        self.length
    }

    fn read(&self, offset: u64, bytes: &mut [u8]) {
        let source = self.range(offset, bytes.len() as u64);
        // SAFETY: the range is mapped (invariant) and outside of any Rust object.
        unsafe { ptr::copy_nonoverlapping(source, bytes.as_mut_ptr(), bytes.len()) };
    }

    fn write(&self, offset: u64, bytes: &[u8]) -> Result<()> {
        let target = self.range(offset, bytes.len() as u64);
        self.commit(offset, bytes.len() as u64)?;
        // SAFETY: the range is mapped writable (invariant) and outside of any Rust object.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), target, bytes.len()) };
        Ok(())
    }

    fn clear(&self, offset: u64, length: u64) {
        let first = self.range(offset, length) as usize;
        let end = first + length as usize;
        let whole = first.next_multiple_of(PAGE_SIZE)..end & !(PAGE_SIZE - 1);
        let (head, tail) = if whole.start < whole.end {
            // SAFETY: the pages lie inside the mapping (invariant); their contents are to go.
            let _ = unsafe { sys::discard(whole.start, whole.len()) };
            (first..whole.start, whole.end..end)
        } else {
            (first..end, end..end)
        };
        for part in [head, tail] {
            // SAFETY: the part lies inside the mapping (invariant).
            unsafe { ptr::write_bytes(part.start as *mut u8, 0, part.len()) };
        }
    }

    fn commit(&self, offset: u64, length: u64) -> Result<()> {
        let first = self.range(offset, length) as usize;
        let start = first & !(PAGE_SIZE - 1);
        let end = (first + length as usize).next_multiple_of(PAGE_SIZE);
        sys::commit(start, end - start).map_err(|_| Errno::ENOSPC)
    }

    fn address(&self) -> usize {
        self.address
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        // SAFETY: the last view and the file are gone. The kernel refuses only what is not page-aligned.
        let _ = unsafe { sys::unmap(self.address, self.length as usize) };
    }
}

/// How many views there are at one address, and the window they keep alive.
type Views = (u32, Arc<dyn Region>);

/// The views of windows, by address.
static VIEWS: Mutex<BTreeMap<usize, Views>> = Mutex::new(BTreeMap::new());

/// What the kernel is asked for; nothing is both writable and executable.
fn protection(access: i32) -> Result<Protection> {
    Ok(match access {
        _ if access & !access::ALL != 0 => return Err(Errno::EINVAL),
        0 => Protection::NONE,
        _ if access & access::EXECUTE == 0 => {
            if access & access::WRITE == 0 {
                Protection::READ
            } else {
                Protection::WRITE
            }
        }
        _ if access & access::WRITE == 0 => Protection::EXECUTE,
        _ => return Err(Errno::EACCES),
    })
}

fn map_anonymous(length: usize, access: i32) -> Result<usize> {
    sys::map(length, protection(access)?).map_err(|_| Errno::ENOMEM)
}

fn map_private(descriptor: i32, offset: u64, length: usize, access: i32) -> Result<usize> {
    files::with(|files| files.mapping(descriptor, false))?;
    let address = map_anonymous(length, access::WRITE)?;
    let result = sys::commit(address, length).map_err(|_| Errno::ENOMEM).and_then(|()| {
        // SAFETY: the mapping is new, committed and nobody else's.
        let bytes = unsafe { core::slice::from_raw_parts_mut(address as *mut u8, length) };
        files::with(|files| files.copy_out(descriptor, offset, bytes))?;
        // SAFETY: nobody uses the mapping yet.
        unsafe { sys::protect(address, length, protection(access)?) }.map_err(|_| Errno::ENOMEM)
    });
    if let Err(error) = result {
        // SAFETY: nobody uses the mapping.
        let _ = unsafe { sys::unmap(address, length) };
        return Err(error);
    }
    Ok(address)
}

fn map_shared(descriptor: i32, offset: u64, length: u64, access: i32) -> Result<usize> {
    if access & access::EXECUTE != 0 {
        return Err(Errno::EACCES);
    }
    let end = offset.checked_add(length).ok_or(Errno::EINVAL)?;
    let region = files::with(|files| {
        let writes = access & access::WRITE != 0;
        let (size, region) = files.mapping(descriptor, writes)?;
        if let Some(region) = region {
            return Ok(region);
        }
        let needed = end.max(size).max(WINDOW_MIN / 4).saturating_mul(4);
        let page = PAGE_SIZE as u64;
        let region: Arc<dyn Region> = Arc::new(Window::new(needed / page * page)?);
        files.attach_region(descriptor, Arc::clone(&region))?;
        Ok(region)
    })?;
    if end > region.len() {
        return Err(Errno::ENOMEM);
    }
    region.commit(offset, length).map_err(|_| Errno::ENOMEM)?;
    let address = region.address() + offset as usize;
    VIEWS.lock().entry(address).or_insert((0, region)).0 += 1;
    Ok(address)
}

fn map(length: u64, access: i32, flags: i32, descriptor: isize, offset: i64) -> Result<usize> {
    let bytes =
        usize::try_from(length).ok().and_then(|length| length.checked_next_multiple_of(PAGE_SIZE));
    let bytes = bytes.filter(|&bytes| bytes > 0).ok_or(Errno::EINVAL)?;
    let offset = u64::try_from(offset).map_err(|_| Errno::EINVAL)?;
    if !offset.is_multiple_of(PAGE_SIZE as u64) || access & !access::ALL != 0 {
        return Err(Errno::EINVAL);
    }
    match flags & !kind::ANONYMOUS {
        kind::SHARED | kind::PRIVATE if flags & kind::ANONYMOUS != 0 => {
            map_anonymous(bytes, access)
        }
        kind::SHARED => map_shared(descriptor as i32, offset, bytes as u64, access),
        kind::PRIVATE => map_private(descriptor as i32, offset, bytes, access),
        _ => Err(Errno::EINVAL),
    }
}

/// The address, or null. The hint is not followed.
#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_MMap"))]
extern "C" fn mmap(
    _hint: usize,
    length: u64,
    access: i32,
    flags: i32,
    fd: isize,
    offset: i64,
) -> usize {
    map(length, access, flags, fd, offset).unwrap_or_else(|error| {
        fail(error);
        0
    })
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_MUnmap"))]
unsafe extern "C" fn munmap(address: usize, length: u64) -> i32 {
    let mut views = VIEWS.lock();
    if let Some((count, _)) = views.get_mut(&address) {
        *count -= 1;
        if *count == 0 {
            let view = views.remove(&address);
            // What the view kept alive may end here, which is a kernel call: not under the lock.
            drop(views);
            drop(view);
        }
        return 0;
    }
    drop(views);
    let length = (length as usize).next_multiple_of(PAGE_SIZE);
    // SAFETY: *Caller*: a mapping of its own that it uses no more.
    status(unsafe { sys::unmap(address, length) }.map_err(|_| Errno::EINVAL))
}

/// Whether an address lies in a window.
fn is_window(address: usize) -> bool {
    VIEWS.lock().range(..=address).next_back().is_some_and(|(_, (_, region))| {
        address.wrapping_sub(region.address()) < region.len() as usize
    })
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_MProtect"))]
unsafe extern "C" fn mprotect(address: usize, length: u64, access: i32) -> i32 {
    if is_window(address) {
        // The window also serves `read` and `write`, which need it as it is.
        return fail(Errno::ENOSYS);
    }
    let length = (length as usize).next_multiple_of(PAGE_SIZE);
    status(protection(access).and_then(|protection| {
        // SAFETY: *Caller*: a mapping of its own, of which it knows the use.
        unsafe { sys::protect(address, length, protection) }.map_err(|_| Errno::ENOMEM)
    }))
}

/// A file and its views are the same memory: there is nothing to write back.
#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_MSync"))]
extern "C" fn msync(address: usize, _length: u64, _flags: i32) -> i32 {
    if address.is_multiple_of(PAGE_SIZE) { 0 } else { fail(Errno::EINVAL) }
}

/// The only advice the class library gives is about forked processes.
#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_MAdvise"))]
extern "C" fn madvise(_address: usize, _length: u64, advice: i32) -> i32 {
    const DONT_FORK: i32 = 1;
    if advice == DONT_FORK { 0 } else { fail(Errno::EINVAL) }
}
