//! Writes the "newc" archive from which Linux unpacks its first file system.

/// What an entry of the archive is.
#[derive(Clone, Debug)]
pub(super) enum Entry<'a> {
    /// A directory.
    Directory,
    /// An executable file with these contents.
    Program(&'a [u8]),
    /// A character device with this major and minor number.
    Device(u32, u32),
}

/// The archive of `entries`, paths without a leading slash, parents first.
pub(super) fn archive(entries: &[(&str, Entry<'_>)]) -> Vec<u8> {
    let mut out = Vec::new();
    for (index, (path, entry)) in entries.iter().enumerate() {
        let (mode, data, device) = match *entry {
            Entry::Directory => (0o040_755, &[][..], (0, 0)),
            Entry::Program(data) => (0o100_755, data, (0, 0)),
            Entry::Device(major, minor) => (0o020_600, &[][..], (major, minor)),
        };
        append(&mut out, index + 1, path, mode, data, device);
    }
    append(&mut out, 0, "TRAILER!!!", 0, &[], (0, 0));
    out
}

/// One header, name and contents, each padded to four bytes.
fn append(out: &mut Vec<u8>, inode: usize, path: &str, mode: u32, data: &[u8], device: (u32, u32)) {
    let size = u32::try_from(data.len()).expect("a program below 4 GiB");
    let name_len = u32::try_from(path.len() + 1).expect("a short path");
    let inode = u32::try_from(inode).expect("few entries");
    out.extend_from_slice(b"070701");
    // ino mode uid gid nlink mtime filesize devmajor devminor rdevmajor rdevminor namesize check
    for field in [inode, mode, 0, 0, 1, 0, size, 0, 0, device.0, device.1, name_len, 0] {
        out.extend_from_slice(format!("{field:08x}").as_bytes());
    }
    out.extend_from_slice(path.as_bytes());
    out.push(0);
    out.resize(out.len().next_multiple_of(4), 0);
    out.extend_from_slice(data);
    out.resize(out.len().next_multiple_of(4), 0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_and_contents_are_aligned() {
        let bytes = archive(&[("dev", Entry::Directory), ("init", Entry::Program(b"abc"))]);
        assert_eq!(bytes.len() % 4, 0);
        assert!(bytes.starts_with(b"070701"));
        let program = bytes.windows(4).position(|w| w == b"init").expect("the name is there");
        assert_eq!(program % 4, 2, "the header is 110 bytes");
        assert!(bytes.ends_with(b"TRAILER!!!\0\0\0\0"));
    }
}
