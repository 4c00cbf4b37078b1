//! Single instructions that Rust has no name for.
use core::arch::asm;

/// Enters the kernel with six arguments, by the convention that Cermet and Linux share.
///
/// # Safety
///
/// The call's own contract; memory that its arguments name is valid for what the call does to it.
#[inline]
pub(crate) unsafe fn syscall(number: usize, arguments: [usize; 6]) -> isize {
    let [a, b, c, d, e, f] = arguments;
    let result: isize;
    // SAFETY: the kernel keeps everything but rax, rcx and r11, which are declared; the rest is the
    // caller's promise.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") number as isize => result,
            in("rdi") a, in("rsi") b, in("rdx") c, in("r10") d, in("r8") e, in("r9") f,
            lateout("rcx") _, lateout("r11") _,
            options(nostack)
        );
    }
    result
}

/// The CPU's time stamp counter.
#[cfg(all(feature = "image", not(feature = "linux")))]
#[inline]
pub(crate) fn counter() -> u64 {
    // SAFETY: every x86-64 CPU has the instruction, and user mode may execute it.
    unsafe { core::arch::x86_64::_rdtsc() }
}

/// The calling thread's block, to which the thread pointer points and whose first word points to
/// itself.
#[cfg(feature = "image")]
#[inline]
pub(crate) fn current_thread() -> *mut crate::thread::Thread {
    let thread;
    // SAFETY: every thread runs with the thread pointer set to its block, from `attach_main` or its
    // creation on.
    unsafe {
        asm!("mov {}, fs:[0]", out(reg) thread, options(nostack, pure, readonly, preserves_flags));
    }
    thread
}
