# Into and out of user mode. AT&T syntax; names in braces are offsets that Rust computes.
#
# A thread's registers are stored straight into its `Registers`; the kernel's stack is left as
# hal_enter_user had it, so that storing them ends in its return.

.section .text.hal_trap, "ax", @progbits

# u64 hal_enter_user(Registers *rdi): continues user code, returns why it stopped: the vector, or
# {call} for a kernel call, or {attention} when others want something of this CPU first.
# The caller has seen to rip lying in the user half.
    .balign 64
.global hal_enter_user
.type hal_enter_user, @function
hal_enter_user:
    pushq   %rbx
    pushq   %rbp
    pushq   %r12
    pushq   %r13
    pushq   %r14
    pushq   %r15
    movq    %rsp, %gs:{kernel_stack}
    movq    %rdi, %gs:{registers}
    # "In user mode" must be visible before `pending` is read: whoever sets it after that sends an
    # interrupt. A locked instruction is a full barrier.
    lock incq %gs:{epoch}
    cmpl    $0, %gs:{pending}
    jne     9f
    movq    {rflags}(%rdi), %r11
    movq    {rip}(%rdi), %rcx
    andl    ${user_flags}, %r11d
    orl     ${fixed_flags}, %r11d
    # After a kernel call rcx and r11 are rip and rflags, which is all that sysret can load. Single
    # steps and resumed faults need iret.
    cmpq    %rcx, {rcx}(%rdi)
    jne     5f
    cmpq    %r11, {r11}(%rdi)
    jne     5f
    testl   ${slow_flags}, %r11d
    jne     5f
    movq    {rax}(%rdi), %rax
    movq    {rbx}(%rdi), %rbx
    movq    {rdx}(%rdi), %rdx
    movq    {rsi}(%rdi), %rsi
    movq    {rbp}(%rdi), %rbp
    movq    {r8}(%rdi), %r8
    movq    {r9}(%rdi), %r9
    movq    {r10}(%rdi), %r10
    movq    {r12}(%rdi), %r12
    movq    {r13}(%rdi), %r13
    movq    {r14}(%rdi), %r14
    movq    {r15}(%rdi), %r15
    movq    {rsp}(%rdi), %rsp
    movq    {rdi}(%rdi), %rdi
    swapgs
    sysretq

5:  pushq   ${user_data}
    pushq   {rsp}(%rdi)
    pushq   %r11
    pushq   ${user_code}
    pushq   %rcx
    movq    {rax}(%rdi), %rax
    movq    {rbx}(%rdi), %rbx
    movq    {rcx}(%rdi), %rcx
    movq    {rdx}(%rdi), %rdx
    movq    {rsi}(%rdi), %rsi
    movq    {rbp}(%rdi), %rbp
    movq    {r8}(%rdi), %r8
    movq    {r9}(%rdi), %r9
    movq    {r10}(%rdi), %r10
    movq    {r11}(%rdi), %r11
    movq    {r12}(%rdi), %r12
    movq    {r13}(%rdi), %r13
    movq    {r14}(%rdi), %r14
    movq    {r15}(%rdi), %r15
    movq    {rdi}(%rdi), %rdi
    swapgs
    iretq

9:  incq    %gs:{epoch}
    addq    $48, %rsp
    movl    ${attention}, %eax
    retq
.size hal_enter_user, . - hal_enter_user

# A kernel call: rip is in rcx, rflags in r11, the stack is the user's, interrupts are off.
    .balign 64
.global hal_call_entry
.type hal_call_entry, @function
hal_call_entry:
    swapgs
    movq    %rsp, %gs:{user_stack}
    movq    %gs:{registers}, %rsp
    movq    %rax, {rax}(%rsp)
    movq    %rbx, {rbx}(%rsp)
    movq    %rcx, {rcx}(%rsp)
    movq    %rdx, {rdx}(%rsp)
    movq    %rsi, {rsi}(%rsp)
    movq    %rdi, {rdi}(%rsp)
    movq    %rbp, {rbp}(%rsp)
    movq    %r8, {r8}(%rsp)
    movq    %r9, {r9}(%rsp)
    movq    %r10, {r10}(%rsp)
    movq    %r11, {r11}(%rsp)
    movq    %r12, {r12}(%rsp)
    movq    %r13, {r13}(%rsp)
    movq    %r14, {r14}(%rsp)
    movq    %r15, {r15}(%rsp)
    movq    %rcx, {rip}(%rsp)
    movq    %r11, {rflags}(%rsp)
    movq    %gs:{user_stack}, %rax
    movq    %rax, {rsp}(%rsp)
    movq    %gs:{kernel_stack}, %rsp
    incq    %gs:{epoch}
    movl    ${call}, %eax
    popq    %r15
    popq    %r14
    popq    %r13
    popq    %r12
    popq    %rbp
    popq    %rbx
    retq
.size hal_call_entry, . - hal_call_entry

# Every other entry. The stack holds vector, error code, rip, cs, rflags, rsp, ss.
    .balign 64
.type hal_trap_common, @function
hal_trap_common:
    testb   $3, 24(%rsp)
    jz      hal_trap_kernel
    swapgs
    pushq   %rdi
    movq    %gs:{registers}, %rdi
    movq    %rax, {rax}(%rdi)
    movq    %rbx, {rbx}(%rdi)
    movq    %rcx, {rcx}(%rdi)
    movq    %rdx, {rdx}(%rdi)
    movq    %rsi, {rsi}(%rdi)
    movq    %rbp, {rbp}(%rdi)
    movq    %r8, {r8}(%rdi)
    movq    %r9, {r9}(%rdi)
    movq    %r10, {r10}(%rdi)
    movq    %r11, {r11}(%rdi)
    movq    %r12, {r12}(%rdi)
    movq    %r13, {r13}(%rdi)
    movq    %r14, {r14}(%rdi)
    movq    %r15, {r15}(%rdi)
    popq    {rdi}(%rdi)
    popq    %rax
    popq    %gs:{error_code}
    popq    {rip}(%rdi)
    addq    $8, %rsp
    popq    {rflags}(%rdi)
    popq    {rsp}(%rdi)
    movq    %gs:{kernel_stack}, %rsp
    # The CPU leaves AC, DF and NT as user code had them.
    pushq   $2
    popfq
    incq    %gs:{epoch}
    popq    %r15
    popq    %r14
    popq    %r13
    popq    %r12
    popq    %rbp
    popq    %rbx
    retq
.size hal_trap_common, . - hal_trap_common

# From the kernel itself: an interrupt ends the idle wait, which goes on with interrupts off; an
# exception is a bug.
.type hal_trap_kernel, @function
hal_trap_kernel:
    cmpq    $32, (%rsp)
    jb      hal_trap_fatal
    pushq   %rax
    movl    8(%rsp), %eax
    movl    %eax, %gs:{idle_vector}
    popq    %rax
    addq    $16, %rsp
    andl    $~0x200, 16(%rsp)
    iretq
.size hal_trap_kernel, . - hal_trap_kernel

.macro SAVE_ALL
    pushq   %r15
    pushq   %r14
    pushq   %r13
    pushq   %r12
    pushq   %r11
    pushq   %r10
    pushq   %r9
    pushq   %r8
    pushq   %rbp
    pushq   %rdi
    pushq   %rsi
    pushq   %rdx
    pushq   %rcx
    pushq   %rbx
    pushq   %rax
.endm

# Calls hal_kernel_trap(KernelTrap *) with a frame that lets a backtrace go on where the trap was.
.macro CALL_RUST
    movq    %rsp, %rdi
    pushq   136(%rsp)
    pushq   %rbp
    movq    %rsp, %rbp
    cld
    call    hal_kernel_trap
    addq    $16, %rsp
.endm

.type hal_trap_fatal, @function
hal_trap_fatal:
    SAVE_ALL
    CALL_RUST
    ud2
.size hal_trap_fatal, . - hal_trap_fatal

# Those that can come at any instruction, also where GS is still or again the user's: the sign of the
# GS base tells, because user code can have none in the kernel's half.
.type hal_trap_paranoid, @function
hal_trap_paranoid:
    SAVE_ALL
    xorl    %ebx, %ebx
    movl    $0xc0000101, %ecx
    rdmsr
    testl   %edx, %edx
    js      1f
    swapgs
    incl    %ebx
1:  CALL_RUST
    testl   %ebx, %ebx
    jz      2f
    swapgs
2:  popq    %rax
    popq    %rbx
    popq    %rcx
    popq    %rdx
    popq    %rsi
    popq    %rdi
    popq    %rbp
    popq    %r8
    popq    %r9
    popq    %r10
    popq    %r11
    popq    %r12
    popq    %r13
    popq    %r14
    popq    %r15
    addq    $16, %rsp
    iretq
.size hal_trap_paranoid, . - hal_trap_paranoid

# One stub of 16 bytes for each vector: it pushes what the CPU did not.
    .balign 16
.global hal_stubs
.type hal_stubs, @function
hal_stubs:
.set vector, 0
.rept 256
    .balign 16
    .if !(vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21 || vector == 29 || vector == 30)
    pushq   $0
    .endif
    pushq   $vector
    .if vector == 2 || vector == 8 || vector == 18
    jmp     hal_trap_paranoid
    .else
    jmp     hal_trap_common
    .endif
    .set vector, vector + 1
.endr
.size hal_stubs, . - hal_stubs

# The idle wait: an interrupt that came since interrupts were last on is taken after the `sti` has
# let `hlt` begin.
.global hal_idle
.type hal_idle, @function
hal_idle:
    sti
    hlt
    cli
    retq
.size hal_idle, . - hal_idle
.text
