//! The platform layer: what the class library calls `libSystem.Native`.
//!
//! There is no operating system below, only our kernel, so most of this *is* the system: files live in
//! memory, the process and its user are made up, sockets and processes are refused by error. The
//! exports only turn raw arguments into slices and results into the conventions of the caller.
//!
//! | module | concern |
//! |---|---|
//! | `error`, `outcome`, `argument`, `format` | error numbers and texts; results and arguments of exports |
//! | `fs`, `files`, `block` | the file system; its lock, and waiting for events in it; its memory |
//! | `file`, `path`, `status`, `map`, `poll`, `port` | exports on files |
//! | `console`, `signal` | streams, terminal queries, signals |
//! | `environment`, `identity`, `system`, `process`, `library`, `report` | what the program asks about its surroundings |
//! | `memory`, `monitor`, `thread`, `cpu`, `time`, `random` | memory, waiting, clocks |
//! | `socket`, `address`, `network` | the network that is not there |
#![cfg_attr(
    not(feature = "image"),
    expect(dead_code, reason = "on the host only the tests use what the exports reach")
)]
extern crate alloc;

mod address;
mod argument;
mod block;
mod console;
mod cpu;
mod environment;
mod error;
mod file;
mod files;
mod format;
mod fs;
mod identity;
mod library;
mod map;
mod memory;
mod monitor;
mod network;
mod outcome;
mod path;
mod poll;
mod port;
mod process;
mod random;
mod report;
mod signal;
mod socket;
mod status;
mod system;
mod thread;
mod time;
