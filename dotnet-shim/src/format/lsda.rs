//! What the compiler stores per method: kind, exception clauses, garbage collection information.
//!
//! ```text
//! u8      flags: bits 0-1 kind (0 = method body, else funclet), 4 has clauses, 8 reverse P/Invoke,
//!         0x10 has associated data
//! i32     funclet only: root method's data, self-relative; then i32: distance to its start; end
//! i32     if associated data: its address, self-relative
//! i32     if clauses: their address, self-relative
//! ...     garbage collection information
//! ```
use super::reader::{Image, Reader};

const KIND_MASK: u8 = 3;
const HAS_CLAUSES: u8 = 4;
const REVERSE_PINVOKE: u8 = 8;
const HAS_ASSOCIATED: u8 = 0x10;

/// The data of a method, found from its body or one of its funclets.
#[derive(Clone, Copy, Debug)]
pub struct MethodData<'a> {
    image: Image<'a>,
    /// First address of the method body.
    pub start: usize,
    /// Was it found from a funclet?
    pub is_funclet: bool,
    flags: u8,
    associated: Option<usize>,
    clauses: Option<usize>,
    gc_info: usize,
}

impl<'a> MethodData<'a> {
    /// The data at `lsda`, which belongs to the code that starts at `start`.
    pub fn new(image: Image<'a>, lsda: usize, start: usize) -> Option<Self> {
        let mut reader = image.at(lsda);
        let mut flags = reader.u8()?;
        let is_funclet = flags & KIND_MASK != 0;
        let mut root_start = start;
        if is_funclet {
            let root = reader.relative()?;
            root_start = start.wrapping_sub_signed(reader.i32()? as isize);
            reader = image.at(root);
            flags = reader.u8()?;
        }
        let mut pointer = |bit: u8| {
            if flags & bit == 0 { Some(None) } else { reader.relative().map(Some) }
        };
        let associated = pointer(HAS_ASSOCIATED)?;
        let clauses = pointer(HAS_CLAUSES)?;
        let gc_info = reader.address();
        Some(Self { image, start: root_start, is_funclet, flags, associated, clauses, gc_info })
    }

    /// Is it the body of a method that native code calls?
    pub fn is_reverse_pinvoke_body(&self) -> bool {
        self.flags & REVERSE_PINVOKE != 0 && !self.is_funclet
    }

    /// Its garbage collection information, and whatever follows.
    pub fn gc_info(&self) -> &'a [u8] {
        self.image.from(self.gc_info)
    }

    /// Address of its exception clauses.
    pub fn clauses(&self) -> Option<usize> {
        self.clauses
    }

    /// Address of its associated data.
    pub fn associated(&self) -> Option<usize> {
        self.associated
    }
}

/// The code that an unboxing and instantiating stub stands for; `address` is that of the stub's
/// associated data.
pub fn stub_target(image: Image<'_>, address: usize) -> Option<usize> {
    const HAS_TARGET: u8 = 1;
    let mut reader = image.at(address);
    if reader.u8()? & HAS_TARGET == 0 { None } else { reader.relative() }
}

/// No clause, and no other piece of data that is decoded here, is longer.
pub const MAX_PIECE: usize = 24;

/// One exception clause; offsets are from the method's start.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Clause {
    /// What it does.
    pub kind: ClauseKind,
    /// First offset it protects.
    pub try_start: u32,
    /// One past the last.
    pub try_end: u32,
    /// Offset of the handler.
    pub handler: u32,
}

/// What a clause does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ClauseKind {
    /// Catches a type, whose table is at this address.
    Typed(usize),
    /// Runs when the protected code is left by an exception.
    Fault,
    /// Asks the filter at this offset.
    Filter(u32),
}

/// The clauses at an address: how many, and where the first one is.
pub fn clauses(image: Image<'_>, address: usize) -> Option<(u32, usize)> {
    let mut reader = image.at(address);
    let count = reader.native_unsigned()?;
    Some((count, reader.address()))
}

/// The clause at an address, and where the next one is.
pub fn clause(image: Image<'_>, address: usize) -> Option<(Clause, usize)> {
    const KIND_BITS: u32 = 2;
    let mut reader: Reader<'_> = image.at(address);
    let try_start = reader.native_unsigned()?;
    let word = reader.native_unsigned()?;
    let handler = reader.native_unsigned()?;
    let kind = match word & ((1 << KIND_BITS) - 1) {
        0 => ClauseKind::Typed(reader.relative()?),
        1 => ClauseKind::Fault,
        2 => ClauseKind::Filter(reader.native_unsigned()?),
        _ => return None,
    };
    let try_end = try_start.checked_add(word >> KIND_BITS)?;
    Some((Clause { kind, try_start, try_end, handler }, reader.address()))
}

#[cfg(test)]
mod tests {
    use super::{Clause, ClauseKind, Image, MethodData, clause, clauses, stub_target};

    const BASE: usize = 0x1000;

    fn image(bytes: &[u8]) -> Image<'_> {
        Image { base: BASE, bytes }
    }

    #[test]
    fn a_funclet_leads_to_its_method() {
        // a root with clauses at BASE + 0x20, then a funclet 0x30 into the method
        let bytes = [4, 0x1f, 0, 0, 0, 0xaa, 0xbb, 0, 1, 0xf7, 0xff, 0xff, 0xff, 0x30, 0, 0, 0];
        let root = MethodData::new(image(&bytes), BASE, 0x9000).expect("a method");
        assert_eq!((root.start, root.is_funclet), (0x9000, false));
        assert_eq!((root.clauses(), root.associated()), (Some(BASE + 0x20), None));
        assert_eq!(root.gc_info()[..2], [0xaa, 0xbb]);
        let funclet = MethodData::new(image(&bytes), BASE + 8, 0x9030).expect("a funclet");
        assert_eq!((funclet.start, funclet.is_funclet), (0x9000, true));
        assert_eq!(funclet.gc_info()[..2], [0xaa, 0xbb]);
        assert!(!funclet.is_reverse_pinvoke_body());
    }

    #[test]
    fn clauses_of_every_kind_are_read() {
        // count 3; typed, fault, filter
        let bytes = [
            6,
            2,
            5 << 3,
            40,
            0x10,
            0,
            0,
            0,
            4,
            (6 << 2 | 1) << 1,
            60,
            6,
            (7 << 2 | 2) << 1,
            80,
            90,
        ];
        let (count, first) = clauses(image(&bytes), BASE).expect("a list");
        let (typed, second) = clause(image(&bytes), first).expect("a clause");
        let (fault, third) = clause(image(&bytes), second).expect("a clause");
        let (filter, end) = clause(image(&bytes), third).expect("a clause");
        assert_eq!((count, end), (3, BASE + bytes.len()));
        let expected =
            |kind, try_start, try_end, handler| Clause { kind, try_start, try_end, handler };
        assert_eq!(typed, expected(ClauseKind::Typed(BASE + 0x14), 1, 6, 20));
        assert_eq!(fault, expected(ClauseKind::Fault, 2, 8, 30));
        assert_eq!(filter, expected(ClauseKind::Filter(45), 3, 10, 40));
        assert_eq!(clause(image(&bytes), end), None);
    }

    #[test]
    fn only_stubs_have_a_target() {
        assert_eq!(stub_target(image(&[1, 0x0f, 0, 0, 0]), BASE), Some(BASE + 0x10));
        assert_eq!(stub_target(image(&[0, 0x0f, 0, 0, 0]), BASE), None);
        assert_eq!(stub_target(image(&[1, 0x0f]), BASE), None);
    }
}
