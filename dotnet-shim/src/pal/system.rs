//! Exports: the system's name and limits.
use super::argument::{InOut, Target};
use super::error::{Errno, Result};
use super::outcome::{fail, long};
use core::ffi::CStr;

/// The machine's name.
pub(super) const HOST_NAME: &CStr = c"cermet";
/// The Linux release whose interface this layer imitates; programs parse it as a version.
pub(super) const RELEASE: &CStr = c"6.1.0";
/// As `uname -v` would have it.
pub(super) const VERSION: &CStr = c"#1 SMP Cermet";

/// Stores a string with its zero; `ERANGE` when it does not fit.
fn store(mut buffer: Target, size: i32, text: &CStr) -> Result<()> {
    let text = text.to_bytes_with_nul();
    let buffer = buffer.slice(size)?;
    buffer.get_mut(..text.len()).ok_or(Errno::ERANGE)?.copy_from_slice(text);
    Ok(())
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_GetHostName"))]
extern "C" fn get_host_name(buffer: Target, size: i32) -> i32 {
    super::outcome::status(store(buffer, size, HOST_NAME))
}

/// The machine is in no domain; Linux says so in these words.
#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_GetDomainName"))]
extern "C" fn get_domain_name(buffer: Target, size: i32) -> i32 {
    super::outcome::status(store(buffer, size, c"(none)"))
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_GetUnixRelease"))]
extern "C" fn get_unix_release() -> *const u8 {
    RELEASE.as_ptr().cast()
}

/// The description of the system: name, release, version. 0, or -1 with the size needed.
#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_GetUnixVersion"))]
extern "C" fn get_unix_version(buffer: Target, mut capacity: InOut<i32>) -> i32 {
    const TEXT: &CStr = c"Linux 6.1.0 #1 SMP Cermet";
    let Ok(capacity) = capacity.get() else { return fail(Errno::EFAULT) };
    let result = store(buffer, *capacity, TEXT);
    if result.is_err() {
        *capacity = i32::try_from(TEXT.count_bytes() + 1).expect("the text is short");
    }
    super::outcome::status(result)
}

/// The class library's `Architecture`.
#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_GetOSArchitecture"))]
extern "C" fn get_os_architecture() -> i32 {
    1
}

/// Ticks of `/proc/*/stat` per second.
pub(super) const CLOCK_TICKS: u64 = 100;

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_SysConf"))]
extern "C" fn sys_conf(name: i32) -> i64 {
    long(match name {
        1 => Ok(CLOCK_TICKS),
        2 => Ok(abi::memory::PAGE_SIZE as u64),
        _ => Err(Errno::EINVAL),
    })
}
