//! The kernel: policy over the machine in `hal`.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]
