//! Scheduling.
pub(crate) mod deadline;
pub(crate) mod queue;
