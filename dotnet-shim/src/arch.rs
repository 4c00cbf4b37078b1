//! Selects the instruction set. Everything that is not portable lies below this module.
#[cfg_attr(target_arch = "x86_64", path = "arch/x86_64/mod.rs")]
mod backend;
pub(crate) use backend::*;
