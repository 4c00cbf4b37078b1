//! Reading directories; the current directory.
use super::FileSystem;
use super::node::{Kind, NodeId, format};
use super::path::Last;
use crate::pal::alloc::boxed::Box;
use crate::pal::alloc::vec::Vec;
use crate::pal::error::{Errno, Result};
use core::ops::Bound;

/// How far a directory has been read.
///
/// The position is the last name given, not an index, so that entries may come and go meanwhile: each
/// entry that is there all the time is given exactly once.
#[derive(Debug)]
pub(crate) struct Cursor {
    node: NodeId,
    position: Position,
}

#[derive(Debug)]
enum Position {
    Start,
    Current,
    Parent,
    After(Box<[u8]>),
}

impl FileSystem {
    /// `opendir`. The cursor counts as a use of the directory until
    /// [`close_directory`](Self::close_directory).
    pub(crate) fn open_directory(&mut self, path: &[u8]) -> Result<Cursor> {
        let node = self.node_at(path, Last::Follow)?;
        if !self.nodes[node].is_directory() {
            return Err(Errno::ENOTDIR);
        }
        self.hold(node);
        Ok(Cursor { node, position: Position::Start })
    }

    /// `readdir`: the next name and its type (the format bits, shifted as `d_type`).
    pub(crate) fn read_directory(&self, cursor: &mut Cursor) -> Option<(Box<[u8]>, u32)> {
        let node = &self.nodes[cursor.node];
        let Kind::Directory(directory) = &node.kind else { return None };
        if node.links == 0 {
            // A directory that was removed has not even the implied entries.
            return None;
        }
        let directory_type = format::DIRECTORY >> 12;
        let from = match &cursor.position {
            Position::Start => {
                cursor.position = Position::Current;
                return Some((b".".as_slice().into(), directory_type));
            }
            Position::Current => {
                cursor.position = Position::Parent;
                return Some((b"..".as_slice().into(), directory_type));
            }
            Position::Parent => Bound::Unbounded,
            Position::After(name) => Bound::Excluded(&**name),
        };
        let (name, &entry) = directory.entries.range::<[u8], _>((from, Bound::Unbounded)).next()?;
        let entry_type = (self.nodes[entry].mode() & format::MASK) >> 12;
        cursor.position = Position::After(name.clone());
        Some((name.clone(), entry_type))
    }

    /// `closedir`.
    pub(crate) fn close_directory(&mut self, cursor: Cursor) {
        self.release(cursor.node);
    }

    /// `chdir`.
    pub(crate) fn change_directory(&mut self, path: &[u8]) -> Result<()> {
        let node = self.node_at(path, Last::Follow)?;
        if !self.nodes[node].is_directory() {
            return Err(Errno::ENOTDIR);
        }
        self.hold(node);
        let old = core::mem::replace(&mut self.current, node);
        self.release(old);
        Ok(())
    }

    /// `getcwd`: the path of the current directory; `ENOENT` when it was removed.
    pub(crate) fn current_directory(&self) -> Result<Vec<u8>> {
        let mut names: Vec<&[u8]> = Vec::new();
        let mut here = self.current;
        while here != self.root {
            let Kind::Directory(directory) = &self.nodes[here].kind else {
                return Err(Errno::ENOTDIR);
            };
            let parent = directory.parent.ok_or(Errno::ENOENT)?;
            self.check_alive(here)?;
            let Kind::Directory(above) = &self.nodes[parent].kind else {
                return Err(Errno::ENOENT);
            };
            let entry = above.entries.iter().find(|&(_, &entry)| entry == here);
            names.push(entry.ok_or(Errno::ENOENT)?.0);
            here = parent;
        }
        let mut path = Vec::new();
        for name in names.iter().rev() {
            path.push(b'/');
            path.extend_from_slice(name);
        }
        if path.is_empty() {
            path.push(b'/');
        }
        Ok(path)
    }
}
