# A native entry point that nobody supplies. rdi = its name, the stack as at the entry point's first instruction.
#
# A caller that has gone preemptive for the call published a P/Invoke frame: go back to where RhpPInvoke returned, which
# is a safepoint of the caller, as if that call had thrown. A cooperative caller is at a safepoint already.
    .globl rt_missing_entry_point
    .type rt_missing_entry_point,@function
rt_missing_entry_point:
    .cfi_startproc
    mov rcx, fs:[0]
    mov rax, [rcx + {TRANSITION}]
    test rax, rax
    jz 1f
    mov rbp, [rax + 8]
    mov rsp, [rax + 0x20]
    push qword ptr [rax]
    mov qword ptr [rcx + {TRANSITION}], 0
    cmp dword ptr [rip + RhpTrapThreads], 0
    je 1f
    push rdi
    .cfi_adjust_cfa_offset 8
    mov rdi, rax
    call rt_wait_for_gc
    pop rdi
    .cfi_adjust_cfa_offset -8
1:  sub rsp, 8
    .cfi_adjust_cfa_offset 8
    call rt_missing_exception
    add rsp, 8
    .cfi_adjust_cfa_offset -8
    mov rdi, rax
    jmp RhpThrowEx
    .cfi_endproc
    .size rt_missing_entry_point, . - rt_missing_entry_point
