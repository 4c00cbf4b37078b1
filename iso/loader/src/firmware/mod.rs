//! What the loader asks of the firmware: memory, files, graphics, tables.

pub(crate) mod graphics;
pub(crate) mod memory;
pub(crate) mod tables;
pub(crate) mod volume;

use alloc::format;
use loader::Error;

/// Turns the firmware's refusal into an error that names what was wanted.
pub(crate) fn refused<T: core::fmt::Debug>(
    what: &'static str,
) -> impl FnOnce(uefi::Error<T>) -> Error {
    move |error| Error::Firmware(what, format!("{:?}", error.status()))
}
