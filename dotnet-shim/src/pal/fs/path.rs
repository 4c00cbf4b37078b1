//! From a path to a node.
use super::FileSystem;
use super::node::{Kind, NodeId};
use crate::pal::alloc::boxed::Box;
use crate::pal::alloc::vec::Vec;
use crate::pal::error::{Errno, Result};

/// The longest name of a directory entry.
const NAME_MAX: usize = 255;
/// The longest path, its terminator included.
pub(crate) const PATH_MAX: usize = 4096;
/// Symbolic links followed for one path.
const LINKS_MAX: u32 = 40;

/// What to do with a symbolic link at the end of a path.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Last {
    /// Go where it leads.
    Follow,
    /// Name the link itself, unless a slash follows it.
    Keep,
    /// Name the link itself always: the path names an entry to be made or removed.
    Entry,
}

/// The end of a path.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum End {
    /// An ordinary name.
    Name(Box<[u8]>),
    /// `.`.
    Current,
    /// `..`.
    Parent,
    /// The root.
    Root,
}

/// Where a path leads.
#[derive(Debug)]
pub(super) struct Place {
    /// The directory that has, or would have, the entry.
    pub(super) parent: NodeId,
    pub(super) end: End,
    /// The node, if there is one.
    pub(super) node: Option<NodeId>,
    /// Whether a slash follows the last name.
    pub(super) has_slash: bool,
}

impl FileSystem {
    /// The place `path` leads to; its last component may be missing.
    pub(super) fn find(&self, path: &[u8], last: Last) -> Result<Place> {
        self.walk(path, last, false)
    }

    /// As [`find`](Self::find), for a file that is to be made: `EISDIR` as soon as a slash follows the
    /// last name, even before a link of that name is followed.
    pub(super) fn find_for_file(&self, path: &[u8], last: Last) -> Result<Place> {
        self.walk(path, last, true)
    }

    fn walk(&self, path: &[u8], last: Last, is_for_file: bool) -> Result<Place> {
        self.check_length(path)?;
        let mut rest: Vec<u8> = path.into();
        let mut links = 0;
        let mut here = self.current;
        let mut end = End::Current;
        let mut parent = here;
        if rest.first() == Some(&b'/') {
            (here, parent, end) = (self.root, self.root, End::Root);
        }
        let mut at = 0;
        loop {
            while rest.get(at) == Some(&b'/') {
                at += 1;
            }
            let length = rest[at..].iter().position(|&byte| byte == b'/');
            let stop = length.map_or(rest.len(), |length| at + length);
            if stop == at {
                let has_slash = path.ends_with(b"/");
                return Ok(Place { parent, end, node: Some(here), has_slash });
            }
            let name = &rest[at..stop];
            let is_last = rest[stop..].iter().all(|&byte| byte == b'/');
            let has_slash = is_last && stop < rest.len();
            parent = here;
            let Kind::Directory(directory) = &self.nodes[here].kind else {
                return Err(Errno::ENOTDIR);
            };
            if name.len() > NAME_MAX {
                return Err(Errno::ENAMETOOLONG);
            }
            let next = match name {
                b"." => {
                    end = End::Current;
                    Some(here)
                }
                b".." => {
                    end = End::Parent;
                    Some(directory.parent.unwrap_or(here))
                }
                _ => {
                    end = End::Name(name.into());
                    directory.entries.get(name).copied()
                }
            };
            if is_for_file && has_slash && matches!(end, End::Name(_)) {
                return Err(Errno::EISDIR);
            }
            let Some(next) = next else {
                if is_last {
                    return Ok(Place { parent, end, node: None, has_slash });
                }
                return Err(Errno::ENOENT);
            };
            let follow = match last {
                Last::Follow => true,
                Last::Keep => !is_last || has_slash,
                Last::Entry => !is_last,
            };
            if let Kind::Symlink(target) = &self.nodes[next].kind
                && follow
            {
                links += 1;
                if links > LINKS_MAX {
                    return Err(Errno::ELOOP);
                }
                if target.first() == Some(&b'/') {
                    (here, parent, end) = (self.root, self.root, End::Root);
                }
                let mut path = target.to_vec();
                path.extend_from_slice(&rest[stop..]);
                (rest, at) = (path, 0);
                continue;
            }
            if is_last {
                return Ok(Place { parent, end, node: Some(next), has_slash });
            }
            here = next;
            at = stop;
        }
    }

    fn check_length(&self, path: &[u8]) -> Result<()> {
        if path.is_empty() {
            return Err(Errno::ENOENT);
        }
        if path.len() >= PATH_MAX {
            return Err(Errno::ENAMETOOLONG);
        }
        Ok(())
    }

    /// The node `path` leads to.
    pub(super) fn node_at(&self, path: &[u8], last: Last) -> Result<NodeId> {
        let place = self.find(path, last)?;
        let node = place.node.ok_or(Errno::ENOENT)?;
        if place.has_slash && !self.nodes[node].is_directory() {
            return Err(Errno::ENOTDIR);
        }
        Ok(node)
    }
}
