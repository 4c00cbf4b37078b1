//! The image of a service: a static ELF64 executable, checked before a byte of it is mapped.
//!
//! Only what a service needs is accepted: a fixed-address executable for this machine whose
//! loadable segments lie in user space, share no page, and are never writable and executable.

use core::fmt;

use abi::memory::{PAGE_SIZE, Protection, USER_END, USER_START};

use crate::bytes::{slice_at, u16_at, u32_at, u64_at};

const MAGIC: [u8; 7] = [0x7f, b'E', b'L', b'F', 2, 1, 1];
const TYPE_EXECUTABLE: u16 = 2;
const MACHINE: u16 = 62;
const PROGRAM_HEADER: u16 = 56;
const LOAD: u32 = 1;
const INTERPRETER: u32 = 3;
const EXECUTE: u32 = 1;
const WRITE: u32 = 2;
const READ: u32 = 4;

/// Loadable segments an image may have.
pub(crate) const SEGMENTS: usize = 16;

/// What is wrong with an image.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Error {
    /// Not a 64-bit little-endian ELF file.
    NotElf,
    /// For another machine (`e_machine`).
    Machine(u16),
    /// Not a fixed-address executable (`e_type`).
    Type(u16),
    /// It asks for a dynamic loader.
    Dynamic,
    /// The program headers are not where the file says.
    Headers,
    /// More loadable segments than an image can have, or none.
    SegmentCount,
    /// A segment lies outside the file or user space, or is misaligned.
    Segment(u16),
    /// A segment is both writable and executable.
    WriteAndExecute(u16),
    /// A segment shares a page with the one before, or comes before it.
    Overlap(u16),
    /// The entry is not in an executable segment.
    Entry(u64),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotElf => write!(f, "it is not a 64-bit ELF file"),
            Self::Machine(machine) => {
                write!(f, "it is for another processor (ELF machine {machine})")
            }
            Self::Type(kind) => write!(f, "it is not a fixed-address executable (ELF type {kind})"),
            Self::Dynamic => write!(f, "it needs a dynamic loader"),
            Self::Headers => write!(f, "its program headers are damaged"),
            Self::SegmentCount => write!(f, "it has no loadable segment, or more than {SEGMENTS}"),
            Self::Segment(n) => write!(f, "its segment {n} lies outside the file or user space"),
            Self::WriteAndExecute(n) => write!(f, "its segment {n} is writable and executable"),
            Self::Overlap(n) => write!(f, "its segment {n} overlaps the one before"),
            Self::Entry(entry) => write!(f, "its entry {entry:#x} is not in executable memory"),
        }
    }
}

/// A loadable segment, in whole pages.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Segment {
    /// First address, page-aligned.
    pub(crate) start: usize,
    /// One past the last, page-aligned.
    pub(crate) end: usize,
    /// Where its first page lies in the file, page-aligned.
    pub(crate) file_offset: usize,
    /// How many bytes from there on come from the file; the rest is zero.
    pub(crate) file_len: usize,
    /// What the service may do with it.
    pub(crate) protection: Protection,
}

/// A checked image.
#[derive(Debug)]
pub(crate) struct Image {
    /// Address of the first instruction.
    pub(crate) entry: usize,
    segments: [Segment; SEGMENTS],
    count: usize,
}

const NOTHING: Segment =
    Segment { start: 0, end: 0, file_offset: 0, file_len: 0, protection: Protection::NONE };

impl Image {
    /// Checks an ELF file.
    pub(crate) fn parse(file: &[u8]) -> Result<Self, Error> {
        if !file.starts_with(&MAGIC) {
            return Err(Error::NotElf);
        }
        let half = |offset| u16_at(file, offset).ok_or(Error::NotElf);
        let word = |offset| u64_at(file, offset).ok_or(Error::NotElf);
        match (half(18)?, half(16)?) {
            (MACHINE, TYPE_EXECUTABLE) => {}
            (MACHINE, kind) => return Err(Error::Type(kind)),
            (machine, _) => return Err(Error::Machine(machine)),
        }
        let (entry, table, size, count) = (word(24)?, word(32)?, half(54)?, half(56)?);
        if size != PROGRAM_HEADER {
            return Err(Error::Headers);
        }
        let len = u64::from(size) * u64::from(count);
        let headers = slice_at(file, table, len).ok_or(Error::Headers)?;
        let mut image = Self { entry: 0, segments: [NOTHING; SEGMENTS], count: 0 };
        for (index, header) in (0_u16..).zip(headers.chunks_exact(PROGRAM_HEADER.into())) {
            match u32_at(header, 0) {
                Some(LOAD) => image.add(file, header, index)?,
                Some(INTERPRETER) => return Err(Error::Dynamic),
                _ => {}
            }
        }
        image.entry = usize::try_from(entry).map_err(|_| Error::Entry(entry))?;
        if image.count == 0 {
            return Err(Error::SegmentCount);
        }
        let is_code = |s: &Segment| {
            s.protection == Protection::EXECUTE && (s.start..s.end).contains(&image.entry)
        };
        if image.segments().iter().any(is_code) { Ok(image) } else { Err(Error::Entry(entry)) }
    }

    /// Its segments, ascending, none empty.
    pub(crate) fn segments(&self) -> &[Segment] {
        &self.segments[..self.count]
    }

    /// Its lowest address, and one past its highest.
    pub(crate) fn range(&self) -> (usize, usize) {
        let segments = self.segments();
        (segments[0].start, segments[segments.len() - 1].end)
    }

    fn add(&mut self, file: &[u8], header: &[u8], index: u16) -> Result<(), Error> {
        let Some(segment) = segment(file, header, index)? else { return Ok(()) };
        if self.segments().last().is_some_and(|previous| segment.start < previous.end) {
            return Err(Error::Overlap(index));
        }
        *self.segments.get_mut(self.count).ok_or(Error::SegmentCount)? = segment;
        self.count += 1;
        Ok(())
    }
}

/// The segment of a program header; none when it is empty.
fn segment(file: &[u8], header: &[u8], index: u16) -> Result<Option<Segment>, Error> {
    let bad = Error::Segment(index);
    let flags = u32_at(header, 4).ok_or(bad)?;
    let field =
        |offset| u64_at(header, offset).and_then(|value| usize::try_from(value).ok()).ok_or(bad);
    let (offset, address, file_len, memory_len) = (field(8)?, field(16)?, field(32)?, field(40)?);
    if memory_len == 0 {
        return Ok(None);
    }
    let lead = address % PAGE_SIZE;
    let end = address.checked_add(memory_len).ok_or(bad)?;
    let in_file = slice_at(file, offset as u64, file_len as u64).is_some();
    if offset % PAGE_SIZE != lead
        || file_len > memory_len
        || address < USER_START
        || end > USER_END
        || !in_file
    {
        return Err(bad);
    }
    let protection = match flags & (READ | WRITE | EXECUTE) {
        f if f & WRITE != 0 && f & EXECUTE != 0 => return Err(Error::WriteAndExecute(index)),
        f if f & WRITE != 0 => Protection::WRITE,
        f if f & EXECUTE != 0 => Protection::EXECUTE,
        f if f & READ != 0 => Protection::READ,
        _ => Protection::NONE,
    };
    Ok(Some(Segment {
        start: address - lead,
        end: end.next_multiple_of(PAGE_SIZE),
        file_offset: offset - lead,
        file_len: if file_len == 0 { 0 } else { lead + file_len },
        protection,
    }))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::test::{Random, rounds};

    /// `(flags, address, data, memory length)` of a segment.
    pub(crate) type Plan<'a> = (u32, u64, &'a [u8], u64);

    /// Builds an executable.
    pub(crate) fn build(entry: u64, segments: &[Plan<'_>]) -> Vec<u8> {
        let mut file = vec![0; 64 + 56 * segments.len()];
        file[..7].copy_from_slice(&MAGIC);
        file[16..18].copy_from_slice(&TYPE_EXECUTABLE.to_le_bytes());
        file[18..20].copy_from_slice(&MACHINE.to_le_bytes());
        file[24..32].copy_from_slice(&entry.to_le_bytes());
        file[32..40].copy_from_slice(&64_u64.to_le_bytes());
        file[54..56].copy_from_slice(&56_u16.to_le_bytes());
        file[56..58].copy_from_slice(&(segments.len() as u16).to_le_bytes());
        for (index, (flags, address, data, memory_len)) in segments.iter().enumerate() {
            while file.len() as u64 % 4096 != address % 4096 {
                file.push(0);
            }
            let header = [
                1 | u64::from(*flags) << 32,
                file.len() as u64,
                *address,
                *address,
                data.len() as u64,
                *memory_len,
                4096,
            ];
            for (field, value) in header.iter().enumerate() {
                let at = 64 + 56 * index + 8 * field;
                file[at..at + 8].copy_from_slice(&value.to_le_bytes());
            }
            file.extend_from_slice(data);
        }
        file
    }

    fn sample() -> Vec<u8> {
        build(
            0x40_0100,
            &[
                (READ | EXECUTE, 0x40_0000, &[0x90; 0x1234], 0x1234),
                (READ, 0x40_2234, &[1; 100], 100),
                (READ | WRITE, 0x40_3298, &[2; 100], 0x3000),
            ],
        )
    }

    #[test]
    fn a_good_image_gives_its_segments() {
        let image = Image::parse(&sample()).expect("good");
        assert_eq!(image.entry, 0x40_0100);
        assert_eq!(image.range(), (0x40_0000, 0x40_7000));
        let [code, constants, data] = image.segments() else { panic!("three segments") };
        assert_eq!(code.protection, Protection::EXECUTE);
        assert_eq!((code.start, code.end, code.file_len), (0x40_0000, 0x40_2000, 0x1234));
        assert_eq!((constants.start, constants.file_len), (0x40_2000, 0x234 + 100));
        assert_eq!(data.protection, Protection::WRITE);
        assert_eq!(data.file_offset % 4096, 0);
    }

    #[test]
    fn errors_name_the_cause() {
        let parse = |at: usize, byte: u8| {
            let mut file = sample();
            file[at] = byte;
            Image::parse(&file).map(|_| ())
        };
        assert_eq!(parse(0, 0), Err(Error::NotElf));
        assert_eq!(parse(16, 3), Err(Error::Type(3)));
        assert_eq!(parse(18, 183), Err(Error::Machine(183)));
        assert_eq!(parse(56, 200), Err(Error::Headers));
        assert_eq!(parse(64 + 56, 3), Err(Error::Dynamic));
        assert_eq!(parse(64 + 4, 7), Err(Error::WriteAndExecute(0)));
        assert_eq!(parse(64 + 8, 1), Err(Error::Segment(0)));
        assert_eq!(parse(64 + 47, 0xff), Err(Error::Segment(0)));
        assert_eq!(parse(64 + 42, 1), Err(Error::Overlap(1)));
        assert_eq!(parse(26, 1), Err(Error::Entry(0x1_0100)));
        assert_eq!(parse(64 + 4, 4), Err(Error::Entry(0x40_0100)));
        assert_eq!(Image::parse(&build(0, &[])).map(|_| ()), Err(Error::SegmentCount));
    }

    #[test]
    fn mutants_are_refused_or_harmless() {
        let file = sample();
        let mut random = Random::new(3);
        for _ in 0..rounds(50_000) {
            let mut mutant = file.clone();
            for _ in 0..=random.below(3) {
                let at = random.below(64 + 3 * 56);
                let value = random.interesting().to_le_bytes();
                let len = value.len().min(64 + 3 * 56 - at);
                mutant[at..at + len].copy_from_slice(&value[..len]);
            }
            mutant.truncate(random.below(mutant.len()) + 1);
            let Ok(image) = Image::parse(&mutant) else { continue };
            let mut previous = USER_START;
            for segment in image.segments() {
                assert!(segment.start >= previous && segment.end > segment.start);
                assert!(segment.end <= USER_END.next_multiple_of(PAGE_SIZE));
                assert!(segment.file_len <= segment.end - segment.start);
                if segment.file_len > 0 {
                    assert!(segment.file_offset + segment.file_len <= mutant.len());
                }
                previous = segment.end;
            }
        }
    }
}
