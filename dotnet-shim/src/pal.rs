//! The platform layer: what the class library calls `libSystem.Native`.
