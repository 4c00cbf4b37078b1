//! Reads a kernel's ELF file and lays its image out in memory.
//!
//! A kernel is a 64-bit little-endian x86-64 file, linked at or above [`KERNEL_BASE`] or, if it is
//! position independent, slid there. Its image is one physically contiguous block from the first
//! page of the lowest segment to the last page of the highest; physical addresses in the file do
//! not matter.

use crate::Error;
use crate::bytes::{put_u64, round_down, round_up, u16_at, u32_at, u64_at};
use crate::protocol::KERNEL_BASE;
use alloc::vec::Vec;
use core::ops::Range;

const PAGE: u64 = 4096;
/// More than any kernel has; a bound for work on a damaged file.
const SEGMENTS_MAX: u16 = 64;

const TYPE_EXECUTABLE: u16 = 2;
const TYPE_DYNAMIC: u16 = 3;
const MACHINE_X86_64: u16 = 62;
const SEGMENT_LOAD: u32 = 1;
const SEGMENT_DYNAMIC: u32 = 2;
const FLAG_EXECUTE: u32 = 1;
const FLAG_WRITE: u32 = 2;

/// What may be done with a segment's pages; reading is always allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// Stores are allowed.
    pub write: bool,
    /// Execution is allowed.
    pub execute: bool,
}

/// A part of the file that becomes a part of the image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Its bytes in the file.
    file: Range<usize>,
    /// Where it lies in the image.
    image: Range<usize>,
    /// How its pages are to be mapped.
    pub access: Access,
}

/// How a file becomes an image.
#[derive(Debug, PartialEq, Eq)]
pub struct Plan {
    /// The file's entry point, after sliding.
    pub entry: u64,
    /// Virtual address of the image's first byte, a multiple of the page size.
    pub virtual_base: u64,
    /// Size of the image, a multiple of the page size.
    pub size: u64,
    /// Loaded segments in ascending order.
    segments: Vec<Segment>,
    slide: u64,
    /// The dynamic section in the image, for position-independent files.
    dynamic: Option<Range<usize>>,
}

/// A program header.
struct Header {
    kind: u32,
    flags: u32,
    offset: u64,
    address: u64,
    file_size: u64,
    memory_size: u64,
}

impl Header {
    fn read(file: &[u8], at: usize) -> Option<Self> {
        Some(Self {
            kind: u32_at(file, at)?,
            flags: u32_at(file, at.checked_add(4)?)?,
            offset: u64_at(file, at.checked_add(8)?)?,
            address: u64_at(file, at.checked_add(16)?)?,
            file_size: u64_at(file, at.checked_add(32)?)?,
            memory_size: u64_at(file, at.checked_add(40)?)?,
        })
    }
}

impl Plan {
    /// Reads the headers of a file and checks that it can be loaded.
    ///
    /// # Errors
    ///
    /// [`Error::Elf`] with the reason why not.
    pub fn new(file: &[u8]) -> Result<Self, Error> {
        let (kind, headers) = headers(file)?;
        let loads = || headers.iter().filter(|h| h.kind == SEGMENT_LOAD && h.memory_size > 0);
        let lowest = loads().map(|h| round_down(h.address, PAGE)).min();
        let lowest = lowest.ok_or(Error::Elf("it has no segment to load"))?;
        let slide = match kind {
            TYPE_EXECUTABLE => 0,
            _ => KERNEL_BASE.saturating_sub(lowest),
        };
        let virtual_base = lowest + slide;
        if virtual_base < KERNEL_BASE {
            return Err(Error::Elf("it is linked below 0xffffffff80000000"));
        }
        let mut segments = Vec::new();
        for header in loads() {
            segments.push(segment(file, header, lowest)?);
        }
        segments.sort_by_key(|segment| segment.image.start);
        for pair in segments.windows(2) {
            let (first, second) = (&pair[0], &pair[1]);
            if first.image.end > second.image.start {
                return Err(Error::Elf("two segments overlap"));
            }
            let shares_page = pages(first).end > pages(second).start;
            if shares_page && first.access != second.access {
                return Err(Error::Elf("two segments of different access share a page"));
            }
        }
        let size = segments.last().map_or(0, |segment| pages(segment).end);
        let size = u64::try_from(size).map_err(|_| Error::Elf("it is too large"))?;
        let mut dynamic = None;
        if kind == TYPE_DYNAMIC
            && let Some(header) = headers.iter().find(|h| h.kind == SEGMENT_DYNAMIC)
        {
            dynamic = Some(segment(file, header, lowest)?.image);
        }
        let entry = u64_at(file, 24).and_then(|entry| entry.checked_add(slide));
        let entry = entry.ok_or(Error::Elf("its entry point is out of range"))?;
        let plan = Self { entry, virtual_base, size, segments, slide, dynamic };
        if plan.is_executable(plan.entry) {
            Ok(plan)
        } else {
            Err(Error::Elf("its entry point is not in an executable segment"))
        }
    }

    /// Says whether an address lies in a segment that may be executed.
    #[must_use]
    pub fn is_executable(&self, address: u64) -> bool {
        let offset = address.checked_sub(self.virtual_base);
        let offset = offset.and_then(|offset| usize::try_from(offset).ok());
        offset.is_some_and(|offset| {
            let mut segments = self.segments.iter();
            segments.any(|segment| segment.access.execute && segment.image.contains(&offset))
        })
    }

    /// The pages of each segment, as offsets in the image, with their access.
    pub fn mappings(&self) -> impl Iterator<Item = (Range<usize>, Access)> + '_ {
        self.segments.iter().map(|segment| (pages(segment), segment.access))
    }

    /// Fills the image: the file's bytes, zeros elsewhere, addresses slid.
    ///
    /// # Errors
    ///
    /// [`Error::Elf`] for a relocation that is not supported or leads out of the image.
    ///
    /// # Panics
    ///
    /// If `image` is not of the plan's size.
    pub fn load(&self, file: &[u8], image: &mut [u8]) -> Result<(), Error> {
        assert_eq!(u64::try_from(image.len()), Ok(self.size), "the image has the plan's size");
        let mut done = 0;
        for segment in &self.segments {
            image[done..segment.image.start].fill(0);
            let bytes = &file[segment.file.clone()];
            done = segment.image.start + bytes.len();
            image[segment.image.start..done].copy_from_slice(bytes);
        }
        image[done..].fill(0);
        self.relocate(image).ok_or(Error::Elf("its relocations lead out of it"))?
    }

    /// Applies the relative relocations of a position-independent file.
    fn relocate(&self, image: &mut [u8]) -> Option<Result<(), Error>> {
        const NULL: u64 = 0;
        const RELA: u64 = 7;
        const RELA_SIZE: u64 = 8;
        const REL: u64 = 17;
        const RELR: u64 = 36;
        let Some(dynamic) = self.dynamic.clone() else { return Some(Ok(())) };
        let (mut table, mut size) = (0, 0);
        for at in dynamic.step_by(16) {
            let value = u64_at(image, at.checked_add(8)?)?;
            match u64_at(image, at)? {
                NULL => break,
                RELA => table = value,
                RELA_SIZE => size = value,
                REL | RELR => return Some(Err(Error::Elf("its relocations are not RELA"))),
                _ => {}
            }
        }
        let base = self.virtual_base.wrapping_sub(self.slide);
        let offset_of = |address: u64| usize::try_from(address.checked_sub(base)?).ok();
        if size == 0 {
            return Some(Ok(()));
        }
        let start = offset_of(table)?;
        let end = start.checked_add(usize::try_from(size).ok()?)?;
        if end > image.len() {
            return None;
        }
        for at in (start..end).step_by(24) {
            let place = u64_at(image, at)?;
            match u64_at(image, at + 8)? {
                0 => {}
                8 => {
                    let value = u64_at(image, at + 16)?.wrapping_add(self.slide);
                    if !put_u64(image, offset_of(place)?, value) {
                        return None;
                    }
                }
                _ => return Some(Err(Error::Elf("it has a relocation that is not relative"))),
            }
        }
        Some(Ok(()))
    }
}

/// Reads the file header's type and all program headers.
fn headers(file: &[u8]) -> Result<(u16, Vec<Header>), Error> {
    let short = || Error::Elf("the file is cut off");
    if !file.starts_with(b"\x7fELF") {
        return Err(Error::Elf("it is not an ELF file"));
    }
    if file.get(4..7) != Some(&[2, 1, 1]) {
        return Err(Error::Elf("it is not a 64-bit little-endian ELF file"));
    }
    let kind = u16_at(file, 16).ok_or_else(short)?;
    if kind != TYPE_EXECUTABLE && kind != TYPE_DYNAMIC {
        return Err(Error::Elf("it is not an executable file"));
    }
    if u16_at(file, 18).ok_or_else(short)? != MACHINE_X86_64 {
        return Err(Error::Elf("it is not for x86-64"));
    }
    let table = u64_at(file, 32).ok_or_else(short)?;
    let table = usize::try_from(table).map_err(|_| short())?;
    let step = u16_at(file, 54).ok_or_else(short)?;
    let count = u16_at(file, 56).ok_or_else(short)?;
    if step < 56 || count > SEGMENTS_MAX {
        return Err(Error::Elf("its program headers are damaged"));
    }
    let mut headers = Vec::with_capacity(usize::from(count));
    for index in 0..usize::from(count) {
        let at = table.checked_add(index * usize::from(step)).ok_or_else(short)?;
        headers.push(Header::read(file, at).ok_or_else(short)?);
    }
    Ok((kind, headers))
}

/// Checks one program header and places it in an image that starts at `lowest`.
fn segment(file: &[u8], header: &Header, lowest: u64) -> Result<Segment, Error> {
    let bad = || Error::Elf("a segment lies outside the file or the address space");
    let index = |value: u64| usize::try_from(value).map_err(|_| bad());
    let file_end = header.offset.checked_add(header.file_size).ok_or_else(bad)?;
    let image_start = header.address.checked_sub(lowest).ok_or_else(bad)?;
    let image_end = image_start.checked_add(header.memory_size).ok_or_else(bad)?;
    // Everything from the kernel's lowest address on has to fit above KERNEL_BASE, less a page
    // so that rounding up cannot wrap.
    if header.file_size > header.memory_size || image_end > KERNEL_BASE.wrapping_neg() - PAGE {
        return Err(bad());
    }
    let range = index(header.offset)?..index(file_end)?;
    if range.end > file.len() {
        return Err(Error::Elf("the file is cut off"));
    }
    Ok(Segment {
        file: range,
        image: index(image_start)?..index(image_end)?,
        access: Access {
            write: header.flags & FLAG_WRITE != 0,
            execute: header.flags & FLAG_EXECUTE != 0,
        },
    })
}

/// The whole pages that a segment touches, as offsets in the image.
fn pages(segment: &Segment) -> Range<usize> {
    let up = |value: usize| value.next_multiple_of(4096);
    segment.image.start & !4095..up(segment.image.end)
}

/// Rounds a size up to whole pages.
///
/// # Errors
///
/// [`Error::Full`] if that overflows.
pub fn whole_pages(size: u64) -> Result<u64, Error> {
    round_up(size, PAGE).ok_or(Error::Full("a size overflows"))
}

#[cfg(test)]
#[path = "elf_tests.rs"]
mod tests;
