//! Garbage collection information, version 3 (.NET 9, x86-64): which slots of a frame hold live
//! references at a code offset.
//!
//! A frame that is not interrupted stands at a call. Version 3 records such a safepoint as the return
//! offset less one, and everything about the frame is looked up there, inside the call instruction.

mod bits;
#[cfg(test)]
mod tests;

use bits::Bits;

/// Most bytes of code of one method.
const MAX_CODE: usize = 1 << 28;
/// Most slots of one method that we can tell apart.
const MAX_SLOTS: usize = 8192;

/// Bits needed for any number below `count`.
fn bits_for(count: usize) -> u32 {
    if count <= 1 { 0 } else { usize::BITS - (count - 1).leading_zeros() }
}

/// Where a reference is. Offsets are in bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Slot {
    /// A register, in the compiler's numbering (rax rcx rdx rbx rsp rbp rsi rdi r8 ...).
    Register(u32),
    /// On the stack, from the stack pointer.
    Stack(i64),
    /// On the stack, from the frame's base register.
    Frame(i64),
}

/// A live slot.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Live {
    /// Where it is.
    pub slot: Slot,
    /// Does it hold an address inside an object?
    pub interior: bool,
}

/// How a frame stands at its offset.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Stand {
    /// At a call; the offset is the return address's.
    Call,
    /// Interrupted there: scratch registers count as well.
    Interrupted,
    /// The instruction there has faulted.
    Faulted,
}

/// Why slots cannot be told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Error {
    /// The offset is neither a safepoint nor interruptible.
    NotASafepoint,
    /// The information is damaged, or of a form that the compiler does not emit for us.
    Malformed,
}

const RBP: u32 = 5;

/// The decoded header.
#[derive(Clone, Copy)]
pub struct GcInfo<'a> {
    /// Bytes of code, funclets included.
    pub code_length: usize,
    /// The register that frame-relative slots count from.
    pub frame_base: Option<u32>,
    /// Where a reverse P/Invoke method keeps the transition frame; from the frame base, or from the
    /// stack pointer when there is none.
    pub reverse_slot: Option<i64>,
    /// Bytes of the area for outgoing stack arguments.
    pub outgoing: usize,
    safepoints: usize,
    ranges: usize,
    /// Just behind the header, at the safepoints.
    body: Bits<'a>,
}

impl<'a> GcInfo<'a> {
    /// Decodes the header.
    pub fn new(bytes: &'a [u8]) -> Option<Self> {
        let mut bits = Bits { bytes, at: 0, overrun: false };
        let mut info = Self {
            code_length: 0,
            frame_base: None,
            reverse_slot: None,
            outgoing: 0,
            safepoints: 0,
            ranges: 0,
            body: bits,
        };
        if bits.bit() {
            info.read_fat_header(&mut bits);
        } else {
            if bits.bit() {
                info.frame_base = Some(RBP);
            }
            let _return_kind = bits.read(2);
            info.code_length = bits.unsigned(8);
            info.safepoints = bits.unsigned(2);
        }
        info.body = bits;
        let plausible = info.code_length <= MAX_CODE
            && info.safepoints <= info.code_length
            && info.ranges <= info.code_length;
        (plausible && !bits.overrun).then_some(info)
    }

    fn read_fat_header(&mut self, bits: &mut Bits<'_>) {
        const HAS_GS_COOKIE: u64 = 4;
        const HAS_PSP_SYMBOL: u64 = 8;
        const GENERIC_CONTEXT: u64 = 0x30;
        const HAS_FRAME_BASE: u64 = 0x40;
        const HAS_EDIT_AND_CONTINUE: u64 = 0x100;
        const REVERSE_PINVOKE: u64 = 0x200;
        let flags = bits.read(10);
        let _return_kind = bits.read(4);
        self.code_length = bits.unsigned(8);
        if flags & HAS_GS_COOKIE != 0 {
            let _valid_range = (bits.unsigned(5), bits.unsigned(3));
        } else if flags & GENERIC_CONTEXT != 0 {
            let _prolog = bits.unsigned(5);
        }
        for flag in [HAS_GS_COOKIE, HAS_PSP_SYMBOL, GENERIC_CONTEXT] {
            if flags & flag != 0 {
                let _slot = bits.signed(6);
            }
        }
        if flags & HAS_FRAME_BASE != 0 {
            self.frame_base = Some(bits.unsigned(3) as u32 ^ RBP);
        }
        if flags & HAS_EDIT_AND_CONTINUE != 0 {
            let _size = bits.unsigned(4);
        }
        if flags & REVERSE_PINVOKE != 0 {
            self.reverse_slot = Some(bits.signed(6) << 3);
        }
        self.outgoing = bits.unsigned(3) << 3;
        self.safepoints = bits.unsigned(2);
        self.ranges = bits.unsigned(1);
    }

    /// Offsets of the calls, each the return offset less one, in the order of the table.
    pub fn safepoints(&self) -> impl Iterator<Item = usize> {
        let (mut bits, width) = (self.body, bits_for(self.code_length));
        (0..self.safepoints).map(move |_| bits.read(width) as usize)
    }

    /// The number of the safepoint whose call returns to `offset`: a binary search.
    fn safepoint_at(&self, offset: usize) -> Option<usize> {
        let width = bits_for(self.code_length);
        let wanted = offset.checked_sub(1)?;
        let (mut low, mut high) = (0, self.safepoints);
        while low < high {
            let middle = usize::midpoint(low, high);
            let mut bits = self.body;
            bits.at += middle * width as usize;
            match (bits.read(width) as usize).cmp(&wanted) {
                core::cmp::Ordering::Equal => return Some(middle),
                core::cmp::Ordering::Less => low = middle + 1,
                core::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }

    /// Where the ranges start.
    fn ranges_start(&self) -> Bits<'a> {
        let mut bits = self.body;
        bits.at += self.safepoints * bits_for(self.code_length) as usize;
        bits
    }

    /// Reads the interruptible ranges: where `offset` lies when they are put end to end, and how
    /// long they are together.
    fn read_ranges(&self, bits: &mut Bits<'_>, offset: usize) -> (Option<usize>, usize) {
        let (mut stop, mut total, mut found) = (0_usize, 0_usize, None);
        for _ in 0..self.ranges {
            let start = stop.saturating_add(bits.unsigned(6));
            let length = bits.unsigned(6).saturating_add(1);
            if offset >= start && offset - start < length {
                found = Some(total.saturating_add(offset - start));
            }
            total = total.saturating_add(length);
            stop = start.saturating_add(length);
            if bits.overrun {
                break;
            }
        }
        (found, total)
    }

    /// Can a thread be stopped with its leaf frame exactly at `offset`?
    pub fn is_interruptible(&self, offset: usize) -> bool {
        self.safepoint_at(offset).is_some()
            || self.read_ranges(&mut self.ranges_start(), offset).0.is_some()
    }

    /// Calls `report` with every live slot of a frame.
    ///
    /// # Errors
    ///
    /// [`Error`] says why the slots cannot be told.
    pub fn live_slots(
        &self,
        offset: usize,
        stand: Stand,
        mut report: impl FnMut(Live),
    ) -> Result<(), Error> {
        let mut bits = self.ranges_start();
        let lookup = if stand == Stand::Call { offset.saturating_sub(1) } else { offset };
        let (in_range, total) = self.read_ranges(&mut bits, lookup);
        let table = bits;
        let counts = SlotCounts::read(&mut bits);
        if counts.all() > MAX_SLOTS || total > self.code_length {
            return Err(Error::Malformed);
        }
        let tracked = counts.registers + counts.stack;
        SlotTable::new(&mut bits, counts).for_each(|_, _| {});
        if bits.overrun {
            return Err(Error::Malformed);
        }
        let mut live = Set::new();
        if tracked > 0 {
            let safepoint = if stand == Stand::Faulted { None } else { self.safepoint_at(offset) };
            self.read_live(&mut bits, tracked, safepoint, (in_range, total), stand, &mut live)?;
        }
        if bits.overrun {
            return Err(Error::Malformed);
        }
        let mut bits = table;
        let counts = SlotCounts::read(&mut bits);
        SlotTable::new(&mut bits, counts).for_each(|index, entry| {
            // untracked slots are initialised by the prolog and always live
            if index >= tracked || live.contains(index) {
                report(entry);
            }
        });
        Ok(())
    }

    fn read_live(
        &self,
        bits: &mut Bits<'_>,
        tracked: usize,
        safepoint: Option<usize>,
        (in_range, total): (Option<usize>, usize),
        stand: Stand,
        live: &mut Set,
    ) -> Result<(), Error> {
        let indirect = if self.safepoints > 0 && bits.bit() {
            Some(bits.unsigned(3) as u32 + 1)
        } else {
            None
        };
        if indirect.is_some_and(|width| width > 32) {
            return Err(Error::Malformed);
        }
        if let Some(index) = safepoint {
            if let Some(width) = indirect {
                let table = bits.at;
                bits.at = table + index * width as usize;
                let entry = bits.read(width) as usize;
                bits.at = (table + self.safepoints * width as usize).next_multiple_of(8) + entry;
                read_set(bits, tracked, live);
            } else {
                bits.at += index * tracked;
                (0..tracked).filter(|_| bits.bit()).for_each(|slot| live.insert(slot));
            }
            return Ok(());
        }
        match in_range {
            Some(_) if indirect.is_some() => Err(Error::Malformed),
            Some(at) => {
                bits.at += self.safepoints * tracked;
                read_chunks(bits, tracked, at, total, live)
            }
            None if stand == Stand::Faulted => Ok(()),
            None => Err(Error::NotASafepoint),
        }
    }
}

/// Interruptible code is cut into chunks of this many bytes.
const CHUNK: usize = 64;

/// Reads the live slots `at` bytes into the interruptible code.
fn read_chunks(
    bits: &mut Bits<'_>,
    tracked: usize,
    at: usize,
    total: usize,
    live: &mut Set,
) -> Result<(), Error> {
    let chunks = total.div_ceil(CHUNK);
    let width = bits.unsigned(3) as u32;
    if width == 0 {
        return Ok(());
    }
    if width > 32 {
        return Err(Error::Malformed);
    }
    let table = bits.at;
    let states = (table + chunks * width as usize).next_multiple_of(8);
    // a chunk without a pointer is as its predecessor was at its end
    let mut chunk = at / CHUNK;
    let pointer = loop {
        bits.at = table + chunk * width as usize;
        let pointer = bits.read(width) as usize;
        if pointer != 0 {
            break pointer;
        }
        if bits.overrun {
            return Err(Error::Malformed);
        }
        if chunk == 0 {
            return Ok(());
        }
        chunk -= 1;
    };
    let final_only = chunk != at / CHUNK;
    bits.at = states + pointer - 1;
    let mut changing = Set::new();
    read_set(bits, tracked, &mut changing);
    let count = (0..tracked).filter(|&slot| changing.contains(slot)).count();
    let mut final_states = *bits;
    bits.at += count;
    for slot in (0..tracked).filter(|&slot| changing.contains(slot)) {
        let mut is_live = final_states.bit();
        if !final_only {
            while bits.bit() && !bits.overrun {
                if bits.read(6) as usize > at % CHUNK {
                    is_live = !is_live;
                }
            }
        }
        if is_live {
            live.insert(slot);
        }
    }
    Ok(())
}

/// Reads a set of slots: a bitmap, or run lengths that alternate between out and in, out first.
fn read_set(bits: &mut Bits<'_>, tracked: usize, set: &mut Set) {
    if !bits.bit() {
        (0..tracked).filter(|_| bits.bit()).for_each(|slot| set.insert(slot));
        return;
    }
    let (out_base, in_base) = if bits.bit() { (2, 4) } else { (4, 2) };
    let mut slot = bits.unsigned(out_base);
    let mut inside = true;
    while slot < tracked && !bits.overrun {
        let base = if inside { in_base } else { out_base };
        let length = bits.unsigned(base).saturating_add(1);
        let end = slot.saturating_add(length);
        if inside {
            (slot..end.min(tracked)).for_each(|slot| set.insert(slot));
        }
        slot = end;
        inside = !inside;
    }
}

/// A set of slot numbers.
struct Set([u64; MAX_SLOTS / 64]);

impl Set {
    const fn new() -> Self {
        Self([0; MAX_SLOTS / 64])
    }

    fn insert(&mut self, slot: usize) {
        self.0[slot / 64] |= 1 << (slot % 64);
    }

    fn contains(&self, slot: usize) -> bool {
        self.0[slot / 64] >> (slot % 64) & 1 != 0
    }
}

#[derive(Clone, Copy)]
struct SlotCounts {
    registers: usize,
    stack: usize,
    untracked: usize,
}

impl SlotCounts {
    fn read(bits: &mut Bits<'_>) -> Self {
        let mut counts = Self { registers: 0, stack: 0, untracked: 0 };
        if bits.bit() {
            counts.registers = bits.unsigned(2);
        }
        if bits.bit() {
            counts.stack = bits.unsigned(2);
            counts.untracked = bits.unsigned(1);
        }
        counts
    }

    fn all(&self) -> usize {
        self.registers.saturating_add(self.stack).saturating_add(self.untracked)
    }
}

/// The slots of a method, in their order: registers, tracked stack slots, untracked stack slots.
struct SlotTable<'b, 'a> {
    bits: &'b mut Bits<'a>,
    counts: SlotCounts,
}

impl<'b, 'a> SlotTable<'b, 'a> {
    fn new(bits: &'b mut Bits<'a>, counts: SlotCounts) -> Self {
        Self { bits, counts }
    }

    fn for_each(self, mut f: impl FnMut(usize, Live)) {
        const INTERIOR: u64 = 1;
        let Self { bits, counts } = self;
        let (mut number, mut flags) = (0_u32, 1_u64);
        for index in 0..counts.registers {
            if index == 0 || flags != 0 {
                number = bits.unsigned(3) as u32;
                flags = bits.read(2);
            } else {
                number = number.saturating_add(bits.unsigned(2) as u32).saturating_add(1);
            }
            f(index, Live { slot: Slot::Register(number), interior: flags & INTERIOR != 0 });
        }
        let mut index = counts.registers;
        for count in [counts.stack, counts.untracked] {
            let (mut offset, mut flags) = (0_i64, 1_u64);
            for first in 0..count {
                const FROM_STACK_POINTER: u64 = 1;
                const FROM_FRAME_BASE: u64 = 2;
                let base = bits.read(2);
                // the compiler never counts from the caller's stack pointer
                bits.overrun |= !matches!(base, FROM_STACK_POINTER | FROM_FRAME_BASE);
                if first == 0 || flags != 0 {
                    offset = bits.signed(6) << 3;
                    flags = bits.read(2);
                } else {
                    offset = offset.wrapping_add((bits.unsigned(4) as i64) << 3);
                }
                let slot = if base == FROM_STACK_POINTER {
                    Slot::Stack(offset)
                } else {
                    Slot::Frame(offset)
                };
                f(index, Live { slot, interior: flags & INTERIOR != 0 });
                index += 1;
            }
        }
    }
}
