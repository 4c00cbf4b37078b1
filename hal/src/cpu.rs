//! Processors: who I am, starting the others, waking one, a value for each.

use alloc::vec::Vec;
use core::fmt;
use core::sync::atomic::{AtomicBool, Ordering};

use crate::arch::{Arch, Machine};
use crate::task::Interrupt;

/// CPUs supported at most; sets of CPUs are bits of a `u64`.
pub const LIMIT: u32 = 64;

/// A CPU. The first is 0; numbers are dense.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Id(u32);

impl Id {
    /// The CPU with this number, when the machine has it.
    pub fn new(number: u32) -> Option<Self> {
        (number < count()).then_some(Self(number))
    }

    /// For the port, which numbers them.
    #[cfg_attr(not(target_os = "none"), expect(dead_code, reason = "the simulation decides"))]
    pub(crate) const fn from_number(number: u32) -> Self {
        Self(number)
    }

    /// Its number.
    pub const fn number(self) -> u32 {
        self.0
    }

    /// Its number as an index.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The CPU this runs on.
#[inline]
pub fn current() -> Id {
    Id(Machine::current_cpu())
}

/// How many CPUs the machine has. A CPU that fails to start is not counted after
/// [`start_all`].
pub fn count() -> u32 {
    Machine::cpu_count()
}

/// Starts every other CPU at `entry` and waits until they run.
pub fn start_all(entry: fn(Id) -> !) {
    Machine::start_cpus(entry);
}

/// Makes `cpu` see [`Interrupt::Reschedule`], from `run` or [`wait_for_interrupt`].
pub fn reschedule(cpu: Id) {
    Machine::reschedule(cpu.0);
}

/// Sleeps until an interrupt comes; nothing that came since the last return to user mode is missed.
pub fn wait_for_interrupt() -> Interrupt {
    Machine::wait_for_interrupt()
}

/// To be called in every loop that waits for another CPU.
#[inline]
pub fn relax() {
    Machine::relax();
}

/// Set when this machine is down to one CPU that is in a panic.
static IS_ALONE: AtomicBool = AtomicBool::new(false);

/// Stops every other CPU for good; for a panic. What they, or this one, were doing with a serial port
/// no longer keeps it from being used.
pub fn stop_others() {
    Machine::stop_other_cpus();
    IS_ALONE.store(true, Ordering::SeqCst);
}

/// Whether [`stop_others`] was called.
pub(crate) fn is_alone() -> bool {
    IS_ALONE.load(Ordering::Relaxed)
}

/// One `T` for each CPU.
pub struct PerCpu<T>(Vec<Padded<T>>);

/// Keeps the values of two CPUs out of one cache line.
#[repr(align(64))]
struct Padded<T>(T);

impl<T> PerCpu<T> {
    /// Makes a value for each CPU.
    pub fn new(mut make: impl FnMut(Id) -> T) -> Self {
        Self((0..count()).map(|number| Padded(make(Id(number)))).collect())
    }

    /// The value of the CPU this runs on.
    #[inline]
    pub fn local(&self) -> &T {
        &self.0[current().index()].0
    }

    /// The value of `cpu`.
    #[inline]
    pub fn of(&self, cpu: Id) -> &T {
        &self.0[cpu.index()].0
    }
}

impl<T> fmt::Debug for PerCpu<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PerCpu").finish_non_exhaustive()
    }
}
