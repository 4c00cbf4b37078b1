//! Exports: the one user there is.
use super::argument::{InOut, Out, Target, Text};
use super::error::{Errno, Result};
use super::outcome::fail;
use core::ptr;

/// The class library's `Passwd`.
#[repr(C)]
struct Passwd {
    name: *const u8,
    password: *const u8,
    user: u32,
    group: u32,
    information: *const u8,
    home: *const u8,
    shell: *const u8,
}

const NAME: &[u8] = b"root";
/// What "there is no such user" looks like.
const NOT_FOUND: i32 = -1;

/// The superuser's entry. All strings are constants, so the caller's buffer stays unused.
fn root() -> Passwd {
    Passwd {
        name: c"root".as_ptr().cast(),
        password: c"x".as_ptr().cast(),
        user: 0,
        group: 0,
        information: c"root".as_ptr().cast(),
        home: c"/root".as_ptr().cast(),
        shell: c"/bin/false".as_ptr().cast(),
    }
}

fn entry(is_root: bool, mut out: Out<Passwd>) -> i32 {
    if !is_root {
        return NOT_FOUND;
    }
    out.set(root()).err().map_or(0, |error| error.0)
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_GetPwUidR"))]
extern "C" fn get_pw_uid(user: u32, out: Out<Passwd>, _buffer: Target, _length: i32) -> i32 {
    entry(user == 0, out)
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_GetPwNamR"))]
extern "C" fn get_pw_nam(name: Text, out: Out<Passwd>, _buffer: Target, _length: i32) -> i32 {
    match name.bytes() {
        Ok(name) => entry(name == NAME, out),
        Err(error) => error.0,
    }
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_GetEUid"))]
extern "C" fn get_euid() -> u32 {
    0
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_GetEGid"))]
extern "C" fn get_egid() -> u32 {
    0
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_SetEUid"))]
extern "C" fn set_euid(user: u32) -> i32 {
    if user == 0 { 0 } else { fail(Errno::EINVAL) }
}

fn copy_groups(groups: &mut Target<u32>, room: i32) -> Result<i32> {
    if room != 0 {
        *groups.slice(room)?.first_mut().ok_or(Errno::EINVAL)? = 0;
    }
    Ok(1)
}

/// One group, the superuser's.
#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_GetGroups"))]
extern "C" fn get_groups(room: i32, mut groups: Target<u32>) -> i32 {
    copy_groups(&mut groups, room).unwrap_or_else(fail)
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_GetGroupList"))]
extern "C" fn get_group_list(
    _name: Text,
    group: u32,
    mut groups: Target<u32>,
    mut count: InOut<i32>,
) -> i32 {
    let result = count.get().and_then(|count| {
        let room = core::mem::replace(count, 1);
        *groups.slice(room)?.first_mut().ok_or(Errno::EINVAL)? = group;
        Ok(1)
    });
    result.unwrap_or_else(fail)
}

/// The name in memory of the caller's, to be freed by it; null when there is no such group.
#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_GetGroupName"))]
extern "C" fn get_group_name(group: u32) -> *mut u8 {
    if group != 0 {
        return ptr::null_mut();
    }
    let memory = crate::memory::allocate_zeroed(NAME.len() + 1);
    if !memory.is_null() {
        // SAFETY: the block is new and that long.
        unsafe { ptr::copy_nonoverlapping(NAME.as_ptr(), memory, NAME.len()) };
    }
    memory
}
