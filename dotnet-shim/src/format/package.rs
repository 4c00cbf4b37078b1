//! The package: arguments, environment and content files of a service.
//!
//! The kernel has checked the checksum; everything here stays inside the bytes anyway.
use abi::package::{Entry, Header, MAGIC, VERSION, kind};

/// A package in memory.
#[derive(Clone, Copy, Debug)]
pub struct Package<'a> {
    bytes: &'a [u8],
    count: usize,
}

/// A content file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct File<'a> {
    /// Relative path with `/`.
    pub name: &'a [u8],
    /// Its bytes.
    pub data: &'a [u8],
    /// Unix permission bits.
    pub mode: u32,
    /// Seconds since 1970 at its last change.
    pub modified: u64,
}

const HEADER: usize = size_of::<Header>();
const ENTRY: usize = size_of::<Entry>();

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at.checked_add(4)?)?.try_into().ok().map(u32::from_le_bytes)
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..at.checked_add(8)?)?.try_into().ok().map(u64::from_le_bytes)
}

impl<'a> Package<'a> {
    /// A package without anything in it.
    pub const EMPTY: Self = Self { bytes: &[], count: 0 };

    /// The package in `bytes`, if that is one.
    pub fn new(bytes: &'a [u8]) -> Option<Self> {
        if bytes.get(..MAGIC.len())? != MAGIC || u32_at(bytes, 8)? != VERSION {
            return None;
        }
        let count = usize::try_from(u32_at(bytes, 24)?).ok()?;
        let end = count.checked_mul(ENTRY)?.checked_add(HEADER)?;
        (end <= bytes.len()).then_some(Self { bytes, count })
    }

    fn entry(&self, index: usize) -> Option<(u32, File<'a>)> {
        let entry = self.bytes.get(HEADER + index * ENTRY..)?.get(..ENTRY)?;
        let slice = |at: usize| {
            let start = usize::try_from(u64_at(entry, at)?).ok()?;
            let length = usize::try_from(u64_at(entry, at + 8)?).ok()?;
            self.bytes.get(start..start.checked_add(length)?)
        };
        let (name, data) = (slice(8)?, slice(24)?);
        let (mode, modified) = (u32_at(entry, 4)?, u64_at(entry, 40)?);
        Some((u32_at(entry, 0)?, File { name, data, mode, modified }))
    }

    fn entries(self, wanted: u32) -> impl Iterator<Item = File<'a>> {
        (0..self.count)
            .filter_map(move |index| self.entry(index))
            .filter_map(move |(kind, file)| (kind == wanted).then_some(file))
    }

    /// The image's name, which is the service's.
    pub fn name(self) -> &'a [u8] {
        self.image().map_or(&[][..], |image| image.name)
    }

    /// The image itself.
    pub fn image(self) -> Option<File<'a>> {
        self.entries(kind::IMAGE).next()
    }

    /// The content files, in the order of the package.
    pub fn files(self) -> impl Iterator<Item = File<'a>> {
        self.entries(kind::CONTENT)
    }

    /// The arguments of `Main`; each slice is followed by a zero byte.
    pub fn arguments(self) -> impl Iterator<Item = &'a [u8]> {
        self.strings(kind::ARGUMENTS)
    }

    /// The environment entries `NAME=value`; each slice is followed by a zero byte.
    pub fn environment(self) -> impl Iterator<Item = &'a [u8]> {
        self.strings(kind::ENVIRONMENT)
    }

    /// The value of an environment variable, followed by a zero byte.
    pub fn variable(self, name: &[u8]) -> Option<&'a [u8]> {
        self.environment().find_map(|entry| entry.strip_prefix(name)?.strip_prefix(b"="))
    }

    fn strings(self, kind: u32) -> impl Iterator<Item = &'a [u8]> {
        let mut rest = self.entries(kind).next().map_or(&[][..], |entry| entry.data);
        core::iter::from_fn(move || {
            let end = rest.iter().position(|&byte| byte == 0)?;
            let (string, tail) = (rest.get(..end)?, rest.get(end + 1..)?);
            rest = tail;
            Some(string)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{ENTRY, HEADER, Package};
    use abi::package::{MAGIC, VERSION, kind};

    /// A package with these entries, without checksum.
    fn build(entries: &[(u32, &[u8], &[u8])]) -> Vec<u8> {
        let mut bytes = vec![0; HEADER + ENTRY * entries.len()];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..12].copy_from_slice(&VERSION.to_le_bytes());
        bytes[24..28].copy_from_slice(&(entries.len() as u32).to_le_bytes());
        for (index, (kind, name, data)) in entries.iter().enumerate() {
            let at = HEADER + ENTRY * index;
            let mut put = |offset: usize, value: u64| {
                bytes[at + offset..at + offset + 8].copy_from_slice(&value.to_le_bytes());
            };
            put(0, u64::from(*kind) | 0o644 << 32);
            put(16, name.len() as u64);
            put(32, data.len() as u64);
            put(40, 99);
            let name_at = bytes.len() as u64;
            bytes.extend_from_slice(name);
            let data_at = bytes.len() as u64;
            bytes.extend_from_slice(data);
            bytes[at + 8..at + 16].copy_from_slice(&name_at.to_le_bytes());
            bytes[at + 24..at + 32].copy_from_slice(&data_at.to_le_bytes());
        }
        bytes
    }

    fn sample() -> Vec<u8> {
        build(&[
            (kind::IMAGE, b"hello", b"\x7fELF"),
            (kind::ARGUMENTS, b"", b"one\0\0three\0"),
            (kind::ENVIRONMENT, b"", b"A=1\0AB=2\0EMPTY=\0"),
            (kind::CONTENT, b"data/x.txt", b"text"),
        ])
    }

    #[test]
    fn everything_in_a_package_is_found() {
        let bytes = sample();
        let package = Package::new(&bytes).expect("the package is valid");
        assert_eq!(package.name(), b"hello");
        let arguments: Vec<_> = package.arguments().collect();
        assert_eq!(arguments, [&b"one"[..], b"", b"three"]);
        assert_eq!(package.variable(b"A"), Some(&b"1"[..]));
        assert_eq!(package.variable(b"AB"), Some(&b"2"[..]));
        assert_eq!(package.variable(b"EMPTY"), Some(&b""[..]));
        assert_eq!(package.variable(b"B"), None);
        let files: Vec<_> = package.files().collect();
        assert_eq!(files.len(), 1);
        assert_eq!((files[0].name, files[0].data), (&b"data/x.txt"[..], &b"text"[..]));
        assert_eq!((files[0].mode, files[0].modified), (0o644, 99));
    }

    #[test]
    fn damaged_packages_never_panic() {
        let good = sample();
        for position in 0..good.len() {
            for value in [0, 1, 0x7f, 0x80, 0xff] {
                let mut bytes = good.clone();
                bytes[position] = value;
                for bytes in [&bytes[..], &bytes[..position]] {
                    let Some(package) = Package::new(bytes) else { continue };
                    let _ = package.name();
                    let _ = package.variable(b"A");
                    let _ = (package.files().count(), package.arguments().count());
                }
            }
        }
    }
}
