//! Exports: environment variables, the program's path.
use super::alloc::boxed::Box;
use super::alloc::vec::Vec;
use super::argument::Text;
use super::files;
use super::fs::BASE;
use core::ptr;
use core::sync::atomic::{
    AtomicPtr,
    Ordering::{Acquire, Release},
};

/// The value, which stays where it is, followed by a zero.
#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_GetEnv"))]
extern "C" fn get_env(name: Text) -> *const u8 {
    let Ok(name) = name.bytes() else { return ptr::null() };
    files::package().variable(name).map_or(ptr::null(), <[u8]>::as_ptr)
}

/// The array `environ`: addresses of the entries, ended by null. Made once, never freed.
static ENVIRON: AtomicPtr<*const u8> = AtomicPtr::new(ptr::null_mut());

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_GetEnviron"))]
extern "C" fn get_environ() -> *const *const u8 {
    let known = ENVIRON.load(Acquire);
    if !known.is_null() {
        return known;
    }
    let mut entries: Vec<*const u8> = files::package().environment().map(<[u8]>::as_ptr).collect();
    entries.push(ptr::null());
    let made = Box::into_raw(entries.into_boxed_slice()).cast::<*const u8>();
    match ENVIRON.compare_exchange(ptr::null_mut(), made, Release, Acquire) {
        Ok(_) => made,
        // Another thread was faster. Ours is a few words, once.
        Err(winner) => winner,
    }
}

/// The array is the same for everybody.
#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_FreeEnviron"))]
extern "C" fn free_environ(_environ: *const *const u8) {}

/// The path in memory of the caller's, to be freed by it.
#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_GetProcessPath"))]
extern "C" fn get_process_path() -> *mut u8 {
    let path = [BASE, b"/", files::package().name(), b"\0"].concat();
    let memory = crate::memory::allocate(path.len());
    if !memory.is_null() {
        // SAFETY: the block is new and that long.
        unsafe { ptr::copy_nonoverlapping(path.as_ptr(), memory, path.len()) };
    }
    memory
}
