//! Exports: use of the CPUs.
use super::argument::InOut;
use crate::sys;

/// The class library's `ProcessCpuInformation`: the figures at the previous call.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
struct CpuInformation {
    time: u64,
    kernel: u64,
    user: u64,
}

/// Percent of all CPUs that the service used between two readings.
fn utilization(from: CpuInformation, to: CpuInformation, cpus: u32) -> f64 {
    let elapsed = to.time.saturating_sub(from.time);
    let busy = to.user.saturating_sub(from.user) + to.kernel.saturating_sub(from.kernel);
    if from.time == 0 || elapsed == 0 {
        return 0.0;
    }
    // 53 bits of nanoseconds are 104 days of CPU time, exactly enough.
    (busy as f64 * 100.0 / (elapsed as f64 * f64::from(cpus.max(1)))).min(100.0)
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_GetCpuUtilization"))]
extern "C" fn get_cpu_utilization(mut previous: InOut<CpuInformation>) -> f64 {
    let Ok(previous) = previous.get() else { return 0.0 };
    let service = sys::service_info();
    let now = CpuInformation {
        time: sys::monotonic_ns(),
        kernel: service.kernel_ns,
        user: service.user_ns,
    };
    let result = utilization(*previous, now, service.cpus);
    *previous = now;
    result
}

/// The CPU of the calling thread.
#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_SchedGetCpu"))]
extern "C" fn sched_get_cpu() -> i32 {
    sys::thread_info().cpu.cast_signed()
}

#[cfg(test)]
mod tests {
    use super::{CpuInformation, utilization};

    #[test]
    fn utilization_counts_user_and_kernel_time_of_all_cpus() {
        let from = CpuInformation { time: 1000, kernel: 10, user: 20 };
        let to = CpuInformation { time: 2000, kernel: 110, user: 420 };
        assert!((utilization(from, to, 1) - 50.0).abs() < 1e-9);
        assert!((utilization(from, to, 2) - 25.0).abs() < 1e-9);
        assert!((utilization(CpuInformation::default(), to, 1)).abs() < 1e-9);
        assert!((utilization(to, from, 1)).abs() < 1e-9);
    }
}
