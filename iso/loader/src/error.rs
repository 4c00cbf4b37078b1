//! Why nothing was started. Each cause has a message that names it.

use alloc::string::String;
use core::fmt;

/// What stops the loader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// A firmware service failed: what was wanted, and the firmware's status in words.
    Firmware(&'static str, String),
    /// None of the places where the configuration may be holds one.
    NoConfiguration,
    /// The configuration is wrong: line (0 = the file as a whole) and why.
    Configuration(usize, &'static str),
    /// A path means something that this loader does not do.
    Path(String, &'static str),
    /// A file is not on the volume.
    NotFound(String),
    /// A file could not be read: path, and the firmware's status in words.
    Unreadable(String, String),
    /// The kernel file is not one that can be loaded.
    Elf(&'static str),
    /// The kernel's requests break the protocol.
    Request(&'static str),
    /// The kernel wants a base revision that is not supported.
    Revision(u64),
    /// A bound was hit: of memory, of a table.
    Full(&'static str),
    /// The machine cannot do what the protocol promises.
    Machine(&'static str),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Firmware(what, status) => write!(f, "firmware: {what}: {status}"),
            Self::NoConfiguration => write!(f, "no limine.conf on the volume it was loaded from"),
            Self::Configuration(0, why) => write!(f, "limine.conf: {why}"),
            Self::Configuration(line, why) => write!(f, "limine.conf: line {line}: {why}"),
            Self::Path(path, why) => write!(f, "limine.conf: path {path}: {why}"),
            Self::NotFound(path) => write!(f, "{path}: no such file"),
            Self::Unreadable(path, status) => write!(f, "{path}: cannot be read: {status}"),
            Self::Elf(why) => write!(f, "kernel: {why}"),
            Self::Request(why) => write!(f, "kernel: requests: {why}"),
            Self::Revision(revision) => write!(
                f,
                "kernel: wants base revision {revision} of the Limine protocol; {} to {} are known",
                crate::protocol::REVISION_MIN,
                crate::protocol::REVISION_MAX
            ),
            Self::Full(what) => write!(f, "no room: {what}"),
            Self::Machine(why) => write!(f, "machine: {why}"),
        }
    }
}

impl core::error::Error for Error {}
