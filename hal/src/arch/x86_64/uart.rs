//! Serial ports, at the four places where PCs have them.
//!
//! COM1 and COM3 share an interrupt line, and so do COM2 and COM4. The lines are edge-triggered, so
//! of a pair only one port should have interrupts on.

use uart_16550::backend::PioBackend;
use uart_16550::spec::registers::{IER, LSR};
use uart_16550::{BaudRate, Config, Uart16550};

use crate::console::PORTS;
use crate::sync::{Once, SpinLock};

const BASES: [u16; PORTS] = [0x3f8, 0x2f8, 0x3e8, 0x2e8];
/// The ISA lines in use.
pub(super) const LINES: [u8; 2] = [4, 3];

static UARTS: [Once<Option<SpinLock<Uart>>>; PORTS] = [const { Once::new() }; PORTS];

/// A serial port.
pub(crate) struct Uart(Uart16550<PioBackend>);

impl Uart {
    /// The port with this number, initialised when it is first asked for; none when nothing is there.
    pub(crate) fn find(number: usize) -> Option<&'static SpinLock<Self>> {
        UARTS.get(number)?.call_once(|| Self::new(BASES[number]).map(SpinLock::new)).as_ref()
    }

    fn new(base: u16) -> Option<Self> {
        // SAFETY: nobody else uses these ports, and `find` makes one of each.
        let mut device = unsafe { Uart16550::new_port(base) }.ok()?;
        let config = Config { baud_rate: BaudRate::Baud115200, ..Config::DEFAULT };
        device.init(config).ok()?;
        Some(Self(device))
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> usize {
        let mut written = 0;
        while written < bytes.len() {
            match self.0.send_bytes(&bytes[written..]) {
                0 => break,
                count => written += count,
            }
        }
        written
    }

    pub(crate) fn read(&mut self) -> Option<u8> {
        self.0.try_receive_byte().ok()
    }

    pub(crate) fn set_receive_interrupt(&mut self, enabled: bool) {
        self.set_interrupt(IER::DATA_READY, enabled);
    }

    pub(crate) fn set_send_interrupt(&mut self, enabled: bool) {
        self.set_interrupt(IER::THR_EMPTY, enabled);
    }

    fn set_interrupt(&mut self, interrupt: IER, enabled: bool) {
        if enabled {
            self.0.enable_interrupts(interrupt);
        } else {
            self.0.disable_interrupts(interrupt);
        }
    }
}

/// Reads the cause of an interrupt from every port that may have one, which takes "can send" back, so
/// that the next one makes a new edge. "Has received" goes when the bytes are read.
pub(super) fn acknowledge() {
    for uart in UARTS.iter().filter_map(|uart| uart.get()?.as_ref()) {
        let mut uart = uart.lock();
        if !uart.0.config().interrupts.is_empty() {
            uart.0.isr();
        }
    }
}

/// Waits until every port has sent what it was given; the last bytes are still in its queue when it has
/// taken them. A port that does not get on is dead.
pub(super) fn finish() {
    const PATIENCE: u32 = 50_000_000;
    for uart in UARTS.iter().filter_map(|uart| uart.get()?.as_ref()) {
        // In a panic it may never be free.
        let Some(mut uart) = (0..1_000_000).find_map(|_| uart.try_lock()) else { continue };
        for _ in 0..PATIENCE {
            if uart.0.lsr().contains(LSR::TRANSMITTER_EMPTY) {
                break;
            }
            core::hint::spin_loop();
        }
    }
}
