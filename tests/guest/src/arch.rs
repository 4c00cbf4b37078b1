//! What only assembly can do.

#[path = "arch/x86_64.rs"]
mod selected;

pub(crate) use selected::{
    BREAKPOINT_LEN, Trouble, call, cause, counter, guarded, hold_vector, set_resume, single_step,
    trap_entry,
};
