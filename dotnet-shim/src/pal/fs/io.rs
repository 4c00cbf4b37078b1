//! Reading, writing and what else is done through a descriptor.
use super::data::Region;
use super::node::{Device, Kind, NodeId};
use super::path::Last;
use super::{FileSystem, pipe};
use crate::pal::alloc::sync::Arc;
use crate::pal::alloc::vec::Vec;
use crate::pal::error::{Errno, Result};

/// What an offset counts from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Whence {
    /// The start of the file.
    Start,
    /// The current position.
    Current,
    /// The end of the file.
    End,
}

/// Conditions of a descriptor, as `poll` numbers them in the class library.
pub(crate) mod ready {
    /// Reading does not wait.
    pub(crate) const IN: i16 = 1;
    /// Writing does not wait.
    pub(crate) const OUT: i16 = 4;
    /// The other end is gone, for a writer.
    pub(crate) const ERROR: i16 = 8;
    /// The other end is gone, for a reader.
    pub(crate) const HANG_UP: i16 = 0x10;
    /// No such descriptor.
    pub(crate) const INVALID: i16 = 0x20;
}

impl FileSystem {
    /// `read` at the current position.
    pub(crate) fn read(&mut self, descriptor: i32, out: &mut [u8]) -> Result<usize> {
        let file = self.file(descriptor)?;
        let (node, offset) = (file.node, file.offset);
        if !file.can_read {
            return Err(Errno::EBADF);
        }
        if let Kind::Fifo(Some(pipe)) = &mut self.nodes[node].kind {
            return pipe.read(out);
        }
        let count = self.read_node(descriptor, node, offset, out)?;
        self.file_mut(descriptor)?.offset = offset + count as u64;
        Ok(count)
    }

    /// `pread`.
    pub(crate) fn read_at(
        &mut self,
        descriptor: i32,
        offset: i64,
        out: &mut [u8],
    ) -> Result<usize> {
        let offset = u64::try_from(offset).map_err(|_| Errno::EINVAL)?;
        let file = self.file(descriptor)?;
        let node = file.node;
        if !self.can_seek(node) {
            return Err(Errno::ESPIPE);
        }
        if !self.file(descriptor)?.can_read {
            return Err(Errno::EBADF);
        }
        self.read_node(descriptor, node, offset, out)
    }

    fn read_node(
        &mut self,
        descriptor: i32,
        id: NodeId,
        offset: u64,
        out: &mut [u8],
    ) -> Result<usize> {
        let now = (self.world.now)();
        let node = &mut self.nodes[id];
        match &node.kind {
            Kind::Regular(data) => {
                let count = data.read(offset, out);
                node.accessed = now;
                Ok(count)
            }
            Kind::Report(_) => {
                let report = &self.file(descriptor)?.report;
                let start = usize::try_from(offset).unwrap_or(usize::MAX);
                let rest = report.get(start..).unwrap_or_default();
                let count = rest.len().min(out.len());
                out[..count].copy_from_slice(&rest[..count]);
                Ok(count)
            }
            Kind::Directory(_) => Err(Errno::EISDIR),
            Kind::Device(Device::Null) => Ok(0),
            Kind::Device(Device::Zero | Device::Full) => {
                out.fill(0);
                Ok(out.len())
            }
            Kind::Device(Device::Random) => {
                (self.world.random)(out);
                Ok(out.len())
            }
            Kind::Symlink(_) | Kind::Fifo(_) | Kind::Console(_) | Kind::Port(_) => {
                Err(Errno::EINVAL)
            }
        }
    }

    /// `write` at the current position, or at the end of a file that appends.
    pub(crate) fn write(&mut self, descriptor: i32, bytes: &[u8]) -> Result<usize> {
        let file = self.file(descriptor)?;
        let node = file.node;
        if !file.can_write {
            return Err(Errno::EBADF);
        }
        if let Kind::Fifo(Some(pipe)) = &mut self.nodes[node].kind {
            return pipe.write(bytes);
        }
        let offset = match &self.nodes[node].kind {
            Kind::Regular(data) if self.file(descriptor)?.appends => data.len(),
            _ => self.file(descriptor)?.offset,
        };
        let count = self.write_node(node, offset, bytes)?;
        self.file_mut(descriptor)?.offset = offset + count as u64;
        Ok(count)
    }

    /// `pwrite`.
    pub(crate) fn write_at(&mut self, descriptor: i32, offset: i64, bytes: &[u8]) -> Result<usize> {
        let offset = u64::try_from(offset).map_err(|_| Errno::EINVAL)?;
        let node = self.file(descriptor)?.node;
        if !self.can_seek(node) {
            return Err(Errno::ESPIPE);
        }
        if !self.file(descriptor)?.can_write {
            return Err(Errno::EBADF);
        }
        self.write_node(node, offset, bytes)
    }

    fn write_node(&mut self, id: NodeId, offset: u64, bytes: &[u8]) -> Result<usize> {
        let now = (self.world.now)();
        let node = &mut self.nodes[id];
        match &mut node.kind {
            Kind::Regular(data) => {
                let count = data.write(offset, bytes, &mut self.quota)?;
                if count > 0 {
                    (node.modified, node.changed) = (now, now);
                }
                Ok(count)
            }
            Kind::Device(Device::Full) => Err(Errno::ENOSPC),
            Kind::Device(_) => Ok(bytes.len()),
            Kind::Report(_) => Err(Errno::EACCES),
            Kind::Directory(_) => Err(Errno::EISDIR),
            Kind::Symlink(_) | Kind::Fifo(_) | Kind::Console(_) | Kind::Port(_) => {
                Err(Errno::EINVAL)
            }
        }
    }

    fn can_seek(&self, node: NodeId) -> bool {
        !matches!(self.nodes[node].kind, Kind::Fifo(_) | Kind::Console(_) | Kind::Port(_))
    }

    /// `lseek`.
    pub(crate) fn seek(&mut self, descriptor: i32, offset: i64, whence: Whence) -> Result<u64> {
        let file = self.file(descriptor)?;
        let node = &self.nodes[file.node];
        let base = match (&node.kind, whence) {
            (Kind::Fifo(_) | Kind::Console(_) | Kind::Port(_), _) => return Err(Errno::ESPIPE),
            (Kind::Device(_), _) => return Ok(0),
            (_, Whence::Start) => 0,
            (_, Whence::Current) => file.offset,
            (_, Whence::End) => node.size(),
        };
        let target = base.checked_add_signed(offset).filter(|&target| target <= i64::MAX as u64);
        let target = target.ok_or(Errno::EINVAL)?;
        self.file_mut(descriptor)?.offset = target;
        Ok(target)
    }

    /// `ftruncate`.
    pub(crate) fn truncate(&mut self, descriptor: i32, length: i64) -> Result<()> {
        let length = u64::try_from(length).map_err(|_| Errno::EINVAL)?;
        let file = self.file(descriptor)?;
        let node = file.node;
        if !file.can_write || !matches!(self.nodes[node].kind, Kind::Regular(_)) {
            return Err(Errno::EINVAL);
        }
        self.truncate_node(node, length)
    }

    pub(super) fn truncate_node(&mut self, id: NodeId, length: u64) -> Result<()> {
        let now = (self.world.now)();
        let node = &mut self.nodes[id];
        let Kind::Regular(data) = &mut node.kind else { return Err(Errno::EINVAL) };
        data.set_len(length, &mut self.quota)?;
        (node.modified, node.changed) = (now, now);
        Ok(())
    }

    /// `fallocate` that keeps the length.
    pub(crate) fn allocate(&self, descriptor: i32, offset: i64, length: i64) -> Result<()> {
        let (Ok(offset), Ok(length)) = (u64::try_from(offset), u64::try_from(length)) else {
            return Err(Errno::EINVAL);
        };
        let file = self.file(descriptor)?;
        let node = file.node;
        if !file.can_write {
            return Err(Errno::EBADF);
        }
        match &self.nodes[node].kind {
            _ if length == 0 => Err(Errno::EINVAL),
            Kind::Regular(data) => data.allocate(offset, length, &self.quota),
            Kind::Fifo(_) | Kind::Console(_) => Err(Errno::ESPIPE),
            _ => Err(Errno::ENODEV),
        }
    }

    /// Copies what one file has from its position on to another, and the times.
    pub(crate) fn copy(&mut self, source: i32, target: i32) -> Result<()> {
        let mut buffer = Vec::new();
        buffer.try_reserve_exact(64 * 1024).map_err(|_| Errno::ENOMEM)?;
        buffer.resize(64 * 1024, 0);
        loop {
            let count = self.read(source, &mut buffer)?;
            if count == 0 {
                break;
            }
            let mut done = 0;
            while done < count {
                done += self.write(target, &buffer[done..count])?;
            }
        }
        let from = &self.nodes[self.node_of(source)?];
        let (accessed, modified) = (from.accessed, from.modified);
        let id = self.node_of(target)?;
        let now = (self.world.now)();
        let to = &mut self.nodes[id];
        (to.accessed, to.modified, to.changed) = (accessed, modified, now);
        Ok(())
    }

    /// What can be done with a descriptor without waiting; see [`ready`].
    pub(crate) fn poll(&self, descriptor: i32) -> i16 {
        let Ok(file) = self.file(descriptor) else { return ready::INVALID };
        let Kind::Fifo(Some(pipe)) = &self.nodes[file.node].kind else {
            return ready::IN | ready::OUT;
        };
        let mut result = 0;
        if file.can_read {
            result |= if pipe.can_read() { ready::IN } else { 0 };
            result |= if !pipe.has_writers() { ready::HANG_UP } else { 0 };
        }
        if file.can_write {
            result |= if pipe.can_write() { ready::OUT } else { 0 };
            result |= if !pipe.has_readers() { ready::ERROR } else { 0 };
        }
        result
    }

    /// Bytes that a read would give at once.
    pub(crate) fn available(&self, descriptor: i32) -> Result<usize> {
        match &self.nodes[self.file(descriptor)?.node].kind {
            Kind::Fifo(Some(pipe)) => Ok(pipe.len()),
            _ => Err(Errno::ENOTTY),
        }
    }

    fn pipe_of(&mut self, descriptor: i32) -> Result<&mut pipe::Pipe> {
        let node = self.file(descriptor)?.node;
        match &mut self.nodes[node].kind {
            Kind::Fifo(Some(pipe)) => Ok(pipe),
            _ => Err(Errno::EBADF),
        }
    }

    /// `fcntl(F_GETPIPE_SZ)`.
    pub(crate) fn pipe_capacity(&mut self, descriptor: i32) -> Result<usize> {
        Ok(self.pipe_of(descriptor)?.capacity())
    }

    /// `fcntl(F_SETPIPE_SZ)`.
    pub(crate) fn set_pipe_capacity(&mut self, descriptor: i32, bytes: usize) -> Result<usize> {
        self.pipe_of(descriptor)?.set_capacity(bytes)
    }

    /// The length of a file that is to be mapped, and the region that holds it when it is mapped
    /// already. The checks are those of `mmap`.
    pub(crate) fn mapping(
        &self,
        descriptor: i32,
        writes: bool,
    ) -> Result<(u64, Option<Arc<dyn Region>>)> {
        let file = self.file(descriptor)?;
        match &self.nodes[file.node].kind {
            _ if !file.can_read || (writes && !file.can_write) => Err(Errno::EACCES),
            Kind::Regular(data) => Ok((data.len(), data.region().cloned())),
            _ => Err(Errno::ENODEV),
        }
    }

    /// Makes a new region hold the start of a file.
    pub(crate) fn attach_region(&mut self, descriptor: i32, region: Arc<dyn Region>) -> Result<()> {
        let node = self.file(descriptor)?.node;
        let Kind::Regular(data) = &mut self.nodes[node].kind else { return Err(Errno::ENODEV) };
        data.attach(region, &mut self.quota)
    }

    /// Copies part of a file, zeros after its end; for private mappings.
    pub(crate) fn copy_out(&self, descriptor: i32, offset: u64, out: &mut [u8]) -> Result<()> {
        let Kind::Regular(data) = &self.nodes[self.file(descriptor)?.node].kind else {
            return Err(Errno::ENODEV);
        };
        let count = data.read(offset, out);
        out[count..].fill(0);
        Ok(())
    }

    /// Makes a name out of the template by replacing the six `X` that end `length` bytes of it.
    fn fill_template(&self, template: &mut [u8], length: usize) -> Result<()> {
        const LETTERS: &[u8; 62] =
            b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
        let marks = length.checked_sub(6).and_then(|start| template.get_mut(start..length));
        let marks = marks.ok_or(Errno::EINVAL)?;
        let mut random = [0; 6];
        (self.world.random)(&mut random);
        for (mark, byte) in marks.iter_mut().zip(random) {
            *mark = LETTERS[usize::from(byte) % LETTERS.len()];
        }
        Ok(())
    }

    /// `mkdtemp`: makes a directory of a new name, which replaces the template's `XXXXXX`.
    pub(crate) fn make_temporary_directory(&mut self, template: &mut [u8]) -> Result<()> {
        if !template.ends_with(b"XXXXXX") {
            return Err(Errno::EINVAL);
        }
        loop {
            self.fill_template(template, template.len())?;
            match self.make_directory(template, 0o700) {
                Err(Errno::EEXIST) => {}
                result => return result,
            }
        }
    }

    /// `mkostemps`: makes and opens a file of a new name, which replaces the `XXXXXX` before the suffix.
    pub(crate) fn make_temporary_file(
        &mut self,
        template: &mut [u8],
        suffix: usize,
    ) -> Result<i32> {
        let length = template.len().checked_sub(suffix).ok_or(Errno::EINVAL)?;
        if !template[..length].ends_with(b"XXXXXX") {
            return Err(Errno::EINVAL);
        }
        let how = super::Open {
            read: true,
            write: true,
            create: true,
            exclusive: true,
            close_on_exec: true,
            ..super::Open::default()
        };
        loop {
            self.fill_template(template, length)?;
            match self.open(template, how, 0o600) {
                Err(Errno::EEXIST) => {}
                result => return result,
            }
        }
    }

    /// The node a path leads to, links followed.
    pub(crate) fn lookup(&self, path: &[u8]) -> Result<NodeId> {
        self.node_at(path, Last::Follow)
    }
}
