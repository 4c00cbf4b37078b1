//! A heap of pages, and of pieces of pages.
//!
//! # Invariants
//!
//! `pages` is asked for whole pages only, so everything in it is whole pages. Each list holds pieces of
//! its class' size, aligned to the largest power of two that divides it, which nobody uses; a free
//! piece begins with the address of the next.

use core::alloc::Layout;
use core::ptr::NonNull;

use crate::memory::PAGE_SIZE;

/// Sizes of pieces. Multiples of 16, so that a link fits and an alignment of 16 needs no thought.
const CLASSES: [usize; 15] =
    [16, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1344, 2048, PAGE_SIZE];

/// For each size in units of 16 bytes, rounded up, the class that is large enough.
static CLASS_OF: [u8; PAGE_SIZE / 16 + 1] = classes_of_sizes();

const fn classes_of_sizes() -> [u8; PAGE_SIZE / 16 + 1] {
    let mut table = [0; PAGE_SIZE / 16 + 1];
    let mut units = 0;
    let mut class = 0;
    while units < table.len() {
        while CLASSES[class] < units * 16 {
            class += 1;
        }
        table[units] = class as u8;
        units += 1;
    }
    table
}

/// The heap.
pub(crate) struct Heap {
    pages: linked_list_allocator::Heap,
    lists: [Option<NonNull<Piece>>; CLASSES.len()],
}

/// A free piece.
struct Piece {
    next: Option<NonNull<Self>>,
}

// SAFETY: the heap owns all memory it points to; it is no more bound to a CPU than a `Box` is.
unsafe impl Send for Heap {}

impl Heap {
    /// A heap without memory.
    pub(crate) const fn new() -> Self {
        Self { pages: linked_list_allocator::Heap::empty(), lists: [None; CLASSES.len()] }
    }

    /// Gives the heap its first memory; once.
    ///
    /// # Safety
    ///
    /// Nobody else may ever use the `len` bytes at `start`; both are multiples of the page size.
    pub(crate) unsafe fn init(&mut self, start: *mut u8, len: usize) {
        // SAFETY: the caller hands the memory over, and calls this once.
        unsafe { self.pages.init(start, len) }
    }

    /// Adds the page that follows the heap's end.
    ///
    /// # Safety
    ///
    /// That page must be memory that nobody else uses.
    pub(crate) unsafe fn extend(&mut self) {
        // SAFETY: the caller hands it over.
        unsafe { self.pages.extend(PAGE_SIZE) }
    }

    /// One past the last byte.
    pub(crate) fn top(&self) -> usize {
        self.pages.top() as usize
    }

    /// Whole pages that nobody uses.
    pub(crate) fn free_pages(&self) -> usize {
        self.pages.free() / PAGE_SIZE
    }

    /// Memory of this layout.
    pub(crate) fn allocate(&mut self, layout: Layout) -> Option<NonNull<u8>> {
        let Some(class) = class(layout) else {
            return self.pages.allocate_first_fit(whole_pages(layout)?).ok();
        };
        let piece = match self.lists[class] {
            Some(piece) => piece,
            None => self.cut(class)?,
        };
        // SAFETY: by the invariant `piece` is a free piece that begins with a link.
        self.lists[class] = unsafe { piece.read() }.next;
        Some(piece.cast())
    }

    /// Takes memory back.
    ///
    /// # Safety
    ///
    /// `pointer` must come from [`allocate`](Self::allocate) with the same layout, once.
    pub(crate) unsafe fn deallocate(&mut self, pointer: NonNull<u8>, layout: Layout) {
        if let Some(class) = class(layout) {
            let piece = pointer.cast::<Piece>();
            // SAFETY: the caller gives back a piece of this class, which is large enough for a link
            // and aligned for it.
            unsafe { piece.write(Piece { next: self.lists[class] }) };
            self.lists[class] = Some(piece);
        } else if let Some(layout) = whole_pages(layout) {
            // SAFETY: it was allocated with the layout that `whole_pages` makes of the caller's.
            unsafe { self.pages.deallocate(pointer, layout) }
        }
    }

    /// Cuts a new page into pieces, and returns the first.
    fn cut(&mut self, class: usize) -> Option<NonNull<Piece>> {
        let page = self.pages.allocate_first_fit(PAGE).ok()?;
        let size = CLASSES[class];
        let mut next = None;
        for index in (0..PAGE_SIZE / size).rev() {
            // SAFETY: the piece lies inside the page.
            let piece = unsafe { page.add(index * size) }.cast::<Piece>();
            // SAFETY: the page was just allocated, and every piece in it is large enough for a link and
            // aligned for it.
            unsafe { piece.write(Piece { next }) };
            next = Some(piece);
        }
        self.lists[class] = next;
        next
    }
}

const PAGE: Layout = match Layout::from_size_align(PAGE_SIZE, PAGE_SIZE) {
    Ok(layout) => layout,
    Err(_) => panic!("the page size is a power of two"),
};

/// The class for a layout; none when it needs more than a page.
fn class(layout: Layout) -> Option<usize> {
    let mut class = usize::from(*CLASS_OF.get(layout.size().div_ceil(16))?);
    while !CLASSES.get(class)?.is_multiple_of(layout.align()) {
        class += 1;
    }
    Some(class)
}

/// The pages for a layout.
fn whole_pages(layout: Layout) -> Option<Layout> {
    let layout = layout.align_to(PAGE_SIZE).ok()?;
    Some(layout.pad_to_align())
}

#[cfg(test)]
mod tests {
    use std::alloc::{alloc, dealloc};
    use std::collections::BTreeMap;

    use super::*;

    const LEN: usize = 64 * PAGE_SIZE;

    /// Memory that is given to a heap.
    struct Memory(*mut u8);

    impl Memory {
        fn new() -> Self {
            // SAFETY: the size is not zero.
            Self(unsafe { alloc(Layout::from_size_align(LEN, PAGE_SIZE).expect("good")) })
        }
    }

    impl Drop for Memory {
        fn drop(&mut self) {
            // SAFETY: it was allocated like this in `new`.
            unsafe { dealloc(self.0, Layout::from_size_align(LEN, PAGE_SIZE).expect("good")) }
        }
    }

    #[test]
    fn every_size_has_the_smallest_class_that_serves_it() {
        for size in 1..=PAGE_SIZE {
            for align in [1, 8, 16, 64, 256, PAGE_SIZE] {
                let class = class(Layout::from_size_align(size, align).expect("good"));
                let expected = CLASSES.iter().position(|c| *c >= size && c % align == 0);
                assert_eq!(class, expected, "{size} aligned to {align}");
            }
        }
        assert_eq!(class(Layout::from_size_align(PAGE_SIZE + 1, 1).expect("good")), None);
        assert_eq!(class(Layout::from_size_align(8, 2 * PAGE_SIZE).expect("good")), None);
    }

    #[test]
    fn nothing_overlaps_and_all_of_it_comes_back() {
        let memory = Memory::new();
        let mut heap = Heap::new();
        // SAFETY: the memory is ours, and outlives the heap.
        unsafe { heap.init(memory.0, LEN) };
        let mut live: BTreeMap<usize, Layout> = BTreeMap::new();
        let mut seed = 1_u64;
        let mut random = |limit: usize| {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) as usize % limit
        };
        for _ in 0..if cfg!(miri) { 500 } else { 50_000 } {
            if random(2) == 0 {
                let most = [100, 3000, 20_000][random(3)];
                let size = 1 + random(most);
                let layout = Layout::from_size_align(size, 1 << random(8)).expect("good");
                let Some(pointer) = heap.allocate(layout) else { continue };
                let start = pointer.as_ptr().addr();
                assert_eq!(start % layout.align(), 0);
                let before = live.range(..start + size).next_back();
                assert!(before.is_none_or(|(at, other)| at + other.size() <= start));
                // SAFETY: the heap says that these bytes are ours.
                unsafe { pointer.write_bytes(0xaa, size) };
                live.insert(start, layout);
            } else if let Some(start) = live.keys().nth(random(live.len().max(1))).copied() {
                let layout = live.remove(&start).expect("it is there");
                let pointer = memory.0.with_addr(start);
                // SAFETY: it was allocated with this layout and not freed since.
                unsafe { heap.deallocate(NonNull::new(pointer).expect("not null"), layout) };
            }
        }
        for (start, layout) in live {
            let pointer = memory.0.with_addr(start);
            // SAFETY: as above.
            unsafe { heap.deallocate(NonNull::new(pointer).expect("not null"), layout) };
        }
        // Pages cut into pieces stay cut; every piece of them can be had again.
        let mut pieces = 0;
        while heap.allocate(Layout::new::<u64>()).is_some() {
            pieces += 1;
        }
        assert!(heap.free_pages() == 0 && pieces > 0);
    }

    #[test]
    fn as_many_allocations_succeed_as_there_are_free_pages() {
        let memory = Memory::new();
        let mut heap = Heap::new();
        // SAFETY: the memory is ours, and outlives the heap.
        unsafe { heap.init(memory.0, LEN / 2) };
        for index in 0.. {
            let pages = heap.free_pages();
            let layout = Layout::from_size_align(1 + 700 * index % PAGE_SIZE, 8).expect("good");
            let success = heap.allocate(layout).is_some();
            assert!(success || pages == 0);
            assert!(heap.free_pages() + 1 >= pages);
            if success {
                continue;
            }
            if heap.top() == memory.0.addr() + LEN {
                break;
            }
            // SAFETY: the next page of the memory is ours too.
            unsafe { heap.extend() };
            assert_eq!(heap.free_pages(), 1);
        }
    }
}
