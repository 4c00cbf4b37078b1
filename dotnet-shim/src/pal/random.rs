//! Exports: random bytes, all from the kernel's generator.
use super::argument::Target;
use super::outcome::fail;
use crate::sys;

/// 0, or -1: a null buffer.
#[cfg_attr(
    feature = "image",
    unsafe(export_name = "SystemNative_GetCryptographicallySecureRandomBytes")
)]
extern "C" fn get_secure_random_bytes(mut buffer: Target, length: i32) -> i32 {
    match buffer.slice(length) {
        Ok(buffer) => {
            sys::random(buffer);
            0
        }
        Err(error) => fail(error),
    }
}

#[cfg_attr(
    feature = "image",
    unsafe(export_name = "SystemNative_GetNonCryptographicallySecureRandomBytes")
)]
extern "C" fn get_random_bytes(mut buffer: Target, length: i32) {
    if let Ok(buffer) = buffer.slice(length) {
        sys::random(buffer);
    }
}
