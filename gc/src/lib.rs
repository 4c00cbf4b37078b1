//! The collector: precise, stop-the-world, mark-region, non-moving. It knows objects and slots,
//! neither .NET nor the kernel.
//!
//! # Where objects live
//!
//! Small objects live in **blocks** of 32 KiB, each seen as 128 **lines** of 256 bytes (Immix,
//! Blackburn and McKinley 2008). A bitmap outside the heap has one bit per 8 bytes; marking sets
//! the bit at the address of each live object. The 32 bits that belong to a line are at the same
//! time the line's mark: all clear means that no live object starts there.
//!
//! ```text
//!  block   |<- 32 KiB ------------------------------------------------------------------------->|
//!  line    |0      |1      |2      |3      |4      |5      |6      |7      |8      |9     ...   |
//!  objects [aaaaa][bb]....................[ccccccccccccccccc]........[dd][e]....................
//!  bits    |1....1.|.......|.......|.....1.|.......|.......|.......|..1..1.|.......|.......     |
//!  holes              [======= 1 =======]                   (gap)           [======= 2 ==== ...
//! ```
//!
//! A **hole** is the space between two live neighbours if at least one clear line lies in it; it
//! reaches from the last byte of one to the header of the other. Hole 1 is what lies between `b`
//! and `c`. `c` covers lines 4 and 5 without a bit of theirs being set; that is seen when the hole
//! before line 6 is measured from the end of `c`: what is left is a gap, too small to be of use. It
//! will become part of a hole when `c` or `d` dies.
//!
//! A thread allocates by bumping a pointer through a hole ([`Context`]). The hole is cleared when
//! it is handed out; a bump and a compare are all that an allocation usually costs. There is no
//! sweep: after marking, one look at each block's bits tells blocks that are free, full or
//! recyclable, and holes are found when a thread asks for one.
//!
//! Objects above 8 KiB ([`LARGE`]) have pages of their own in a second space.
//!
//! # A collection
//!
//! ```text
//!  stop ─> contexts retired ─> roots, strong handles, ready finalizers ─> dependent handles (fixed
//!  point) ─> short weak handles cleared ─> finalizable objects that died become ready, and live on
//!  ─> dependent handles ─> long weak and dependent handles cleared ─> blocks classified, large
//!  objects freed, unused memory given back ─> resume
//! ```
//!
//! The two sets of mark bits, this collection's and the last one's, are swapped at the start. The
//! old ones say where objects *are* (for pointers into their middle, see `index`), the new ones who
//! lives. Together they tell an object's age for those who ask.
//!
//! # Memory
//!
//! Everything comes from [`Memory`]: one reservation at the start, committed as needed within a
//! limit, discarded when a collection leaves more unused than the next cycle needs. A collection
//! needs no memory: the mark stack falls back to scanning the heap when it cannot grow.
//!
//! # Where generations go
//!
//! Mark bits that are not cleared make survivors an old generation in place ("sticky"). It needs:
//! (1) a *logged* byte per 512 bytes of heap (one word of bits), which the runtime's reference
//! store clears with one shift and one byte store; (2) in `collect`, for a nursery collection, no
//! swap of the bits, the roots as they are, and the marked objects of logged words scanned first;
//! (3) `index` taking old objects from the current bits. Holes, contexts and the
//! large-object space stay as they are, since a hole never contains an old object. Marking in
//! parallel needs an atomic update in `MarkView::mark` and a stack per marker with stealing.
//!
//! # Modules
//!
//! | module | concern |
//! |---|---|
//! | [`Runtime`], [`Memory`], [`RawLock`] | what the embedder supplies |
//! | `memory` | account of what is committed; tables, object space (the raw accesses) |
//! | `block`, `large` | the two spaces |
//! | `context` | allocation |
//! | `trace`, `index` | marking; from interior pointers to objects |
//! | `collect` | the order of a collection, budget, giving memory back |
//! | `handle`, `finalize` | handles and finalization |
//! | `stats`, `verify` | figures; the heap's invariants, checked |

#![no_std]

mod block;
mod collect;
mod context;
mod finalize;
pub mod handle;
mod index;
mod large;
mod lock;
mod memory;
mod runtime;
mod stats;
mod trace;
mod verify;

pub use block::{BLOCK, LINE};
pub use context::{Contents, Context};
pub use large::LARGE;
pub use lock::RawLock;
pub use memory::{Memory, PAGE};
pub use runtime::{Finalizer, HEADER, MIN_OBJECT, Runtime, Slot};
pub use stats::{Collection, Usage};
pub use trace::Tracer;
pub use verify::Defect;

use block::Blocks;
use core::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use finalize::Finalization;
use handle::Handles;
use large::Large;
use lock::Mutex;
use memory::{Account, Arena, Table};
use stats::Stats;

/// Sizes and modes of a heap.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// Address space for small objects, bytes.
    pub small_space: usize,
    /// Address space for large objects, bytes.
    pub large_space: usize,
    /// Handles and finalizable objects there can be.
    pub max_handles: usize,
    /// Entries the mark stack may grow to.
    pub max_mark_stack: usize,
    /// Bytes the heap may commit, its tables included.
    pub limit: usize,
    /// Bytes allocated between two collections, at least.
    pub min_budget: usize,
    /// Bytes allocated between two collections, exactly; for tests.
    pub fixed_budget: Option<usize>,
    /// Collect at every so many allocations, and fill freed memory with [`POISON`].
    pub stress: Option<usize>,
    /// Check every reference while marking. [`Heap::verify`] is up to the caller.
    pub is_verifying: bool,
}

/// What freed memory is filled with under stress.
pub const POISON: u8 = 0xdd;

/// A heap; see the crate's documentation.
pub struct Heap<R: Runtime> {
    runtime: R,
    account: Account,
    blocks: Blocks,
    supply: Mutex<R::Lock, block::Supply>,
    large: Large,
    large_supply: Mutex<R::Lock, large::Supply>,
    handles: Mutex<R::Lock, Handles>,
    finalization: Mutex<R::Lock, Finalization>,
    /// Objects that ever became ready to be finalized, and that were ever taken.
    finalization_queued: AtomicUsize,
    finalization_taken: AtomicUsize,
    stats: Mutex<R::Lock, Stats>,
    stack: Table<AtomicUsize>,
    /// Bytes handed to contexts since the last collection, and how many start the next one.
    since_collection: AtomicUsize,
    budget: AtomicUsize,
    /// Bytes handed to contexts ever; bytes allocated by contexts that have ended.
    acquired: AtomicU64,
    allocated_by_ended: AtomicU64,
    /// Bytes that survived the last collection.
    live_bytes: AtomicUsize,
    stress: Option<usize>,
    stress_count: AtomicUsize,
    /// Collections are put off by `set_budget_left`; those of stress too.
    is_put_off: AtomicBool,
    is_verifying: bool,
    min_budget: usize,
    fixed_budget: Option<usize>,
}

impl<R: Runtime> Heap<R> {
    /// Reserves a heap; `None` when there is not enough address space, or memory for its tables.
    pub fn new(runtime: R, config: &Config) -> Option<Self> {
        let small = config.small_space.next_multiple_of(BLOCK);
        let large = config.large_space.next_multiple_of(PAGE);
        let handles = config.max_handles;
        let tables = small / 64 * 3 + small / BLOCK * 6 + large / PAGE + handles * (17 + 24);
        let bytes = small + large + tables + config.max_mark_stack * 8 + BLOCK + 32 * PAGE;
        let arena = Arena::reserve(&runtime, bytes)?;
        let account = Account::new(config.limit);
        let stack = Table::reserve(&arena, config.max_mark_stack)?;
        let stack_min = trace::STACK_MIN.min(config.max_mark_stack);
        if !stack.ensure(&arena, &account, stack_min) {
            return None;
        }
        Some(Self {
            account,
            blocks: Blocks::reserve(&arena, small)?,
            supply: Mutex::new(block::Supply::default()),
            large: Large::reserve(&arena, large)?,
            large_supply: Mutex::new(large::Supply::default()),
            handles: Mutex::new(Handles::reserve(&arena, handles)?),
            finalization: Mutex::new(Finalization::reserve(&arena, handles)?),
            finalization_queued: AtomicUsize::new(0),
            finalization_taken: AtomicUsize::new(0),
            stats: Mutex::new(Stats::default()),
            stack,
            since_collection: AtomicUsize::new(0),
            budget: AtomicUsize::new(config.fixed_budget.unwrap_or(config.min_budget)),
            acquired: AtomicU64::new(0),
            allocated_by_ended: AtomicU64::new(0),
            live_bytes: AtomicUsize::new(0),
            stress: config.stress.filter(|&interval| interval != 0),
            stress_count: AtomicUsize::new(0),
            is_put_off: AtomicBool::new(false),
            is_verifying: config.is_verifying,
            min_budget: config.min_budget,
            fixed_budget: config.fixed_budget,
            runtime,
        })
    }

    /// The embedder's half.
    pub fn runtime(&self) -> &R {
        &self.runtime
    }

    /// Whether an address lies in the heap's object spaces.
    pub fn contains(&self, address: usize) -> bool {
        self.blocks.space.contains(address) || self.large.space.contains(address)
    }

    /// How many collections an object has survived, up to 2; `None` outside the heap.
    pub fn age(&self, object: usize) -> Option<usize> {
        let Some(block) = self.blocks.block_of(object) else {
            return self.large.age(object);
        };
        let granule = (object - self.blocks.address(block)) / 8;
        let is_set = |bits: &Table<AtomicU64>| {
            let word = self.blocks.words(bits, block)[granule / 64].load(Relaxed);
            word >> (granule % 64) & 1 != 0
        };
        let survived = is_set(self.blocks.marks());
        Some(usize::from(survived) + usize::from(survived && is_set(self.blocks.previous_marks())))
    }

    /// Changes the limit on what the heap may commit. What is committed already stays.
    pub fn set_limit(&self, limit: usize) {
        self.account.set_limit(limit);
    }
}
