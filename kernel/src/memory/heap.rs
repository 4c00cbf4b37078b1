//! The kernel heap: kept so large that what the kernel allocates on the way never fails.
//!
//! Calls that make kernel objects ask for room first, and give the service `NoMemory` when there is
//! none. Small things on the way, as nodes of ordered maps, come out of a margin that is filled up
//! again with frames whenever it has shrunk. What a service makes the kernel keep is charged to its
//! quota, so one service cannot turn all memory into heap.

use abi::Error;
use hal::heap;

use super::Frames;

/// The margin that is kept while there are frames.
const MARGIN: usize = 64 << 10;

/// The margin below which no call gets by.
const CRITICAL: usize = 16 << 10;

/// Makes sure that `bytes` can be allocated, and the margin is still there.
pub(crate) fn make_room(frames: &Frames, bytes: usize) -> Result<(), Error> {
    while heap::free() < MARGIN + bytes {
        let Some(frame) = frames.allocate() else { break };
        match heap::grow(frame) {
            Ok(()) => frames.note_kernel_frame(),
            Err(frame) => {
                frames.release(frame);
                break;
            }
        }
    }
    if heap::free() < CRITICAL + bytes { Err(Error::NoMemory) } else { Ok(()) }
}
