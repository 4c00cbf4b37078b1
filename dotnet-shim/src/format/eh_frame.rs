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

#[cfg(test)]
mod tests {
    use super::{Image, Table};

    const BASE: usize = 0x40_0000;
    /// The function that the sample describes.
    const FUNCTION: usize = BASE + 0x1000;
    const HEADER: usize = BASE;

    /// One function of 64 bytes: push rbp at 0, mov rbp at 1, rbx saved at 8.
    fn sample() -> Vec<u8> {
        let mut bytes = vec![1, 0x1b, 0x03, 0x3b, 0, 0, 0, 0, 1, 0, 0, 0];
        let common = 20_usize;
        let own = common + 24;
        bytes.extend((FUNCTION - HEADER).to_le_bytes().iter().take(4));
        bytes.extend(own.to_le_bytes().iter().take(4));
        // length, id, version 1, "zR", code 1, data -8, column 16, pcrel; def_cfa rsp 8; ra at -8
        bytes.extend([20, 0, 0, 0, 0, 0, 0, 0, 1, b'z', b'R', 0, 1, 0x78, 16, 1, 0x1b]);
        bytes.extend([0x0c, 7, 8, 0x90, 1, 0, 0]);
        assert_eq!(bytes.len(), own);
        let start = (FUNCTION - (BASE + own + 8)) as u32;
        bytes.extend([28, 0, 0, 0]);
        bytes.extend(((own + 4 - common) as u32).to_le_bytes());
        bytes.extend(start.to_le_bytes());
        bytes.extend([64, 0, 0, 0, 0]);
        // after 1: cfa 16, rbp at -16; after 3 more: cfa from rbp; after 4 more: rbx at -24
        bytes.extend([0x41, 0x0e, 16, 0x86, 2, 0x43, 0x0d, 6, 0x44, 0x83, 3, 0, 0, 0, 0]);
        bytes
    }

    #[test]
    fn rows_follow_the_prolog() {
        let bytes = sample();
        let table = Table::new(Image { base: BASE, bytes: &bytes }, HEADER).expect("a table");
        assert_eq!((table.count(), table.start(0)), (1, Some(FUNCTION)));
        assert!(table.find(FUNCTION - 1).is_none() && table.find(FUNCTION + 64).is_none());
        let description = table.find(FUNCTION + 5).expect("the function");
        assert_eq!((description.start, description.length, description.lsda), (FUNCTION, 64, None));
        let row = |at| description.row(FUNCTION + at).expect("a row");
        assert_eq!((row(0).base, row(0).offset, row(0).saved[6]), (7, 8, None));
        assert_eq!((row(1).base, row(1).offset, row(1).saved[6]), (7, 16, Some(-16)));
        assert_eq!((row(4).base, row(4).saved[3]), (6, None));
        assert_eq!((row(63).base, row(63).saved[3], row(63).saved[16]), (6, Some(-24), Some(-8)));
    }

    #[test]
    fn damaged_tables_end_in_a_result() {
        let good = sample();
        for position in 0..good.len() {
            for value in [0, 1, 0x0e, 0x3f, 0x7f, 0x80, 0xff] {
                let mut bytes = good.clone();
                bytes[position] = value;
                for bytes in [&bytes[..], &bytes[..position]] {
                    let image = Image { base: BASE, bytes };
                    let Some(table) = Table::new(image, HEADER) else { continue };
                    let found = table.find(FUNCTION + 5);
                    let _ = found.map(|description| description.row(FUNCTION + 63));
                }
            }
        }
    }
}
