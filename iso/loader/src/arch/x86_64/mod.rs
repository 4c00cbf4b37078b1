//! x86-64: what happens between the firmware's last call and the kernel's first instruction.
//!
//! ```text
//! cpu       registers, time             quiet   interrupt controllers, IOMMUs silenced
//! serial    the first serial line       start   other processors
//! apic      the local APIC              handover  the state in which a kernel is entered
//! ```

pub(crate) mod apic;
pub(crate) mod cpu;
pub(crate) mod handover;
pub(crate) mod quiet;
pub(crate) mod serial;
pub(crate) mod start;

pub(crate) use cpu::halt;
pub(crate) use handover::enter;
