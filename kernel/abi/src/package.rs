//! The file in which a service reaches the kernel: its image, arguments, environment and files.
//!
//! ```text
//! 0            Header
//! 64           Entry[count]
//! names        the entries' names, UTF-8, no terminator
//! ...          data of the entries, each at a multiple of 4096
//! length       end; the file is padded with zeros to a multiple of 4096
//! ```
//!
//! Everything is little-endian. Offsets are from the start of the file. A reader checks `magic`,
//! `version`, that every offset and length lies inside `length`, that data is page-aligned, and the
//! checksum, before it uses anything.

/// `Header::magic`.
pub const MAGIC: [u8; 8] = *b"CERMETPK";
/// `Header::version`.
pub const VERSION: u32 = 1;

/// The start of a package, 64 bytes.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Header {
    /// [`MAGIC`].
    pub magic: [u8; 8],
    /// [`VERSION`].
    pub version: u32,
    /// CRC-32 (IEEE 802.3, as zlib's `crc32`) of the `length` bytes with this field as zero.
    pub checksum: u32,
    /// Length of the whole file in bytes, a multiple of 4096.
    pub length: u64,
    /// Number of entries.
    pub count: u32,
    /// Zero.
    pub reserved: [u32; 9],
}

/// One thing in a package, 48 bytes.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Entry {
    /// One of the constants in [`kind`].
    pub kind: u32,
    /// Unix permission bits of a content file.
    pub mode: u32,
    /// Offset of the name.
    pub name: u64,
    /// Length of the name in bytes.
    pub name_len: u64,
    /// Offset of the data, a multiple of 4096.
    pub data: u64,
    /// Length of the data in bytes.
    pub data_len: u64,
    /// Modification time of a content file, seconds since 1970.
    pub modified: u64,
}

const _: () = assert!(size_of::<Header>() == 64 && size_of::<Entry>() == 48);

/// Values of [`Entry::kind`].
pub mod kind {
    /// The ELF image; exactly one. Its name is the service's.
    pub const IMAGE: u32 = 1;
    /// The arguments of `Main`, each ended by a zero byte; at most one.
    pub const ARGUMENTS: u32 = 2;
    /// Environment entries `NAME=value`, each ended by a zero byte; at most one.
    pub const ENVIRONMENT: u32 = 3;
    /// A content file; its name is a relative path with `/`.
    pub const CONTENT: u32 = 4;
}
