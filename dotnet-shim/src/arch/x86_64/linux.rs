//! Linux's view of a thread: signal contexts and thread creation.
use super::syscall;
use abi::thread::ThreadParameters;
use abi::trap::Registers;

/// The part of the kernel's `ucontext_t` that we use; the registers are its `sigcontext`.
#[repr(C)]
pub(crate) struct SignalContext {
    flags: u64,
    link: usize,
    stack: [usize; 3],
    registers: [u64; 23],
}

/// Index of the CPU's error code.
const ERROR_CODE: usize = 19;

impl SignalContext {
    /// The interrupted registers.
    pub(crate) fn registers(&self) -> Registers {
        let [
            r8,
            r9,
            r10,
            r11,
            r12,
            r13,
            r14,
            r15,
            rdi,
            rsi,
            rbp,
            rbx,
            rdx,
            rax,
            rcx,
            rsp,
            rip,
            rflags,
            ..,
        ] = self.registers;
        Registers {
            rax,
            rbx,
            rcx,
            rdx,
            rsi,
            rdi,
            rbp,
            rsp,
            r8,
            r9,
            r10,
            r11,
            r12,
            r13,
            r14,
            r15,
            rip,
            rflags,
        }
    }

    /// Continues with these registers.
    pub(crate) fn set_registers(&mut self, r: &Registers) {
        self.registers[..18].copy_from_slice(&[
            r.r8, r.r9, r.r10, r.r11, r.r12, r.r13, r.r14, r.r15, r.rdi, r.rsi, r.rbp, r.rbx,
            r.rdx, r.rax, r.rcx, r.rsp, r.rip, r.rflags,
        ]);
    }

    /// The CPU's error code of a fault.
    pub(crate) fn error_code(&self) -> u64 {
        self.registers[ERROR_CODE]
    }
}

unsafe extern "C" {
    fn rt_linux_clone(
        flags: usize,
        stack_top: usize,
        exit_word: usize,
        thread_pointer: usize,
        parameters: *const ThreadParameters,
    ) -> isize;
    fn rt_linux_sigreturn();
}

/// Where a signal handler returns to.
pub(crate) fn signal_return() -> usize {
    rt_linux_sigreturn as *const () as usize
}

/// Starts a thread; its number goes to the exit word, which Linux clears at its end.
///
/// # Safety
///
/// As [`abi::Call::ThreadCreate`].
pub(crate) unsafe fn clone(parameters: &ThreadParameters) -> isize {
    // VM, FS, FILES, SIGHAND, THREAD, SYSVSEM, SETTLS, PARENT_SETTID, CHILD_CLEARTID
    const FLAGS: usize = 0x003d_0f00;
    let p = parameters;
    // SAFETY: the stack is the caller's promise; the stub copies what the child needs to it.
    unsafe { rt_linux_clone(FLAGS, p.stack_top, p.exit_word, p.thread_pointer, p) }
}

/// Sets the handler of a signal.
///
/// # Safety
///
/// `handler` is a signal handler, or 1 to ignore the signal.
pub(crate) unsafe fn set_signal_handler(number: usize, signal: u32, handler: usize, mask: u64) {
    const SIGINFO_ONSTACK_RESTART_RESTORER: u64 = 0x1c00_0004;
    let action = [handler as u64, SIGINFO_ONSTACK_RESTART_RESTORER, signal_return() as u64, mask];
    // SAFETY: the structure is the kernel's `sigaction`; the handler is the caller's promise.
    let result = unsafe {
        syscall(number, [signal as usize, &raw const action as usize, 0, size_of::<u64>(), 0, 0])
    };
    assert_eq!(result, 0, "the signal has a handler");
}
