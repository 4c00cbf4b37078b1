//! Physical frames and the address spaces of services.
//!
//! | type | what it is |
//! |---|---|
//! | [`Frame`] | a physical page that belongs to its holder alone |
//! | [`Shared`] | a physical page that is never written again and anyone may read |
//! | [`AddressSpace`] | the memory of a service: owns the frames mapped into it |

mod frame;
mod pte_x86_64;
mod space;
mod table;

pub use abi::memory::{PAGE_SIZE, Protection};
pub use frame::{Frame, Shared};
pub(crate) use frame::{FrameTable, install};
use pte_x86_64 as pte;
pub use space::{AccessError, AddressSpace, MapError, Mapping};

use core::fmt;

/// A physical address.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct PhysAddr(pub u64);

impl PhysAddr {
    /// The number of its frame.
    pub const fn frame_number(self) -> usize {
        (self.0 / PAGE_SIZE as u64) as usize
    }

    /// The start of the frame with this number.
    pub const fn of_frame(number: usize) -> Self {
        Self(number as u64 * PAGE_SIZE as u64)
    }
}

impl fmt::Display for PhysAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}
