//! Descriptors: opening, duplicating, closing, locks.
use super::FileSystem;
use super::data::Data;
use super::node::{Kind, NodeId, Report};
use super::path::{End, Last};
use super::pipe::Pipe;
use super::slab::Id;
use crate::pal::alloc::vec::Vec;
use crate::pal::error::{Errno, Result};

/// Descriptors a process may have.
const DESCRIPTORS_MAX: usize = 65536;

/// How to open a file.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "independent flags of one call")]
pub(crate) struct Open {
    pub(crate) read: bool,
    pub(crate) write: bool,
    pub(crate) create: bool,
    pub(crate) exclusive: bool,
    pub(crate) truncate: bool,
    pub(crate) append: bool,
    pub(crate) no_follow: bool,
    pub(crate) close_on_exec: bool,
}

/// A request for the lock of a whole file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum LockRequest {
    /// Together with others that share.
    Shared,
    /// Alone.
    Exclusive,
    /// No more.
    Release,
}

/// An open file, which several descriptors may share.
pub(crate) struct File {
    pub(super) node: NodeId,
    pub(super) offset: u64,
    pub(super) can_read: bool,
    pub(super) can_write: bool,
    pub(super) appends: bool,
    /// Reads and writes that would wait fail instead.
    pub(super) is_non_blocking: bool,
    descriptors: u32,
    /// The contents of a report, taken when it was opened.
    pub(super) report: Vec<u8>,
}

/// What a number in the program's hands stands for.
#[derive(Clone, Copy)]
pub(super) struct Descriptor {
    pub(super) file: Id<File>,
    closes_on_exec: bool,
}

impl FileSystem {
    pub(super) fn descriptor(&self, descriptor: i32) -> Result<Descriptor> {
        let slot = usize::try_from(descriptor).ok().and_then(|index| self.descriptors.get(index));
        slot.copied().flatten().ok_or(Errno::EBADF)
    }

    pub(super) fn file(&self, descriptor: i32) -> Result<&File> {
        Ok(&self.files[self.descriptor(descriptor)?.file])
    }

    pub(super) fn file_mut(&mut self, descriptor: i32) -> Result<&mut File> {
        let id = self.descriptor(descriptor)?.file;
        Ok(&mut self.files[id])
    }

    /// The node behind a descriptor.
    pub(crate) fn node_of(&self, descriptor: i32) -> Result<NodeId> {
        Ok(self.file(descriptor)?.node)
    }

    fn add_descriptor(&mut self, file: Id<File>, closes_on_exec: bool) -> Result<i32> {
        let free = self.descriptors.iter().position(Option::is_none);
        let index = free.unwrap_or(self.descriptors.len());
        if index >= DESCRIPTORS_MAX {
            return Err(Errno::EMFILE);
        }
        if index == self.descriptors.len() {
            self.descriptors.push(None);
        }
        self.descriptors[index] = Some(Descriptor { file, closes_on_exec });
        self.files[file].descriptors += 1;
        Ok(i32::try_from(index).expect("the table is short"))
    }

    /// Opens a node under a new descriptor.
    pub(super) fn open_node(&mut self, node: NodeId, how: Open) -> Result<i32> {
        let report = match self.nodes[node].kind {
            Kind::Report(report) => (self.world.report)(report),
            _ => Vec::new(),
        };
        let file = self.files.insert(File {
            node,
            offset: 0,
            can_read: how.read,
            can_write: how.write,
            appends: how.append,
            is_non_blocking: false,
            descriptors: 0,
            report,
        });
        let result = self.add_descriptor(file, how.close_on_exec);
        match result {
            Ok(_) => self.hold(node),
            Err(_) => drop(self.files.remove(file)),
        }
        result
    }

    /// `open`.
    pub(crate) fn open(&mut self, path: &[u8], how: Open, mode: u32) -> Result<i32> {
        let keeps_link = how.no_follow || (how.create && how.exclusive);
        let last = match (keeps_link, how.create && how.exclusive) {
            (true, true) => Last::Entry,
            (true, false) => Last::Keep,
            _ => Last::Follow,
        };
        let place =
            if how.create { self.find_for_file(path, last)? } else { self.find(path, last)? };
        let Some(node) = place.node else {
            if !how.create {
                return Err(Errno::ENOENT);
            }
            let End::Name(name) = place.end else { return Err(Errno::EISDIR) };
            self.check_alive(place.parent)?;
            let permissions = mode & 0o7777 & !self.mask;
            let node = self.add_node(permissions, Kind::Regular(Data::default()));
            self.attach(place.parent, name, node);
            return self.open_node(node, how);
        };
        if how.create && how.exclusive {
            return Err(Errno::EEXIST);
        }
        if place.has_slash && !self.nodes[node].is_directory() {
            return Err(Errno::ENOTDIR);
        }
        match &self.nodes[node].kind {
            Kind::Symlink(_) => return Err(Errno::ELOOP),
            Kind::Directory(_) if how.write || how.create || how.truncate => {
                return Err(Errno::EISDIR);
            }
            Kind::Fifo(None) => return Err(Errno::ENXIO),
            _ => {}
        }
        let descriptor = self.open_node(node, how)?;
        if how.truncate && matches!(self.nodes[node].kind, Kind::Regular(_)) {
            self.truncate_node(node, 0)?;
        }
        Ok(descriptor)
    }

    /// `pipe`: the end to read from, the end to write to.
    pub(crate) fn pipe(&mut self, close_on_exec: bool) -> Result<(i32, i32)> {
        let node = self.add_node(0o600, Kind::Fifo(Some(Pipe::new())));
        let end = Open { close_on_exec, ..Open::default() };
        let read = self.open_node(node, Open { read: true, ..end });
        let read = read.inspect_err(|_| self.drop_if_unused(node))?;
        match self.open_node(node, Open { write: true, ..end }) {
            Ok(write) => Ok((read, write)),
            Err(error) => {
                self.close(read)?;
                Err(error)
            }
        }
    }

    /// Opens a stream of the service under a new descriptor.
    pub(crate) fn open_console(&mut self, stream: u32) -> Result<i32> {
        let node = self.add_node(0o600, Kind::Console(stream));
        let input = stream == abi::call::stream::INPUT;
        self.open_node(node, Open { read: input, write: !input, ..Open::default() })
    }

    /// The stream behind a descriptor, when it is one.
    pub(crate) fn console(&self, descriptor: i32) -> Result<Option<u32>> {
        match self.nodes[self.file(descriptor)?.node].kind {
            Kind::Console(stream) => Ok(Some(stream)),
            _ => Ok(None),
        }
    }

    /// `dup`.
    pub(crate) fn duplicate(&mut self, descriptor: i32) -> Result<i32> {
        let file = self.descriptor(descriptor)?.file;
        self.add_descriptor(file, true)
    }

    /// `close`.
    pub(crate) fn close(&mut self, descriptor: i32) -> Result<()> {
        let id = self.descriptor(descriptor)?.file;
        self.descriptors[descriptor as usize] = None;
        self.files[id].descriptors -= 1;
        if self.files[id].descriptors > 0 {
            return Ok(());
        }
        let file = self.files.remove(id);
        let node = &mut self.nodes[file.node];
        node.lock.holders.retain(|&holder| holder != id);
        if let Kind::Fifo(Some(pipe)) = &mut node.kind {
            pipe.close(file.can_read, file.can_write);
        }
        self.release(file.node);
        Ok(())
    }

    /// `fcntl(F_GETFD)`: whether the descriptor closes on exec.
    pub(crate) fn closes_on_exec(&self, descriptor: i32) -> Result<bool> {
        Ok(self.descriptor(descriptor)?.closes_on_exec)
    }

    /// `fcntl(F_SETFD)`.
    pub(crate) fn set_closes_on_exec(&mut self, descriptor: i32, value: bool) -> Result<()> {
        let mut changed = self.descriptor(descriptor)?;
        changed.closes_on_exec = value;
        self.descriptors[descriptor as usize] = Some(changed);
        Ok(())
    }

    /// Whether operations that would wait fail instead.
    pub(crate) fn is_non_blocking(&self, descriptor: i32) -> Result<bool> {
        Ok(self.file(descriptor)?.is_non_blocking)
    }

    /// Sets whether operations that would wait fail instead.
    pub(crate) fn set_non_blocking(&mut self, descriptor: i32, value: bool) -> Result<()> {
        self.file_mut(descriptor)?.is_non_blocking = value;
        Ok(())
    }

    /// `flock`: `EAGAIN` while somebody else holds the lock.
    pub(crate) fn lock(&mut self, descriptor: i32, request: LockRequest) -> Result<()> {
        let id = self.descriptor(descriptor)?.file;
        let node = self.files[id].node;
        let lock = &mut self.nodes[node].lock;
        let others = lock.holders.iter().any(|&holder| holder != id);
        match request {
            LockRequest::Release => lock.holders.retain(|&holder| holder != id),
            LockRequest::Shared if !(others && lock.is_exclusive) => {
                if !lock.holders.contains(&id) {
                    lock.holders.push(id);
                }
                lock.is_exclusive = false;
            }
            LockRequest::Exclusive if !others => {
                (lock.holders, lock.is_exclusive) = ([id].into(), true);
            }
            _ => return Err(Errno::EAGAIN),
        }
        Ok(())
    }

    /// Whether the descriptor may be read and written.
    pub(crate) fn permits(&self, descriptor: i32) -> Result<(bool, bool)> {
        let file = self.file(descriptor)?;
        Ok((file.can_read, file.can_write))
    }

    /// How many files are open.
    #[cfg(test)]
    pub(crate) fn open_files(&self) -> usize {
        self.files.len()
    }

    /// Adds a report under a path whose directory exists.
    pub(super) fn add_report(&mut self, parent: NodeId, name: &[u8], report: Report) {
        let node = self.add_node(0o444, Kind::Report(report));
        self.attach(parent, name.into(), node);
    }
}
