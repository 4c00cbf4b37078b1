//! Handles: references that native code and weak references hold.
//!
//! Rule: a handle is the address of a word that holds the reference; managed code reads it directly.
use crate::heap::heap;
use gc::handle::Kind;

/// The collector's kind for .NET's number of a handle type.
fn kind(number: i32) -> Kind {
    match number {
        0 => Kind::WeakShort,
        1 => Kind::WeakLong,
        3 | 7 => Kind::Pinned, // 7: asynchronously pinned
        // Strong; reference-counted ones (5) too, since there is no COM to count for.
        _ => Kind::Strong,
    }
}

#[unsafe(export_name = "RhpHandleAlloc")]
extern "C" fn handle_alloc(object: usize, number: i32) -> usize {
    heap().new_handle(kind(number), object, 0).unwrap_or(0)
}

#[unsafe(export_name = "RhpHandleAllocDependent")]
extern "C" fn handle_alloc_dependent(primary: usize, secondary: usize) -> usize {
    heap().new_handle(Kind::Dependent, primary, secondary).unwrap_or(0)
}

#[unsafe(export_name = "RhHandleFree")]
extern "C" fn handle_free(handle: usize) {
    heap().free_handle(handle);
}

#[unsafe(export_name = "RhHandleSet")]
unsafe extern "C" fn handle_set(handle: *mut usize, object: usize) -> *mut usize {
    // SAFETY: *Caller*: the handle was given out.
    unsafe { handle.write_volatile(object) };
    handle
}

#[unsafe(export_name = "RhHandleGetDependent")]
extern "C" fn handle_get_dependent(handle: usize, secondary: &mut usize) -> usize {
    let (first, second) = heap().dependent_targets(handle);
    *secondary = second;
    first
}

#[unsafe(export_name = "RhHandleSetDependentSecondary")]
extern "C" fn handle_set_secondary(handle: usize, secondary: usize) {
    heap().set_dependent_second(handle, secondary);
}

/// The class library offers a callback that says whether a reference-counted handle's object is in
/// use by COM; without COM such a handle is a strong one, and the callback is never asked.
#[unsafe(export_name = "RhRegisterRefCountedHandleCallback")]
extern "C" fn register_ref_counted(_callback: usize, _table: usize) -> i32 {
    1
}

/// As [`register_ref_counted`].
#[unsafe(export_name = "RhUnregisterRefCountedHandleCallback")]
extern "C" fn unregister_ref_counted(_callback: usize, _table: usize) {}
