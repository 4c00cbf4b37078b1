//! Pointer arguments of the exports.
//!
//! Each type is one pointer in the C ABI. Compiled callers make the values, never we, and by fact
//! *Caller* of the crate they are null or valid for the call with the type and length the class library
//! declares. That argument is made here once, so that the exports themselves are safe code.
use super::error::{Errno, Result};

/// Bytes ended by a zero.
#[repr(transparent)]
pub(super) struct Text(*const u8);

impl Text {
    /// The bytes, without the zero.
    pub(super) fn bytes(&self) -> Result<&[u8]> {
        if self.0.is_null() {
            return Err(Errno::EFAULT);
        }
        // SAFETY: *Caller*: not null, so a string that ends with a zero and lives for the call.
        Ok(unsafe { core::ffi::CStr::from_ptr(self.0.cast()) }.to_bytes())
    }
}

/// A string that the call changes in place, keeping its length.
#[repr(transparent)]
pub(super) struct TextMut(*mut u8);

impl TextMut {
    /// The bytes, without the zero.
    pub(super) fn bytes(&mut self) -> Result<&mut [u8]> {
        let length = Text(self.0).bytes()?.len();
        // SAFETY: *Caller*: the string is writable and nobody else uses it during the call.
        Ok(unsafe { core::slice::from_raw_parts_mut(self.0, length) })
    }

    /// The pointer itself, to be returned.
    pub(super) fn pointer(&self) -> *mut u8 {
        self.0
    }
}

/// Values to read; the length is another argument.
#[repr(transparent)]
pub(super) struct Source<T = u8>(*const T);

impl<T> Source<T> {
    /// The values. A negative count is `EINVAL`.
    pub(super) fn slice(&self, count: i32) -> Result<&[T]> {
        match usize::try_from(count) {
            Err(_) => Err(Errno::EINVAL),
            Ok(0) => Ok(&[]),
            Ok(_) if self.0.is_null() => Err(Errno::EFAULT),
            // SAFETY: *Caller*: not null, so `count` values that live for the call.
            Ok(count) => Ok(unsafe { core::slice::from_raw_parts(self.0, count) }),
        }
    }
}

/// Values to write; the length is another argument.
#[repr(transparent)]
pub(super) struct Target<T = u8>(*mut T);

impl<T> Target<T> {
    /// The values. A negative count is `EINVAL`.
    pub(super) fn slice(&mut self, count: i32) -> Result<&mut [T]> {
        match usize::try_from(count) {
            Err(_) => Err(Errno::EINVAL),
            Ok(0) => Ok(&mut []),
            Ok(_) if self.0.is_null() => Err(Errno::EFAULT),
            // SAFETY: *Caller*: not null, so `count` writable values that nobody else uses meanwhile.
            Ok(count) => Ok(unsafe { core::slice::from_raw_parts_mut(self.0, count) }),
        }
    }

    /// The pointer itself, to be returned.
    pub(super) fn pointer(&self) -> *mut T {
        self.0
    }
}

/// One value to write.
#[repr(transparent)]
pub(super) struct Out<T>(*mut T);

impl<T> Out<T> {
    /// Stores the result; `EFAULT` when the caller gave no place for it.
    pub(super) fn set(&mut self, value: T) -> Result<()> {
        if self.0.is_null() {
            return Err(Errno::EFAULT);
        }
        // SAFETY: *Caller*: not null, so a writable place for one value.
        unsafe { self.0.write(value) };
        Ok(())
    }
}

/// One value to read and to write.
#[repr(transparent)]
pub(super) struct InOut<T>(*mut T);

impl<T> InOut<T> {
    /// The value.
    pub(super) fn get(&mut self) -> Result<&mut T> {
        // SAFETY: *Caller*: null, or an initialised value that nobody else uses meanwhile.
        unsafe { self.0.as_mut() }.ok_or(Errno::EFAULT)
    }
}

/// One piece of a scattered read or write.
#[repr(C)]
pub(super) struct Vector {
    base: *mut u8,
    length: usize,
}

impl Vector {
    /// The bytes, to be read.
    pub(super) fn bytes(&self) -> Result<&[u8]> {
        let length = i32::try_from(self.length).map_err(|_| Errno::EINVAL)?;
        let source = Source(self.base.cast_const());
        let bytes: *const [u8] = source.slice(length)?;
        // SAFETY: *Caller*: as for `Source`; the vector's lifetime lies inside the call's.
        Ok(unsafe { &*bytes })
    }

    /// The bytes, to be written.
    #[expect(
        clippy::mut_from_ref,
        reason = "the vector is a pointer; its target is the caller's alone"
    )]
    pub(super) fn bytes_mut(&self) -> Result<&mut [u8]> {
        let length = i32::try_from(self.length).map_err(|_| Errno::EINVAL)?;
        let mut target = Target(self.base);
        let bytes: *mut [u8] = target.slice(length)?;
        // SAFETY: *Caller*: as for `Target`; the vector's lifetime lies inside the call's.
        Ok(unsafe { &mut *bytes })
    }
}
