//! The address space against a map of what should be in it.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::*;
use crate::arch::simulation::{self, Config};
use abi::memory::USER_START;

/// Frames of a simulated machine, and how many are out.
struct Pool {
    free: RefCell<Vec<PhysAddr>>,
    all: usize,
}

impl Pool {
    fn new(pages: usize) -> Self {
        let info = simulation::boot(&Config { pages, ..Config::default() });
        let free: Vec<_> = info
            .memory
            .iter()
            .flat_map(|region| {
                (0..region.pages).map(|page| page * PAGE_SIZE + region.start.0 as usize)
            })
            .map(|address| PhysAddr(address as u64))
            .collect();
        Self { all: free.len(), free: RefCell::new(free) }
    }

    fn take(&self) -> Option<Frame> {
        let address = self.free.borrow_mut().pop()?;
        Some(Frame::claim(address).expect("the pool gives out what it has once"))
    }

    fn give(&self, frame: Frame) {
        self.free.borrow_mut().push(frame.release());
    }

    fn space(&self) -> AddressSpace {
        AddressSpace::new(&mut || self.take()).expect("the pool has frames")
    }

    fn end(&self, space: AddressSpace) {
        space.destroy(&mut |frame| self.give(frame));
        assert_eq!(self.free.borrow().len(), self.all, "frames are missing");
    }

    fn map(&self, space: &AddressSpace, address: usize, protection: Protection) -> bool {
        let mut frame = self.take().expect("the pool has frames");
        frame.zero();
        match space.map(address, frame, protection, &mut || self.take()) {
            Ok(()) => true,
            Err((frame, _)) => {
                self.give(frame);
                false
            }
        }
    }
}

#[test]
fn bytes_go_in_and_come_out_across_pages() {
    let pool = Pool::new(64);
    let space = pool.space();
    let start = 0x7000_0000;
    assert!(pool.map(&space, start, Protection::WRITE));
    assert!(pool.map(&space, start + PAGE_SIZE, Protection::WRITE));
    let text: Vec<u8> = (0..5000).map(|at| at as u8).collect();
    assert_eq!(space.write(start + 1000, &text), Ok(()));
    let mut copy = vec![0; text.len()];
    assert_eq!(space.read(start + 1000, &mut copy), Ok(()));
    assert_eq!(copy, text);
    let end = start + 2 * PAGE_SIZE;
    assert_eq!(space.write(end - 3, &[1; 8]), Err(AccessError::Missing(end)));
    assert_eq!(space.read(start - 1, &mut [0]), Err(AccessError::Missing(start - 1)));
    pool.end(space);
}

#[test]
fn the_kernel_may_do_what_the_service_may() {
    let pool = Pool::new(64);
    let space = pool.space();
    let page = USER_START;
    assert!(pool.map(&space, page, Protection::READ));
    assert_eq!(space.write(page, &[1]), Err(AccessError::Denied(page)));
    assert_eq!(space.store_u32(page, 1), Err(AccessError::Denied(page)));
    assert_eq!(space.load_u32(page), Ok(0));
    assert_eq!(space.load_u32(page + 2), Err(AccessError::Denied(page + 2)));
    space.protect(page, 1, Protection::WRITE);
    assert_eq!(space.store_u32(page + 4, 0x0102_0304), Ok(()));
    space.protect(page, 1, Protection::NONE);
    assert_eq!(space.load_u32(page + 4), Err(AccessError::Denied(page + 4)));
    space.protect(page, 1, Protection::EXECUTE);
    assert_eq!(space.load_u32(page + 4), Ok(0x0102_0304));
    pool.end(space);
}

#[test]
fn addresses_outside_the_user_half_are_refused() {
    let pool = Pool::new(64);
    let space = pool.space();
    for address in [0, USER_START - PAGE_SIZE, USER_START + 8, USER_END, !0 << 47, !0 << 12] {
        assert!(!pool.map(&space, address, Protection::WRITE), "{address:#x}");
        assert_eq!(space.query(address & !0xfff), None);
        assert!(space.read(address & !0xfff, &mut [0; 4]).is_err(), "{address:#x}");
    }
    assert_eq!(space.read(usize::MAX, &mut [0; 4]), Err(AccessError::Missing(usize::MAX)));
    assert!(pool.map(&space, USER_END - PAGE_SIZE, Protection::WRITE));
    assert!(!pool.map(&space, USER_START, Protection(7)), "writing and executing");
    pool.end(space);
}

#[test]
fn a_shared_page_is_neither_written_nor_freed() {
    let pool = Pool::new(64);
    let space = pool.space();
    let mut frame = pool.take().expect("the pool has frames");
    frame.zero();
    frame.bytes_mut()[..4].copy_from_slice(b"text");
    let page = frame.share();
    let frames = &mut || pool.take();
    assert_eq!(
        space.map_shared(USER_START, page, Protection::WRITE, frames),
        Err(MapError::Invalid)
    );
    assert_eq!(space.map_shared(USER_START, page, Protection::EXECUTE, frames), Ok(()));
    assert_eq!(
        space.map_shared(USER_START, page, Protection::READ, frames),
        Err(MapError::Occupied)
    );
    space.protect(USER_START, 1, Protection::WRITE);
    assert_eq!(space.write(USER_START, b"evil"), Err(AccessError::Denied(USER_START)));
    let mut text = [0; 4];
    assert_eq!(space.read(USER_START, &mut text), Ok(()));
    assert_eq!(&text, b"text");
    space.unmap(USER_START, 1, &mut |_| panic!("a shared page is nobody's to free"));
    space.destroy(&mut |frame| pool.give(frame));
    assert_eq!(pool.free.borrow().len(), pool.all - 1);
}

#[test]
fn without_frames_for_tables_nothing_is_mapped() {
    let pool = Pool::new(64);
    let space = pool.space();
    let frame = pool.take().expect("the pool has frames");
    let mut left = 2;
    let (frame, error) = space
        .map(USER_START, frame, Protection::READ, &mut || {
            left -= 1;
            if left >= 0 { pool.take() } else { None }
        })
        .expect_err("three tables are needed");
    assert_eq!(error, MapError::NoMemory);
    assert_eq!(space.query(USER_START), None);
    pool.give(frame);
    pool.end(space);
}

#[test]
fn a_large_range_is_unmapped_whole() {
    let pool = Pool::new(400);
    let space = pool.space();
    let start = 0x4000_0000 - 100 * PAGE_SIZE;
    for page in 0..200 {
        assert!(pool.map(&space, start + page * PAGE_SIZE, Protection::WRITE));
    }
    let mut freed = 0;
    space.unmap(USER_START, (USER_END - USER_START) / PAGE_SIZE, &mut |frame| {
        freed += 1;
        pool.give(frame);
    });
    assert_eq!(freed, 200);
    assert_eq!(space.query(start), None);
    pool.end(space);
}

#[test]
fn any_sequence_of_changes_leaves_what_a_map_would_hold() {
    let pool = Pool::new(400);
    let space = pool.space();
    let mut model: BTreeMap<usize, (Protection, u32)> = BTreeMap::new();
    // Pages in clusters that share no tables.
    let page = |random: u64| {
        let cluster = [USER_START, 0x4000_0000, 0x7f00_0000_0000][random as usize % 3];
        cluster + (random as usize >> 8) % 40 * PAGE_SIZE
    };
    let kinds = [Protection::NONE, Protection::READ, Protection::WRITE, Protection::EXECUTE];
    let mut state = 88_172_645_463_325_252_u64;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let steps = if cfg!(miri) { 100 } else { 5_000 };
    for step in 0..steps {
        let count = if step % 50 == 0 { 70 } else { random() as usize % 6 + 1 };
        let at = page(random());
        let kind = kinds[random() as usize % 4];
        match random() % 4 {
            0 => {
                let is_new = !model.contains_key(&at);
                assert_eq!(pool.map(&space, at, Protection::WRITE), is_new);
                if is_new {
                    assert_eq!(space.store_u32(at, step), Ok(()));
                    model.insert(at, (Protection::WRITE, step));
                }
            }
            1 => {
                let end = at + count * PAGE_SIZE;
                let before = model.len();
                model.retain(|&address, _| !(at..end).contains(&address));
                let mut freed = 0;
                space.unmap(at, count, &mut |frame| {
                    freed += 1;
                    pool.give(frame);
                });
                assert_eq!(freed, before - model.len());
            }
            2 => {
                space.protect(at, count, kind);
                let end = at + count * PAGE_SIZE;
                model.range_mut(at..end).for_each(|(_, (protection, _))| *protection = kind);
            }
            _ => match model.get(&at) {
                None => assert_eq!(space.query(at), None),
                Some(&(protection, value)) => {
                    let mapping = space.query(at).expect("it is in the model");
                    assert_eq!((mapping.protection, mapping.is_owned), (protection, true));
                    if protection != Protection::NONE {
                        assert_eq!(space.load_u32(at), Ok(value));
                    }
                }
            },
        }
    }
    pool.end(space);
}
