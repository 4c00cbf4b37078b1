//! Time and each CPU's one timer.

use crate::arch::{Arch, Machine};
use abi::clock::Clock;

/// Monotonic nanoseconds since the kernel's start.
#[inline]
pub fn now_ns() -> u64 {
    Machine::now_ns()
}

/// Makes this CPU see [`Interrupt::Timer`](crate::task::Interrupt::Timer) once, at or soon after
/// `deadline_ns`; `None` stops the timer. Replaces what was set before.
pub fn set_deadline(deadline_ns: Option<u64>) {
    Machine::set_deadline(deadline_ns);
}

/// How a service computes the time from the CPU's counter.
pub fn clock() -> Clock {
    Machine::clock()
}

/// The time at `counter` by `clock`.
pub(crate) fn at(clock: &Clock, counter: u64) -> u64 {
    let counts = counter.saturating_sub(clock.base_counter);
    clock.base_ns + ((u128::from(counts) * u128::from(clock.multiplier)) >> 32) as u64
}

/// The first counter at which `clock` says `ns` or more, nearly: it may be one early.
#[cfg(any(target_os = "none", test))]
pub(crate) fn counter_at(clock: &Clock, ns: u64) -> u64 {
    let counts = u128::from(ns.saturating_sub(clock.base_ns)) * u128::from(clock.frequency);
    let counts = u64::try_from(counts / 1_000_000_000).unwrap_or(u64::MAX);
    clock.base_counter.saturating_add(counts).saturating_add(1)
}

/// The multiplier of a clock with `frequency` counts per second.
pub(crate) fn multiplier(frequency: u64) -> u64 {
    ((1_000_000_000_u128 << 32) / u128::from(frequency.max(1))) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_of_counts_is_a_second() {
        for frequency in [1_000_000_000, 2_400_000_000, 3_579_545, 62_500_000] {
            let clock = Clock {
                base_counter: 1_000,
                base_ns: 7,
                multiplier: multiplier(frequency),
                frequency,
                ..Clock::default()
            };
            let error = at(&clock, 1_000 + frequency).abs_diff(1_000_000_007);
            assert!(error <= 1 + frequency / (1 << 32), "{frequency}: off by {error}");
        }
    }

    #[test]
    fn a_counter_before_the_base_counts_as_equal() {
        let clock =
            Clock { base_counter: 500, base_ns: 9, multiplier: 1 << 32, ..Clock::default() };
        assert_eq!(at(&clock, 100), 9);
        assert_eq!(at(&clock, 501), 10);
    }

    #[test]
    fn the_counter_of_a_time_has_that_time() {
        for frequency in [1_000_000_000, 2_893_202_000] {
            let clock = Clock {
                base_counter: 77,
                multiplier: multiplier(frequency),
                frequency,
                ..Clock::default()
            };
            for ns in [0, 1, 999, 1_000_000_007, 86_400_000_000_000] {
                let error = at(&clock, counter_at(&clock, ns)).abs_diff(ns);
                assert!(error <= 1 + ns / 1_000_000_000, "{frequency} {ns}: off by {error}");
            }
        }
    }

    #[test]
    fn a_time_past_the_end_of_the_counter_is_never_early() {
        let clock = Clock {
            multiplier: multiplier(2_900_000_000),
            frequency: 2_900_000_000,
            ..Clock::default()
        };
        for ns in [u64::MAX / 29 * 10 + 100, u64::MAX / 2, u64::MAX - 1, u64::MAX] {
            assert_eq!(counter_at(&clock, ns), u64::MAX, "{ns}");
        }
    }

    #[test]
    fn a_century_does_not_overflow() {
        let clock = Clock { multiplier: multiplier(4_000_000_000), ..Clock::default() };
        let century = 100 * 365 * 86_400;
        assert!(at(&clock, century * 4_000_000_000).abs_diff(century * 1_000_000_000) < 1 << 32);
    }
}
