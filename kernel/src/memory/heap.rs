//! The kernel heap: kept so large that what the kernel allocates on the way never fails.
//!
//! Calls that make kernel objects ask for room first, and give the service `NoMemory` when there is
//! none. As long as the heap has `n` free pages, `n` allocations of up to a page succeed; a call needs
//! a few, and the margin is filled up again with frames whenever it has shrunk. What a service makes
//! the kernel keep is charged to its quota, so one service cannot turn all memory into heap.

use abi::Error;
use hal::heap;
use hal::memory::PAGE_SIZE;

use super::Frames;

/// Pages of the margin that is kept while there are frames.
const MARGIN: usize = 32;

/// Pages of the margin below which no call gets by: enough for calls of several CPUs at once.
const CRITICAL: usize = 16;

/// Makes sure that `bytes` can be allocated, and the margin is still there.
pub(crate) fn make_room(frames: &Frames, bytes: usize) -> Result<(), Error> {
    let pages = bytes.div_ceil(PAGE_SIZE);
    while heap::free_pages() < MARGIN + pages {
        let Some(frame) = frames.allocate() else { break };
        match heap::grow(frame) {
            Ok(()) => frames.note_kernel_frame(),
            Err(frame) => {
                frames.release(frame);
                break;
            }
        }
    }
    if heap::free_pages() < CRITICAL + pages { Err(Error::NoMemory) } else { Ok(()) }
}
