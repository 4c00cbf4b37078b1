# Entry of a Linux process, creation of a thread, return from a signal handler.

# argc, argv... on the stack
    .globl _start
_start:
    xor ebp, ebp
    mov rdi, rsp
    and rsp, -16
    call rt_linux_start
    ud2

# rdi = flags, rsi = stack top, rdx = tid word, rcx = tls, r8 = ThreadParameters -> tid or -errno.
# The child copies what it needs before the parent can leave: clone shares memory, so the parameters are first copied
# to the child's stack: entry, argument, and a stack_t with the trap stack.
    .globl rt_linux_clone
    .type rt_linux_clone,@function
rt_linux_clone:
    .cfi_startproc
    sub rsi, 48
    mov rax, [r8 + {PARAMETER_ENTRY}]
    mov [rsi], rax
    mov rax, [r8 + {PARAMETER_ARGUMENT}]
    mov [rsi + 8], rax
    mov rax, [r8 + {PARAMETER_TRAP_STACK}]
    mov [rsi + 16], rax
    mov qword ptr [rsi + 24], 0
    mov rax, [r8 + {PARAMETER_TRAP_STACK_LEN}]
    mov [rsi + 32], rax
    mov r10, rdx
    mov r8, rcx
    mov eax, 56
    syscall
    test rax, rax
    jz 1f
    ret
1:  xor ebp, ebp
    mov eax, 131                        # sigaltstack
    lea rdi, [rsp + 16]
    xor esi, esi
    syscall
    mov rax, [rsp]
    mov rdi, [rsp + 8]
    add rsp, 40                         # eight below the top, as after a call
    jmp rax
    .cfi_endproc

    .globl rt_linux_sigreturn
    .type rt_linux_sigreturn,@function
rt_linux_sigreturn:
    mov eax, 15
    syscall
