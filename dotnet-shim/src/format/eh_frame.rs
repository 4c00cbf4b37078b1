//! DWARF call frame information: which frame description covers an address, and where the caller's
//! registers are.
//!
//! The linker's `.eh_frame_hdr` is the table of functions: sorted pairs of 32-bit offsets from its own
//! start. Compiled code describes prologs only, so rows are exact at call sites and in bodies, and
//! wrong inside epilogs.
use super::reader::{Image, Reader};

/// The sorted table of `.eh_frame_hdr`.
#[derive(Clone, Copy, Debug)]
pub struct Table<'a> {
    image: Image<'a>,
    header: usize,
    entries: &'a [u8],
}

/// What covers one function.
#[derive(Clone, Copy, Debug)]
pub struct Description<'a> {
    /// First address.
    pub start: usize,
    /// Bytes.
    pub length: usize,
    /// Address of the language-specific data.
    pub lsda: Option<usize>,
    common: Reader<'a>,
    common_end: usize,
    own: Reader<'a>,
    own_end: usize,
    data_align: i64,
}

/// Number of columns: sixteen general registers and the return address.
pub const COLUMNS: usize = 17;
/// The return address's column.
pub const RETURN_ADDRESS: usize = 16;
/// The stack pointer's DWARF number.
pub const STACK_POINTER: usize = 7;

/// How to get at the caller's frame.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Row {
    /// DWARF number of the register that the frame address counts from.
    pub base: usize,
    /// The frame address is that register plus this.
    pub offset: i64,
    /// Where each register is saved, relative to the frame address.
    pub saved: [Option<i64>; COLUMNS],
}

const ENTRY: usize = 8;

impl<'a> Table<'a> {
    /// The table at an address.
    pub fn new(image: Image<'a>, header: usize) -> Option<Self> {
        const VERSION: u8 = 1;
        /// Encodings: frame pointer self-relative, count plain, table relative to the header.
        const ENCODINGS: [u8; 3] = [0x1b, 0x03, 0x3b];
        let mut reader = image.at(header);
        if reader.u8()? != VERSION || reader.take(3)? != ENCODINGS {
            return None;
        }
        let _frames = reader.u32()?;
        let count = reader.u32()? as usize;
        Some(Self { image, header, entries: reader.take(count.checked_mul(ENTRY)?)? })
    }

    /// Functions in the table.
    pub fn count(&self) -> usize {
        self.entries.len() / ENTRY
    }

    fn key(&self, index: usize) -> Option<i32> {
        let bytes = self.entries.get(index * ENTRY..)?.first_chunk()?;
        Some(i32::from_le_bytes(*bytes))
    }

    /// The address where function number `index` starts.
    pub fn start(&self, index: usize) -> Option<usize> {
        Some(self.header.wrapping_add_signed(self.key(index)? as isize))
    }

    /// The description that covers an address.
    pub fn find(&self, address: usize) -> Option<Description<'a>> {
        let key = i32::try_from(address.wrapping_sub(self.header).cast_signed()).ok()?;
        let (mut low, mut high) = (0, self.count());
        while low < high {
            let middle = usize::midpoint(low, high);
            if self.key(middle)? <= key {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        let bytes = self.entries.get(low.checked_sub(1)? * ENTRY + 4..)?.first_chunk()?;
        let at = self.header.wrapping_add_signed(i32::from_le_bytes(*bytes) as isize);
        let description = Description::parse(self.image, at)?;
        (address.wrapping_sub(description.start) < description.length).then_some(description)
    }
}

impl<'a> Description<'a> {
    fn parse(image: Image<'a>, address: usize) -> Option<Self> {
        let mut own = image.at(address);
        let own_end = address.checked_add(4)?.checked_add(own.u32()? as usize)?;
        let common_at = own.address().wrapping_sub(own.u32()? as usize);
        let mut common = image.at(common_at);
        let common_end = common_at.checked_add(4)?.checked_add(common.u32()? as usize)?;
        let _id_and_version = common.take(5)?;
        let mut augmentation = common;
        while common.u8()? != 0 {}
        let _code_align = common.uleb()?;
        let data_align = common.sleb()?;
        let _return_column = common.uleb()?;
        let mut has_lsda = false;
        if augmentation.u8()? == b'z' {
            let length = common.uleb()?;
            loop {
                match augmentation.u8()? {
                    0 => break,
                    b'L' => has_lsda = true,
                    _ => {}
                }
            }
            common.take(usize::try_from(length).ok()?)?;
        }
        let start = own.relative()?;
        let length = own.u32()? as usize;
        let extra = usize::try_from(own.uleb()?).ok()?;
        let mut augmented = own;
        let lsda = if has_lsda && extra >= 4 { augmented.relative() } else { None };
        own.take(extra)?;
        Some(Self { start, length, lsda, common, common_end, own, own_end, data_align })
    }

    /// The row for an address of the function; `None` when the description uses an operation that
    /// neither compiler emits.
    pub fn row(&self, address: usize) -> Option<Row> {
        let mut row = Row { base: STACK_POINTER, offset: 8, saved: [None; COLUMNS] };
        row.run(self.common, self.common_end, 0, usize::MAX, self.data_align)?;
        row.run(self.own, self.own_end, self.start, address, self.data_align)?;
        Some(row)
    }
}

impl Row {
    /// Executes operations until the location passes `address`.
    fn run(
        &mut self,
        mut reader: Reader<'_>,
        end: usize,
        mut location: usize,
        address: usize,
        data_align: i64,
    ) -> Option<()> {
        while reader.address() < end {
            let operation = reader.u8()?;
            let low = operation & 0x3f;
            let advance = match (operation >> 6, low) {
                (1, _) => usize::from(low),
                (2, _) => {
                    let offset = (reader.uleb()?.cast_signed()).checked_mul(data_align)?;
                    self.save(usize::from(low), Some(offset));
                    0
                }
                (3, _) => {
                    self.save(usize::from(low), None);
                    0
                }
                (_, 0x00) => 0,
                (_, 0x02) => usize::from(reader.u8()?),
                (_, 0x03) => usize::from(reader.u16()?),
                (_, 0x04) => reader.u32()? as usize,
                (_, 0x05) => {
                    let register = reader.uleb()? as usize;
                    let offset = (reader.uleb()?.cast_signed()).checked_mul(data_align)?;
                    self.save(register, Some(offset));
                    0
                }
                (_, 0x0c) => {
                    self.base = reader.uleb()? as usize;
                    self.offset = reader.uleb()?.cast_signed();
                    0
                }
                (_, 0x0d) => {
                    self.base = reader.uleb()? as usize;
                    0
                }
                (_, 0x0e) => {
                    self.offset = reader.uleb()?.cast_signed();
                    0
                }
                (_, 0x11) => {
                    let register = reader.uleb()? as usize;
                    let offset = reader.sleb()?.checked_mul(data_align)?;
                    self.save(register, Some(offset));
                    0
                }
                _ => return None,
            };
            location = location.wrapping_add(advance);
            if location > address {
                break;
            }
        }
        (self.base < RETURN_ADDRESS).then_some(())
    }

    fn save(&mut self, register: usize, offset: Option<i64>) {
        if let Some(saved) = self.saved.get_mut(register) {
            *saved = offset;
        }
    }
}
