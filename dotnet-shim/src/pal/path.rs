//! Exports: what is done to names.
use super::alloc::vec::Vec;
use super::argument::{InOut, Out, Target, Text, TextMut};
use super::error::Errno;
use super::files;
use super::fs::{Device, Open};
use super::outcome::{fail, number, status};
use core::ptr;

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_Unlink"))]
extern "C" fn unlink(path: Text) -> i32 {
    status(path.bytes().and_then(|path| files::with(|files| files.unlink(path))))
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_MkDir"))]
extern "C" fn mkdir(path: Text, mode: i32) -> i32 {
    let mode = mode.cast_unsigned();
    status(path.bytes().and_then(|path| files::with(|files| files.make_directory(path, mode))))
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_RmDir"))]
extern "C" fn rmdir(path: Text) -> i32 {
    status(path.bytes().and_then(|path| files::with(|files| files.remove_directory(path))))
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_Rename"))]
extern "C" fn rename(old: Text, new: Text) -> i32 {
    status(old.bytes().and_then(|old| {
        let new = new.bytes()?;
        files::with(|files| files.rename(old, new))
    }))
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_Link"))]
extern "C" fn link(old: Text, new: Text) -> i32 {
    status(old.bytes().and_then(|old| {
        let new = new.bytes()?;
        files::with(|files| files.link(old, new))
    }))
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_SymLink"))]
extern "C" fn symlink(target: Text, path: Text) -> i32 {
    status(target.bytes().and_then(|target| {
        let path = path.bytes()?;
        files::with(|files| files.make_symlink(target, path))
    }))
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_ReadLink"))]
extern "C" fn read_link(path: Text, mut buffer: Target, length: i32) -> i32 {
    if length <= 0 {
        return fail(Errno::EINVAL);
    }
    number(path.bytes().and_then(|path| {
        let buffer = buffer.slice(length)?;
        files::with(|files| files.read_link(path, buffer))
    }))
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_MkFifo"))]
extern "C" fn mkfifo(path: Text, mode: u32) -> i32 {
    status(path.bytes().and_then(|path| files::with(|files| files.make_fifo(path, mode))))
}

/// Only the devices that exist can be made again.
#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_MkNod"))]
extern "C" fn mknod(path: Text, mode: u32, major: u32, minor: u32) -> i32 {
    let device = match (major, minor) {
        (1, 3) => Device::Null,
        (1, 5) => Device::Zero,
        (1, 7) => Device::Full,
        (1, 8 | 9) => Device::Random,
        _ => return fail(Errno::EPERM),
    };
    if mode & super::fs::format::MASK != super::fs::format::CHARACTER {
        return fail(Errno::EPERM);
    }
    status(path.bytes().and_then(|path| files::with(|files| files.make_device(path, mode, device))))
}

/// Splits a device number as glibc does.
#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_GetDeviceIdentifiers"))]
extern "C" fn get_device_identifiers(device: u64, mut major: Out<u32>, mut minor: Out<u32>) {
    let high = (device >> 8) & 0xFFF | (device >> 32) & 0xFFFF_F000;
    let low = device & 0xFF | (device >> 12) & 0xFFFF_FF00;
    // The caller passes both places; without them there is nothing to tell.
    let _ = major.set(high as u32);
    let _ = minor.set(low as u32);
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_MkdTemp"))]
extern "C" fn mkdtemp(mut template: TextMut) -> *mut u8 {
    let result = template
        .bytes()
        .and_then(|template| files::with(|files| files.make_temporary_directory(template)));
    match result {
        Ok(()) => template.pointer(),
        Err(error) => {
            fail(error);
            ptr::null_mut()
        }
    }
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_MksTemps"))]
extern "C" fn mkstemps(mut template: TextMut, suffix: i32) -> isize {
    number(template.bytes().and_then(|template| {
        let suffix = usize::try_from(suffix).map_err(|_| Errno::EINVAL)?;
        files::with(|files| files.make_temporary_file(template, suffix))
    })) as isize
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_ChDir"))]
extern "C" fn chdir(path: Text) -> i32 {
    status(path.bytes().and_then(|path| files::with(|files| files.change_directory(path))))
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_GetCwd"))]
extern "C" fn get_cwd(mut buffer: Target, length: i32) -> *mut u8 {
    let result = files::with(|files| files.current_directory()).and_then(|path| {
        let buffer = buffer.slice(length)?;
        let target = buffer.get_mut(..=path.len()).ok_or(Errno::ERANGE)?;
        target[..path.len()].copy_from_slice(&path);
        target[path.len()] = 0;
        Ok(())
    });
    match result {
        Ok(()) => buffer.pointer(),
        Err(error) => {
            fail(error);
            ptr::null_mut()
        }
    }
}

/// Shared memory objects are files of `/dev/shm`, as on Linux.
fn shared_path(name: &[u8]) -> Result<Vec<u8>, Errno> {
    let name = name.strip_prefix(b"/").unwrap_or(name);
    if name.is_empty() || name.contains(&b'/') {
        return Err(Errno::EINVAL);
    }
    Ok([b"/dev/shm/", name].concat())
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_ShmOpen"))]
extern "C" fn shm_open(name: Text, flags: i32, mode: i32) -> isize {
    number(name.bytes().and_then(shared_path).and_then(|path| {
        let how = super::file::open_flags(flags)?;
        let how = Open { close_on_exec: true, no_follow: true, ..how };
        files::with(|files| files.open(&path, how, mode.cast_unsigned()))
    })) as isize
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_ShmUnlink"))]
extern "C" fn shm_unlink(name: Text) -> i32 {
    let path = name.bytes().and_then(shared_path);
    status(path.and_then(|path| files::with(|files| files.unlink(&path))))
}

/// What the class library's `PathConf` asks for.
#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_PathConf"))]
extern "C" fn path_conf(path: Text, name: i32) -> i32 {
    number(path.bytes().and_then(|path| {
        files::with(|files| files.lookup(path))?;
        match name {
            1 => Ok(127),      // PC_LINK_MAX
            2 | 3 => Ok(255),  // PC_MAX_CANON, PC_MAX_INPUT
            4 => Ok(255),      // PC_NAME_MAX
            5 | 6 => Ok(4096), // PC_PATH_MAX, PC_PIPE_BUF
            7 | 8 => Ok(1),    // PC_CHOWN_RESTRICTED, PC_NO_TRUNC
            9 => Ok(0),        // PC_VDISABLE
            _ => Err(Errno::EINVAL),
        }
    }))
}

/// A time for a file, as `utimensat` takes it.
#[repr(C)]
#[derive(Clone, Copy)]
struct TimeSpec {
    seconds: i64,
    nanoseconds: i64,
}

impl TimeSpec {
    fn change(self) -> super::fs::Change {
        const NOW: i64 = 0x3fff_ffff;
        const OMIT: i64 = 0x3fff_fffe;
        match self.nanoseconds {
            NOW => super::fs::Change::Now,
            OMIT => super::fs::Change::Keep,
            nanoseconds => {
                super::fs::Change::Set(super::fs::Time { seconds: self.seconds, nanoseconds })
            }
        }
    }
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_UTimensat"))]
extern "C" fn utimensat(path: Text, mut times: InOut<[TimeSpec; 2]>) -> i32 {
    status(path.bytes().and_then(|path| {
        let [accessed, modified] = times.get()?.map(TimeSpec::change);
        files::with(|files| files.set_times(path, accessed, modified))
    }))
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_FUTimens"))]
extern "C" fn futimens(fd: isize, mut times: InOut<[TimeSpec; 2]>) -> i32 {
    status(times.get().and_then(|times| {
        let [accessed, modified] = times.map(TimeSpec::change);
        files::with(|files| files.set_file_times(fd as i32, accessed, modified))
    }))
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_ChMod"))]
extern "C" fn chmod(path: Text, mode: i32) -> i32 {
    let mode = mode.cast_unsigned();
    status(path.bytes().and_then(|path| files::with(|files| files.set_mode(path, mode))))
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_FChMod"))]
extern "C" fn fchmod(fd: isize, mode: i32) -> i32 {
    status(files::with(|files| files.set_file_mode(fd as i32, mode.cast_unsigned())))
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_Access"))]
extern "C" fn access(path: Text, mode: i32) -> i32 {
    const EXECUTE: i32 = 1;
    if mode & !7 != 0 {
        return fail(Errno::EINVAL);
    }
    let executes = mode & EXECUTE != 0;
    status(path.bytes().and_then(|path| files::with(|files| files.access(path, executes))))
}

/// There are no BSD file flags, as on Linux.
#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_LChflags"))]
extern "C" fn lchflags(_path: Text, _flags: u32) -> i32 {
    fail(Errno::ENOTSUP)
}

/// There are no BSD file flags, as on Linux.
#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_FChflags"))]
extern "C" fn fchflags(_fd: isize, _flags: u32) -> i32 {
    fail(Errno::ENOTSUP)
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_LChflagsCanSetHiddenFlag"))]
extern "C" fn lchflags_can_set_hidden_flag() -> i32 {
    0
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_CanGetHiddenFlag"))]
extern "C" fn can_get_hidden_flag() -> i32 {
    0
}
