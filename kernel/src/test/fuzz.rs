//! Calls with wild arguments.
