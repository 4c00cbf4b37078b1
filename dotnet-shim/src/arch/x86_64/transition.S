# Managed <-> native transitions. Thread.transition_frame: 0 = cooperative, pointer = preemptive (walk starts there),
# -1 = preemptive with no managed frames.

# rdi = 40-byte frame reserved by the JIT. Normal C kill set.
    .globl RhpPInvoke
    .type RhpPInvoke,@function
RhpPInvoke:
    .cfi_startproc
    mov rax, [rsp]
    mov [rdi], rax
    mov [rdi + 8], rbp
    mov rcx, fs:[0]
    mov [rdi + 0x10], rcx
    mov qword ptr [rdi + 0x18], 0x8000
    lea rax, [rsp + 8]
    mov [rdi + 0x20], rax
    mov [rcx + {TRANSITION}], rdi
    ret
    .cfi_endproc

# The suspender runs membarrier(2) between setting RhpTrapThreads and reading transition_frame, so no fence here.
    .globl RhpPInvokeReturn
    .type RhpPInvokeReturn,@function
RhpPInvokeReturn:
    .cfi_startproc
    mov rsi, [rdi + 0x10]
    mov qword ptr [rsi + {TRANSITION}], 0
    cmp dword ptr [rip + RhpTrapThreads], 0
    jne rt_wait_for_gc_stub
    ret
    .cfi_endproc

# rdi = frame to publish while waiting
rt_wait_for_gc_stub:
    .cfi_startproc
    push rbp
    .cfi_adjust_cfa_offset 8
    call rt_wait_for_gc
    pop rbp
    .cfi_adjust_cfa_offset -8
    ret
    .cfi_endproc

# rdi = two words: saved transition frame, thread
    .globl RhpReversePInvoke
    .type RhpReversePInvoke,@function
RhpReversePInvoke:
    .cfi_startproc
    mov rcx, fs:[0]
    mov rax, [rcx + {TRANSITION}]
    test rax, rax
    jz 2f
    mov [rdi], rax
    mov [rdi + 8], rcx
    mov qword ptr [rcx + {TRANSITION}], 0
    cmp dword ptr [rip + RhpTrapThreads], 0
    jne 1f
    ret
1:  mov rdi, rax
    jmp rt_wait_for_gc_stub
2:  push rbp
    call rt_bad_reverse_pinvoke
    int3
    .cfi_endproc

    .globl RhpReversePInvokeReturn
    .type RhpReversePInvokeReturn,@function
RhpReversePInvokeReturn:
    .cfi_startproc
    mov rax, [rdi]
    mov rcx, [rdi + 8]
    mov [rcx + {TRANSITION}], rax
    ret
    .cfi_endproc
