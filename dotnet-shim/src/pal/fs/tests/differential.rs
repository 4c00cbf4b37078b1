//! The same random operations on this file system and on Linux's, step by step: every result, every
//! error number, and in the end the whole tree must be the same.
use super::populated;
use crate::pal::error::{Errno, Result};
use crate::pal::fs::{FileSystem, Open, Whence};
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::PathBuf;

/// Reproducible choices.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }
}

/// The two file systems and where the test's tree is in each.
struct Pair {
    ours: FileSystem,
    root: PathBuf,
    /// Files that are open in both.
    open: Vec<(i32, fs::File)>,
}

fn errno<T>(result: io::Result<T>) -> Result<T> {
    result.map_err(|error| Errno(error.raw_os_error().expect("the error is the system's")))
}

const NAMES: [&str; 6] = ["a", "b", "c", "d", "link", "."];

impl Pair {
    /// A path of one to three names, seldom with something special.
    fn path(random: &mut Random) -> String {
        let mut path = String::from("/top/tree");
        for _ in 0..=random.below(3) {
            path.push('/');
            path.push_str(match random.below(40) {
                0 => "..",
                1 => ".",
                2 => "/",
                _ => NAMES[random.below(5)],
            });
        }
        if random.below(25) == 0 {
            path.push('/');
        }
        // Leaving the tree would show what only one of the two has.
        let mut depth = 0_i32;
        for part in path["/top/tree".len()..].split('/') {
            depth += match part {
                "" | "." => 0,
                ".." => -1,
                _ => 1,
            };
            if depth < 0 {
                return String::from("/top/tree/a");
            }
        }
        // Nor is the tree itself to be removed.
        if path.trim_end_matches('/').ends_with("tree") {
            String::from("/top/tree/b")
        } else {
            path
        }
    }

    fn host(&self, path: &str) -> PathBuf {
        // By bytes: joining paths would tidy them up.
        let inside = path.strip_prefix("/top/tree").expect("every path begins so");
        let mut bytes = self.root.as_os_str().as_bytes().to_vec();
        bytes.extend_from_slice(inside.as_bytes());
        PathBuf::from(OsStr::from_bytes(&bytes))
    }

    fn check<T: PartialEq + core::fmt::Debug>(
        &self,
        what: &str,
        ours: Result<T>,
        theirs: io::Result<T>,
    ) {
        assert_eq!(ours, errno(theirs), "{what}");
    }

    fn step(&mut self, random: &mut Random) {
        let path = Self::path(random);
        let host = self.host(&path);
        let bytes = path.as_bytes();
        match random.below(16) {
            0 | 1 => {
                let theirs = fs::DirBuilder::new().mode(0o755).create(&host);
                let ours = self.ours.make_directory(bytes, 0o755);
                self.check(&format!("mkdir {path}"), ours, theirs);
            }
            2 => {
                let ours = self.ours.remove_directory(bytes);
                self.check(&format!("rmdir {path}"), ours, fs::remove_dir(&host));
            }
            3 => {
                let ours = self.ours.unlink(bytes);
                self.check(&format!("unlink {path}"), ours, fs::remove_file(&host));
            }
            4..=6 => self.open(&path, random),
            7 | 8 => {
                let other = Self::path(random);
                let theirs = fs::rename(&host, self.host(&other));
                let ours = self.ours.rename(bytes, other.as_bytes());
                self.check(&format!("rename {path} {other}"), ours, theirs);
            }
            9 => {
                let other = Self::path(random);
                let theirs = fs::hard_link(&host, self.host(&other));
                let ours = self.ours.link(bytes, other.as_bytes());
                self.check(&format!("link {path} {other}"), ours, theirs);
            }
            10 => {
                let target = ["a", "b/c", "../a", "link", "nothing", ".", "a/"][random.below(7)];
                let theirs = std::os::unix::fs::symlink(target, &host);
                let ours = self.ours.make_symlink(target.as_bytes(), bytes);
                self.check(&format!("symlink {target} {path}"), ours, theirs);
            }
            11 => self.compare_status(&path),
            12 => {
                let mut target = [0; 64];
                let ours =
                    self.ours.read_link(bytes, &mut target).map(|count| target[..count].to_vec());
                let theirs = fs::read_link(&host).map(|path| path.as_os_str().as_bytes().to_vec());
                self.check(&format!("readlink {path}"), ours, theirs);
            }
            13 => {
                let mode = [0o600, 0o755, 0o444][random.below(3)];
                let theirs = fs::set_permissions(&host, fs::Permissions::from_mode(mode));
                let ours = self.ours.set_mode(bytes, mode);
                self.check(&format!("chmod {path}"), ours, theirs);
            }
            _ => self.transfer(random),
        }
    }

    fn compare_status(&mut self, path: &str) {
        let host = self.host(path);
        for (what, ours, theirs) in [
            ("stat", self.ours.status(path.as_bytes()), fs::metadata(&host)),
            ("lstat", self.ours.link_status(path.as_bytes()), fs::symlink_metadata(&host)),
        ] {
            // How large a directory is differs between file systems.
            let size = |mode: u32, size: u64| if mode & 0o170_000 == 0o040_000 { 0 } else { size };
            let ours = ours.map(|status| (status.mode, size(status.mode, status.size)));
            let theirs = theirs.map(|status| (status.mode(), size(status.mode(), status.size())));
            self.check(&format!("{what} {path}"), ours, theirs);
        }
    }

    fn open(&mut self, path: &str, random: &mut Random) {
        const NO_FOLLOW: i32 = 0o400_000;
        let bit = |random: &mut Random| random.below(2) == 0;
        let write = bit(random);
        let how = Open {
            read: true,
            write,
            create: write && bit(random),
            exclusive: write && random.below(4) == 0,
            truncate: write && random.below(3) == 0,
            append: write && random.below(3) == 0,
            no_follow: random.below(4) == 0,
            close_on_exec: true,
        };
        // `create_new` of the standard library is both flags; O_EXCL alone means nothing.
        let how = Open { exclusive: how.exclusive && how.create, ..how };
        let theirs = fs::OpenOptions::new()
            .read(true)
            .write(how.write && !how.append)
            .append(how.append)
            .custom_flags(
                i32::from(how.create) * 0o100
                    + i32::from(how.exclusive) * 0o200
                    + i32::from(how.truncate) * 0o1000
                    + i32::from(how.no_follow) * NO_FOLLOW,
            )
            .mode(0o644)
            .open(self.host(path));
        let ours = self.ours.open(path.as_bytes(), how, 0o644);
        match (ours, errno(theirs)) {
            (Ok(ours), Ok(theirs)) => {
                self.open.push((ours, theirs));
                if self.open.len() > 8 {
                    let (ours, theirs) = self.open.remove(random.below(8));
                    self.ours.close(ours).expect("it is open");
                    drop(theirs);
                }
            }
            (ours, theirs) => {
                assert_eq!(ours.map(drop), theirs.map(drop), "open {path} {how:?}");
            }
        }
    }

    /// Reads, writes or truncates an open file.
    fn transfer(&mut self, random: &mut Random) {
        use std::io::{Read, Seek, SeekFrom, Write};
        if self.open.is_empty() {
            return;
        }
        let index = random.below(self.open.len());
        let (descriptor, ref mut file) = self.open[index];
        let offset = random.below(200_000) as u64;
        let mut mine = vec![0; random.below(5000)];
        let mut other = mine.clone();
        let (ours, theirs) = match random.below(6) {
            0 => {
                let ours = self.ours.read_at(descriptor, offset as i64, &mut mine);
                (ours, errno(file.read_at(&mut other, offset)))
            }
            1 => {
                mine.fill(random.below(256) as u8);
                // Linux appends here, against POSIX, and the class library never asks for it.
                let is_append = self.ours.file(descriptor).expect("it is open").appends;
                if is_append {
                    return;
                }
                let theirs = errno(file.write_at(&mine, offset));
                (self.ours.write_at(descriptor, offset as i64, &mine), theirs)
            }
            2 => (self.ours.read(descriptor, &mut mine), errno(file.read(&mut other))),
            3 => {
                mine.fill(random.below(256) as u8);
                let theirs = errno(file.write(&mine));
                (self.ours.write(descriptor, &mine), theirs)
            }
            4 => {
                let whence = random.below(3);
                let offset = offset as i64 - 100_000;
                let (ours, theirs) = match whence {
                    0 => (Whence::Start, SeekFrom::Start(offset.unsigned_abs())),
                    1 => (Whence::Current, SeekFrom::Current(offset)),
                    _ => (Whence::End, SeekFrom::End(offset)),
                };
                let is_directory = file.metadata().expect("it is open").is_dir();
                if is_directory {
                    return;
                }
                let offset = if whence == 0 { offset.abs() } else { offset };
                let ours = self.ours.seek(descriptor, offset, ours);
                (ours.map(|at| at as usize), errno(file.seek(theirs)).map(|at| at as usize))
            }
            _ => {
                let ours = self.ours.truncate(descriptor, offset as i64);
                (ours.map(|()| 0), errno(file.set_len(offset)).map(|()| 0))
            }
        };
        assert_eq!(ours, theirs, "transfer on {descriptor}");
        assert!(mine == other || ours.is_err() || other.iter().all(|&byte| byte == 0));
        if let Ok(count) = ours
            && other.iter().any(|&byte| byte != 0)
        {
            assert_eq!(mine[..count.min(mine.len())], other[..count.min(mine.len())]);
        }
    }

    /// Compares the trees below a directory.
    fn compare_tree(&mut self, path: &str) {
        let mut cursor = self.ours.open_directory(path.as_bytes()).expect("it is a directory");
        let mut names = Vec::new();
        while let Some((name, kind)) = self.ours.read_directory(&mut cursor) {
            if &*name != b"." && &*name != b".." {
                names.push((String::from_utf8(name.into_vec()).expect("names are ASCII"), kind));
            }
        }
        self.ours.close_directory(cursor);
        let mut theirs: Vec<_> = fs::read_dir(self.host(path))
            .expect("it is a directory")
            .map(|entry| {
                let entry = entry.expect("it can be read");
                let metadata = entry.metadata().expect("it exists");
                let name = entry.file_name().into_string().expect("names are ASCII");
                (name, metadata.mode() >> 12)
            })
            .collect();
        theirs.sort();
        assert_eq!(names, theirs, "{path}");
        for (name, kind) in names {
            let path = format!("{path}/{name}");
            self.compare_status(&path);
            let links = fs::symlink_metadata(self.host(&path)).expect("it exists").nlink();
            let ours = self.ours.link_status(path.as_bytes()).expect("it exists").links;
            match kind {
                4 => self.compare_tree(&path),
                8 => {
                    assert_eq!(u64::from(ours), links, "links of {path}");
                    self.compare_contents(&path);
                }
                _ => {}
            }
        }
    }

    fn compare_contents(&mut self, path: &str) {
        let theirs = fs::read(self.host(path)).expect("it can be read");
        let how = Open { read: true, ..Open::default() };
        let descriptor = self.ours.open(path.as_bytes(), how, 0).expect("it exists");
        let mut ours = vec![0; theirs.len() + 1];
        let count = self.ours.read(descriptor, &mut ours).expect("it can be read");
        self.ours.close(descriptor).expect("it is open");
        assert!(ours[..count] == theirs, "contents of {path}");
    }
}

#[test]
#[cfg_attr(miri, ignore = "needs the host's file system")]
fn random_operations_have_linux_results() {
    for seed in 0..60 {
        // The tree's parent is as empty as ours, for links that lead there.
        let base = std::env::temp_dir().join(format!("cermet-fs-{}-{seed}", std::process::id()));
        // What an interrupted run may have left.
        drop(fs::remove_dir_all(&base));
        let root = base.join("tree");
        fs::create_dir_all(&root).expect("the directory for temporary files is writable");
        let mut ours = populated();
        for directory in [&b"/top"[..], b"/top/tree"] {
            ours.make_directory(directory, 0o755).expect("the name is free");
        }
        let mut pair = Pair { ours, root, open: Vec::new() };
        let mut random = Random(seed);
        for _ in 0..400 {
            pair.step(&mut random);
        }
        pair.compare_tree("/top/tree");
        for (descriptor, _) in core::mem::take(&mut pair.open) {
            pair.ours.close(descriptor).expect("it is open");
        }
        assert_eq!(pair.ours.open_files(), 0);
        fs::remove_dir_all(&base).expect("the tree is ours");
    }
}
