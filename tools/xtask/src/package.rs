//! Writing a package: the file in which a service and its data reach the kernel (`abi::package`).

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use abi::package::{MAGIC, VERSION, kind};
use anyhow::{Context as _, Result, bail};

/// Data of entries begins at multiples of this.
const PAGE: usize = 4096;

/// Where the checksum is in the file.
const CHECKSUM_AT: usize = 12;

const HEADER: usize = size_of::<abi::package::Header>();
const ENTRY: usize = size_of::<abi::package::Entry>();

/// One thing to put into a package.
#[derive(Clone, Debug)]
struct Item {
    kind: u32,
    mode: u32,
    name: String,
    modified: u64,
    data: Vec<u8>,
}

/// What a service is started with.
#[derive(Clone, Debug, Default)]
pub(crate) struct Package {
    items: Vec<Item>,
}

impl Package {
    /// Starts a package with the image of a service.
    ///
    /// # Errors
    ///
    /// If the image cannot be read.
    pub(crate) fn new(name: &str, image: &Path) -> Result<Package> {
        let data = fs::read(image).with_context(|| format!("cannot read {}", image.display()))?;
        Ok(Package {
            items: vec![Item {
                kind: kind::IMAGE,
                mode: 0o755,
                name: name.to_owned(),
                modified: 0,
                data,
            }],
        })
    }

    /// Adds the arguments of `Main`.
    ///
    /// # Errors
    ///
    /// If one of them holds a zero byte.
    pub(crate) fn arguments(mut self, arguments: &[String]) -> Result<Package> {
        let data = joined(arguments, "argument")?;
        self.items.push(Item {
            kind: kind::ARGUMENTS,
            mode: 0,
            name: String::new(),
            modified: 0,
            data,
        });
        Ok(self)
    }

    /// Adds environment variables, each `NAME=value`.
    ///
    /// # Errors
    ///
    /// If one of them holds a zero byte or has no name.
    pub(crate) fn environment(mut self, variables: &[String]) -> Result<Package> {
        if let Some(wrong) =
            variables.iter().find(|variable| variable.find('=').is_none_or(|at| at == 0))
        {
            bail!("`{wrong}` is no environment variable: NAME=VALUE is wanted");
        }
        let data = joined(variables, "environment variable")?;
        self.items.push(Item {
            kind: kind::ENVIRONMENT,
            mode: 0,
            name: String::new(),
            modified: 0,
            data,
        });
        Ok(self)
    }

    /// Adds content files: relative path, and where each is now.
    ///
    /// # Errors
    ///
    /// If one cannot be read, or its path leads outside.
    pub(crate) fn content(mut self, files: &BTreeMap<String, PathBuf>) -> Result<Package> {
        for (place, file) in files {
            if place.starts_with('/')
                || place.split('/').any(|part| part.is_empty() || part == "." || part == "..")
            {
                bail!(
                    "content file {} would go to `{place}`, outside the program's directory",
                    file.display()
                );
            }
            let meta =
                fs::metadata(file).with_context(|| format!("content file {}", file.display()))?;
            let data =
                fs::read(file).with_context(|| format!("content file {}", file.display()))?;
            let modified = u64::try_from(meta.mtime()).unwrap_or(0);
            self.items.push(Item {
                kind: kind::CONTENT,
                mode: meta.mode() & 0o777,
                name: place.clone(),
                modified,
                data,
            });
        }
        Ok(self)
    }

    /// The package as a file's content.
    ///
    /// # Errors
    ///
    /// If there are more entries than a number can count.
    pub(crate) fn bytes(&self) -> Result<Vec<u8>> {
        let names_at = HEADER + ENTRY * self.items.len();
        let names_len: usize = self.items.iter().map(|item| item.name.len()).sum();
        let mut data_at = (names_at + names_len).next_multiple_of(PAGE);
        let total =
            self.items.iter().fold(data_at, |at, item| at + item.data.len().next_multiple_of(PAGE));
        let mut bytes = Vec::with_capacity(total);

        bytes.extend(MAGIC);
        bytes.extend(VERSION.to_le_bytes());
        bytes.extend(0u32.to_le_bytes());
        bytes.extend((total as u64).to_le_bytes());
        bytes.extend(
            u32::try_from(self.items.len()).context("too many content files")?.to_le_bytes(),
        );
        bytes.resize(HEADER, 0);

        let mut name_at = names_at;
        for item in &self.items {
            bytes.extend(item.kind.to_le_bytes());
            bytes.extend(item.mode.to_le_bytes());
            for number in [name_at, item.name.len(), data_at, item.data.len()] {
                bytes.extend((number as u64).to_le_bytes());
            }
            bytes.extend(item.modified.to_le_bytes());
            name_at += item.name.len();
            data_at += item.data.len().next_multiple_of(PAGE);
        }
        for item in &self.items {
            bytes.extend(item.name.as_bytes());
        }
        for item in &self.items {
            bytes.resize(bytes.len().next_multiple_of(PAGE), 0);
            bytes.extend(&item.data);
        }
        bytes.resize(total, 0);
        let checksum = crc32fast::hash(&bytes);
        bytes[CHECKSUM_AT..CHECKSUM_AT + 4].copy_from_slice(&checksum.to_le_bytes());
        Ok(bytes)
    }
}

/// Strings, each ended by a zero byte.
fn joined(texts: &[String], what: &str) -> Result<Vec<u8>> {
    let mut data = Vec::new();
    for text in texts {
        if text.contains('\0') {
            bail!("an {what} holds a zero byte");
        }
        data.extend(text.as_bytes());
        data.push(0);
    }
    Ok(data)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs;

    use abi::package::kind;

    use super::{CHECKSUM_AT, ENTRY, HEADER, PAGE, Package};

    fn number(bytes: &[u8], at: usize) -> usize {
        let field = bytes[at..at + 8].try_into().expect("eight bytes");
        usize::try_from(u64::from_le_bytes(field)).expect("a length")
    }

    fn small(bytes: &[u8], at: usize) -> u32 {
        u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
    }

    /// Kind, name and data of each entry, read the way the kernel does.
    fn entries(bytes: &[u8]) -> Vec<(u32, String, Vec<u8>)> {
        let mut zeroed = bytes.to_vec();
        zeroed[CHECKSUM_AT..CHECKSUM_AT + 4].fill(0);
        assert_eq!(&bytes[..8], b"CERMETPK");
        assert_eq!(small(bytes, 8), 1);
        assert_eq!(small(bytes, CHECKSUM_AT), crc32fast::hash(&zeroed));
        assert_eq!(number(bytes, 16), bytes.len());
        assert_eq!(bytes.len() % PAGE, 0);
        let entry = |index: usize| {
            let at = HEADER + ENTRY * index;
            let part = |offset: usize| {
                let start = number(bytes, at + offset);
                bytes[start..start + number(bytes, at + offset + 8)].to_vec()
            };
            assert_eq!(number(bytes, at + 24) % PAGE, 0);
            (small(bytes, at), String::from_utf8(part(8)).expect("a name"), part(24))
        };
        (0..small(bytes, 24) as usize).map(entry).collect()
    }

    #[test]
    fn what_is_put_in_comes_out() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let image = dir.path().join("image");
        let content = dir.path().join("data");
        fs::write(&image, vec![7; 5000]).expect("written");
        fs::write(&content, "").expect("written");
        let files = BTreeMap::from([("sub/data.txt".to_owned(), content)]);
        let package = Package::new("hello", &image)
            .expect("an image")
            .arguments(&["one".into(), String::new(), "três".into()])
            .expect("arguments");
        let package = package
            .environment(&["A=b=c".into()])
            .expect("environment")
            .content(&files)
            .expect("content");
        let entries = entries(&package.bytes().expect("bytes"));
        assert_eq!(entries.len(), 4);
        assert_eq!(entries[0], (kind::IMAGE, "hello".to_owned(), vec![7; 5000]));
        assert_eq!(entries[1].2, "one\0\0três\0".as_bytes());
        assert_eq!(entries[2], (kind::ENVIRONMENT, String::new(), b"A=b=c\0".to_vec()));
        assert_eq!(entries[3], (kind::CONTENT, "sub/data.txt".to_owned(), Vec::new()));
    }

    #[test]
    fn paths_that_lead_outside_are_refused() {
        for place in ["/etc/passwd", "../x", "a//b", "./a"] {
            let files = BTreeMap::from([(place.to_owned(), "/dev/null".into())]);
            assert!(Package::default().content(&files).is_err(), "{place}");
        }
    }

    #[test]
    fn variables_need_a_name() {
        assert!(Package::default().environment(&["=x".into()]).is_err());
        assert!(Package::default().environment(&["x".into()]).is_err());
        assert!(Package::default().environment(&["x=".into()]).is_ok());
        assert!(Package::default().arguments(&["a\0b".into()]).is_err());
    }
}
