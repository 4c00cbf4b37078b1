//! Exports: event ports, on which the class library's socket engine waits. It also serves pipes.
use super::argument::{InOut, Out, Target};
use super::error::{Errno, Result};
use super::files;
use super::outcome::code;

/// The class library's `SocketEvent`.
#[repr(C)]
struct SocketEvent {
    data: u64,
    events: u32,
    padding: u32,
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_CreateSocketEventPort"))]
extern "C" fn create_port(mut out: Out<isize>) -> i32 {
    let port = files::with(|files| files.open_port());
    code(port.and_then(|port| out.set(port as isize)))
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_CloseSocketEventPort"))]
extern "C" fn close_port(port: isize) -> i32 {
    let result = files::with(|files| files.close(port as i32));
    files::announce();
    code(result)
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_CreateSocketEventBuffer"))]
extern "C" fn create_buffer(count: i32, mut out: Out<*mut u8>) -> i32 {
    code(usize::try_from(count).map_err(|_| Errno::EINVAL).and_then(|count| {
        let memory = crate::memory::allocate_zeroed(count * size_of::<SocketEvent>());
        if memory.is_null() {
            return Err(Errno::ENOMEM);
        }
        out.set(memory)
    }))
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_FreeSocketEventBuffer"))]
unsafe extern "C" fn free_buffer(buffer: *mut u8) -> i32 {
    // SAFETY: *Caller*: what `create_buffer` gave; nobody uses it any more.
    unsafe { crate::memory::free(buffer) };
    0
}

#[cfg_attr(
    feature = "image",
    unsafe(export_name = "SystemNative_TryChangeSocketEventRegistration")
)]
extern "C" fn try_change_registration(
    port: isize,
    fd: isize,
    _current: i32,
    events: i32,
    data: u64,
) -> i32 {
    let events = events.cast_unsigned();
    let result = files::with(|files| files.register(port as i32, fd as i32, events, data));
    files::announce();
    code(result)
}

fn wait(port: i32, buffer: &mut Target<SocketEvent>, count: &mut i32) -> Result<()> {
    let buffer = buffer.slice(*count)?;
    if buffer.is_empty() {
        return Err(Errno::EINVAL);
    }
    let found = files::wait(abi::NO_DEADLINE, |files| files.collect_events(port, buffer.len()))?;
    *count = i32::try_from(found.len()).map_err(|_| Errno::EOVERFLOW)?;
    for (slot, (data, events)) in buffer.iter_mut().zip(found) {
        *slot = SocketEvent { data, events, padding: 0 };
    }
    Ok(())
}

/// Waits for at least one event.
#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_WaitForSocketEvents"))]
extern "C" fn wait_for_events(
    port: isize,
    mut buffer: Target<SocketEvent>,
    mut count: InOut<i32>,
) -> i32 {
    code(count.get().and_then(|count| wait(port as i32, &mut buffer, count)))
}
