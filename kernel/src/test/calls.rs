//! The kernel calls, one by one and against each other.
