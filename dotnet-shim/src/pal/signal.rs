//! Exports: POSIX signals. Nothing sends any, so handlers can be set and are never called.
use core::sync::atomic::{AtomicI32, Ordering::Relaxed};

/// The class library's `PosixSignal` values and Linux's numbers.
const SIGNALS: [(i32, i32); 10] = [
    (-1, 1),   // SIGHUP
    (-2, 2),   // SIGINT
    (-3, 3),   // SIGQUIT
    (-4, 15),  // SIGTERM
    (-5, 17),  // SIGCHLD
    (-6, 18),  // SIGCONT
    (-7, 28),  // SIGWINCH
    (-8, 21),  // SIGTTIN
    (-9, 22),  // SIGTTOU
    (-10, 20), // SIGTSTP
];
/// The largest signal number there is on Linux.
const SIGNAL_MAX: i32 = 64;

/// Whether Ctrl-C means a signal (as opposed to input).
static SIGNAL_FOR_BREAK: AtomicI32 = AtomicI32::new(1);

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_GetPlatformSignalNumber"))]
extern "C" fn get_platform_signal_number(signal: i32) -> i32 {
    match SIGNALS.iter().find(|(pal, _)| *pal == signal) {
        Some((_, number)) => *number,
        None if (1..=SIGNAL_MAX).contains(&signal) => signal,
        None => 0,
    }
}

/// Nobody calls the handler, for nobody sends a signal.
#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_SetPosixSignalHandler"))]
extern "C" fn set_posix_signal_handler(_handler: Option<extern "C" fn(i32, i32) -> i32>) {}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_EnablePosixSignalHandling"))]
extern "C" fn enable_posix_signal_handling(_signal: i32) -> i32 {
    1
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_DisablePosixSignalHandling"))]
extern "C" fn disable_posix_signal_handling(_signal: i32) {}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_HandleNonCanceledPosixSignal"))]
extern "C" fn handle_non_canceled_posix_signal(_signal: i32) {}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_GetSignalForBreak"))]
extern "C" fn get_signal_for_break() -> i32 {
    SIGNAL_FOR_BREAK.load(Relaxed)
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_SetSignalForBreak"))]
extern "C" fn set_signal_for_break(value: i32) -> i32 {
    SIGNAL_FOR_BREAK.store(i32::from(value != 0), Relaxed);
    1
}
