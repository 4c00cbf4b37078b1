//! Exports: descriptors, and reading and writing through them.
use super::argument::{Out, Source, Target, Text, Vector};
use super::error::{Errno, Result};
use super::fs::{FileSystem, LockRequest, Open, Whence};
use super::outcome::{fail, long, number, status};
use super::{console, files};
use abi::NO_DEADLINE;

/// A descriptor argument: the class library passes it as a pointer-sized number.
fn descriptor(value: isize) -> i32 {
    i32::try_from(value).unwrap_or(-1)
}

/// The flags of `open` in the class library's encoding.
pub(super) fn open_flags(flags: i32) -> Result<Open> {
    let access = flags & 0xF;
    if access > 2 || flags & !0x3FF != 0 {
        return Err(Errno::EINVAL);
    }
    Ok(Open {
        read: access != 1,
        write: access != 0,
        close_on_exec: flags & 0x10 != 0,
        create: flags & 0x20 != 0,
        exclusive: flags & 0x40 != 0,
        truncate: flags & 0x80 != 0,
        append: false,
        no_follow: flags & 0x200 != 0,
    })
}

/// Repeats a transfer while it would wait, unless the descriptor is non-blocking.
fn transfer<T>(
    descriptor: i32,
    mut operation: impl FnMut(&mut FileSystem) -> Result<T>,
) -> Result<T> {
    match files::with(|files| Ok((files.is_non_blocking(descriptor)?, operation(files)))) {
        Ok((false, Err(Errno::EAGAIN))) => files::wait(NO_DEADLINE, operation),
        Ok((_, result)) => result,
        Err(error) => Err(error),
    }
}

fn read_from(descriptor: i32, out: &mut [u8]) -> Result<usize> {
    if let Some(stream) = files::with(|files| files.console(descriptor))? {
        return console::read(stream, out);
    }
    let count = transfer(descriptor, |files| files.read(descriptor, out))?;
    files::announce();
    Ok(count)
}

fn write_to(descriptor: i32, bytes: &[u8]) -> Result<usize> {
    if let Some(stream) = files::with(|files| files.console(descriptor))? {
        return console::write(stream, bytes);
    }
    let count = transfer(descriptor, |files| files.write(descriptor, bytes))?;
    files::announce();
    Ok(count)
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_Open"))]
extern "C" fn open(path: Text, flags: i32, mode: i32) -> isize {
    let result = open_flags(flags).and_then(|how| {
        let path = path.bytes()?;
        files::with(|files| files.open(path, how, mode.cast_unsigned()))
    });
    number(result) as isize
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_Close"))]
extern "C" fn close(fd: isize) -> i32 {
    let result = files::with(|files| files.close(descriptor(fd)));
    files::announce();
    status(result)
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_Dup"))]
extern "C" fn dup(fd: isize) -> isize {
    number(files::with(|files| files.duplicate(descriptor(fd)))) as isize
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_Read"))]
extern "C" fn read(fd: isize, mut buffer: Target, count: i32) -> i32 {
    number(buffer.slice(count).and_then(|buffer| read_from(descriptor(fd), buffer)))
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_Write"))]
extern "C" fn write(fd: isize, buffer: Source, count: i32) -> i32 {
    number(buffer.slice(count).and_then(|bytes| write_to(descriptor(fd), bytes)))
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_PRead"))]
extern "C" fn pread(fd: isize, mut buffer: Target, count: i32, offset: i64) -> i32 {
    number(
        buffer
            .slice(count)
            .and_then(|buffer| files::with(|files| files.read_at(descriptor(fd), offset, buffer))),
    )
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_PWrite"))]
extern "C" fn pwrite(fd: isize, buffer: Source, count: i32, offset: i64) -> i32 {
    number(
        buffer
            .slice(count)
            .and_then(|bytes| files::with(|files| files.write_at(descriptor(fd), offset, bytes))),
    )
}

/// Applies an operation to each vector until one is not done completely.
fn scattered(
    vectors: &[Vector],
    offset: i64,
    mut one: impl FnMut(&Vector, i64) -> Result<(usize, bool)>,
) -> Result<i64> {
    let mut total = 0;
    for vector in vectors {
        match one(vector, offset.saturating_add(total)) {
            Ok((count, is_complete)) => {
                total += i64::try_from(count).map_err(|_| Errno::EINVAL)?;
                if !is_complete {
                    break;
                }
            }
            Err(_) if total > 0 => break,
            Err(error) => return Err(error),
        }
    }
    Ok(total)
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_PReadV"))]
extern "C" fn preadv(fd: isize, vectors: Source<Vector>, count: i32, offset: i64) -> i64 {
    long(vectors.slice(count).and_then(|vectors| {
        scattered(vectors, offset, |vector, offset| {
            let buffer = vector.bytes_mut()?;
            let count = files::with(|files| files.read_at(descriptor(fd), offset, buffer))?;
            Ok((count, count == buffer.len()))
        })
    }))
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_PWriteV"))]
extern "C" fn pwritev(fd: isize, vectors: Source<Vector>, count: i32, offset: i64) -> i64 {
    long(vectors.slice(count).and_then(|vectors| {
        scattered(vectors, offset, |vector, offset| {
            let bytes = vector.bytes()?;
            let count = files::with(|files| files.write_at(descriptor(fd), offset, bytes))?;
            Ok((count, count == bytes.len()))
        })
    }))
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_LSeek"))]
extern "C" fn lseek(fd: isize, offset: i64, whence: i32) -> i64 {
    let whence = match whence {
        0 => Whence::Start,
        1 => Whence::Current,
        2 => Whence::End,
        _ => return i64::from(fail(Errno::EINVAL)),
    };
    long(files::with(|files| files.seek(descriptor(fd), offset, whence)))
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_FTruncate"))]
extern "C" fn ftruncate(fd: isize, length: i64) -> i32 {
    status(files::with(|files| files.truncate(descriptor(fd), length)))
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_FAllocate"))]
extern "C" fn fallocate(fd: isize, offset: i64, length: i64) -> i32 {
    status(files::with(|files| files.allocate(descriptor(fd), offset, length)))
}

/// Memory has nothing to write back.
#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_FSync"))]
extern "C" fn fsync(fd: isize) -> i32 {
    status(files::with(|files| match files.console(descriptor(fd))? {
        Some(_) => Err(Errno::EINVAL),
        None => Ok(()),
    }))
}

/// Advice changes nothing; the result is an error number, as POSIX has it.
#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_PosixFAdvise"))]
extern "C" fn posix_fadvise(fd: isize, _offset: i64, _length: i64, _advice: i32) -> i32 {
    files::with(|files| files.node_of(descriptor(fd))).err().map_or(0, |error| error.0)
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_FLock"))]
extern "C" fn flock(fd: isize, operation: i32) -> i32 {
    const NON_BLOCKING: i32 = 4;
    let request = match operation & !NON_BLOCKING {
        1 => LockRequest::Shared,
        2 => LockRequest::Exclusive,
        8 => LockRequest::Release,
        _ => return fail(Errno::EINVAL),
    };
    let lock = |files: &mut FileSystem| files.lock(descriptor(fd), request);
    let result = if operation & NON_BLOCKING == 0 {
        files::wait(NO_DEADLINE, lock)
    } else {
        files::with(lock)
    };
    if request == LockRequest::Release {
        files::announce();
    }
    status(result)
}

/// Locks of a region belong to the process, so within the only process there is they never conflict;
/// what is left are the checks.
#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_LockFileRegion"))]
extern "C" fn lock_file_region(fd: isize, offset: i64, length: i64, kind: i16) -> i32 {
    const READ: i16 = 0;
    const WRITE: i16 = 1;
    const UNLOCK: i16 = 2;
    status(files::with(|files| {
        let (can_read, can_write) = files.permits(descriptor(fd))?;
        match kind {
            _ if offset < 0 || offset.checked_add(length).is_none() => Err(Errno::EINVAL),
            READ if !can_read => Err(Errno::EBADF),
            WRITE if !can_write => Err(Errno::EBADF),
            READ | WRITE | UNLOCK => Ok(()),
            _ => Err(Errno::EINVAL),
        }
    }))
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_CopyFile"))]
extern "C" fn copy_file(source: isize, target: isize, _length: i64) -> i32 {
    status(files::with(|files| files.copy(descriptor(source), descriptor(target))))
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_FcntlGetFD"))]
extern "C" fn fcntl_get_fd(fd: isize) -> i32 {
    number(files::with(|files| files.closes_on_exec(descriptor(fd))).map(i32::from))
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_FcntlSetFD"))]
extern "C" fn fcntl_set_fd(fd: isize, flags: i32) -> i32 {
    status(files::with(|files| files.set_closes_on_exec(descriptor(fd), flags & 1 != 0)))
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_FcntlSetIsNonBlocking"))]
extern "C" fn fcntl_set_is_non_blocking(fd: isize, value: i32) -> i32 {
    status(files::with(|files| files.set_non_blocking(descriptor(fd), value != 0)))
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_FcntlGetIsNonBlocking"))]
extern "C" fn fcntl_get_is_non_blocking(fd: isize, mut value: Out<i32>) -> i32 {
    let result = files::with(|files| files.is_non_blocking(descriptor(fd)));
    status(result.and_then(|is_non_blocking| value.set(i32::from(is_non_blocking))))
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_FcntlCanGetSetPipeSz"))]
extern "C" fn fcntl_can_get_set_pipe_size() -> i32 {
    1
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_FcntlGetPipeSz"))]
extern "C" fn fcntl_get_pipe_size(fd: isize) -> i32 {
    number(files::with(|files| files.pipe_capacity(descriptor(fd))))
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_FcntlSetPipeSz"))]
extern "C" fn fcntl_set_pipe_size(fd: isize, size: i32) -> i32 {
    number(files::with(|files| {
        let size = usize::try_from(size).map_err(|_| Errno::EINVAL)?;
        files.set_pipe_capacity(descriptor(fd), size)
    }))
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_Pipe"))]
extern "C" fn pipe(mut descriptors: Out<[i32; 2]>, flags: i32) -> i32 {
    const CLOSE_ON_EXEC: i32 = 0x10;
    if flags & !CLOSE_ON_EXEC != 0 {
        return fail(Errno::EINVAL);
    }
    let result = files::with(|files| files.pipe(flags & CLOSE_ON_EXEC != 0));
    status(result.and_then(|(read, write)| descriptors.set([read, write])))
}
