//! Exports: waiting for descriptors.
use super::argument::{Out, Target};
use super::error::{Errno, Result};
use super::fs::ready;
use super::{console, files, outcome};
use crate::sys;

/// The class library's `PollEvent`.
#[repr(C)]
struct Event {
    descriptor: i32,
    wanted: i16,
    seen: i16,
}

/// Nanoseconds between looks at the input while other descriptors are waited for too.
const STEP_NS: u64 = 10_000_000;

/// What there is to see now, and whether the input stream is among what is waited for.
fn look(events: &mut [Event]) -> (u32, bool) {
    let mut count = 0;
    let mut waits_for_input = false;
    for event in events {
        // A negative descriptor is ignored.
        if event.descriptor < 0 {
            event.seen = 0;
            continue;
        }
        let stream = files::with(|files| files.console(event.descriptor));
        let state = match stream {
            Ok(Some(sys::stream::INPUT)) => {
                let is_wanted = event.wanted & ready::IN != 0;
                waits_for_input |= is_wanted;
                let is_ready = is_wanted && console::wait_for_input(sys::monotonic_ns());
                if is_ready { ready::IN } else { 0 }
            }
            Ok(Some(_)) => ready::OUT,
            _ => files::with(|files| files.poll(event.descriptor)),
        };
        let unasked = ready::ERROR | ready::HANG_UP | ready::INVALID;
        event.seen = state & (event.wanted | unasked);
        count += u32::from(event.seen != 0);
    }
    (count, waits_for_input)
}

fn wait(events: &mut [Event], deadline: u64) -> u32 {
    loop {
        let now = sys::monotonic_ns();
        let (_, waits_for_input) = look(events);
        // The input tells nobody when bytes come, so it is looked at now and then; alone it is waited
        // for, which is exact.
        let limit = if waits_for_input { deadline.min(now + STEP_NS) } else { deadline };
        let seen = files::wait_until(limit, || match look(events).0 {
            0 => None,
            count => Some(count),
        });
        if let Some(count) = seen {
            return count;
        }
        if sys::monotonic_ns() >= deadline {
            return 0;
        }
        if waits_for_input && events.len() == 1 {
            console::wait_for_input(deadline);
        }
    }
}

fn poll_all(
    events: &mut Target<Event>,
    count: u32,
    milliseconds: i32,
    out: &mut Out<u32>,
) -> Result<()> {
    let count = i32::try_from(count).map_err(|_| Errno::EINVAL)?;
    let events = events.slice(count)?;
    // Negative: for ever.
    let limit = u64::try_from(milliseconds).ok().map(|milliseconds| milliseconds * 1_000_000);
    out.set(wait(events, sys::deadline_after(limit)))
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_Poll"))]
extern "C" fn poll(
    mut events: Target<Event>,
    count: u32,
    milliseconds: i32,
    mut triggered: Out<u32>,
) -> i32 {
    outcome::code(poll_all(&mut events, count, milliseconds, &mut triggered))
}

/// `select` is for sockets, and there are none.
#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_Select"))]
extern "C" fn select(
    _read: usize,
    _read_count: i32,
    _write: usize,
    _write_count: i32,
    _error: usize,
    _error_count: i32,
    _microseconds: i32,
    _maximum: i32,
    _triggered: Out<i32>,
) -> i32 {
    Errno::ENOTSOCK.to_pal()
}
