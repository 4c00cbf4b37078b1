//! What a path names: files, directories, links, devices.
use super::data::Data;
use super::file::File;
use super::pipe::Pipe;
use super::port::Port;
use super::slab::Id;
use crate::pal::alloc::boxed::Box;
use crate::pal::alloc::collections::BTreeMap;
use crate::pal::alloc::vec::Vec;

/// A point in time, since 1970.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, PartialOrd, Ord)]
pub(crate) struct Time {
    /// Whole seconds.
    pub(crate) seconds: i64,
    /// Nanoseconds, less than 10^9.
    pub(crate) nanoseconds: i64,
}

/// Bits of a mode that say what a node is, as on Linux.
pub(crate) mod format {
    /// The bits.
    pub(crate) const MASK: u32 = 0o170_000;
    /// A pipe.
    pub(crate) const FIFO: u32 = 0o010_000;
    /// A character device.
    pub(crate) const CHARACTER: u32 = 0o020_000;
    /// A directory.
    pub(crate) const DIRECTORY: u32 = 0o040_000;
    /// A regular file.
    pub(crate) const REGULAR: u32 = 0o100_000;
    /// A symbolic link.
    pub(crate) const LINK: u32 = 0o120_000;
}

/// The number of a node inside the file system. Not the number a program sees.
pub(crate) type NodeId = Id<Node>;

/// A device that has no memory behind it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Device {
    /// Swallows everything, holds nothing.
    Null,
    /// Holds zeros without end.
    Zero,
    /// Refuses writes: no space.
    Full,
    /// Holds random bytes without end.
    Random,
}

impl Device {
    /// Linux's device number.
    pub(super) fn number(self) -> u64 {
        let minor = match self {
            Self::Null => 3,
            Self::Zero => 5,
            Self::Full => 7,
            Self::Random => 9,
        };
        1 << 8 | minor
    }
}

/// A file whose contents are written when it is opened, as under `/proc`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Report {
    Cmdline,
    Comm,
    Cpuinfo,
    Environ,
    Loadavg,
    Maps,
    Meminfo,
    Mounts,
    Stat,
    Statm,
    Status,
    SystemStat,
    Uptime,
    Version,
}

/// A directory's entries.
#[derive(Default)]
pub(super) struct Directory {
    /// By name; iteration goes in this order.
    pub(super) entries: BTreeMap<Box<[u8]>, NodeId>,
    /// `..`; the root is its own.
    pub(super) parent: Option<NodeId>,
}

/// What a node is.
pub(super) enum Kind {
    Directory(Directory),
    Regular(Data),
    Symlink(Box<[u8]>),
    /// A pipe made by `pipe`; `None` is a named one, which cannot be opened.
    Fifo(Option<Pipe>),
    Device(Device),
    Report(Report),
    /// A stream of the service.
    Console(u32),
    /// An event port.
    Port(Port),
}

/// Who holds the lock of a node (`flock`).
#[derive(Default)]
pub(super) struct Lock {
    pub(super) holders: Vec<Id<File>>,
    pub(super) is_exclusive: bool,
}

/// One object of the file system.
pub(crate) struct Node {
    /// The number programs see; never used twice.
    pub(super) number: u64,
    /// Permission bits.
    pub(super) permissions: u32,
    /// Names that lead here; directories count as on Linux.
    pub(super) links: u32,
    /// Open files, cursors, current directories and mappings that refer to it.
    pub(super) uses: u32,
    pub(super) accessed: Time,
    pub(super) modified: Time,
    pub(super) changed: Time,
    pub(super) born: Time,
    pub(super) lock: Lock,
    pub(super) kind: Kind,
}

impl Node {
    pub(super) fn new(number: u64, permissions: u32, now: Time, kind: Kind) -> Self {
        Self {
            number,
            permissions,
            links: 0,
            uses: 0,
            accessed: now,
            modified: now,
            changed: now,
            born: now,
            lock: Lock::default(),
            kind,
        }
    }

    pub(super) fn is_directory(&self) -> bool {
        matches!(self.kind, Kind::Directory(_))
    }

    /// The mode: what it is, and who may do what.
    pub(super) fn mode(&self) -> u32 {
        let format = match self.kind {
            Kind::Directory(_) => format::DIRECTORY,
            Kind::Regular(_) | Kind::Report(_) => format::REGULAR,
            Kind::Symlink(_) => format::LINK,
            Kind::Fifo(_) | Kind::Console(_) => format::FIFO,
            Kind::Device(_) => format::CHARACTER,
            // As Linux's anonymous nodes: no format.
            Kind::Port(_) => 0,
        };
        format | self.permissions
    }

    /// The length `stat` shows.
    pub(super) fn size(&self) -> u64 {
        match &self.kind {
            Kind::Regular(data) => data.len(),
            Kind::Symlink(target) => target.len() as u64,
            // As tmpfs does: 20 bytes for each entry, the two implied ones included.
            Kind::Directory(directory) => 40 + 20 * directory.entries.len() as u64,
            _ => 0,
        }
    }
}
