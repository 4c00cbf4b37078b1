//! Time: the time stamp counter, calibrated at boot, and each CPU's timer.

use core::arch::x86_64::{__cpuid, _rdtsc};

use abi::clock::Clock;
use x86_64::instructions::port::Port;

use super::acpi::Platform;
use super::local::Local;
use super::{apic, feature, paging, rtc};
use crate::memory::PhysAddr;
use crate::sync::Once;
use crate::time;

/// How long the counter is compared with a clock of known speed.
const CALIBRATION_NS: u64 = 1_000_000;

/// The clock, and what the timers need beside it.
struct Timing {
    clock: Clock,
    /// Timer ticks per nanosecond, 32.32; unused with TSC deadlines.
    timer_multiplier: u64,
}

static TIMING: Once<Timing> = Once::new();

/// The time stamp counter.
#[inline]
pub(super) fn counter() -> u64 {
    // SAFETY: every CPU in long mode has the instruction, and the kernel may use it.
    unsafe { _rdtsc() }
}

fn timing() -> &'static Timing {
    TIMING.get().expect("the clock is calibrated before anything asks for the time")
}

/// How a service computes the time.
pub(super) fn clock() -> Clock {
    timing().clock
}

/// Nanoseconds since the kernel's start; 0 before the calibration.
#[inline]
pub(super) fn now_ns() -> u64 {
    TIMING.get().map_or(0, |timing| time::at(&timing.clock, counter()))
}

/// See `Arch::set_deadline`.
pub(super) fn set_deadline(local: &Local, deadline_ns: Option<u64>) {
    let deadline_ns = deadline_ns.unwrap_or(u64::MAX);
    if deadline_ns != local.deadline_ns.replace(deadline_ns) {
        arm(deadline_ns);
    }
}

fn arm(deadline_ns: u64) {
    let timing = timing();
    if feature::get().has_tsc_deadline {
        apic::set_tsc_deadline(if deadline_ns == u64::MAX {
            0
        } else {
            time::counter_at(&timing.clock, deadline_ns)
        });
    } else if deadline_ns == u64::MAX {
        apic::start_timer(0);
    } else {
        let left = deadline_ns.saturating_sub(now_ns());
        let ticks = (u128::from(left) * u128::from(timing.timer_multiplier)) >> 32;
        // A longer wait than the timer can do ends early, and `expire` starts it again.
        apic::start_timer(u32::try_from(ticks + 1).unwrap_or(u32::MAX));
    }
}

/// The timer has fired: whether the deadline has passed, else the timer goes on.
pub(super) fn expire(local: &Local) -> bool {
    let deadline_ns = local.deadline_ns.get();
    if now_ns() >= deadline_ns {
        local.deadline_ns.set(u64::MAX);
        return true;
    }
    arm(deadline_ns);
    false
}

/// A clock of known speed.
enum Reference {
    /// The high precision event timer; the counter register.
    Hpet { counter: *const u64, period_fs: u64 },
    /// The ACPI power management timer: 3.579545 MHz, 24 bits.
    PowerManagement(u16),
    /// Channel 2 of the interval timer: 1.193182 MHz, counts down from 0xffff.
    Interval,
}

impl Reference {
    fn find(platform: &Platform) -> Self {
        if let Some(hpet) = platform.hpet
            && let Some(reference) = Self::hpet(hpet)
        {
            return reference;
        }
        if let Some(port) = platform.timer_port {
            return Self::PowerManagement(port);
        }
        // SAFETY: channel 2 with its gate on and the speaker off; mode 0, low then high byte.
        unsafe {
            let mut gate = Port::<u8>::new(0x61);
            let value = gate.read() & !2 | 1;
            gate.write(value);
            Port::<u8>::new(0x43).write(0xb0);
            Port::<u8>::new(0x42).write(0xff);
            Port::<u8>::new(0x42).write(0xff);
        }
        Self::Interval
    }

    fn hpet(base: PhysAddr) -> Option<Self> {
        let registers = paging::reach_device(base, 4096).cast::<u64>();
        // SAFETY: the table says that the timer is there; capabilities are at 0, configuration at 16.
        let period_fs = unsafe {
            let period_fs = registers.read_volatile() >> 32;
            let configuration = registers.add(2);
            configuration.write_volatile(configuration.read_volatile() | 1);
            period_fs
        };
        // The specification allows at most 100 ns.
        (1..=100_000_000)
            .contains(&period_fs)
            .then(|| Self::Hpet { counter: registers.wrapping_add(30).cast_const(), period_fs })
    }

    fn read(&self) -> u64 {
        match self {
            // SAFETY: `hpet` has mapped the registers; the counter is the one at 0xf0.
            Self::Hpet { counter, .. } => unsafe { counter.read_volatile() },
            // SAFETY: reading the timer has no side effect.
            Self::PowerManagement(port) => unsafe { Port::<u32>::new(*port).read().into() },
            // SAFETY: latches channel 2, then reads its low and high byte.
            Self::Interval => unsafe {
                Port::<u8>::new(0x43).write(0x80);
                let mut data = Port::<u8>::new(0x42);
                u64::from(!u16::from_le_bytes([data.read(), data.read()]))
            },
        }
    }

    /// Nanoseconds from one reading to a later one.
    fn elapsed_ns(&self, from: u64, to: u64) -> u64 {
        match self {
            // Some count 32 bits only; the calibration is far shorter than that.
            Self::Hpet { period_fs, .. } => {
                u64::from((to as u32).wrapping_sub(from as u32)) * period_fs / 1_000_000
            }
            Self::PowerManagement(_) => {
                (to.wrapping_sub(from) & 0xff_ffff) * 1_000_000_000 / 3_579_545
            }
            Self::Interval => (to.wrapping_sub(from) & 0xffff) * 1_000_000_000 / 1_193_182,
        }
    }

    /// A reading, with the counter and the timer at the same moment: the closest of a few tries.
    fn sample(&self) -> Sample {
        let mut best: Option<(u64, Sample)> = None;
        for _ in 0..4 {
            let before = counter();
            let (reference, timer) = (self.read(), apic::timer_count());
            let gap = counter() - before;
            if best.as_ref().is_none_or(|(least, _)| gap < *least) {
                best = Some((gap, Sample { reference, timer, counter: before + gap / 2 }));
            }
        }
        best.expect("at least one try was made").1
    }
}

struct Sample {
    reference: u64,
    timer: u32,
    counter: u64,
}

/// The start of a calibration; other work can go on meanwhile.
pub(super) struct Calibration {
    reference: Reference,
    start: Sample,
}

/// Starts to compare the counter and this CPU's timer with a known clock.
pub(super) fn begin(platform: &Platform) -> Calibration {
    apic::mask_timer(true);
    apic::start_timer(u32::MAX);
    let reference = Reference::find(platform);
    let start = reference.sample();
    Calibration { reference, start }
}

impl Calibration {
    /// Waits for the rest of the time and sets the clock. `base_counter` was the counter when the
    /// kernel started.
    pub(super) fn finish(self, base_counter: u64) {
        let (end, elapsed_ns) = loop {
            let end = self.reference.sample();
            let elapsed_ns = self.reference.elapsed_ns(self.start.reference, end.reference);
            if elapsed_ns >= CALIBRATION_NS {
                break (end, elapsed_ns);
            }
        };
        apic::start_timer(0);
        apic::mask_timer(false);
        let counts = end.counter - self.start.counter;
        let measured = (u128::from(counts) * 1_000_000_000 / u128::from(elapsed_ns)) as u64;
        let frequency = stated_frequency().unwrap_or(measured).max(1);
        let timer_ticks = u64::from(self.start.timer - end.timer);
        let timer_multiplier = ((u128::from(timer_ticks) << 32) / u128::from(elapsed_ns)) as u64;
        let mut clock = Clock {
            base_counter,
            base_ns: 0,
            multiplier: time::multiplier(frequency),
            wall_offset_ns: 0,
            frequency,
        };
        let wall_ns = rtc::read() * 1_000_000_000;
        clock.wall_offset_ns = wall_ns.saturating_sub(time::at(&clock, counter()));
        TIMING.call_once(|| Timing { clock, timer_multiplier });
    }
}

/// The counter's frequency, where the CPU or the hypervisor states it.
fn stated_frequency() -> Option<u64> {
    const HYPERVISOR: u32 = 1 << 31;
    if __cpuid(0).eax >= 0x15 {
        // Crystal frequency times the ratio (SDM volume 2, CPUID leaf 15h).
        let leaf = __cpuid(0x15);
        if leaf.eax != 0 && leaf.ebx != 0 && leaf.ecx != 0 {
            return Some(u64::from(leaf.ecx) * u64::from(leaf.ebx) / u64::from(leaf.eax));
        }
    }
    if __cpuid(1).ecx & HYPERVISOR != 0 && __cpuid(0x4000_0000).eax >= 0x4000_0010 {
        // kHz, the convention of VMware that KVM follows.
        let khz = __cpuid(0x4000_0010).eax;
        return (khz != 0).then(|| u64::from(khz) * 1_000);
    }
    None
}
