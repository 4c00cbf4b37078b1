//! Services.
pub(crate) mod crc;
pub(crate) mod elf;
pub(crate) mod package;
