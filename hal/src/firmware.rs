//! What firmware and loaders say, as pure functions of bytes, so that they are tested on the host.

pub(crate) mod date;
pub(crate) mod hvm;
pub(crate) mod map;
pub(crate) mod sleep;
