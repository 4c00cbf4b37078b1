//! The machine: the only crate that executes privileged instructions.
#![cfg_attr(target_os = "none", no_std)]
