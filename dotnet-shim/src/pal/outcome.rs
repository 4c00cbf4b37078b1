//! Results in the caller's conventions: a value, or -1 with `errno` set.
use super::error::{Errno, Result};
use crate::errno;

/// Sets `errno` and gives -1.
pub(super) fn fail(error: Errno) -> i32 {
    errno::set(error.0);
    -1
}

/// 0, or -1 and `errno`.
pub(super) fn status(result: Result<()>) -> i32 {
    match result {
        Ok(()) => 0,
        Err(error) => fail(error),
    }
}

/// A number, or -1 and `errno`.
pub(super) fn number<T: TryInto<i32>>(result: Result<T>) -> i32 {
    match result.map(|value| value.try_into().map_err(|_| Errno::EOVERFLOW)) {
        Ok(Ok(value)) => value,
        Ok(Err(error)) | Err(error) => fail(error),
    }
}

/// A long number, or -1 and `errno`.
pub(super) fn long<T: TryInto<i64>>(result: Result<T>) -> i64 {
    match result.map(|value| value.try_into().map_err(|_| Errno::EOVERFLOW)) {
        Ok(Ok(value)) => value,
        Ok(Err(error)) | Err(error) => i64::from(fail(error)),
    }
}

/// 0, or the class library's code for the error.
pub(super) fn code(result: Result<()>) -> i32 {
    result.err().map_or(0, Errno::to_pal)
}
