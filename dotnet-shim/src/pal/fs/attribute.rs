//! Status, times, permissions, and the figures of the whole.
use super::node::{Kind, NodeId, Time};
use super::path::Last;
use super::{FileSystem, Quota};
use crate::pal::error::{Errno, Result};

/// The device all nodes lie on: one number, as for tmpfs.
const DEVICE: u64 = 0x1C;

/// What `stat` tells.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Status {
    pub(crate) mode: u32,
    pub(crate) links: u32,
    pub(crate) size: u64,
    pub(crate) accessed: Time,
    pub(crate) modified: Time,
    pub(crate) changed: Time,
    pub(crate) born: Time,
    pub(crate) device: u64,
    pub(crate) special: u64,
    pub(crate) number: u64,
}

/// How a time is to change.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Change {
    /// To the time it is now.
    Now,
    /// Not at all.
    Keep,
    /// To this time.
    Set(Time),
}

impl FileSystem {
    fn status_of(&self, id: NodeId) -> Status {
        let node = &self.nodes[id];
        Status {
            mode: node.mode(),
            links: node.links,
            size: node.size(),
            accessed: node.accessed,
            modified: node.modified,
            changed: node.changed,
            born: node.born,
            device: DEVICE,
            special: if let Kind::Device(device) = node.kind { device.number() } else { 0 },
            number: node.number,
        }
    }

    /// `stat`.
    pub(crate) fn status(&self, path: &[u8]) -> Result<Status> {
        Ok(self.status_of(self.node_at(path, Last::Follow)?))
    }

    /// `lstat`.
    pub(crate) fn link_status(&self, path: &[u8]) -> Result<Status> {
        Ok(self.status_of(self.node_at(path, Last::Keep)?))
    }

    /// `fstat`.
    pub(crate) fn file_status(&self, descriptor: i32) -> Result<Status> {
        Ok(self.status_of(self.file(descriptor)?.node))
    }

    /// `chmod` of a node.
    fn change_mode(&mut self, id: NodeId, mode: u32) {
        let now = (self.world.now)();
        let node = &mut self.nodes[id];
        (node.permissions, node.changed) = (mode & 0o7777, now);
    }

    /// `chmod`.
    pub(crate) fn set_mode(&mut self, path: &[u8], mode: u32) -> Result<()> {
        let node = self.node_at(path, Last::Follow)?;
        self.change_mode(node, mode);
        Ok(())
    }

    /// `fchmod`.
    pub(crate) fn set_file_mode(&mut self, descriptor: i32, mode: u32) -> Result<()> {
        let node = self.file(descriptor)?.node;
        self.change_mode(node, mode);
        Ok(())
    }

    fn change_times(&mut self, id: NodeId, accessed: Change, modified: Change) -> Result<()> {
        let now = (self.world.now)();
        let node = &mut self.nodes[id];
        for (change, field) in [(accessed, &mut node.accessed), (modified, &mut node.modified)] {
            match change {
                Change::Now => *field = now,
                Change::Keep => {}
                Change::Set(time) if !(0..1_000_000_000).contains(&time.nanoseconds) => {
                    return Err(Errno::EINVAL);
                }
                Change::Set(time) => *field = time,
            }
        }
        node.changed = now;
        Ok(())
    }

    /// `utimensat`, of a link itself when the path ends in one.
    pub(crate) fn set_times(
        &mut self,
        path: &[u8],
        accessed: Change,
        modified: Change,
    ) -> Result<()> {
        let node = self.node_at(path, Last::Keep)?;
        self.change_times(node, accessed, modified)
    }

    /// `futimens`.
    pub(crate) fn set_file_times(
        &mut self,
        descriptor: i32,
        accessed: Change,
        modified: Change,
    ) -> Result<()> {
        let node = self.file(descriptor)?.node;
        self.change_times(node, accessed, modified)
    }

    /// `access`, for the superuser: only executing a file needs a permission bit.
    pub(crate) fn access(&self, path: &[u8], executes: bool) -> Result<()> {
        let node = &self.nodes[self.node_at(path, Last::Follow)?];
        if executes && !node.is_directory() && node.permissions & 0o111 == 0 {
            return Err(Errno::EACCES);
        }
        Ok(())
    }

    /// Memory for files: the limit and what is used.
    pub(crate) fn quota(&self) -> &Quota {
        &self.quota
    }
}
