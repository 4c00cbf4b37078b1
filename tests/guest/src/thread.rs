//! Threads with a stack, a trap stack and a block at the thread pointer.
#![expect(unsafe_code, reason = "a block at the thread pointer, in memory mapped for it")]

use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use abi::Call;
use abi::start::Start;
use abi::thread::ThreadParameters;

use crate::call;

/// Bytes of a thread's mapping: block, trap stack and stack.
const SIZE: u64 = 64 * 1024;
const TRAP_STACK: u64 = 8 * 1024;

/// What the thread pointer points to.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Block {
    /// Stack pointer of the guarded call, for `arch::guarded`.
    pub(crate) resume: AtomicU64,
    /// What the last trap was: kind, code, address, instruction.
    pub(crate) trap: [AtomicU64; 4],
    /// Traps taken.
    pub(crate) count: AtomicU64,
    exit_word: AtomicU32,
    entry: AtomicU64,
    argument: AtomicU64,
}

/// The block at `address`.
fn block<'a>(address: u64) -> &'a Block {
    // SAFETY: callers pass the start of a thread's mapping, which is zeroed, large enough, and used
    // for nothing else; the block is all atomics.
    unsafe { &*core::ptr::with_exposed_provenance(address as usize) }
}

/// Gives the first thread its block and trap stack.
pub(crate) fn adopt_first(_start: &Start) {
    let base = call::map_data(SIZE);
    FIRST.store(base, Ordering::SeqCst);
    call::make(Call::ThreadPointer, [base]).expect("a user address");
    call::make(Call::TrapStack, [base + 4096, TRAP_STACK]).expect("a user range");
}

static FIRST: AtomicU64 = AtomicU64::new(0);

/// The block of the calling thread: its stack or trap stack lies in the same mapping, but for the
/// first thread.
pub(crate) fn current() -> &'static Block {
    let here = 0_u8;
    let address = (&raw const here) as u64;
    let low = LOWEST.load(Ordering::SeqCst);
    if (low..low + SLOTS * SIZE).contains(&address) {
        block(low + (address - low) / SIZE * SIZE)
    } else {
        block(FIRST.load(Ordering::SeqCst))
    }
}

/// Threads at the same time.
const SLOTS: u64 = 32;
static LOWEST: AtomicU64 = AtomicU64::new(0);
static USED: [AtomicU32; SLOTS as usize] = [const { AtomicU32::new(0) }; SLOTS as usize];

/// A running thread.
#[must_use]
pub(crate) struct Thread {
    slot: usize,
    /// Its handle.
    pub(crate) handle: u64,
}

/// Starts a thread.
pub(crate) fn spawn(entry: fn(u64), argument: u64) -> Thread {
    if LOWEST.load(Ordering::SeqCst) == 0 {
        let low = call::map_data(SLOTS * SIZE);
        let first = LOWEST.compare_exchange(0, low, Ordering::SeqCst, Ordering::SeqCst);
        assert!(first.is_ok(), "the first thread starts the first others");
    }
    let slot = (0..SLOTS as usize)
        .find(|slot| USED[*slot].swap(1, Ordering::SeqCst) == 0)
        .expect("a free slot");
    let base = LOWEST.load(Ordering::SeqCst) + slot as u64 * SIZE;
    let block = block(base);
    block.entry.store(entry as *const () as u64, Ordering::SeqCst);
    block.argument.store(argument, Ordering::SeqCst);
    block.exit_word.store(1, Ordering::SeqCst);
    let parameters = ThreadParameters {
        entry: begin as *const () as usize,
        argument: base as usize,
        stack_top: (base + SIZE) as usize,
        thread_pointer: base as usize,
        trap_stack: (base + 4096) as usize,
        trap_stack_len: TRAP_STACK as usize,
        exit_word: block.exit_word.as_ptr() as usize,
    };
    let handle = call::make(Call::ThreadCreate, [(&raw const parameters) as u64]);
    Thread { slot, handle: handle.expect("room for a thread") }
}

extern "C" fn begin(base: u64) -> ! {
    let block = block(base);
    let entry = block.entry.load(Ordering::SeqCst) as usize;
    // SAFETY: `spawn` stored a function of this type there.
    let entry: fn(u64) =
        unsafe { core::mem::transmute(core::ptr::with_exposed_provenance::<()>(entry)) };
    entry(block.argument.load(Ordering::SeqCst));
    loop {
        // It does not return.
        let _ = call::make(Call::ThreadExit, []);
    }
}

impl Thread {
    /// Waits for its end.
    pub(crate) fn join(self) {
        let word = &block(LOWEST.load(Ordering::SeqCst) + self.slot as u64 * SIZE).exit_word;
        while word.load(Ordering::SeqCst) != 0 {
            call::wait(word, 1);
        }
        USED[self.slot].store(0, Ordering::SeqCst);
    }

    /// What happened to it.
    pub(crate) fn block(&self) -> &'static Block {
        block(LOWEST.load(Ordering::SeqCst) + self.slot as u64 * SIZE)
    }
}

/// Runs `count` threads to their end.
pub(crate) fn run_all(count: u64, entry: fn(u64)) {
    let mut threads = [const { None }; SLOTS as usize];
    for index in 0..count {
        threads[index as usize] = Some(spawn(entry, index));
    }
    for thread in threads.into_iter().flatten() {
        thread.join();
    }
}
