//! The package: how a service's image, arguments, environment and files reach the kernel.
//!
//! The format is [`abi::package`]. Everything is checked here, once, before any of it is used: a
//! [`Package`] is proof that its entries lie inside the file and that the checksum is right.

use core::fmt;

use abi::package::{MAGIC, VERSION, kind};

use super::crc::Crc;
use crate::bytes::{slice_at, u32_at, u64_at};

const PAGE: u64 = abi::memory::PAGE_SIZE as u64;
const HEADER: u64 = size_of::<abi::package::Header>() as u64;
const ENTRY: u64 = size_of::<abi::package::Entry>() as u64;
const CHECKSUM_AT: usize = 12;

/// What is wrong with a package.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Error {
    /// Shorter than a header.
    TooShort,
    /// Not a package at all.
    NotAPackage,
    /// Of another version.
    Version(u32),
    /// The header gives a length that the file does not have.
    Length { stated: u64, present: u64 },
    /// The contents were changed or damaged.
    Checksum { stated: u32, found: u32 },
    /// The table of entries does not fit the file.
    TooManyEntries(u32),
    /// An entry's name or data lies outside the file, or its data is not page-aligned.
    BadEntry(u32),
    /// A name is not UTF-8.
    BadName(u32),
    /// An entry of a kind there is not.
    UnknownKind { entry: u32, kind: u32 },
    /// No image.
    NoImage,
    /// A second entry of a kind there may be one of.
    Repeated(u32),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooShort => write!(f, "it is shorter than a header"),
            Self::NotAPackage => write!(f, "it does not begin as a package does"),
            Self::Version(version) => {
                write!(f, "it has format version {version}, this kernel reads {VERSION}")
            }
            Self::Length { stated, present } => {
                write!(f, "it says to be {stated} bytes long, there are {present}")
            }
            Self::Checksum { stated, found } => {
                write!(f, "its checksum is {found:08x} where {stated:08x} is stated: damaged")
            }
            Self::TooManyEntries(count) => write!(f, "{count} entries do not fit into it"),
            Self::BadEntry(entry) => write!(f, "entry {entry} lies outside of it"),
            Self::BadName(entry) => write!(f, "the name of entry {entry} is not UTF-8"),
            Self::UnknownKind { entry, kind } => write!(f, "entry {entry} has unknown kind {kind}"),
            Self::NoImage => write!(f, "there is no image in it"),
            Self::Repeated(entry) => write!(f, "entry {entry} is of a kind that was there already"),
        }
    }
}

/// A checked package.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Package<'a> {
    /// Length of the file in bytes, whole pages.
    pub(crate) len: usize,
    /// The service's name.
    pub(crate) name: &'a str,
    /// Its ELF image.
    pub(crate) image: &'a [u8],
    /// Where the image lies in the file, page-aligned.
    pub(crate) image_offset: usize,
}

impl<'a> Package<'a> {
    /// Checks `bytes`, which may be followed by anything.
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        let (header, bytes) = header(bytes)?;
        let mut image = None;
        let mut seen = [false; 4];
        for index in 0..header.count {
            let entry = entry(bytes, index)?;
            let single = match entry.kind {
                kind::IMAGE | kind::ARGUMENTS | kind::ENVIRONMENT => true,
                kind::CONTENT => false,
                kind => return Err(Error::UnknownKind { entry: index, kind }),
            };
            if single && core::mem::replace(&mut seen[entry.kind as usize], true) {
                return Err(Error::Repeated(index));
            }
            if entry.kind == kind::IMAGE {
                image = Some(entry);
            }
        }
        let image = image.ok_or(Error::NoImage)?;
        Ok(Self {
            len: bytes.len(),
            name: image.name,
            image: image.data,
            image_offset: image.data_offset as usize,
        })
    }
}

struct Header {
    count: u32,
}

/// Checks everything about the file as a whole, and returns exactly its bytes.
fn header(bytes: &[u8]) -> Result<(Header, &[u8]), Error> {
    let present = bytes.len() as u64;
    if present < HEADER {
        return Err(Error::TooShort);
    }
    if !bytes.starts_with(&MAGIC) {
        return Err(Error::NotAPackage);
    }
    let field = |offset| u32_at(bytes, offset).ok_or(Error::TooShort);
    let version = field(8)?;
    if version != VERSION {
        return Err(Error::Version(version));
    }
    let stated = u64_at(bytes, 16).ok_or(Error::TooShort)?;
    let whole = slice_at(bytes, 0, stated)
        .filter(|_| stated >= HEADER && stated % PAGE == 0)
        .ok_or(Error::Length { stated, present })?;
    let checksum = field(CHECKSUM_AT)?;
    let found = checksum_of(whole);
    if found != checksum {
        return Err(Error::Checksum { stated: checksum, found });
    }
    let count = field(24)?;
    if u64::from(count) * ENTRY > stated - HEADER {
        return Err(Error::TooManyEntries(count));
    }
    Ok((Header { count }, whole))
}

/// The checksum of a package, its own field taken as zero.
fn checksum_of(whole: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.add(&whole[..CHECKSUM_AT]);
    crc.add(&[0; 4]);
    crc.add(&whole[CHECKSUM_AT + 4..]);
    crc.value()
}

struct Entry<'a> {
    kind: u32,
    name: &'a str,
    data: &'a [u8],
    data_offset: u64,
}

fn entry(bytes: &[u8], index: u32) -> Result<Entry<'_>, Error> {
    let bad = Error::BadEntry(index);
    let record = slice_at(bytes, HEADER + u64::from(index) * ENTRY, ENTRY).ok_or(bad)?;
    let field = |offset| u64_at(record, offset).ok_or(bad);
    let name = slice_at(bytes, field(8)?, field(16)?).ok_or(bad)?;
    let data_offset = field(24)?;
    let data = slice_at(bytes, data_offset, field(32)?).ok_or(bad)?;
    if data_offset % PAGE != 0 {
        return Err(bad);
    }
    Ok(Entry {
        kind: u32_at(record, 0).ok_or(bad)?,
        name: core::str::from_utf8(name).map_err(|_| Error::BadName(index))?,
        data,
        data_offset,
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::test::{Random, rounds};

    /// Builds a package of `(kind, name, data)`.
    pub(crate) fn build(entries: &[(u32, &str, &[u8])]) -> Vec<u8> {
        let mut file = vec![0; (HEADER + ENTRY * entries.len() as u64) as usize];
        file[..8].copy_from_slice(&MAGIC);
        file[8..12].copy_from_slice(&VERSION.to_le_bytes());
        file[24..28].copy_from_slice(&(entries.len() as u32).to_le_bytes());
        for (index, (kind, name, data)) in entries.iter().enumerate() {
            let name_at = file.len() as u64;
            file.extend_from_slice(name.as_bytes());
            let at = HEADER as usize + index * ENTRY as usize;
            file[at..at + 4].copy_from_slice(&kind.to_le_bytes());
            file[at + 8..at + 16].copy_from_slice(&name_at.to_le_bytes());
            file[at + 16..at + 24].copy_from_slice(&(name.len() as u64).to_le_bytes());
            file[at + 32..at + 40].copy_from_slice(&(data.len() as u64).to_le_bytes());
        }
        for (index, (_, _, data)) in entries.iter().enumerate() {
            file.resize(file.len().next_multiple_of(4096), 0);
            let at = HEADER as usize + index * ENTRY as usize;
            let offset = file.len() as u64;
            file[at + 24..at + 32].copy_from_slice(&offset.to_le_bytes());
            file.extend_from_slice(data);
        }
        file.resize(file.len().next_multiple_of(4096), 0);
        seal(&mut file);
        file
    }

    /// Writes length and checksum.
    pub(crate) fn seal(file: &mut [u8]) {
        let len = file.len() as u64;
        file[16..24].copy_from_slice(&len.to_le_bytes());
        let sum = checksum_of(file);
        file[CHECKSUM_AT..CHECKSUM_AT + 4].copy_from_slice(&sum.to_le_bytes());
    }

    fn sample() -> Vec<u8> {
        build(&[
            (kind::ARGUMENTS, "", b"a\0b\0"),
            (kind::IMAGE, "hello", &[7; 5000]),
            (kind::CONTENT, "data/x.txt", b"text"),
            (kind::CONTENT, "empty", b""),
        ])
    }

    #[test]
    fn a_good_package_is_taken_apart() {
        let mut file = sample();
        let package = Package::parse(&file).expect("good");
        assert_eq!(package.name, "hello");
        assert_eq!(package.image, &[7; 5000]);
        assert_eq!(package.image_offset % 4096, 0);
        assert_eq!(package.len, file.len());
        let len = file.len();
        file.extend_from_slice(b"what a loader leaves behind");
        assert_eq!(Package::parse(&file).expect("good").len, len);
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let file = sample();
        let mut random = Random::new(1);
        for _ in 0..rounds(2_000) {
            let mut damaged = file.clone();
            let at = random.below(file.len());
            damaged[at] ^= 1 << random.below(8);
            assert!(Package::parse(&damaged).is_err(), "byte {at}");
        }
    }

    #[test]
    fn names_say_what_is_wrong() {
        let parse = |change: &dyn Fn(&mut Vec<u8>)| {
            let mut file = sample();
            change(&mut file);
            seal(&mut file);
            Package::parse(&file).map(|_| ())
        };
        assert_eq!(Package::parse(b"CERMETPK").map(|_| ()), Err(Error::TooShort));
        assert_eq!(parse(&|f| f[0] = 0), Err(Error::NotAPackage));
        assert_eq!(parse(&|f| f[8] = 9), Err(Error::Version(9)));
        assert_eq!(parse(&|f| f[64] = 9), Err(Error::UnknownKind { entry: 0, kind: 9 }));
        assert_eq!(parse(&|f| f[64] = 1), Err(Error::Repeated(1)));
        assert_eq!(parse(&|f| f[64 + 48] = 4), Err(Error::NoImage));
        assert_eq!(parse(&|f| f[64 + 24] = 1), Err(Error::BadEntry(0)));
        assert_eq!(parse(&|f| f[64 + 39] = 0xff), Err(Error::BadEntry(0)));
        assert_eq!(parse(&|f| f[27] = 0xff), Err(Error::TooManyEntries(0xff00_0004)));
        let mut file = sample();
        file.truncate(8192);
        assert!(matches!(Package::parse(&file), Err(Error::Length { present: 8192, .. })));
    }

    #[test]
    fn no_package_with_a_right_checksum_can_hurt() {
        let file = sample();
        let mut random = Random::new(2);
        let mut accepted = 0;
        for _ in 0..rounds(20_000) {
            let mut mutant = file.clone();
            for _ in 0..=random.below(4) {
                let at = random.below(320);
                mutant[at] = random.interesting() as u8;
            }
            mutant.truncate(4096 * (1 + random.below(mutant.len() / 4096)));
            if mutant.len() >= 64 {
                seal(&mut mutant);
            }
            if let Ok(package) = Package::parse(&mutant) {
                assert!(package.image_offset + package.image.len() <= package.len);
                accepted += 1;
            }
        }
        assert!(accepted > 0, "some mutants are still packages");
    }
}
