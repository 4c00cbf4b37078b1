//! Threads: waiting, waking, preemption, interrupts, time.

use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use abi::clock::Clock;
use abi::start::Start;
use abi::thread::ThreadParameters;
use abi::trap::Kind;
use abi::{Call, Error, NO_DEADLINE};

use crate::{arch, call, thread};

static WORD: AtomicU32 = AtomicU32::new(0);
static COUNT: AtomicU64 = AtomicU64::new(0);

/// A lock of three states: free, taken, taken with waiters.
fn lock(word: &AtomicU32) {
    if word.compare_exchange(0, 1, Ordering::SeqCst, Ordering::SeqCst).is_ok() {
        return;
    }
    while word.swap(2, Ordering::SeqCst) != 0 {
        call::wait(word, 2);
    }
}

fn unlock(word: &AtomicU32) {
    if word.swap(0, Ordering::SeqCst) == 2 {
        call::wake(word, 1);
    }
}

pub(super) fn a_lock_keeps_threads_apart(_: &Start) {
    COUNT.store(0, Ordering::SeqCst);
    thread::run_all(8, |_| {
        for round in 0..5_000 {
            lock(&WORD);
            // Not one operation: without the lock some would be lost.
            COUNT.store(COUNT.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
            unlock(&WORD);
            if round % 500 == 0 {
                call::give_way();
            }
        }
    });
    assert_eq!(COUNT.load(Ordering::SeqCst), 40_000);
}

pub(super) fn threads_hand_over_to_and_fro(_: &Start) {
    WORD.store(0, Ordering::SeqCst);
    thread::run_all(2, |mine| {
        for round in 0..2_000 {
            let turn = 2 * round + mine as u32;
            while WORD.load(Ordering::SeqCst) != turn {
                let seen = WORD.load(Ordering::SeqCst);
                if seen != turn {
                    call::wait(&WORD, seen);
                }
            }
            WORD.store(turn + 1, Ordering::SeqCst);
            call::wake(&WORD, 1);
        }
    });
    assert_eq!(WORD.load(Ordering::SeqCst), 4_000);
    WORD.store(0, Ordering::SeqCst);
}

pub(super) fn thousands_come_and_go(_: &Start) {
    COUNT.store(0, Ordering::SeqCst);
    thread::run_all(6, |_| {
        for _ in 0..300 {
            let count = |_| {
                COUNT.fetch_add(1, Ordering::SeqCst);
            };
            thread::spawn(count, 0).join();
        }
    });
    assert_eq!(COUNT.load(Ordering::SeqCst), 1_800);
}

pub(super) fn spinning_threads_are_preempted(_: &Start) {
    WORD.store(0, Ordering::SeqCst);
    let spinners = [(); 6].map(|()| {
        thread::spawn(
            |_| {
                while WORD.load(Ordering::SeqCst) == 0 {
                    core::hint::spin_loop();
                }
            },
            0,
        )
    });
    // This thread runs again although nobody gives way.
    sleep(20_000_000);
    WORD.store(1, Ordering::SeqCst);
    spinners.into_iter().for_each(thread::Thread::join);
    WORD.store(0, Ordering::SeqCst);
}

pub(super) fn vector_registers_survive(_: &Start) {
    thread::run_all(8, |index| {
        let value = 0x0101_0101_0101_0101 * (index + 1);
        for _ in 0..20 {
            assert!(arch::hold_vector(value, 20_000), "thread {index}");
            call::give_way();
        }
    });
}

pub(super) fn an_interrupt_reaches_a_spinner(_: &Start) {
    WORD.store(0, Ordering::SeqCst);
    let spinner = thread::spawn(
        |_| {
            while WORD.load(Ordering::SeqCst) == 0 {
                core::hint::spin_loop();
            }
        },
        0,
    );
    let block = spinner.block();
    let before = block.count.load(Ordering::SeqCst);
    for round in 1..=100 {
        call::make(Call::ThreadInterrupt, [spinner.handle]).expect("it runs");
        while block.count.load(Ordering::SeqCst) < before + round {
            call::give_way();
        }
    }
    assert_eq!(block.trap[0].load(Ordering::SeqCst), Kind::Interrupt as u64);
    WORD.store(1, Ordering::SeqCst);
    spinner.join();
    WORD.store(0, Ordering::SeqCst);
}

pub(super) fn an_interrupt_waits_for_a_waiter(_: &Start) {
    WORD.store(0, Ordering::SeqCst);
    let waiter = thread::spawn(
        |_| {
            while WORD.load(Ordering::SeqCst) == 0 {
                call::wait(&WORD, 0);
            }
        },
        0,
    );
    sleep(5_000_000);
    let block = waiter.block();
    let before = block.count.load(Ordering::SeqCst);
    call::make(Call::ThreadInterrupt, [waiter.handle]).expect("it waits");
    call::make(Call::ThreadInterrupt, [waiter.handle]).expect("it waits");
    sleep(5_000_000);
    assert_eq!(block.count.load(Ordering::SeqCst), before, "it still waits");
    WORD.store(1, Ordering::SeqCst);
    while call::wake(&WORD, 1) == 0 {
        call::give_way();
    }
    waiter.join();
    assert_eq!(block.count.load(Ordering::SeqCst), before + 1, "twice counts once");
    WORD.store(0, Ordering::SeqCst);
}

pub(super) fn stale_handles_are_refused(_: &Start) {
    let gone = thread::spawn(|_| (), 0);
    let handle = gone.handle;
    gone.join();
    for wild in [handle, handle + 1, handle ^ 1 << 32, 0, u64::MAX] {
        let result = call::make(Call::ThreadInterrupt, [wild]);
        assert_eq!(result, Err(Error::BadHandle), "{wild:#x}");
    }
}

pub(super) fn threads_meet_a_limit(start: &Start) {
    extern "C" fn wait_and_end(_: u64) -> ! {
        while WORD.load(Ordering::SeqCst) == 0 {
            call::wait(&WORD, 0);
        }
        COUNT.fetch_add(1, Ordering::SeqCst);
        loop {
            // It does not return.
            let _ = call::make(Call::ThreadExit, []);
        }
    }
    const STACK: u64 = 4096;
    let most = start.memory_limit / STACK;
    let stacks = call::map_data(most * STACK);
    WORD.store(0, Ordering::SeqCst);
    COUNT.store(0, Ordering::SeqCst);
    let mut created = 0;
    let refused = loop {
        let parameters = ThreadParameters {
            entry: wait_and_end as *const () as usize,
            stack_top: (stacks + (created + 1) * STACK) as usize,
            ..ThreadParameters::default()
        };
        // A stack that cannot be backed later would end the service.
        let commit = call::make(Call::MemoryCommit, [stacks + created * STACK, STACK]);
        let address = (&raw const parameters).expose_provenance() as u64;
        match commit.and_then(|_| call::make(Call::ThreadCreate, [address])) {
            Ok(_) => created += 1,
            Err(error) => break error,
        }
    };
    assert!([Error::Limit, Error::NoMemory].contains(&refused), "{refused:?}");
    assert!(created > 1000, "{created}");
    WORD.store(1, Ordering::SeqCst);
    while COUNT.load(Ordering::SeqCst) < created {
        call::wake(&WORD, u64::MAX);
        sleep(1_000_000);
    }
    WORD.store(0, Ordering::SeqCst);
    call::unmap(stacks, most * STACK);
}

pub(super) fn barriers_return(_: &Start) {
    thread::run_all(4, |_| {
        for _ in 0..500 {
            call::make(Call::Barrier, []).expect("it cannot fail");
        }
    });
}

/// The time by the clock page.
pub(super) fn now_ns(start: &Start) -> u64 {
    let Clock { base_counter, base_ns, multiplier, .. } = clock(start);
    let counts = arch::counter().saturating_sub(base_counter);
    base_ns + ((u128::from(counts) * u128::from(multiplier)) >> 32) as u64
}

#[expect(unsafe_code, reason = "the clock is memory that the kernel mapped")]
fn clock(start: &Start) -> Clock {
    // SAFETY: the kernel has mapped a clock there, which never changes.
    unsafe { *start.clock }
}

static START: AtomicU64 = AtomicU64::new(0);

/// Sleeps for `ns`.
pub(super) fn sleep(ns: u64) {
    let start = START.load(Ordering::SeqCst);
    assert!(start != 0, "a time test came first");
    call::make(Call::Sleep, [now_at(start) + ns]).expect("it cannot fail");
}

#[expect(unsafe_code, reason = "the start block is memory that the kernel mapped")]
fn now_at(start: u64) -> u64 {
    // SAFETY: `remember` stored the address of the start block, which stays mapped.
    now_ns(unsafe { &*core::ptr::with_exposed_provenance(start as usize) })
}

/// Notes where the start block is, for threads that are not told.
pub(crate) fn remember(start: &Start) {
    START.store(core::ptr::from_ref(start).expose_provenance() as u64, Ordering::SeqCst);
}

pub(super) fn time_does_not_go_back(_: &Start) {
    COUNT.store(0, Ordering::SeqCst);
    thread::run_all(4, |_| {
        let start = START.load(Ordering::SeqCst);
        for _ in 0..5_000 {
            // No thread, on whatever CPU, sees a time before one that another has seen.
            let seen = COUNT.load(Ordering::SeqCst);
            let now = now_at(start);
            assert!(now >= seen, "{now} after {seen}");
            COUNT.fetch_max(now, Ordering::SeqCst);
        }
    });
}

pub(super) fn sleep_is_long_enough(start: &Start) {
    for ns in [0, 1_000, 1_000_000, 30_000_000] {
        let before = now_ns(start);
        sleep(ns);
        let slept = now_ns(start) - before;
        assert!(slept >= ns, "{slept} instead of {ns}");
    }
}

pub(super) fn a_wait_times_out(start: &Start) {
    WORD.store(3, Ordering::SeqCst);
    let word = WORD.as_ptr() as u64;
    let deadline = now_ns(start) + 5_000_000;
    assert_eq!(call::make(Call::Wait, [word, 3, deadline]), Err(Error::TimedOut));
    assert!(now_ns(start) >= deadline);
    assert_eq!(call::make(Call::Wait, [word, 2, NO_DEADLINE]), Err(Error::Again));
    assert_eq!(call::make(Call::Wait, [word + 2, 3, deadline]), Err(Error::BadArgument));
    WORD.store(0, Ordering::SeqCst);
}
