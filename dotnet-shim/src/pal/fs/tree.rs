//! Making, removing and renaming names.
use super::node::{Directory, Kind, NodeId};
use super::path::{End, Last, Place};
use super::{Device, FileSystem};
use crate::pal::alloc::boxed::Box;
use crate::pal::error::{Errno, Result};

/// Names one node may have, as ext4 has it.
const LINKS_MAX: u32 = 65000;

impl FileSystem {
    fn directory_mut(&mut self, id: NodeId) -> &mut Directory {
        match &mut self.nodes[id].kind {
            Kind::Directory(directory) => directory,
            _ => unreachable!("a place's parent is a directory"),
        }
    }

    /// Notes that a directory's entries changed.
    fn touch(&mut self, id: NodeId) {
        let now = (self.world.now)();
        let node = &mut self.nodes[id];
        (node.modified, node.changed) = (now, now);
    }

    fn touch_status(&mut self, id: NodeId) {
        self.nodes[id].changed = (self.world.now)();
    }

    /// Puts a node into a directory under a name that is free there.
    pub(super) fn attach(&mut self, parent: NodeId, name: Box<[u8]>, node: NodeId) {
        self.directory_mut(parent).entries.insert(name, node);
        self.nodes[node].links += 1;
        if let Kind::Directory(directory) = &mut self.nodes[node].kind {
            // The directory's own `.` and its `..` count.
            directory.parent = Some(parent);
            self.nodes[node].links += 1;
            self.nodes[parent].links += 1;
        }
        self.touch(parent);
    }

    /// Takes a name out of a directory; the node goes when nothing else refers to it.
    fn detach(&mut self, parent: NodeId, name: &[u8]) {
        let node = self.directory_mut(parent).entries.remove(name).expect("the entry exists");
        if self.nodes[node].is_directory() {
            self.nodes[node].links -= 2;
            self.nodes[parent].links -= 1;
        } else {
            self.nodes[node].links -= 1;
        }
        self.touch(parent);
        self.touch_status(node);
        self.drop_if_unused(node);
    }

    /// The free place for a new entry.
    pub(super) fn place_for_new(
        &self,
        path: &[u8],
        allows_slash: bool,
    ) -> Result<(NodeId, Box<[u8]>)> {
        let Place { parent, end, node, has_slash } = self.find(path, Last::Entry)?;
        let End::Name(name) = end else { return Err(Errno::EEXIST) };
        if node.is_some() {
            return Err(Errno::EEXIST);
        }
        if has_slash && !allows_slash {
            return Err(Errno::ENOENT);
        }
        self.check_alive(parent)?;
        Ok((parent, name))
    }

    /// A directory that has been removed takes no entries.
    pub(super) fn check_alive(&self, directory: NodeId) -> Result<()> {
        if self.nodes[directory].links == 0 { Err(Errno::ENOENT) } else { Ok(()) }
    }

    /// Makes a node under a new name.
    fn make(&mut self, path: &[u8], permissions: u32, kind: Kind) -> Result<NodeId> {
        let is_directory = matches!(kind, Kind::Directory(_));
        let (parent, name) = self.place_for_new(path, is_directory)?;
        let node = self.add_node(permissions, kind);
        self.attach(parent, name, node);
        Ok(node)
    }

    /// `mkdir`.
    pub(crate) fn make_directory(&mut self, path: &[u8], mode: u32) -> Result<()> {
        let permissions = mode & 0o1777 & !self.mask;
        self.make(path, permissions, Kind::Directory(Directory::default())).map(drop)
    }

    /// `mkfifo`: the name exists, opening it is refused.
    pub(crate) fn make_fifo(&mut self, path: &[u8], mode: u32) -> Result<()> {
        self.make(path, mode & 0o7777 & !self.mask, Kind::Fifo(None)).map(drop)
    }

    /// Makes a device; only the few there are.
    pub(crate) fn make_device(&mut self, path: &[u8], mode: u32, device: Device) -> Result<()> {
        self.make(path, mode & 0o7777 & !self.mask, Kind::Device(device)).map(drop)
    }

    /// `symlink`.
    pub(crate) fn make_symlink(&mut self, target: &[u8], path: &[u8]) -> Result<()> {
        if target.is_empty() {
            return Err(Errno::ENOENT);
        }
        if target.len() >= super::path::PATH_MAX {
            return Err(Errno::ENAMETOOLONG);
        }
        self.make(path, 0o777, Kind::Symlink(target.into())).map(drop)
    }

    /// `link`.
    pub(crate) fn link(&mut self, old: &[u8], new: &[u8]) -> Result<()> {
        let node = self.node_at(old, Last::Keep)?;
        let (parent, name) = self.place_for_new(new, false)?;
        if self.nodes[node].is_directory() {
            return Err(Errno::EPERM);
        }
        if self.nodes[node].links >= LINKS_MAX {
            return Err(Errno::EMLINK);
        }
        self.attach(parent, name, node);
        self.touch_status(node);
        Ok(())
    }

    /// `unlink`.
    pub(crate) fn unlink(&mut self, path: &[u8]) -> Result<()> {
        let place = self.find(path, Last::Entry)?;
        let End::Name(name) = place.end else { return Err(Errno::EISDIR) };
        let node = place.node.ok_or(Errno::ENOENT)?;
        if self.nodes[node].is_directory() {
            return Err(Errno::EISDIR);
        }
        if place.has_slash {
            return Err(Errno::ENOTDIR);
        }
        self.detach(place.parent, &name);
        Ok(())
    }

    /// `rmdir`.
    pub(crate) fn remove_directory(&mut self, path: &[u8]) -> Result<()> {
        let place = self.find(path, Last::Entry)?;
        let name = match place.end {
            End::Name(name) => name,
            End::Current => return Err(Errno::EINVAL),
            End::Parent => return Err(Errno::ENOTEMPTY),
            End::Root => return Err(Errno::EBUSY),
        };
        let node = place.node.ok_or(Errno::ENOENT)?;
        let Kind::Directory(directory) = &self.nodes[node].kind else {
            return Err(Errno::ENOTDIR);
        };
        if !directory.entries.is_empty() {
            return Err(Errno::ENOTEMPTY);
        }
        self.detach(place.parent, &name);
        Ok(())
    }

    /// `rename`.
    pub(crate) fn rename(&mut self, old: &[u8], new: &[u8]) -> Result<()> {
        let from = self.find(old, Last::Entry)?;
        let to = self.find(new, Last::Entry)?;
        let (End::Name(old_name), End::Name(new_name)) = (from.end, to.end) else {
            return Err(Errno::EBUSY);
        };
        let node = from.node.ok_or(Errno::ENOENT)?;
        let is_directory = self.nodes[node].is_directory();
        if !is_directory && (from.has_slash || to.has_slash) {
            return Err(Errno::ENOTDIR);
        }
        if self.is_inside(to.parent, node) {
            return Err(Errno::EINVAL);
        }
        if to.node.is_some_and(|target| self.is_inside(from.parent, target)) {
            return Err(Errno::ENOTEMPTY);
        }
        if to.node == Some(node) {
            return Ok(());
        }
        self.check_alive(to.parent)?;
        if let Some(target) = to.node {
            match &self.nodes[target].kind {
                Kind::Directory(_) if !is_directory => return Err(Errno::EISDIR),
                Kind::Directory(directory) if !directory.entries.is_empty() => {
                    return Err(Errno::ENOTEMPTY);
                }
                Kind::Directory(_) => {}
                _ if is_directory => return Err(Errno::ENOTDIR),
                _ => {}
            }
            self.detach(to.parent, &new_name);
        }
        // A use keeps the node while it has no name.
        self.hold(node);
        self.detach(from.parent, &old_name);
        self.attach(to.parent, new_name, node);
        self.touch_status(node);
        self.release(node);
        Ok(())
    }

    /// Whether `node` is `ancestor` or lies below it.
    fn is_inside(&self, mut node: NodeId, ancestor: NodeId) -> bool {
        loop {
            if node == ancestor {
                return true;
            }
            match &self.nodes[node].kind {
                Kind::Directory(directory) if node != self.root => match directory.parent {
                    Some(parent) => node = parent,
                    None => return false,
                },
                _ => return false,
            }
        }
    }

    /// `readlink`: how many bytes of the target fit.
    pub(crate) fn read_link(&self, path: &[u8], out: &mut [u8]) -> Result<usize> {
        let node = self.node_at(path, Last::Keep)?;
        let Kind::Symlink(target) = &self.nodes[node].kind else { return Err(Errno::EINVAL) };
        let count = target.len().min(out.len());
        out[..count].copy_from_slice(&target[..count]);
        Ok(count)
    }
}
