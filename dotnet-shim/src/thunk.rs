//! Thunks: native entry points of delegates.
//!
//! Rule: the pages of stubs are followed by as many pages of data; the last word of a data page holds
//! the address of the common stub.
use crate::{arch, sys, thread};
use abi::memory::{PAGE_SIZE, Protection};

/// Pages of stubs in one mapping.
const BLOCKS: usize = 8;
/// Bytes from a page of stubs to its data.
const DISTANCE: usize = BLOCKS * PAGE_SIZE;
/// Bytes of data per thunk: a context and a target.
const DATA: usize = 16;
const PER_BLOCK: usize = PAGE_SIZE / arch::THUNK_SIZE;

unsafe extern "C" {
    fn rt_common_thunk_stub();
}

#[unsafe(export_name = "RhpGetNumThunkBlocksPerMapping")]
extern "C" fn blocks_per_mapping() -> i32 {
    BLOCKS as i32
}

#[unsafe(export_name = "RhpGetNumThunksPerBlock")]
extern "C" fn thunks_per_block() -> i32 {
    PER_BLOCK as i32
}

#[unsafe(export_name = "RhpGetThunkSize")]
extern "C" fn thunk_size() -> i32 {
    arch::THUNK_SIZE as i32
}

#[unsafe(export_name = "RhpGetThunkBlockSize")]
extern "C" fn thunk_block_size() -> i32 {
    PAGE_SIZE as i32
}

#[unsafe(export_name = "RhpGetThunkDataBlockAddress")]
extern "C" fn data_block(stub: usize) -> usize {
    (stub & !(PAGE_SIZE - 1)) + DISTANCE
}

#[unsafe(export_name = "RhpGetThunkStubsBlockAddress")]
extern "C" fn stubs_block(data: usize) -> usize {
    (data & !(PAGE_SIZE - 1)) - DISTANCE
}

#[unsafe(export_name = "RhGetCommonStubAddress")]
extern "C" fn common_stub() -> usize {
    rt_common_thunk_stub as *const () as usize
}

/// The context word that the common stub left for the thunk's target.
#[unsafe(export_name = "RhGetCurrentThunkContext")]
extern "C" fn current_context() -> usize {
    thread::current().thunk_context.get()
}

/// Maps stubs and data; 0 when there is no memory.
#[unsafe(export_name = "RhAllocateThunksMapping")]
extern "C" fn allocate_mapping() -> usize {
    let Ok(base) = sys::map(2 * DISTANCE, Protection::WRITE) else { return 0 };
    if sys::commit(base, 2 * DISTANCE).is_err() {
        // SAFETY: the mapping is new.
        let _ = unsafe { sys::unmap(base, 2 * DISTANCE) };
        return 0;
    }
    for block in 0..BLOCKS {
        for index in 0..PER_BLOCK {
            let stub = base + block * PAGE_SIZE + index * arch::THUNK_SIZE;
            let data = base + DISTANCE + block * PAGE_SIZE + index * DATA;
            let to_end = PAGE_SIZE - size_of::<usize>() - index * DATA;
            let code = arch::thunk(data, to_end);
            // SAFETY: the stub lies in the new mapping.
            unsafe { (stub as *mut [u8; arch::THUNK_SIZE]).write(code) };
        }
    }
    // SAFETY: the stubs are complete; nobody writes them again.
    match unsafe { sys::protect(base, DISTANCE, Protection::EXECUTE) } {
        Ok(()) => base,
        Err(_) => 0,
    }
}
