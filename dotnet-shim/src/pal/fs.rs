//! An in-memory file system with Linux's semantics, as the superuser sees it.
//!
//! [`FileSystem`] is plain data: every operation takes it by reference, never blocks and reports
//! `EAGAIN` where Linux would wait. The layer above puts it behind a lock and does the waiting. The
//! root has `/app` with the program's files, `/tmp`, a few devices and a few files of `/proc` and
//! `/etc` that the class library reads.
//!
//! | module | concern |
//! |---|---|
//! | `node`, `data`, `pipe` | what a path names, the bytes of files and pipes |
//! | `path` | from a path to a node |
//! | `tree` | making, removing, renaming names |
//! | `file`, `io` | descriptors and what is done through them |
//! | `port` | waiting for many descriptors at once |
//! | `directory` | reading directories, the current directory |
//! | `attribute` | status, times, permissions, figures |
//! | `population` | what is there at the start |
mod attribute;
mod data;
mod directory;
mod file;
mod io;
mod node;
mod path;
mod pipe;
mod population;
mod port;
mod slab;
#[cfg(test)]
mod tests;
mod tree;

pub(crate) use attribute::{Change, Status};
pub(crate) use data::{Quota, Region};
pub(crate) use directory::Cursor;
pub(crate) use file::{LockRequest, Open};
pub(crate) use io::{Whence, ready};
pub(crate) use node::{Device, NodeId, Report, Time, format};
pub(crate) use population::{BASE, Names};

use crate::pal::alloc::vec::Vec;
use file::{Descriptor, File};
use node::{Kind, Node};
use slab::Slab;

/// What the file system needs to know of the world.
#[derive(Clone, Copy)]
pub(crate) struct World {
    /// The time.
    pub(crate) now: fn() -> Time,
    /// Fills a buffer with random bytes.
    pub(crate) random: fn(&mut [u8]),
    /// The contents of a file under `/proc`.
    pub(crate) report: fn(Report) -> Vec<u8>,
}

/// The whole file system, with the process's descriptors.
pub(crate) struct FileSystem {
    world: World,
    nodes: Slab<Node>,
    files: Slab<File>,
    descriptors: Vec<Option<Descriptor>>,
    root: NodeId,
    current: NodeId,
    quota: Quota,
    next_number: u64,
    /// Permission bits that new nodes do not get.
    mask: u32,
}

impl FileSystem {
    fn add_node(&mut self, permissions: u32, kind: Kind) -> NodeId {
        let number = self.next_number;
        self.next_number += 1;
        self.nodes.insert(Node::new(number, permissions, (self.world.now)(), kind))
    }

    /// Removes a node when neither a name nor a use is left.
    fn drop_if_unused(&mut self, id: NodeId) {
        let node = &self.nodes[id];
        if node.links > 0 || node.uses > 0 {
            return;
        }
        let mut node = self.nodes.remove(id);
        if let Kind::Regular(data) = &mut node.kind {
            data.release(&mut self.quota);
        }
    }

    /// Counts a use of a node.
    pub(crate) fn hold(&mut self, id: NodeId) {
        self.nodes[id].uses += 1;
    }

    /// Ends a use counted by [`hold`](Self::hold).
    pub(crate) fn release(&mut self, id: NodeId) {
        self.nodes[id].uses -= 1;
        self.drop_if_unused(id);
    }
}
