//! Exports: dynamic libraries, of which there are none. P/Invokes that are bound late end in
//! `DllNotFoundException`, with the text that Linux's loader would give.
use super::alloc::boxed::Box;
use super::alloc::collections::BTreeSet;
use super::alloc::ffi::CString;
use super::argument::Text;
use crate::lock::Mutex;
use core::ffi::c_char;
use core::sync::atomic::{AtomicPtr, Ordering::Relaxed};

/// Texts given out so far: one for each name that was asked for, kept for good.
static TEXTS: Mutex<BTreeSet<&'static core::ffi::CStr>> = Mutex::new(BTreeSet::new());

/// The text for the last refusal. Between threads the last one wins.
static LAST: AtomicPtr<c_char> = AtomicPtr::new(core::ptr::null_mut());

/// Remembers why `name` cannot be loaded.
fn refuse(name: &[u8]) {
    let text = [name, b": cannot open shared object file: No such file or directory"].concat();
    // A C string has no zero inside.
    let Ok(text) = CString::new(text) else { return };
    let mut texts = TEXTS.lock();
    let text = match texts.get(text.as_c_str()) {
        Some(known) => known,
        None => {
            let text: &'static core::ffi::CStr = Box::leak(text.into_boxed_c_str());
            texts.insert(text);
            text
        }
    };
    LAST.store(text.as_ptr().cast_mut(), Relaxed);
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_LoadLibrary"))]
extern "C" fn load_library(name: Text) -> usize {
    if let Ok(name) = name.bytes() {
        refuse(name);
    }
    0
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_GetProcAddress"))]
extern "C" fn get_proc_address(_library: usize, _name: Text) -> usize {
    0
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_FreeLibrary"))]
extern "C" fn free_library(_library: usize) {}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_GetLoadLibraryError"))]
extern "C" fn get_load_library_error() -> *const c_char {
    LAST.load(Relaxed)
}

#[cfg_attr(
    feature = "image",
    unsafe(export_name = "SystemNative_GetDefaultSearchOrderPseudoHandle")
)]
extern "C" fn get_default_search_order_pseudo_handle() -> usize {
    0
}
