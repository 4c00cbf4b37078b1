//! Switching the machine off.

use x86_64::instructions::port::Port;

use super::acpi::SoftOff;
use super::uart;
use crate::sync::Once;

static SOFT_OFF: Once<SoftOff> = Once::new();

/// Keeps what ACPI says about it.
pub(super) fn init(soft_off: Option<SoftOff>) {
    if let Some(soft_off) = soft_off {
        SOFT_OFF.call_once(|| soft_off);
    }
}

/// PM1 control: the registers are ours; sleep type; sleep now.
const ENABLED: u16 = 1;
const TYPE_SHIFT: u16 = 10;
const SLEEP: u16 = 1 << 13;

/// The control port of QEMU's q35 machine, for when the tables are of no use.
const QEMU: u16 = 0x604;

/// Enters ACPI state S5; returns when that does not work.
pub(super) fn off() {
    uart::finish();
    if let Some(soft_off) = SOFT_OFF.get() {
        enter(soft_off);
    }
    // SAFETY: where this is not the control register it is no device that we know of, and the machine
    // is at its end anyway.
    unsafe { Port::<u16>::new(QEMU).write(SLEEP) };
}

fn enter(soft_off: &SoftOff) {
    let ports = || soft_off.control.iter().flatten();
    let is_ours = || {
        // SAFETY: reading the control register has no side effect.
        ports().all(|&(port, _)| unsafe { Port::<u16>::new(port).read() } & ENABLED != 0)
    };
    if let Some((port, value)) = soft_off.enable
        && !is_ours()
    {
        // SAFETY: the tables name port and value for exactly this.
        unsafe { Port::<u8>::new(port).write(value) };
        for _ in 0..1_000_000 {
            if is_ours() {
                break;
            }
        }
    }
    for &(port, sleep_type) in ports() {
        let mut control = Port::<u16>::new(port);
        // SAFETY: the tables name the register, and the type for switching off.
        unsafe {
            let kept = control.read() & !(7 << TYPE_SHIFT);
            control.write(kept | sleep_type << TYPE_SHIFT | SLEEP);
        }
    }
}
