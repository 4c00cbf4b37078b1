//! Exports: the mutex with a condition on which the class library builds all its waiting.
use crate::lock::{Condition, RawMutex};
use crate::sys;
use core::ptr;

struct Monitor {
    mutex: RawMutex,
    condition: Condition,
}

/// A monitor in the hands of the class library.
#[repr(transparent)]
struct Handle(*mut Monitor);

impl Handle {
    fn monitor(&self) -> &Monitor {
        // SAFETY: *Caller*: what `create` gave and `destroy` has not taken.
        unsafe { &*self.0 }
    }
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_LowLevelMonitor_Create"))]
extern "C" fn create() -> *mut Monitor {
    let memory = crate::memory::allocate(size_of::<Monitor>()).cast::<Monitor>();
    if memory.is_null() {
        return ptr::null_mut();
    }
    let monitor = Monitor { mutex: RawMutex::new(), condition: Condition::new() };
    // SAFETY: the block is new, that long, and aligned to 16.
    unsafe { memory.write(monitor) };
    memory
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_LowLevelMonitor_Destroy"))]
extern "C" fn destroy(monitor: Handle) {
    // SAFETY: *Caller*: what `create` gave; nobody uses it any more, and it owns nothing.
    unsafe { crate::memory::free(monitor.0.cast()) };
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_LowLevelMonitor_Acquire"))]
extern "C" fn acquire(monitor: Handle) {
    monitor.monitor().mutex.lock();
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_LowLevelMonitor_Release"))]
extern "C" fn release(monitor: Handle) {
    monitor.monitor().mutex.unlock();
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_LowLevelMonitor_Wait"))]
extern "C" fn wait(monitor: Handle) {
    let monitor = monitor.monitor();
    monitor.condition.wait(&monitor.mutex, abi::NO_DEADLINE);
}

/// 0 when the time is over.
#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_LowLevelMonitor_TimedWait"))]
extern "C" fn timed_wait(monitor: Handle, milliseconds: i32) -> i32 {
    let monitor = monitor.monitor();
    // Negative would be "for ever", which the class library asks for with `wait`.
    let limit = u64::try_from(milliseconds).ok().map(|milliseconds| milliseconds * 1_000_000);
    i32::from(monitor.condition.wait(&monitor.mutex, sys::deadline_after(limit)))
}

/// Signals and gives the lock back; after that the monitor may be gone.
#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_LowLevelMonitor_Signal_Release"))]
extern "C" fn signal_release(monitor: Handle) {
    let monitor = monitor.monitor();
    monitor.condition.notify_one();
    monitor.mutex.unlock();
}

#[cfg(test)]
mod tests {
    use super::{Handle, acquire, create, destroy, release, signal_release, timed_wait};

    #[test]
    fn a_timed_wait_ends() {
        let monitor = create();
        acquire(Handle(monitor));
        let start = std::time::Instant::now();
        assert_eq!(timed_wait(Handle(monitor), 20), 0);
        assert!(start.elapsed().as_millis() >= 20);
        release(Handle(monitor));
        destroy(Handle(monitor));
    }

    #[test]
    fn a_signal_wakes_the_waiting_thread() {
        let monitor = create();
        let address = monitor as usize;
        acquire(Handle(monitor));
        let other = std::thread::spawn(move || {
            let monitor = address as *mut super::Monitor;
            acquire(Handle(monitor));
            signal_release(Handle(monitor));
        });
        assert_eq!(timed_wait(Handle(monitor), 10_000), 1);
        release(Handle(monitor));
        other.join().expect("the thread ends");
        destroy(Handle(monitor));
    }
}
