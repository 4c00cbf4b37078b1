//! What is in the file system when a service starts.
use super::data::Data;
use super::node::{Device, Directory, Kind, NodeId, Report, Time};
use super::path::Last;
use super::slab::Slab;
use super::{FileSystem, Quota, World};
use crate::pal::alloc::vec::Vec;
use crate::pal::error::{Errno, Result};

/// Where the program and its content files are.
pub(crate) const BASE: &[u8] = b"/app";

/// Names that appear in the initial tree.
#[derive(Clone, Copy)]
pub(crate) struct Names<'a> {
    /// The program.
    pub(crate) program: &'a [u8],
    /// The machine.
    pub(crate) host: &'a [u8],
    /// The process number, in decimal.
    pub(crate) process: &'a [u8],
}

const DIRECTORIES: &[(&[u8], u32)] = &[
    (b"/app", 0o755),
    (b"/dev", 0o755),
    (b"/dev/shm", 0o1777),
    (b"/etc", 0o755),
    (b"/proc", 0o555),
    (b"/root", 0o700),
    (b"/tmp", 0o1777),
    (b"/usr", 0o755),
    (b"/usr/share", 0o755),
    (b"/var", 0o755),
    (b"/var/tmp", 0o1777),
];

const DEVICES: &[(&[u8], Device)] = &[
    (b"/dev/null", Device::Null),
    (b"/dev/zero", Device::Zero),
    (b"/dev/full", Device::Full),
    (b"/dev/random", Device::Random),
    (b"/dev/urandom", Device::Random),
];

const SYSTEM_REPORTS: &[(&[u8], Report)] = &[
    (b"cpuinfo", Report::Cpuinfo),
    (b"loadavg", Report::Loadavg),
    (b"meminfo", Report::Meminfo),
    (b"stat", Report::SystemStat),
    (b"uptime", Report::Uptime),
    (b"version", Report::Version),
];

const PROCESS_REPORTS: &[(&[u8], Report)] = &[
    (b"cmdline", Report::Cmdline),
    (b"comm", Report::Comm),
    (b"environ", Report::Environ),
    (b"maps", Report::Maps),
    (b"mountinfo", Report::Mounts),
    (b"mounts", Report::Mounts),
    (b"stat", Report::Stat),
    (b"statm", Report::Statm),
    (b"status", Report::Status),
];

const OS_RELEASE: &[u8] = b"PRETTY_NAME=\"Cermet\"\nNAME=\"Cermet\"\nID=cermet\n";
const PASSWD: &[u8] = b"root:x:0:0:root:/root:/bin/false\n";
const GROUP: &[u8] = b"root:x:0:\n";

impl FileSystem {
    /// A file system with nothing but a root.
    pub(crate) fn new(world: World, limit: u64) -> Self {
        let mut nodes = Slab::new();
        let mut root =
            super::Node::new(1, 0o755, (world.now)(), Kind::Directory(Directory::default()));
        // Its own `.` and `..`; and it is the current directory.
        (root.links, root.uses) = (2, 1);
        let root = nodes.insert(root);
        Self {
            world,
            nodes,
            files: Slab::new(),
            descriptors: Vec::new(),
            root,
            current: root,
            quota: Quota { limit, used: 0 },
            next_number: 2,
            mask: 0o022,
        }
    }

    /// Adds everything but the content files.
    pub(crate) fn populate(&mut self, names: Names<'_>) -> Result<()> {
        for &(path, mode) in DIRECTORIES {
            self.make_directory(path, 0o755)?;
            self.set_mode(path, mode)?;
        }
        for &(path, device) in DEVICES {
            self.make_device(path, 0o666, device)?;
            self.set_mode(path, 0o666)?;
        }
        self.make_symlink(b"/proc/self/fd", b"/dev/fd")?;
        for (path, text) in [
            (&b"/etc/os-release"[..], OS_RELEASE),
            (b"/etc/passwd", PASSWD),
            (b"/etc/group", GROUP),
        ] {
            self.add_file(path, Data::fixed(text), 0o644, None)?;
        }
        let mut host = names.host.to_vec();
        host.push(b'\n');
        let descriptor = self.open(
            b"/etc/hostname",
            super::Open { write: true, create: true, ..super::Open::default() },
            0o644,
        )?;
        self.write(descriptor, &host)?;
        self.close(descriptor)?;
        self.populate_proc(names)
    }

    fn populate_proc(&mut self, names: Names<'_>) -> Result<()> {
        let proc = self.node_at(b"/proc", Last::Follow)?;
        for &(name, report) in SYSTEM_REPORTS {
            self.add_report(proc, name, report);
        }
        let process = [b"/proc/", names.process].concat();
        let inside = |name: &[u8]| [&process, &b"/"[..], name].concat();
        self.make_directory(&process, 0o555)?;
        self.make_symlink(names.process, b"/proc/self")?;
        self.make_symlink(b"self/mounts", b"/proc/mounts")?;
        self.make_symlink(&[BASE, b"/", names.program].concat(), &inside(b"exe"))?;
        self.make_symlink(b"/", &inside(b"root"))?;
        self.make_directory(&inside(b"fd"), 0o500)?;
        self.make_directory(&inside(b"task"), 0o555)?;
        let task = inside(&[b"task/", names.process].concat());
        self.make_directory(&task, 0o555)?;
        for directory in [process, task] {
            let node = self.node_at(&directory, Last::Follow)?;
            for &(name, report) in PROCESS_REPORTS {
                self.add_report(node, name, report);
            }
        }
        Ok(())
    }

    /// Adds a file that begins as `data` at a path below [`BASE`], with the directories it needs.
    /// Names that would lead out of it are refused.
    pub(crate) fn add_content(
        &mut self,
        name: &[u8],
        data: &'static [u8],
        mode: u32,
        modified: Option<u64>,
    ) -> Result<()> {
        let mut path = BASE.to_vec();
        let mut parts = name.split(|&byte| byte == b'/').filter(|part| !part.is_empty()).peekable();
        while let Some(part) = parts.next() {
            if part == b"." || part == b".." {
                return Err(Errno::EINVAL);
            }
            path.push(b'/');
            path.extend_from_slice(part);
            if parts.peek().is_some() {
                match self.make_directory(&path, 0o755) {
                    Ok(()) | Err(Errno::EEXIST) => {}
                    Err(error) => return Err(error),
                }
            }
        }
        self.add_file(&path, Data::fixed(data), mode, modified)
    }

    fn add_file(
        &mut self,
        path: &[u8],
        data: Data,
        mode: u32,
        modified: Option<u64>,
    ) -> Result<()> {
        let (parent, name) = self.place_for_new(path, false)?;
        let node: NodeId = self.add_node(mode & 0o777, Kind::Regular(data));
        self.attach(parent, name, node);
        if let Some(seconds) = modified.and_then(|seconds| i64::try_from(seconds).ok()) {
            self.nodes[node].modified = Time { seconds, nanoseconds: 0 };
        }
        Ok(())
    }
}
