//! The simulated machine: memory is one allocation, a thread of the test is a CPU.

use super::Arch;
use crate::cpu;
use crate::memory::{AddressSpace, PAGE_SIZE, PhysAddr};
use crate::sync::{Once, SpinLock};
use crate::task::{Event, Interrupt};
use crate::time;
use abi::clock::Clock;
use abi::trap::Registers;

/// Bytes of simulated memory.
const MEMORY: usize = 16 << 20;

/// What tests can set in the simulated machine.
pub mod simulation {
    use core::sync::atomic::AtomicU64;

    use super::MEMORY;
    use crate::boot::{Info, Region};
    use crate::memory::{FrameTable, PAGE_SIZE, PhysAddr, install};
    use crate::sync::Once;

    /// Switches the machine on, the first time; memory but its first page can be claimed.
    pub fn boot() -> &'static Info {
        static INFO: Once<Info> = Once::new();
        INFO.call_once(|| {
            let region =
                Region { start: PhysAddr(PAGE_SIZE as u64), pages: MEMORY / PAGE_SIZE - 1 };
            let memory = Vec::leak(vec![region]);
            let words = FrameTable::words(PhysAddr(MEMORY as u64));
            let words = Vec::leak((0..words).map(|_| AtomicU64::new(0)).collect());
            install(FrameTable::new(words, memory));
            Info {
                command_line: "",
                memory,
                package: None,
                framebuffer: None,
                loader: "simulation",
                total_memory: MEMORY as u64,
            }
        })
    }
}

/// The simulated machine.
#[derive(Debug)]
pub(crate) struct Machine;

fn memory() -> usize {
    static MEMORY_START: Once<usize> = Once::new();
    *MEMORY_START.call_once(|| {
        let layout = std::alloc::Layout::from_size_align(MEMORY, PAGE_SIZE)
            .expect("the size is not zero and the alignment a power of two");
        // SAFETY: the layout's size is not zero.
        unsafe { std::alloc::alloc_zeroed(layout) }.expose_provenance()
    })
}

impl Arch for Machine {
    fn current_cpu() -> u32 {
        0
    }

    fn cpu_count() -> u32 {
        1
    }

    fn start_cpus(_entry: fn(cpu::Id) -> !) {}

    fn reschedule(_cpu: u32) {}

    fn wait_for_interrupt() -> Interrupt {
        Interrupt::Timer
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

    fn flush(_root: PhysAddr, _start: usize, _pages: usize) {}

    fn barrier(_root: PhysAddr) {}

    fn unload(_root: PhysAddr) {}

    fn now_ns() -> u64 {
        time::at(&Self::clock(), 0)
    }

    fn set_deadline(_deadline_ns: Option<u64>) {}

    fn clock() -> Clock {
        let frequency = 1_000_000_000;
        Clock { multiplier: time::multiplier(frequency), frequency, ..Clock::default() }
    }

    fn entropy() -> u64 {
        0x9e37_79b9_7f4a_7c15
    }

    fn power_off() {}

    fn halt() -> ! {
        panic!("the simulated machine halts")
    }

    fn frame_pointer() -> usize {
        0
    }

    fn next_frame(_frame_pointer: usize) -> Option<(usize, usize)> {
        None
    }
}

/// A simulated thread.
#[derive(Debug)]
pub(crate) struct Context {
    registers: Registers,
}

impl Context {
    pub(crate) fn new(
        entry: usize,
        stack: usize,
        _thread_pointer: usize,
        argument: usize,
    ) -> Option<Self> {
        Some(Self {
            registers: Registers {
                rip: entry as u64,
                rsp: stack as u64,
                rdi: argument as u64,
                ..Registers::default()
            },
        })
    }

    pub(crate) fn registers(&self) -> &Registers {
        &self.registers
    }

    pub(crate) fn registers_mut(&mut self) -> &mut Registers {
        &mut self.registers
    }

    pub(crate) fn set_thread_pointer(&mut self, _value: usize) {}

    pub(crate) fn run(&mut self, _space: &AddressSpace) -> Event {
        Event::Interrupt(Interrupt::Timer)
    }
}

/// A simulated serial port.
#[derive(Debug)]
pub(crate) struct Uart;

impl Uart {
    pub(crate) fn find(_number: usize) -> Option<&'static SpinLock<Self>> {
        None
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> usize {
        bytes.len()
    }

    pub(crate) fn read(&mut self) -> Option<u8> {
        None
    }

    pub(crate) fn set_receive_interrupt(&mut self, _enabled: bool) {}

    pub(crate) fn set_send_interrupt(&mut self, _enabled: bool) {}
}
