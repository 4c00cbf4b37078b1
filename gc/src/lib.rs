//! The collector: knows objects and slots, neither .NET nor the kernel.
#![no_std]
