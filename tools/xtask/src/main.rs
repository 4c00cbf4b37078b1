//! Builds, runs, tests and packs Cermet.
fn main() {}
