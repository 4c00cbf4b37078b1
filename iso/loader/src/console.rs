//! Messages: through the firmware while its boot services last, then straight to the serial line.

use crate::arch::serial;
use core::fmt::{self, Write};
use core::sync::atomic::{AtomicBool, Ordering};
use uefi::CStr16;

static FIRMWARE_IS_GONE: AtomicBool = AtomicBool::new(false);

/// Says that the firmware's console must not be used any more.
pub(crate) fn leave_firmware() {
    FIRMWARE_IS_GONE.store(true, Ordering::Relaxed);
}

/// Prints a message; line ends become CR LF.
pub(crate) fn print(message: fmt::Arguments<'_>) {
    let written = if FIRMWARE_IS_GONE.load(Ordering::Relaxed) {
        Serial.write_fmt(message)
    } else {
        Firmware.write_fmt(message)
    };
    // Neither writer reports errors: there is nowhere left to report one to.
    debug_assert!(written.is_ok());
}

struct Serial;

impl Write for Serial {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            if byte == b'\n' {
                serial::write(b'\r');
            }
            serial::write(byte);
        }
        Ok(())
    }
}

struct Firmware;

impl Write for Firmware {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut units = [0; 3];
        for character in text.chars() {
            let code = u16::try_from(u32::from(character)).unwrap_or(u16::from(b'?'));
            units[..2].copy_from_slice(&match character {
                '\n' => [u16::from(b'\r'), u16::from(b'\n')],
                _ => [code, 0],
            });
            if let Ok(text) = CStr16::from_u16_until_nul(&units) {
                // A console that fails cannot be told about on the console.
                uefi::system::with_stdout(|out| out.output_string_lossy(text)).ok();
            }
        }
        Ok(())
    }
}
