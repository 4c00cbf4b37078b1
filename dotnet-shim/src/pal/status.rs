//! Exports: the status of files, directories, the figures of the file system.
use super::alloc::boxed::Box;
use super::alloc::vec::Vec;
use super::argument::{Out, Target, Text};
use super::error::{Errno, Result};
use super::files;
use super::fs::{Cursor, Status};
use super::outcome::{fail, status};
use core::ptr;

/// The class library's `FileStatus`.
#[repr(C)]
#[derive(Default)]
struct FileStatus {
    flags: i32,
    mode: i32,
    user: u32,
    group: u32,
    size: i64,
    accessed: [i64; 2],
    modified: [i64; 2],
    changed: [i64; 2],
    born: [i64; 2],
    device: i64,
    special: i64,
    number: i64,
    user_flags: u32,
}

const _: () = assert!(size_of::<FileStatus>() == 0x78);

/// `FileStatus::flags`: `born` has a value.
const HAS_BIRTH_TIME: i32 = 1;

fn convert(status: Status) -> FileStatus {
    let time = |time: super::fs::Time| [time.seconds, time.nanoseconds];
    FileStatus {
        flags: HAS_BIRTH_TIME,
        mode: status.mode.cast_signed(),
        size: status.size.cast_signed(),
        accessed: time(status.accessed),
        modified: time(status.modified),
        changed: time(status.changed),
        born: time(status.born),
        device: status.device.cast_signed(),
        special: status.special.cast_signed(),
        number: status.number.cast_signed(),
        ..FileStatus::default()
    }
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_Stat"))]
extern "C" fn stat(path: Text, mut out: Out<FileStatus>) -> i32 {
    let result = path.bytes().and_then(|path| files::with(|files| files.status(path)));
    status(result.and_then(|status| out.set(convert(status))))
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_LStat"))]
extern "C" fn lstat(path: Text, mut out: Out<FileStatus>) -> i32 {
    let result = path.bytes().and_then(|path| files::with(|files| files.link_status(path)));
    status(result.and_then(|status| out.set(convert(status))))
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_FStat"))]
extern "C" fn fstat(fd: isize, mut out: Out<FileStatus>) -> i32 {
    let result = files::with(|files| files.file_status(fd as i32));
    status(result.and_then(|status| out.set(convert(status))))
}

/// An open directory: the cursor, and the name last given, which the caller reads until the next call.
struct Directory {
    cursor: Cursor,
    name: Box<[u8]>,
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_OpenDir"))]
extern "C" fn open_dir(path: Text) -> *mut Directory {
    match path.bytes().and_then(|path| files::with(|files| files.open_directory(path))) {
        Ok(cursor) => Box::into_raw(Box::new(Directory { cursor, name: Box::default() })),
        Err(error) => {
            fail(error);
            ptr::null_mut()
        }
    }
}

/// The caller needs no buffer of its own: names stay with the open directory.
#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_GetReadDirRBufferSize"))]
extern "C" fn get_read_dir_buffer_size() -> i32 {
    0
}

/// The class library's `DirectoryEntry`.
#[repr(C)]
struct DirectoryEntry {
    name: *const u8,
    name_length: i32,
    kind: i32,
}

/// 0 with an entry, -1 at the end, otherwise an error number.
#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_ReadDirR"))]
extern "C" fn read_dir(
    directory: *mut Directory,
    _buffer: Target,
    _size: i32,
    mut out: Out<DirectoryEntry>,
) -> i32 {
    // SAFETY: *Caller*: null, or what `open_dir` gave and `close_dir` has not taken; one thread at a
    // time uses it.
    let Some(directory) = (unsafe { directory.as_mut() }) else { return Errno::EBADF.0 };
    let next = files::with(|files| files.read_directory(&mut directory.cursor));
    let Some((name, kind)) = next else { return -1 };
    let mut name = Vec::from(name);
    name.push(0);
    directory.name = name.into();
    let entry = DirectoryEntry {
        name: directory.name.as_ptr(),
        name_length: i32::try_from(directory.name.len() - 1).expect("a name is short"),
        kind: kind.cast_signed(),
    };
    out.set(entry).err().map_or(0, |error| error.0)
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_CloseDir"))]
extern "C" fn close_dir(directory: *mut Directory) -> i32 {
    if directory.is_null() {
        return fail(Errno::EBADF);
    }
    // SAFETY: *Caller*: not null, so what `open_dir` gave; nobody uses it any more.
    let directory = unsafe { Box::from_raw(directory) };
    files::with(|files| files.close_directory(directory.cursor));
    0
}

/// The number Linux gives to tmpfs.
const TMPFS: u32 = 0x0102_1994;

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_GetFileSystemType"))]
extern "C" fn get_file_system_type(fd: isize) -> u32 {
    match files::with(|files| files.node_of(fd as i32)) {
        Ok(_) => TMPFS,
        Err(error) => {
            fail(error);
            0
        }
    }
}

/// The class library's `MountPointInformation`.
#[repr(C)]
struct MountPointInformation {
    available: u64,
    free: u64,
    size: u64,
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_GetSpaceInfoForMountPoint"))]
extern "C" fn get_space_info_for_mount_point(
    path: Text,
    mut out: Out<MountPointInformation>,
) -> i32 {
    status(path.bytes().and_then(|path| {
        let (limit, used) = files::with(|files| {
            files.lookup(path)?;
            Ok((files.quota().limit, files.quota().used))
        })?;
        let free = limit.saturating_sub(used);
        out.set(MountPointInformation { available: free, free, size: limit })
    }))
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_GetFormatInfoForMountPoint"))]
extern "C" fn get_format_info_for_mount_point(
    path: Text,
    mut name: Target,
    length: i32,
    mut kind: Out<i64>,
) -> i32 {
    let result: Result<()> = path.bytes().and_then(|path| {
        files::with(|files| files.lookup(path))?;
        if let Ok(buffer) = name.slice(length)
            && let Some(buffer) = buffer.get_mut(..6)
        {
            buffer.copy_from_slice(b"tmpfs\0");
        }
        kind.set(i64::from(TMPFS))
    });
    status(result)
}

/// Told the mount points, one by one.
type OnMountPoint = Option<extern "C" fn(*mut core::ffi::c_void, *const u8)>;

/// There is one file system, mounted at the root.
#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_GetAllMountPoints"))]
extern "C" fn get_all_mount_points(found: OnMountPoint, context: *mut core::ffi::c_void) -> i32 {
    let Some(found) = found else { return fail(Errno::EINVAL) };
    found(context, c"/".as_ptr().cast());
    0
}
