//! Calls that make no sense.

use core::sync::atomic::{AtomicU64, Ordering};

use abi::start::Start;
use abi::{Call, Error, NO_DEADLINE};

use crate::random::Random;
use crate::{arch, call, text, thread};

pub(super) fn unknown_numbers_are_refused(start: &Start) {
    super::threads::remember(start);
    for number in [u64::from(Call::COUNT), 99, u64::from(u32::MAX), 1 << 32, u64::MAX] {
        assert_eq!(call::raw(number, [0; 4]), Err(Error::BadCall), "{number}");
    }
}

pub(super) fn wild_ranges_are_refused(start: &Start) {
    let wild = [0, 1, 0xfff, 0x7fff_ffff_f000, 0x8000_0000_0000, 0xffff_ffff_8020_0000, u64::MAX];
    let lengths = [1, 4096, 1 << 40, u64::MAX];
    for address in wild {
        for len in lengths {
            let refused = |result: Result<u64, Error>| {
                let refusals = [Error::BadAddress, Error::BadArgument];
                assert!(result.is_err_and(|e| refusals.contains(&e)), "{address:#x} {len:#x}");
            };
            refused(call::make(Call::StreamWrite, [1, address, len]));
            refused(call::make(Call::StreamRead, [0, address, len, NO_DEADLINE]));
            refused(call::make(Call::Random, [address, len]));
            refused(call::make(Call::Info, [0, address, len.min(56)]));
            refused(call::make(Call::Wait, [address, 0, 0]));
            refused(call::make(Call::ThreadCreate, [address]));
            refused(call::make(Call::TrapReturn, [address]));
            refused(call::make(Call::MemoryProtect, [address, len, 1]));
            refused(call::make(Call::MemoryCommit, [address, len]));
            refused(call::make(Call::MemoryDiscard, [address, len]));
        }
    }
    for stream in [0, 4, u64::MAX] {
        let address = start.package as u64;
        let result = call::make(Call::StreamWrite, [stream, address, 1]);
        assert_eq!(result, Err(Error::BadArgument));
    }
}

pub(super) fn registers_survive(_: &Start) {
    // The compiler keeps values in registers across calls; many values, then many calls.
    let mut values = [0_u64; 12];
    for round in 0..1_000_u64 {
        for (index, value) in values.iter_mut().enumerate() {
            *value = value.wrapping_mul(31).wrapping_add(round ^ index as u64);
        }
        let before = values;
        call::make(Call::Null, []).expect("it cannot fail");
        assert_eq!(before, values);
    }
}

/// Calls made by all threads together before the end.
const ENOUGH: u64 = 30_000;

static MADE: AtomicU64 = AtomicU64::new(0);

/// Makes wild calls from several threads, without sparing this program's own memory. A thread may get
/// lost in what it has done to itself; the first one stays sane and ends the service in time.
pub(crate) fn run(start: &Start) -> ! {
    const PATIENCE_NS: u64 = 3_000_000_000;
    super::threads::remember(start);
    text::line(format_args!("wild"));
    for index in 0..5 {
        let _ = thread::spawn(wild, index);
    }
    let end = super::threads::now_ns(start) + PATIENCE_NS;
    while MADE.load(Ordering::SeqCst) < ENOUGH && super::threads::now_ns(start) < end {
        super::threads::sleep(10_000_000);
    }
    call::exit(0)
}

fn wild(index: u64) {
    let mut random = Random(arch::counter() ^ index << 56);
    loop {
        MADE.fetch_add(1, Ordering::SeqCst);
        let number = match random.below(10) {
            0 => random.argument(),
            _ => random.below(Call::COUNT.into()),
        };
        let mut arguments = [(); 4].map(|()| random.argument());
        let is = |call: Call| number == call as u64;
        // These would only end the fun early, or make it wait or shout.
        if is(Call::Exit) || is(Call::ThreadExit) || is(Call::TrapHandler) || is(Call::TrapStack) {
            continue;
        }
        if is(Call::Wait) {
            arguments[2] = random.below(1000);
        } else if is(Call::Sleep) {
            arguments[0] = random.below(1000);
        } else if is(Call::StreamRead) {
            arguments[3] = random.below(1000);
        } else if is(Call::StreamWrite) && arguments[0] < 4 && random.below(50) > 0 {
            continue;
        } else if is(Call::MemoryUnmap) && random.below(8) > 0 {
            arguments[0] |= 0x100_0000_0000;
        }
        let result = call::raw(number, arguments);
        assert!(result != Err(Error::BadCall) || number >= Call::COUNT.into());
        if random.below(100) == 0 {
            extern "C" fn touch(address: u64) {
                // Reading somewhere, through the kernel and directly.
                let _ = call::make(Call::Wait, [address, 0, 0]);
                peek(address);
            }
            let _ = crate::trap::catch(touch, random.argument());
        }
    }
}

#[expect(unsafe_code, reason = "a deliberate fault")]
fn peek(address: u64) {
    // SAFETY: either it can be read, or it traps, which the guarded caller catches.
    unsafe { core::ptr::with_exposed_provenance::<u8>(address as usize).read_volatile() };
}
