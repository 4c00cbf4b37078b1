//! Tests of the file system: by example, and step by step beside Linux's own.
mod differential;
mod examples;

use super::node::Time;
use super::{FileSystem, Names, Report, World};

/// A file system as a service finds it, in a world that stands still.
pub(super) fn populated() -> FileSystem {
    let world = World {
        now: || Time { seconds: 1000, nanoseconds: 5 },
        random: |bytes| bytes.iter_mut().enumerate().for_each(|(index, byte)| *byte = index as u8),
        report: |report: Report| format!("{report:?}\n").into_bytes(),
    };
    let mut files = FileSystem::new(world, 1 << 30);
    let names = Names { program: b"program", host: b"host", process: b"1" };
    files.populate(names).expect("the initial tree fits");
    files
}
