//! The processor. Only x86-64 speaks this dialect of the protocol so far.

mod x86_64;

pub(crate) use x86_64::{apic, cpu, enter, halt, handover, quiet, serial, start};
