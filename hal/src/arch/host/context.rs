//! A simulated thread: registers, and the code of the test that stands for instructions.

use super::simulation::User;
use super::{TICK_NS, with};
use crate::memory::AddressSpace;
use crate::task::{Event, Interrupt};
use abi::memory::Protection;
use abi::trap::{Kind, Registers};

/// The page fault error code of an instruction fetch.
const FETCH: u64 = 1 << 4;

/// A simulated thread.
#[derive(Debug)]
pub(crate) struct Context {
    registers: Registers,
    thread_pointer: usize,
}

impl Context {
    pub(crate) fn new(
        entry: usize,
        stack: usize,
        thread_pointer: usize,
        argument: usize,
    ) -> Option<Self> {
        let registers = Registers {
            rip: entry as u64,
            rsp: stack as u64,
            rdi: argument as u64,
            ..Registers::default()
        };
        Some(Self { registers, thread_pointer })
    }

    pub(crate) fn registers(&self) -> &Registers {
        &self.registers
    }

    pub(crate) fn registers_mut(&mut self) -> &mut Registers {
        &mut self.registers
    }

    pub(crate) fn set_thread_pointer(&mut self, value: usize) {
        self.thread_pointer = value;
    }

    /// Takes a pending interrupt, or executes the code at the instruction pointer once.
    pub(crate) fn run(&mut self, space: &AddressSpace) -> Event {
        let interrupt = with(|state| {
            state.now_ns = state.now_ns.saturating_add(TICK_NS);
            state.idle_waits = 0;
            state.take_interrupt()
        });
        if let Some(interrupt) = interrupt {
            return Event::Interrupt(interrupt);
        }
        let address = self.registers.rip;
        let can_execute = space
            .query(address as usize)
            .is_some_and(|mapping| mapping.protection == Protection::EXECUTE);
        if !can_execute {
            return Event::Fault { kind: Kind::Memory, code: FETCH, address };
        }
        // Taken out while it runs, so that it may itself set code.
        let Some(mut code) = with(|state| state.code.get_mut(&address).and_then(Option::take))
        else {
            return Event::Fault { kind: Kind::IllegalInstruction, code: 0, address: 0 };
        };
        let event = code(&mut User {
            registers: &mut self.registers,
            space,
            thread_pointer: self.thread_pointer,
        });
        with(|state| {
            let place = state.code.entry(address).or_default();
            if place.is_none() {
                *place = Some(code);
            }
        });
        event.unwrap_or(Event::Interrupt(Interrupt::Other(0)))
    }
}
