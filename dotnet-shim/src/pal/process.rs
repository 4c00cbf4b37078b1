//! Exports: this process, which is the only one, and others, which cannot be started.
use super::argument::{Out, Source, Text};
use super::error::Errno;
use super::outcome::{fail, status};
use crate::sys;

/// The number of the process, as on a freshly started machine.
pub(super) const NUMBER: i32 = 1;
/// [`NUMBER`] in decimal.
pub(super) const NUMBER_TEXT: &[u8] = b"1";

/// `ESRCH` for every process but this one.
fn check_process(process: i32) -> Result<(), Errno> {
    if process == 0 || process == NUMBER { Ok(()) } else { Err(Errno::ESRCH) }
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_GetPid"))]
extern "C" fn get_pid() -> i32 {
    NUMBER
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_Exit"))]
extern "C" fn exit(code: i32) -> ! {
    sys::exit(code.to_le_bytes()[0])
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_Abort"))]
extern "C" fn abort() -> ! {
    sys::exit(abi::exit::ABORT)
}

/// A signal to this process ends it as the signal's default action does; there are no others.
#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_Kill"))]
extern "C" fn kill(process: i32, signal: i32) -> i32 {
    if let Err(error) = check_process(process) {
        return fail(error);
    }
    match signal {
        0 => 0,
        // SIGCHLD, SIGCONT, SIGURG, SIGWINCH do nothing by default.
        17 | 18 | 23 | 28 => 0,
        1..=64 => sys::exit(128_u8.wrapping_add(signal.to_le_bytes()[0])),
        _ => fail(Errno::EINVAL),
    }
}

/// Processes cannot be started.
#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_ForkAndExecProcess"))]
extern "C" fn fork_and_exec_process(
    _file: Text,
    _arguments: usize,
    _environment: usize,
    _directory: Text,
    _redirect_input: i32,
    _redirect_output: i32,
    _redirect_error: i32,
    _set_user: i32,
    _user: u32,
    _group: u32,
    _groups: usize,
    _group_count: i32,
    mut child: Out<i32>,
    mut input: Out<i32>,
    mut output: Out<i32>,
    mut error: Out<i32>,
) -> i32 {
    for place in [&mut child, &mut input, &mut output, &mut error] {
        // A place that the caller does not give needs no value.
        let _ = place.set(-1);
    }
    fail(Errno::ENOSYS)
}

/// There are no children.
#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_WaitIdAnyExitedNoHangNoWait"))]
extern "C" fn wait_id_any_exited() -> i32 {
    fail(Errno::ECHILD)
}

/// There are no children.
#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_WaitPidExitedNoHang"))]
extern "C" fn wait_pid_exited(_process: i32, _code: Out<i32>) -> i32 {
    fail(Errno::ECHILD)
}

/// No child ever ends.
#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_RegisterForSigChld"))]
extern "C" fn register_for_sigchld(_handler: Option<extern "C" fn(i32, i32) -> i32>) {}

/// No child ever changes the console.
#[cfg_attr(
    feature = "image",
    unsafe(export_name = "SystemNative_SetDelayedSigChildConsoleConfigurationHandler")
)]
extern "C" fn set_delayed_sigchild_handler(_handler: Option<extern "C" fn()>) {}

/// All processes have the same priority, 0.
#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_GetPriority"))]
extern "C" fn get_priority(_which: i32, who: i32) -> i32 {
    crate::errno::set(0);
    status(check_process(who))
}

/// All processes have the same priority, 0.
#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_SetPriority"))]
extern "C" fn set_priority(_which: i32, who: i32, nice: i32) -> i32 {
    let refused = if nice == 0 { Ok(()) } else { Err(Errno::ENOSYS) };
    status(check_process(who).and(refused))
}

/// The CPUs of the machine, as a mask.
fn cpu_mask() -> usize {
    let count = sys::service_info().cpus.clamp(1, usize::BITS);
    usize::MAX >> (usize::BITS - count)
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_SchedGetAffinity"))]
extern "C" fn sched_get_affinity(process: i32, mut mask: Out<usize>) -> i32 {
    status(check_process(process).and_then(|()| mask.set(cpu_mask())))
}

/// Threads run on every CPU; only that mask can be set.
#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_SchedSetAffinity"))]
extern "C" fn sched_set_affinity(process: i32, mask: Source<usize>) -> i32 {
    status(check_process(process).and_then(|()| match mask.slice(1)? {
        [wanted] if *wanted & cpu_mask() == cpu_mask() => Ok(()),
        [wanted] if *wanted & cpu_mask() != 0 => Err(Errno::ENOSYS),
        _ => Err(Errno::EINVAL),
    }))
}

/// Watching files is refused, with the error of a kernel that was built without it.
#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_INotifyInit"))]
extern "C" fn inotify_init() -> isize {
    fail(Errno::ENOSYS) as isize
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_INotifyAddWatch"))]
extern "C" fn inotify_add_watch(_fd: isize, _path: Text, _mask: u32) -> i32 {
    fail(Errno::EBADF)
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_INotifyRemoveWatch"))]
extern "C" fn inotify_remove_watch(_fd: isize, _watch: i32) -> i32 {
    fail(Errno::EBADF)
}

/// The kernel call that does nothing, to measure what a call costs.
#[cfg_attr(feature = "image", unsafe(export_name = "CermetNative_NullCall"))]
extern "C" fn null_call() -> i32 {
    sys::null();
    0
}
