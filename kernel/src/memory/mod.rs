//! Memory: which frames are free, and what a service has mapped.
//!
//! | module | concern |
//! |---|---|
//! | [`frame`] | physical frames: free, promised, taken |
//! | [`heap`] | room for the kernel's own objects |
//! | [`region`] | what a service has mapped, as bookkeeping |
//! | [`space`] | a service's address space: regions, page tables and quota together |
//! | [`touch`] | making pages real when they are first touched |

pub(crate) mod frame;
pub(crate) mod heap;
pub(crate) mod region;
pub(crate) mod space;
pub(crate) mod touch;

pub(crate) use frame::Frames;
pub(crate) use space::Space;
