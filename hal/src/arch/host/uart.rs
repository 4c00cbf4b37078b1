//! A simulated serial port.

use std::cell::RefCell;
use std::collections::VecDeque;

use super::with;
use crate::console::PORTS;
use crate::sync::SpinLock;
use crate::task::Interrupt;

/// A simulated serial port.
#[derive(Debug)]
pub(crate) struct Uart {
    /// Arrived for the kernel.
    pub(super) input: VecDeque<u8>,
    /// Sent by the kernel.
    pub(super) output: Vec<u8>,
    /// How many more bytes it takes.
    pub(super) room: usize,
    receive_interrupt: bool,
    send_interrupt: bool,
}

thread_local! {
    static UARTS: RefCell<[Option<&'static SpinLock<Uart>>; PORTS]> =
        const { RefCell::new([None; PORTS]) };
}

/// Gives this thread's machine new ports, of which those are there whose bit is set.
pub(super) fn install(present: u32) {
    UARTS.with(|uarts| {
        *uarts.borrow_mut() = core::array::from_fn(|number| {
            let uart = Uart {
                input: VecDeque::new(),
                output: Vec::new(),
                room: usize::MAX,
                receive_interrupt: false,
                send_interrupt: false,
            };
            (present & 1 << number != 0).then(|| &*Box::leak(Box::new(SpinLock::new(uart))))
        });
    });
}

impl Uart {
    pub(crate) fn find(number: usize) -> Option<&'static SpinLock<Self>> {
        UARTS.with(|uarts| *uarts.borrow().get(number)?)
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> usize {
        let count = bytes.len().min(self.room);
        self.room = if self.room == usize::MAX { self.room } else { self.room - count };
        self.output.extend_from_slice(&bytes[..count]);
        count
    }

    pub(crate) fn read(&mut self) -> Option<u8> {
        self.input.pop_front()
    }

    pub(crate) fn set_receive_interrupt(&mut self, enabled: bool) {
        self.receive_interrupt = enabled;
        self.raise();
    }

    pub(crate) fn set_send_interrupt(&mut self, enabled: bool) {
        self.send_interrupt = enabled;
        self.raise();
    }

    /// Interrupts the first CPU when there is a reason.
    pub(super) fn raise(&self) {
        let has_input = self.receive_interrupt && !self.input.is_empty();
        if has_input || (self.send_interrupt && self.room > 0) {
            with(|state| state.cpus[0].pending.push_back(Interrupt::Serial));
        }
    }
}
