//! The small-object space: blocks, the lines in them, and the holes between live objects.
//!
//! A mark bit stands for 8 bytes, and a *line* is the 256 bytes whose 32 bits fill one half of a
//! word, so the mark bits are the line marks: a line whose bits are all clear holds no start of a
//! live object. A **hole** is the space between two neighbouring live objects (or the block's edge)
//! that contains at least one clear line; its ends are exact, to the byte. Smaller gaps are not
//! worth a visit and wait until a neighbour dies.
//!
//! Holes are found when they are needed ([`Blocks::next_hole`]), from the bits of the last
//! collection, which do not change until the next one. There is no sweep.
//!
//! # Invariants
//!
//! * A bit is set only at the address of an object that was reachable in the collection it is of.
//! * The bits and states of blocks `0..top` are committed.
//! * In an `Owned` block, each hole whose first line lies before the block's cursor starts with
//!   objects allocated since the last collection, back to back, followed by a zero type word or
//!   the end of the hole. Later holes, and blocks in other states, hold no new objects.

use crate::memory::{Account, MarkView, Memory, PAGE, Space, Table};
use crate::{HEADER, MIN_OBJECT, Runtime};
use core::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, AtomicUsize, Ordering::Relaxed};

/// Bytes in a block.
pub const BLOCK: usize = 32 * 1024;
/// Bytes in a line.
pub const LINE: usize = 256;
/// Lines in a block.
pub(crate) const LINES: usize = BLOCK / LINE;
/// Words of mark bits for a block.
pub(crate) const WORDS: usize = BLOCK / 8 / 64;
/// Blocks whose bits share a page: the step in which tables grow.
const GROUP: usize = PAGE / 8 / WORDS;
/// The smallest hole that is handed out.
const MIN_HOLE: usize = 128;

/// What a block is used for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
pub(crate) enum State {
    /// No memory behind it; reads as zero.
    Clean = 0,
    /// Backed, unused, all zero.
    Zeroed = 1,
    /// Backed, unused, old contents.
    Free = 2,
    /// Live objects, no hole worth having (or none left).
    Full = 3,
    /// Live objects and holes.
    Recyclable = 4,
    /// Taken by a context since the last collection.
    Owned = 5,
}

impl State {
    fn from_raw(raw: u8) -> Self {
        match raw {
            0 => Self::Clean,
            1 => Self::Zeroed,
            2 => Self::Free,
            3 => Self::Full,
            4 => Self::Recyclable,
            _ => Self::Owned,
        }
    }
}

/// Unused bytes between live objects: `[start, end)`, and the line where the search goes on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Hole {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) next_line: usize,
}

/// Where the search for blocks goes on; all blocks before are known not to fit.
#[derive(Default)]
pub(crate) struct Supply {
    recyclable: usize,
    free: usize,
    clean: usize,
}

impl Supply {
    /// Starts all searches at the first block again.
    pub(crate) fn reset(&mut self) {
        *self = Self::default();
    }
}

/// What a look at all mark bits found.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Census {
    /// Bytes in blocks with live objects.
    pub(crate) occupied: usize,
    /// Bytes in backed blocks without.
    pub(crate) free: usize,
}

/// The space and its tables.
pub(crate) struct Blocks {
    pub(crate) space: Space,
    states: Table<AtomicU8>,
    /// The line at which the owner of a block looks for its next hole.
    cursors: Table<AtomicU8>,
    /// Mark bits of the last two collections; `current` tells which is the last.
    bits: [Table<AtomicU64>; 2],
    current: AtomicUsize,
    /// Blocks `0..top` have been in use at least once.
    top: AtomicUsize,
    /// For each block, 1 + the slot in `index_bits` that holds the starts of all its objects, or 0:
    /// see [`index`](crate::index).
    pub(crate) index_slots: Table<AtomicU32>,
    pub(crate) index_bits: Table<AtomicU64>,
}

impl Blocks {
    /// Reserves `bytes`, a multiple of the block size.
    pub(crate) fn reserve(memory: &impl Memory, bytes: usize) -> Option<Self> {
        let count = bytes / BLOCK;
        let bits = || Table::reserve(memory, count * WORDS);
        Some(Self {
            space: Space::reserve(memory, bytes, BLOCK)?,
            states: Table::reserve(memory, count)?,
            cursors: Table::reserve(memory, count)?,
            bits: [bits()?, bits()?],
            current: AtomicUsize::new(0),
            top: AtomicUsize::new(0),
            index_slots: Table::reserve(memory, count)?,
            index_bits: bits()?,
        })
    }

    pub(crate) fn top(&self) -> usize {
        self.top.load(Relaxed)
    }

    pub(crate) fn address(&self, block: usize) -> usize {
        self.space.base + block * BLOCK
    }

    /// The block that contains an address, if it is below the top.
    #[inline]
    pub(crate) fn block_of(&self, address: usize) -> Option<usize> {
        let block = address.checked_sub(self.space.base)? / BLOCK;
        (block < self.top()).then_some(block)
    }

    pub(crate) fn state(&self, block: usize) -> State {
        State::from_raw(self.states.get(block).load(Relaxed))
    }

    pub(crate) fn set_state(&self, block: usize, state: State) {
        self.states.get(block).store(state as u8, Relaxed);
    }

    /// The line up to which holes of an owned block have been used.
    pub(crate) fn cursor(&self, block: usize) -> usize {
        usize::from(self.cursors.get(block).load(Relaxed))
    }

    /// The bits of the last collection (or, while marking, of this one).
    pub(crate) fn marks(&self) -> &Table<AtomicU64> {
        &self.bits[self.current.load(Relaxed)]
    }

    /// The bits of the collection before.
    pub(crate) fn previous_marks(&self) -> &Table<AtomicU64> {
        &self.bits[1 - self.current.load(Relaxed)]
    }

    /// The bits as the marking loop wants them.
    pub(crate) fn view(&self) -> MarkView<'_> {
        MarkView::new(self.marks(), self.space.base, self.top() * BLOCK)
    }

    /// The words of one block.
    pub(crate) fn words<'t>(&self, bits: &'t Table<AtomicU64>, block: usize) -> &'t [AtomicU64] {
        bits.slice(block * WORDS, WORDS)
    }

    /// Makes the current marks the previous ones, and starts with none.
    pub(crate) fn begin_marking(&self) {
        let next = 1 - self.current.load(Relaxed);
        self.bits[next].clear(0, self.top() * WORDS);
        self.current.store(next, Relaxed);
        self.index_slots.clear(0, self.top());
    }

    /// The first hole of a block that starts at `line` or later, by the given bits.
    pub(crate) fn next_hole<R: Runtime>(
        &self,
        bits: &Table<AtomicU64>,
        block: usize,
        mut line: usize,
    ) -> Option<Hole> {
        let words = self.words(bits, block);
        let base = self.address(block);
        let line_bits = |line: usize| (words[line / 2].load(Relaxed) >> (line % 2 * 32)) as u32;
        loop {
            while line < LINES && line_bits(line) != 0 {
                line += 1;
            }
            if line == LINES {
                return None;
            }
            let first = line;
            while line < LINES && line_bits(line) == 0 {
                line += 1;
            }
            let start = if first == 0 {
                base
            } else {
                let last = 31 - line_bits(first - 1).leading_zeros() as usize;
                let object = base + (first - 1) * LINE + last * 8;
                object - HEADER + R::size(object)
            };
            let end = if line == LINES {
                base + BLOCK
            } else {
                base + line * LINE + line_bits(line).trailing_zeros() as usize * 8 - HEADER
            };
            if start + MIN_HOLE <= end {
                return Some(Hole { start, end, next_line: line });
            }
        }
    }

    /// The next hole of a block that the caller owns.
    pub(crate) fn take_hole<R: Runtime>(&self, block: usize) -> Option<Hole> {
        let hole = self.next_hole::<R>(self.marks(), block, self.cursor(block));
        let line = hole.map_or(LINES, |hole| hole.next_line);
        self.cursors.get(block).store(line as u8, Relaxed);
        hole
    }

    /// Marks a hole that its owner does not want as holding no objects.
    pub(crate) fn skip_hole(&self, hole: Hole) {
        self.space.set_word(hole.start + HEADER, 0);
    }

    /// Clears what a context is about to use of a hole: `bytes`, and the word that ends the
    /// sequence of objects if less than the whole hole is used.
    pub(crate) fn zero_hole(&self, hole: Hole, bytes: usize) {
        let whole = hole.end - hole.start;
        let bytes = if bytes + MIN_OBJECT > whole { whole } else { bytes + HEADER + 8 };
        self.space.fill(hole.start, bytes, 0);
    }

    /// Visits the objects allocated since the last collection in one hole of an owned block.
    pub(crate) fn new_objects<R: Runtime>(&self, hole: Hole, mut visit: impl FnMut(usize)) {
        let mut object = hole.start + HEADER;
        while object + MIN_OBJECT <= hole.end + HEADER && self.space.word(object) != 0 {
            visit(object);
            object += R::size(object);
        }
    }

    fn find(&self, from: usize, wanted: State) -> Option<usize> {
        let rest = self.states.slice(from, self.top().saturating_sub(from));
        rest.iter().position(|state| state.load(Relaxed) == wanted as u8).map(|n| from + n)
    }

    fn own(&self, block: usize) -> usize {
        self.set_state(block, State::Owned);
        self.cursors.get(block).store(0, Relaxed);
        block
    }

    /// A block with holes, which the caller now owns.
    pub(crate) fn take_recyclable(&self, supply: &mut Supply) -> Option<usize> {
        let found = self.find(supply.recyclable, State::Recyclable);
        supply.recyclable = found.unwrap_or(self.top());
        found.map(|block| self.own(block))
    }

    /// An unused block, which the caller now owns, and whether it is zero.
    pub(crate) fn take_free(
        &self,
        supply: &mut Supply,
        memory: &impl Memory,
        account: &Account,
    ) -> Option<(usize, bool)> {
        loop {
            let rest = self.states.slice(supply.free, self.top().saturating_sub(supply.free));
            let backed = |raw: u8| raw == State::Free as u8 || raw == State::Zeroed as u8;
            if let Some(n) = rest.iter().position(|state| backed(state.load(Relaxed))) {
                let block = supply.free + n;
                supply.free = block + 1;
                let zero = self.state(block) == State::Zeroed;
                return Some((self.own(block), zero));
            }
            supply.free = self.top();
            let block = match self.find(supply.clean, State::Clean) {
                Some(block) => block,
                None => self.grow(memory, account)?,
            };
            supply.clean = block;
            let run = self.back(block, memory, account)?;
            supply.free = block;
            supply.clean = block + run;
        }
    }

    /// Commits some clean blocks from `first` on; returns how many.
    fn back(&self, first: usize, memory: &impl Memory, account: &Account) -> Option<usize> {
        // Few and small commits while the heap is small, few and large ones later.
        let wanted = if account.committed() < 64 * BLOCK { 2 } else { GROUP };
        let is_clean = |&block: &usize| block < self.top() && self.state(block) == State::Clean;
        let run = (first..first + wanted).take_while(is_clean).count();
        for run in [run, 1] {
            if account.commit(memory, self.address(first), run * BLOCK) {
                for block in first..first + run {
                    self.set_state(block, State::Zeroed);
                }
                return Some(run);
            }
        }
        None
    }

    /// Raises the top by a group of clean blocks; returns the first.
    fn grow(&self, memory: &impl Memory, account: &Account) -> Option<usize> {
        let top = self.top();
        let new_top = top + GROUP;
        if new_top > self.space.bytes / BLOCK {
            return None;
        }
        let ready = self.states.ensure(memory, account, new_top)
            && self.cursors.ensure(memory, account, new_top)
            && self.index_slots.ensure(memory, account, new_top)
            && self.bits.iter().all(|bits| bits.ensure(memory, account, new_top * WORDS));
        if !ready {
            return None;
        }
        self.top.store(new_top, Relaxed);
        Some(top)
    }

    /// After marking: gives every block in use its new state; with `poison`, fills all that died.
    pub(crate) fn classify<R: Runtime>(&self, poison: Option<u8>) -> Census {
        let mut census = Census::default();
        for block in 0..self.top() {
            match self.state(block) {
                State::Clean => {}
                State::Zeroed | State::Free => census.free += BLOCK,
                State::Full | State::Recyclable | State::Owned => {
                    let (state, bytes) = match self.clear_lines(block) {
                        LINES => (State::Free, &mut census.free),
                        0 => (State::Full, &mut census.occupied),
                        _ => (State::Recyclable, &mut census.occupied),
                    };
                    self.set_state(block, state);
                    *bytes += BLOCK;
                    if let Some(value) = poison {
                        self.poison::<R>(block, value);
                    }
                }
            }
        }
        census
    }

    /// How many lines of a block hold no start of a live object.
    fn clear_lines(&self, block: usize) -> usize {
        let clear = |word: &AtomicU64| {
            let word = word.load(Relaxed);
            usize::from(word as u32 == 0) + usize::from(word >> 32 == 0)
        };
        self.words(self.marks(), block).iter().map(clear).sum()
    }

    /// Gives the memory of up to `bytes` of unused blocks back, the highest first; returns what was
    /// given back.
    pub(crate) fn release(&self, bytes: usize, memory: &impl Memory, account: &Account) -> usize {
        let mut released = 0;
        let mut block = self.top();
        while block > 0 && released < bytes {
            let end = block;
            let is_unused = |block| matches!(self.state(block), State::Free | State::Zeroed);
            while block > 0 && released + (end - block) * BLOCK < bytes && is_unused(block - 1) {
                block -= 1;
                self.set_state(block, State::Clean);
            }
            if block == end {
                block -= 1;
            } else {
                account.discard(memory, self.address(block), (end - block) * BLOCK);
                released += (end - block) * BLOCK;
            }
        }
        released
    }

    /// Fills everything in a block that is not a live object, to catch uses of dead ones.
    fn poison<R: Runtime>(&self, block: usize, value: u8) {
        let mut free = self.address(block);
        self.live_objects(block, |object| {
            self.space.fill(free, object - HEADER - free, value);
            free = object - HEADER + R::size(object);
        });
        self.space.fill(free, self.address(block) + BLOCK - free, value);
    }

    /// Visits the objects of a block that the last collection marked, in the order of addresses.
    pub(crate) fn live_objects(&self, block: usize, mut visit: impl FnMut(usize)) {
        let base = self.address(block);
        for (n, word) in self.words(self.marks(), block).iter().enumerate() {
            let mut word = word.load(Relaxed);
            while word != 0 {
                visit(base + (n * 64 + word.trailing_zeros() as usize) * 8);
                word &= word - 1;
            }
        }
    }
}
