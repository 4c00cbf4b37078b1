//! The battery-backed clock: the date and time at boot. It keeps UTC, as on every machine that is not
//! shared with an old operating system.

use x86_64::instructions::port::Port;

use crate::firmware::date::{self, Fields};

const SECONDS: u8 = 0x00;
const MINUTES: u8 = 0x02;
const HOURS: u8 = 0x04;
const DAY: u8 = 0x07;
const MONTH: u8 = 0x08;
const YEAR: u8 = 0x09;
const STATUS_A: u8 = 0x0a;
const STATUS_B: u8 = 0x0b;

const UPDATING: u8 = 0x80;

fn register(index: u8) -> u8 {
    // SAFETY: selects a clock register and reads it; bit 7 of the index keeps NMIs as they are: on.
    unsafe {
        Port::<u8>::new(0x70).write(index);
        Port::<u8>::new(0x71).read()
    }
}

/// Seconds since 1970-01-01T00:00:00Z.
pub(super) fn read() -> u64 {
    let status = register(STATUS_B);
    // The clock may tick between two registers: read until two readings agree. One that never does
    // is broken, and the last reading as good as any.
    let mut last = None;
    for _ in 0..100 {
        if register(STATUS_A) & UPDATING != 0 {
            continue;
        }
        let fields = Fields {
            seconds: register(SECONDS),
            minutes: register(MINUTES),
            hours: register(HOURS),
            day: register(DAY),
            month: register(MONTH),
            year: register(YEAR),
        };
        if last == Some(fields) {
            break;
        }
        last = Some(fields);
    }
    last.map_or(0, |fields| date::seconds(&fields, status))
}
