//! Memory: what it holds, what may be done with it, what it costs.
#![expect(unsafe_code, reason = "the tests touch raw mappings, some of them forbidden")]

use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use abi::memory::Protection;
use abi::start::Start;
use abi::trap::Kind;
use abi::{Call, Error, info};

use crate::random::Random;
use crate::trap::catch;
use crate::{call, thread};

const PAGE: u64 = 4096;

fn word<'a>(address: u64) -> &'a AtomicU64 {
    // SAFETY: the tests pass aligned addresses of mappings of their own, or run guarded.
    unsafe { &*core::ptr::with_exposed_provenance(address as usize) }
}

fn read(address: u64) -> u64 {
    word(address).load(Ordering::SeqCst)
}

fn write(address: u64, value: u64) {
    word(address).store(value, Ordering::SeqCst);
}

extern "C" fn try_read(address: u64) {
    read(address);
}

extern "C" fn try_write(address: u64) {
    write(address, 1);
}

extern "C" fn try_execute(address: u64) {
    // SAFETY: whatever lies there, the test expects a trap at its first instruction, or has written
    // a return instruction there.
    let function: extern "C" fn() =
        unsafe { core::mem::transmute(core::ptr::with_exposed_provenance::<()>(address as usize)) };
    function();
}

pub(super) fn new_memory_is_zero(_: &Start) {
    for round in 0..4 {
        let base = call::map_data(64 * PAGE);
        for page in 0..64 {
            assert_eq!(read(base + page * PAGE + 8 * page), 0, "round {round}, page {page}");
            write(base + page * PAGE + 8 * page, u64::MAX);
        }
        call::unmap(base, 64 * PAGE);
    }
}

pub(super) fn discarded_memory_is_zero(_: &Start) {
    let base = call::map_data(16 * PAGE);
    (0..16).for_each(|page| write(base + page * PAGE, page + 1));
    call::make(Call::MemoryDiscard, [base + PAGE, 14 * PAGE]).expect("it is writable");
    assert_eq!((read(base), read(base + 15 * PAGE)), (1, 16));
    assert!((1..15).all(|page| read(base + page * PAGE) == 0));
    call::unmap(base, 16 * PAGE);
}

pub(super) fn protection_is_enforced(_: &Start) {
    let base = call::map_data(4 * PAGE);
    (0..4).for_each(|page| write(base + page * PAGE, 7));
    let protect = |page: u64, protection: Protection| {
        call::make(Call::MemoryProtect, [base + page * PAGE, PAGE, protection.0.into()])
            .expect("it is mapped");
    };
    protect(1, Protection::READ);
    protect(2, Protection::NONE);
    assert_eq!(catch(try_write, base), None);
    assert_eq!(catch(try_read, base + PAGE), None);
    let trap = catch(try_write, base + PAGE).expect("it can only be read");
    assert_eq!((trap.kind, trap.address), (Some(Kind::Memory), base + PAGE));
    assert!(catch(try_read, base + 2 * PAGE).is_some());
    protect(2, Protection::WRITE);
    assert_eq!(read(base + 2 * PAGE), 7, "what was there is still there");
    let both = call::make(Call::MemoryProtect, [base, PAGE, 7]);
    assert_eq!(both, Err(Error::BadArgument), "writable and executable");
    call::unmap(base, 4 * PAGE);
    assert!(catch(try_read, base).is_some());
}

pub(super) fn data_cannot_be_executed(_: &Start) {
    let base = call::map_data(PAGE);
    // A return instruction.
    write(base, 0xc3);
    let trap = catch(try_execute, base).expect("it is data");
    assert_eq!((trap.kind, trap.address), (Some(Kind::Memory), base));
    call::make(Call::MemoryProtect, [base, PAGE, Protection::EXECUTE.0.into()]).expect("mapped");
    assert_eq!(catch(try_execute, base), None, "now it is code");
    call::unmap(base, PAGE);
}

pub(super) fn code_cannot_be_written(start: &Start) {
    let code = try_write as *const () as u64 & !7;
    let trap = catch(try_write, code).expect("it is code");
    assert_eq!((trap.kind, trap.address), (Some(Kind::Memory), code));
    assert!(catch(try_write, start.package as u64).is_some(), "the package");
    assert!(catch(try_write, core::ptr::from_ref(start) as u64).is_some(), "the start block");
    assert!(catch(try_write, start.clock as u64).is_some(), "the clock");
    let result = call::make(Call::Random, [code, 8]);
    assert_eq!(result, Err(Error::BadAddress), "the kernel does not write it either");
}

pub(super) fn huge_reservations_are_cheap(start: &Start) {
    const HUGE: u64 = 256 << 30;
    let before = figures().memory_used;
    let base = call::map_data(HUGE);
    for offset in [0, (HUGE / 3) & !7, HUGE / 2, HUGE - 8] {
        write(base + offset, 5);
    }
    // A page each, and at most three tables.
    assert!(figures().memory_used - before <= 4 * 4 * PAGE);
    call::make(Call::MemoryDiscard, [base, HUGE]).expect("writable");
    assert_eq!(read(base + HUGE / 2), 0);
    call::unmap(base, HUGE);
    let _ = start;
}

pub(super) fn commitments_are_all_or_nothing(start: &Start) {
    let len = start.memory_limit & !(PAGE - 1);
    let base = call::map_data(2 * len);
    let before = figures().memory_used;
    assert_eq!(call::make(Call::MemoryCommit, [base, 2 * len]), Err(Error::NoMemory));
    assert_eq!(call::make(Call::MemoryCommit, [base, len]), Err(Error::NoMemory));
    assert_eq!(figures().memory_used, before);
    let part = (start.memory_limit / 4) & !(PAGE - 1);
    call::make(Call::MemoryCommit, [base, part]).expect("there is as much");
    assert!(figures().memory_used >= before + part);
    assert_eq!(read(base + part - 8), 0);
    call::unmap(base, 2 * len);
    assert!(figures().memory_used < before + part / 2);
}

/// Runs before other tests have made the kernel heap grow: this alone has to.
pub(super) fn thousands_of_mappings_fit(_: &Start) {
    const PAGES: u64 = 1 << 14;
    let base = call::map_data(PAGES * PAGE);
    call::unmap(base, PAGES * PAGE);
    // Neighbours that differ never become one mapping.
    for index in 0..PAGES {
        let protection = if index % 2 == 0 { Protection::READ } else { Protection::WRITE };
        let arguments = [base + index * PAGE, PAGE, protection.0.into(), 0];
        call::make(Call::MemoryMap, arguments).expect("far from every limit");
    }
    call::unmap(base, PAGES * PAGE);
}

pub(super) fn mappings_meet_a_limit(_: &Start) {
    const PAGES: u64 = 1 << 18;
    let base = call::map_data(PAGES * PAGE);
    let before = figures().memory_used;
    let refused = (0..PAGES / 2).find_map(|index| {
        let page = base + 2 * index * PAGE;
        call::make(Call::MemoryProtect, [page, PAGE, Protection::READ.0.into()]).err()
    });
    assert!([Some(Error::Limit), Some(Error::NoMemory)].contains(&refused), "{refused:?}");
    assert!(figures().memory_used > before, "what the kernel keeps is on the service's account");
    call::unmap(base, PAGES * PAGE);
    assert!(figures().memory_used <= before);
}

/// Reads through the address in [`TARGET`] until that traps.
fn read_until_trap(_: u64) {
    extern "C" fn read_for_ever(address: u64) {
        loop {
            read(address);
            READS.fetch_add(1, Ordering::SeqCst);
        }
    }
    assert!(catch(read_for_ever, TARGET.load(Ordering::SeqCst)).is_some());
    // Whoever gets the frame now writes to it; nobody may see that.
    TRAPPED.fetch_add(1, Ordering::SeqCst);
}

static TARGET: AtomicU64 = AtomicU64::new(0);
static READS: AtomicU64 = AtomicU64::new(0);
static TRAPPED: AtomicU32 = AtomicU32::new(0);

pub(super) fn unmapped_memory_is_gone_everywhere(_: &Start) {
    for _ in 0..20 {
        let base = call::map_data(PAGE);
        write(base, 1);
        TARGET.store(base, Ordering::SeqCst);
        TRAPPED.store(0, Ordering::SeqCst);
        let threads = [(); 3].map(|()| thread::spawn(read_until_trap, 0));
        let seen = READS.load(Ordering::SeqCst);
        while READS.load(Ordering::SeqCst) < seen + 100 {
            call::give_way();
        }
        call::unmap(base, PAGE);
        threads.into_iter().for_each(thread::Thread::join);
        assert_eq!(TRAPPED.load(Ordering::SeqCst), 3);
    }
}

pub(super) fn threads_map_and_unmap_together(_: &Start) {
    thread::run_all(8, |index| {
        let mut random = Random(index);
        for _ in 0..150 {
            let pages = 1 + random.below(40);
            let base = call::map_data(pages * PAGE);
            for page in 0..pages {
                assert_eq!(read(base + page * PAGE), 0, "new memory");
                write(base + page * PAGE, index + 1);
            }
            assert!((0..pages).all(|page| read(base + page * PAGE) == index + 1), "my memory");
            if random.below(3) == 0 {
                call::make(Call::MemoryDiscard, [base, pages * PAGE]).expect("writable");
                assert!((0..pages).all(|page| read(base + page * PAGE) == 0), "discarded");
            }
            call::unmap(base, pages * PAGE);
        }
    });
}

fn figures() -> info::Service {
    let mut figures = info::Service::default();
    let address = (&raw mut figures).expose_provenance() as u64;
    let len = size_of::<info::Service>() as u64;
    assert_eq!(call::make(Call::Info, [info::SERVICE.into(), address, len]), Ok(len));
    figures
}

pub(super) fn figures_return_to_what_they_were(_: &Start) {
    let before = figures();
    assert!(before.memory_used <= before.memory_limit && before.memory_limit > 0);
    assert!(before.machine_free < before.machine_memory && before.threads == 1);
    let base = call::map_data(256 * PAGE);
    (0..256).for_each(|page| write(base + page * PAGE, 1));
    assert!(figures().memory_used >= before.memory_used + 256 * PAGE);
    call::unmap(base, 256 * PAGE);
    let after = figures();
    // Tables stay for the next mapping.
    assert!(after.memory_used <= before.memory_used + 8 * PAGE);
    assert!(after.user_ns >= before.user_ns && after.kernel_ns >= before.kernel_ns);
}
