//! Layout of objects: what the compiler bakes into the image.
//!
//! An object's address is that of its MethodTable pointer. The header is the 32-bit word before it
//! (in the upper half of the 8 bytes that belong to the object there), an array's length is at +8.
use core::sync::atomic::AtomicU32;

/// Start of a MethodTable.
#[repr(C)]
pub(crate) struct MethodTable {
    flags: u32,
    base_size: u32,
    related: usize,
    vtable_slots: u16,
    interfaces: u16,
    hash: u32,
}

const HAS_COMPONENT_SIZE: u32 = 0x8000_0000;
const HAS_POINTERS: u32 = 0x0100_0000;
const HAS_FINALIZER: u32 = 0x0010_0000;
/// Among the flags of tables without a component size.
const HAS_CRITICAL_FINALIZER: u32 = 2;
const COMPONENT_SIZE: u32 = 0xffff;
/// Every object's size is a multiple.
const ALIGN: usize = 8;
/// Bytes before an object's address that belong to it.
const HEADER: usize = 8;
const WORD: usize = size_of::<usize>();

/// Header bit: finalization is suppressed, or has been done.
pub(crate) const FINALIZER_RUN: u32 = 0x4000_0000;

/// `Array.MaxLength`, the documented limit of .NET.
const MAX_ARRAY_LENGTH: usize = 0x7fff_ffc7;

impl MethodTable {
    /// Bytes per element; 0 for what is not an array or a string.
    pub(crate) fn component_size(&self) -> usize {
        if self.flags & HAS_COMPONENT_SIZE == 0 {
            0
        } else {
            (self.flags & COMPONENT_SIZE) as usize
        }
    }

    /// Can the object hold references?
    pub(crate) fn has_pointers(&self) -> bool {
        self.flags & HAS_POINTERS != 0
    }

    /// Does it have a finalizer?
    pub(crate) fn has_finalizer(&self) -> bool {
        self.flags & HAS_FINALIZER != 0
    }

    /// Is that one to run after ordinary ones?
    pub(crate) fn has_critical_finalizer(&self) -> bool {
        self.flags & (HAS_COMPONENT_SIZE | HAS_CRITICAL_FINALIZER) == HAS_CRITICAL_FINALIZER
    }

    fn exact_size(&self, count: usize) -> Option<usize> {
        self.component_size().checked_mul(count)?.checked_add(self.base_size as usize)
    }

    /// Bytes of an object with this many elements, rounded up; none if no array may be so long.
    pub(crate) fn object_size(&self, count: usize) -> Option<usize> {
        if count > MAX_ARRAY_LENGTH {
            return None;
        }
        self.exact_size(count)?.checked_next_multiple_of(ALIGN)
    }

    /// Words before the table that describe where references are, the last one first.
    fn descriptor(&self) -> *const i64 {
        (&raw const *self).cast()
    }

    /// Bytes of that description.
    fn descriptor_size(&self) -> usize {
        if !self.has_pointers() {
            return 0;
        }
        // SAFETY: *Image*: a table with pointers has a description, whose count is its last word.
        let count = unsafe { *self.descriptor().sub(1) };
        let series = count.unsigned_abs() as usize;
        if count > 0 { WORD + 2 * WORD * series } else { 2 * WORD + WORD * series }
    }
}

/// A reference to an object.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(transparent)]
pub(crate) struct Object(pub(crate) usize);

impl Object {
    /// Its MethodTable.
    pub(crate) fn table(self) -> &'static MethodTable {
        // SAFETY: *Caller*: an object begins with its table, which lives in the image, or in memory
        // that the type loader never frees.
        unsafe { &**(self.0 as *const *const MethodTable) }
    }

    fn length(self) -> usize {
        // SAFETY: only asked of arrays and strings, which have a length there.
        unsafe { *((self.0 + 8) as *const u32) as usize }
    }

    /// The header word: hash code or lock, and flags.
    pub(crate) fn header(self) -> &'static AtomicU32 {
        // SAFETY: every object has a header before its address.
        unsafe { &*((self.0 - 4) as *const AtomicU32) }
    }

    fn exact_size(self) -> usize {
        let table = self.table();
        match table.component_size() {
            0 => table.base_size as usize,
            component => table.base_size as usize + component * self.length(),
        }
    }

    /// Bytes, rounded up; they begin 8 before the object's address.
    pub(crate) fn size(self) -> usize {
        self.exact_size().next_multiple_of(ALIGN)
    }

    /// Calls `f` with the address of every reference field of an object that has pointers, and
    /// returns the object's size. The collector's inner loop.
    #[inline(always)]
    pub(crate) fn for_each_reference(self, mut f: impl FnMut(*mut usize)) -> usize {
        let size = self.exact_size();
        let mut series = self.table().descriptor();
        // SAFETY: *Image*: a table with pointers has a description, whose count is its last word.
        let mut count = unsafe { *series.sub(1) };
        if count < 0 {
            self.for_each_in_elements(count.unsigned_abs() as usize, size, &mut f);
        }
        // series of {length less the object's size, start}
        while count > 0 {
            // SAFETY: *Image*: as many pairs of words as the count says.
            series = unsafe { series.sub(2) };
            // SAFETY: as above.
            let (length, start) = unsafe { (*series.sub(1), *series) };
            let mut at = self.0.wrapping_add_signed(start as isize);
            let end = at.wrapping_add(size).wrapping_add_signed(length as isize);
            while at != end {
                f(at as *mut usize);
                at = at.wrapping_add(WORD);
            }
            count -= 1;
        }
        size.next_multiple_of(ALIGN)
    }

    /// The references of an array of structures: items of {references, bytes to skip} for each
    /// element.
    #[inline(never)]
    fn for_each_in_elements(self, items: usize, size: usize, f: &mut impl FnMut(*mut usize)) {
        let descriptor = self.table().descriptor();
        // SAFETY: *Image*: the words before the table, as many as the count says.
        let word = |index: usize| unsafe { *descriptor.sub(index) };
        let mut at = self.0 + word(2) as usize;
        let end = self.0 - HEADER + size;
        while at < end {
            for item in 0..items {
                let item = word(3 + item).cast_unsigned();
                for _ in 0..item as u32 {
                    f(at as *mut usize);
                    at += WORD;
                }
                at += (item >> 32) as usize;
            }
        }
    }
}

#[unsafe(export_name = "RhGetGCDescSize")]
extern "C" fn descriptor_size(table: &MethodTable) -> i32 {
    table.descriptor_size() as i32
}

/// Are the fields of two boxed values of one type the same, byte for byte?
#[unsafe(export_name = "RhCompareObjectContentsAndPadding")]
extern "C" fn compare_contents(first: Object, second: Object) -> u32 {
    let length = first.table().base_size as usize - HEADER - WORD;
    let contents = |object: Object| {
        // SAFETY: *Caller*: a boxed value, whose fields follow the table.
        unsafe { core::slice::from_raw_parts((object.0 + WORD) as *const u8, length) }
    };
    u32::from(contents(first) == contents(second))
}
