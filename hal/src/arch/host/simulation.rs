//! What a test can set in its simulated machine, and see of it.

use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use super::uart::Uart;
use super::{MEMORY, Processor, STATE, State, memory, uart, with};
use crate::boot::{Info, Module, Region};
use crate::memory::{AccessError, AddressSpace, FrameTable, PAGE_SIZE, PhysAddr, install};
use crate::sync::{Once, SpinLock};
use crate::task::{Event, Interrupt};
use abi::trap::{Kind, Registers};

/// The machine to simulate.
#[derive(Clone, Copy, Debug)]
pub struct Config<'a> {
    /// CPUs.
    pub cpus: u32,
    /// Pages of usable memory.
    pub pages: usize,
    /// The kernel's command line.
    pub command_line: &'static str,
    /// The boot module.
    pub package: Option<&'a [u8]>,
    /// The serial ports that are there, one bit each.
    pub ports: u32,
}

impl Default for Config<'_> {
    fn default() -> Self {
        Self { cpus: 1, pages: 1024, command_line: "", package: None, ports: 0b111 }
    }
}

/// Switches on a new machine for this thread, with the code set so far.
///
/// # Panics
///
/// When the process has simulated more memory than there is.
pub fn boot(config: &Config<'_>) -> &'static Info {
    static INSTALLED: Once<()> = Once::new();
    INSTALLED.call_once(|| {
        let words = FrameTable::words(PhysAddr(MEMORY as u64));
        let words = Vec::leak((0..words).map(|_| AtomicU64::new(0)).collect());
        let all = [Region { start: PhysAddr(PAGE_SIZE as u64), pages: MEMORY / PAGE_SIZE - 1 }];
        install(FrameTable::new(words, &all));
    });
    let package = config.package.map(place);
    let start = reserve(config.pages);
    // In two regions with a hole, as real memory has.
    let half = config.pages / 2;
    let second = PhysAddr(start.0 + ((half + 1) * PAGE_SIZE) as u64);
    let memory = vec![
        Region { start, pages: half },
        Region { start: second, pages: config.pages.saturating_sub(half + 1) },
    ];
    uart::install(config.ports);
    STATE.with(|state| {
        let state = &mut *state.borrow_mut();
        let code = core::mem::take(&mut state.code);
        let cpus = (0..config.cpus).map(|_| Processor::default()).collect();
        *state = State { cpus, code, ..State::new() };
    });
    Box::leak(Box::new(Info {
        command_line: config.command_line,
        memory: Vec::leak(memory),
        package,
        framebuffer: None,
        loader: "the simulation",
        total_memory: (config.pages * PAGE_SIZE) as u64,
    }))
}

/// The next `pages` pages of the process' simulated memory.
fn reserve(pages: usize) -> PhysAddr {
    static NEXT: AtomicUsize = AtomicUsize::new(1);
    let first = NEXT.fetch_add(pages, Ordering::Relaxed);
    assert!(first + pages <= MEMORY / PAGE_SIZE, "simulated memory is used up");
    PhysAddr::of_frame(first)
}

/// Puts a boot module into memory.
fn place(bytes: &[u8]) -> Module {
    let start = reserve(bytes.len().div_ceil(PAGE_SIZE));
    let address = memory() + start.0 as usize;
    let target = core::ptr::with_exposed_provenance_mut::<u8>(address);
    // SAFETY: 1. `reserve` gave these pages to this call alone. 2. From here on nobody writes them:
    // they are in no region of memory. 3. What follows the bytes in the last page is zero.
    unsafe {
        core::ptr::copy_nonoverlapping(bytes.as_ptr(), target, bytes.len());
        Module::new(start, core::slice::from_raw_parts(target.cast_const(), bytes.len()))
    }
}

/// What stands for an instruction: it changes the thread as the instruction would, and says how the
/// kernel is entered then, or not at all. An error is a fault, after which the same code runs again.
pub type Code = dyn FnMut(&mut User<'_>) -> Option<Event>;

/// A simulated thread in user mode.
#[derive(Debug)]
pub struct User<'a> {
    /// Its registers.
    pub registers: &'a mut Registers,
    /// Its memory.
    pub space: &'a AddressSpace,
    /// Its thread pointer.
    pub thread_pointer: usize,
}

impl User<'_> {
    /// Makes a kernel call.
    pub fn call(&mut self, call: u64, arguments: [u64; 4]) -> Option<Event> {
        let r = &mut self.registers;
        (r.rax, r.rdi, r.rsi, r.rdx, r.r10) =
            (call, arguments[0], arguments[1], arguments[2], arguments[3]);
        Some(Event::Call)
    }

    /// The result of the last call.
    pub fn result(&self) -> i64 {
        self.registers.rax as i64
    }

    /// Reads memory as an instruction would.
    ///
    /// # Errors
    ///
    /// The fault that the instruction causes.
    pub fn load(&self, address: usize, buffer: &mut [u8]) -> Result<(), Event> {
        self.space.read(address, buffer).map_err(|error| fault(error, 0))
    }

    /// Writes memory as an instruction would.
    ///
    /// # Errors
    ///
    /// The fault that the instruction causes.
    pub fn store(&self, address: usize, bytes: &[u8]) -> Result<(), Event> {
        self.space.write(address, bytes).map_err(|error| fault(error, 1 << 1))
    }
}

fn fault(error: AccessError, code: u64) -> Event {
    let (AccessError::Missing(address) | AccessError::Denied(address)) = error;
    Event::Fault { kind: Kind::Memory, code, address: address as u64 }
}

/// Sets what is executed at `address`, in every address space.
pub fn code(address: usize, code: impl FnMut(&mut User<'_>) -> Option<Event> + 'static) {
    with(|state| state.code.insert(address as u64, Some(Box::new(code))));
}

/// Makes this thread be another CPU of its machine.
///
/// # Panics
///
/// When the machine does not have it.
pub fn set_cpu(number: u32) {
    with(|state| {
        assert!((number as usize) < state.cpus.len(), "the machine has CPU {number}");
        state.cpu = number;
    });
}

/// Lets time pass.
pub fn advance(ns: u64) {
    with(|state| state.now_ns = state.now_ns.saturating_add(ns));
}

/// Interrupts a CPU.
pub fn interrupt(cpu: u32, interrupt: Interrupt) {
    with(|state| state.cpus[cpu as usize].pending.push_back(interrupt));
}

/// How often CPUs have waited since one last ran anything or was interrupted.
pub fn idle_waits() -> usize {
    with(|state| state.idle_waits)
}

/// When a CPU's timer will ring.
pub fn deadline(cpu: u32) -> Option<u64> {
    with(|state| state.cpus[cpu as usize].deadline_ns)
}

/// Whether the machine was switched off.
pub fn is_off() -> bool {
    with(|state| state.is_off)
}

/// A CPU has stopped for good.
#[derive(Debug)]
pub(super) struct Halted;

/// Runs the kernel until it halts the CPU, and returns none then.
pub fn until_halt<R>(kernel: impl FnOnce() -> R) -> Option<R> {
    match std::panic::catch_unwind(core::panic::AssertUnwindSafe(kernel)) {
        Ok(value) => Some(value),
        Err(payload) if payload.is::<Halted>() => None,
        Err(payload) => std::panic::resume_unwind(payload),
    }
}

fn port(number: usize) -> &'static SpinLock<Uart> {
    Uart::find(number).expect("the machine has the port")
}

/// Lets bytes arrive at a serial port.
///
/// # Panics
///
/// When the machine does not have it.
pub fn send(number: usize, bytes: &[u8]) {
    let mut uart = port(number).lock();
    uart.input.extend(bytes);
    uart.raise();
}

/// Takes what the kernel has written to a serial port.
///
/// # Panics
///
/// When the machine does not have it.
pub fn received(number: usize) -> Vec<u8> {
    core::mem::take(&mut port(number).lock().output)
}

/// Limits how many more bytes a serial port takes.
///
/// # Panics
///
/// When the machine does not have it.
pub fn set_room(number: usize, room: usize) {
    let mut uart = port(number).lock();
    uart.room = room;
    uart.raise();
}
