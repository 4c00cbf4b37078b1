//! Serial ports.

use crate::arch::Uart;
use crate::cpu;
use crate::sync::{SpinGuard, SpinLock};

/// Ports looked for.
pub const PORTS: usize = 4;

/// A serial port that is there.
#[derive(Clone, Copy, Debug)]
pub struct Port(&'static SpinLock<Uart>);

impl Port {
    /// The port with this number, counted from 0 (COM1); none when the machine does not have it.
    pub fn open(number: usize) -> Option<Self> {
        Uart::find(number).map(Self)
    }

    /// The port for oneself; in a panic also when someone who never gives it back has it.
    fn lock(&self) -> SpinGuard<'static, Uart> {
        if !cpu::is_alone() {
            return self.0.lock();
        }
        for _ in 0..1_000_000 {
            if let Some(guard) = self.0.try_lock() {
                return guard;
            }
        }
        // SAFETY: the other CPUs have been stopped, and this one does not return from its panic, so
        // whoever holds the lock never goes on.
        unsafe { self.0.force_unlock() };
        self.0.lock()
    }

    /// Hands over what the port takes without waiting; how many bytes that was.
    pub fn write(&self, bytes: &[u8]) -> usize {
        self.lock().write(bytes)
    }

    /// Writes all of `bytes`, waiting for the port as long as it makes progress.
    pub fn write_all(&self, mut bytes: &[u8]) {
        // A port that takes nothing for this many looks is dead, and the machine goes on without it.
        const PATIENCE: u32 = 50_000_000;
        let mut idle = 0;
        while !bytes.is_empty() && idle < PATIENCE {
            let taken = self.write(bytes);
            bytes = &bytes[taken..];
            idle = if taken == 0 { idle + 1 } else { 0 };
        }
    }

    /// A byte that has arrived.
    pub fn read(&self) -> Option<u8> {
        self.lock().read()
    }

    /// Makes arriving bytes cause [`Interrupt::Serial`](crate::task::Interrupt::Serial) on the first
    /// CPU.
    pub fn enable_receive_interrupt(&self) {
        self.lock().set_receive_interrupt(true);
    }

    /// Whether the port causes [`Interrupt::Serial`](crate::task::Interrupt::Serial) when it can take
    /// bytes again. Wanted only while there is something to write.
    pub fn set_send_interrupt(&self, enabled: Send) {
        self.lock().set_send_interrupt(matches!(enabled, Send::Notify));
    }
}

/// Whether a port says that it can take bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Send {
    /// By an interrupt.
    Notify,
    /// Not at all.
    Silent,
}
