//! The service's streams, and the console the class library sees on them.
//!
//! There is no terminal: the streams are pipes to the machine's serial line. Queries about a terminal
//! say so, and the class library then treats input and output as redirected.
use super::argument::{Source, Target};
use super::error::{Errno, Result};
use super::outcome::{fail, number};
use crate::lock::Mutex;
use crate::sys;
use abi::NO_DEADLINE;

/// Input that was read to learn whether there is any.
struct Pending {
    bytes: [u8; 256],
    start: usize,
    end: usize,
    /// The end of the input was seen.
    is_ended: bool,
}

static PENDING: Mutex<Pending> =
    Mutex::new(Pending { bytes: [0; 256], start: 0, end: 0, is_ended: false });

/// Turns a kernel call's error into an error number.
fn translate(error: abi::Error) -> Errno {
    match error {
        abi::Error::TimedOut => Errno::EAGAIN,
        abi::Error::BadAddress => Errno::EFAULT,
        _ => Errno::EIO,
    }
}

/// Reads from the input, waiting for at least one byte; 0 is its end.
pub(super) fn read(stream: u32, out: &mut [u8]) -> Result<usize> {
    if stream != sys::stream::INPUT {
        return Err(Errno::EBADF);
    }
    if out.is_empty() {
        return Ok(0);
    }
    {
        let mut pending = PENDING.lock();
        let count = out.len().min(pending.end - pending.start);
        if count > 0 {
            let start = pending.start;
            out[..count].copy_from_slice(&pending.bytes[start..start + count]);
            pending.start += count;
            return Ok(count);
        }
        if pending.is_ended {
            return Ok(0);
        }
    }
    // Not under the lock: this may take for ever, and others may ask whether there is input.
    sys::read(stream, out, NO_DEADLINE).map_err(translate)
}

/// Waits until a read would not; false after the deadline.
pub(super) fn wait_for_input(deadline: u64) -> bool {
    let mut pending = PENDING.lock();
    if pending.start < pending.end || pending.is_ended {
        return true;
    }
    match sys::read(sys::stream::INPUT, &mut pending.bytes, deadline) {
        Ok(count) => {
            (pending.start, pending.end) = (0, count);
            pending.is_ended = count == 0;
            true
        }
        Err(_) => false,
    }
}

/// Writes all of `bytes`.
pub(super) fn write(stream: u32, bytes: &[u8]) -> Result<usize> {
    if stream == sys::stream::INPUT {
        return Err(Errno::EBADF);
    }
    let mut done = 0;
    while done < bytes.len() {
        done += sys::write(stream, &bytes[done..]).map_err(translate)?;
    }
    Ok(done)
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_IsATty"))]
extern "C" fn is_a_tty(_fd: isize) -> i32 {
    crate::errno::set(Errno::ENOTTY.0);
    0
}

#[cfg_attr(
    feature = "image",
    unsafe(export_name = "SystemNative_InitializeTerminalAndSignalHandling")
)]
extern "C" fn initialize_terminal_and_signal_handling() -> i32 {
    1
}

/// Nothing invalidates the settings of a terminal that is not there.
#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_SetTerminalInvalidationHandler"))]
extern "C" fn set_terminal_invalidation_handler(_handler: Option<extern "C" fn()>) {}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_GetWindowSize"))]
extern "C" fn get_window_size(_fd: isize, mut size: Target<u16>) -> i32 {
    if let Ok(size) = size.slice(4) {
        size.fill(0);
    }
    fail(Errno::ENOTTY)
}

/// The sequence switches the keypad of a terminal; there is none.
#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_SetKeypadXmit"))]
extern "C" fn set_keypad_xmit(_fd: isize, _sequence: usize) {}

/// No control character has an effect.
#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_GetControlCharacters"))]
extern "C" fn get_control_characters(
    _names: Source<i32>,
    mut values: Target,
    count: i32,
    mut disabled: Target,
) {
    if let (Ok(values), Ok(disabled)) = (values.slice(count), disabled.slice(1)) {
        values.fill(0);
        disabled.fill(0);
    }
}

/// Reading needs no terminal mode.
#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_InitializeConsoleBeforeRead"))]
extern "C" fn initialize_console_before_read(_minimum: u8, _deciseconds: u8) {}

/// Reading has set no terminal mode.
#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_UninitializeConsoleAfterRead"))]
extern "C" fn uninitialize_console_after_read() {}

/// There is no terminal to hand over, and no child to hand it to.
#[cfg_attr(
    feature = "image",
    unsafe(export_name = "SystemNative_ConfigureTerminalForChildProcess")
)]
extern "C" fn configure_terminal_for_child_process(_child_uses_terminal: i32) {}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_ReadStdin"))]
extern "C" fn read_stdin(mut buffer: Target, count: i32) -> i32 {
    number(buffer.slice(count).and_then(|buffer| read(sys::stream::INPUT, buffer)))
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_StdinReady"))]
extern "C" fn stdin_ready() -> i32 {
    i32::from(wait_for_input(sys::monotonic_ns()))
}

/// What the class library says when it cannot use `Console`, as before a fail-fast.
#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_LogError"))]
extern "C" fn log_error(bytes: Source, count: i32) {
    // There is nobody left to tell when this fails.
    let _ = bytes.slice(count).and_then(|bytes| write(sys::stream::ERROR, bytes));
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_Log"))]
extern "C" fn log(bytes: Source, count: i32) {
    // There is nobody left to tell when this fails.
    let _ = bytes.slice(count).and_then(|bytes| write(sys::stream::OUTPUT, bytes));
}

/// The system log is the kernel's. The message is a format with one `%s`.
#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_SysLog"))]
extern "C" fn sys_log(
    _priority: i32,
    message: super::argument::Text,
    argument: super::argument::Text,
) {
    if let (Ok(message), Ok(argument)) = (message.bytes(), argument.bytes()) {
        let mut line = super::format::expand(message, argument);
        if line.last() != Some(&b'\n') {
            line.push(b'\n');
        }
        // Losing a line of the log must not stop the program.
        let _ = write(sys::stream::LOG, &line);
    }
}
