//! The simulated machine: lets the kernel run as an ordinary program under test.
//!
//! Each thread of the test has a machine of its own, so tests run side by side. Its CPUs do not run by
//! themselves: the test says which one it is at the moment ([`simulation::set_cpu`]) and steps the
//! kernel there. User code is a set of closures, each at an address ([`simulation::code`]); time
//! passes when user code runs, when every CPU waits, and when the test says so.
//!
//! | module | what it holds |
//! |---|---|
//! | [`simulation`] | what a test can set and see |
//! | `context` | a simulated thread |
//! | `uart` | a simulated serial port |
//! | here | the machine's state, and [`Arch`] over it |
//!
//! Physical memory is one allocation that all machines share out among them: frames are counted once
//! for the process.

mod context;
pub mod simulation;
mod uart;

pub(crate) use context::Context;
pub(crate) use uart::Uart;

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};

use super::{Arch, HeapPage};
use crate::cpu;
use crate::memory::{PAGE_SIZE, PhysAddr};
use crate::sync::Once;
use crate::task::Interrupt;
use crate::time;
use abi::clock::Clock;
use simulation::Code;

/// Bytes of simulated memory, for all machines of the process together.
const MEMORY: usize = if cfg!(miri) { 64 << 20 } else { 4 << 30 };

/// Nanoseconds that pass between two looks at the clock.
const TICK_NS: u64 = 100;

/// The simulated machine.
#[derive(Debug)]
pub(crate) struct Machine;

/// The state of this thread's machine.
struct State {
    cpu: u32,
    cpus: Vec<Processor>,
    now_ns: u64,
    random: u64,
    is_off: bool,
    /// How often CPUs waited in a row, none of them running anything.
    idle_waits: usize,
    /// What is executed at an address.
    code: HashMap<u64, Option<Box<Code>>>,
}

#[derive(Default)]
struct Processor {
    deadline_ns: Option<u64>,
    pending: VecDeque<Interrupt>,
}

impl State {
    fn new() -> Self {
        Self {
            cpu: 0,
            cpus: vec![Processor::default()],
            now_ns: 0,
            random: 0,
            is_off: false,
            idle_waits: 0,
            code: HashMap::new(),
        }
    }

    fn processor(&mut self) -> &mut Processor {
        &mut self.cpus[self.cpu as usize]
    }

    /// The interrupt that this CPU would take now.
    fn take_interrupt(&mut self) -> Option<Interrupt> {
        let now = self.now_ns;
        let processor = self.processor();
        if let Some(interrupt) = processor.pending.pop_front() {
            return Some(interrupt);
        }
        processor.deadline_ns.take_if(|deadline| *deadline <= now).map(|_| Interrupt::Timer)
    }

    /// Lets time pass up to the next deadline of any CPU, when all of them seem to wait.
    fn skip_to_deadline(&mut self) {
        self.idle_waits += 1;
        let patience = if self.cpus.len() == 1 { 0 } else { 8 * self.cpus.len() };
        if self.idle_waits > patience
            && let Some(deadline) = self.cpus.iter().filter_map(|cpu| cpu.deadline_ns).min()
        {
            self.now_ns = self.now_ns.max(deadline);
        }
    }
}

thread_local! {
    static STATE: RefCell<State> = RefCell::new(State::new());
}

fn with<R>(action: impl FnOnce(&mut State) -> R) -> R {
    STATE.with(|state| action(&mut state.borrow_mut()))
}

fn memory() -> usize {
    static MEMORY_START: Once<usize> = Once::new();
    *MEMORY_START.call_once(|| {
        // One page more, to align by hand: the allocator gives untouched pages, which are zero and cost
        // nothing, only for an ordinary alignment.
        let layout = std::alloc::Layout::from_size_align(MEMORY + PAGE_SIZE, 16)
            .expect("the size is not zero and the alignment a power of two");
        // SAFETY: the layout's size is not zero.
        let start = unsafe { std::alloc::alloc_zeroed(layout) };
        assert!(!start.is_null(), "the host has room for the simulated memory");
        start.expose_provenance().next_multiple_of(PAGE_SIZE)
    })
}

impl Arch for Machine {
    fn current_cpu() -> u32 {
        with(|state| state.cpu)
    }

    fn cpu_count() -> u32 {
        with(|state| state.cpus.len() as u32)
    }

    /// The test steps them.
    fn start_cpus(_entry: fn(cpu::Id) -> !) {}

    fn reschedule(cpu: u32) {
        with(|state| state.cpus[cpu as usize].pending.push_back(Interrupt::Reschedule));
    }

    fn wait_for_interrupt() -> Interrupt {
        with(|state| {
            if let Some(interrupt) = state.take_interrupt() {
                state.idle_waits = 0;
                return interrupt;
            }
            state.skip_to_deadline();
            state.take_interrupt().unwrap_or(Interrupt::Reschedule)
        })
    }

    fn relax() {
        core::hint::spin_loop();
    }

    fn stop_other_cpus() {}

    fn window(address: PhysAddr) -> *mut u8 {
        assert!(address.0 < MEMORY as u64, "{address} is not simulated memory");
        core::ptr::with_exposed_provenance_mut(memory() + address.0 as usize)
    }

    fn init_root(_table: &mut [u8; PAGE_SIZE]) {}

    unsafe fn copy_volatile(from: *const u8, to: *mut u8, len: usize) {
        // SAFETY: the caller promises as much; nobody writes at the same time in the simulation.
        unsafe { core::ptr::copy_nonoverlapping(from, to, len) }
    }

    fn map_heap_page(_end: usize, _frame: PhysAddr) -> HeapPage {
        HeapPage::Full
    }

    fn clear_page(page: &mut [u8; PAGE_SIZE]) {
        page.fill(0);
    }

    fn flush(_root: PhysAddr, _start: usize, _pages: usize) {}

    fn barrier(_root: PhysAddr) {}

    fn unload(_root: PhysAddr) {}

    fn now_ns() -> u64 {
        with(|state| {
            state.now_ns = state.now_ns.saturating_add(TICK_NS);
            time::at(&Self::clock(), state.now_ns)
        })
    }

    fn set_deadline(deadline_ns: Option<u64>) {
        with(|state| state.processor().deadline_ns = deadline_ns);
    }

    fn clock() -> Clock {
        let frequency = 1_000_000_000;
        Clock { multiplier: time::multiplier(frequency), frequency, ..Clock::default() }
    }

    fn entropy() -> u64 {
        with(|state| {
            state.random = state.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            state.random ^ state.random >> 29
        })
    }

    fn power_off() {
        with(|state| state.is_off = true);
    }

    /// Ends the test's call into the kernel; [`simulation::until_halt`] catches it.
    fn halt() -> ! {
        std::panic::resume_unwind(Box::new(simulation::Halted))
    }

    fn symbols() -> &'static [u8] {
        &[]
    }

    fn frame_pointer() -> usize {
        0
    }

    fn next_frame(_frame_pointer: usize) -> Option<(usize, usize)> {
        None
    }
}
