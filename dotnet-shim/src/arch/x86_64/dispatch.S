# Interface dispatch. rdi = this, r10 = cell (stub pointer, tagged MethodTable). All argument registers must survive.
# Our cache is one global hash table of immutable (cell, MethodTable, code, next) entries; a miss asks managed RhpCidResolve.
    .globl RhpInitialDynamicInterfaceDispatch
    .type RhpInitialDynamicInterfaceDispatch,@function
RhpInitialDynamicInterfaceDispatch:
    .cfi_startproc
    .globl RhpInterfaceDispatchAVLocation
RhpInterfaceDispatchAVLocation:
    mov rax, [rdi]                      # faults on a null this
    mov r11, r10                        # slot = ((cell >> 1) ^ mt) & (mask * 8): cells are 16-, tables 8-aligned
    shr r11, 1
    xor r11, rax
    and r11d, {DISPATCH_MASK8}
    add r11, [rip + rt_dispatch_table]
    mov r11, [r11]                      # chain of immutable entries: cell, type, code, next
2:  test r11, r11
    jz 1f
    cmp [r11], r10
    jne 3f
    cmp [r11 + 8], rax
    jne 3f
    jmp [r11 + 16]
3:  mov r11, [r11 + 24]
    jmp 2b
1:  # slow path: a transition block the managed resolver reads `this` from (+0x10)
    sub rsp, 0xc8
    .cfi_adjust_cfa_offset 0xc8
    mov [rsp + 0x90], rdi
    mov [rsp + 0x98], rsi
    mov [rsp + 0xa0], rcx
    mov [rsp + 0xa8], rdx
    mov [rsp + 0xb0], r8
    mov [rsp + 0xb8], r9
    movaps [rsp], xmm0
    movaps [rsp + 0x10], xmm1
    movaps [rsp + 0x20], xmm2
    movaps [rsp + 0x30], xmm3
    movaps [rsp + 0x40], xmm4
    movaps [rsp + 0x50], xmm5
    movaps [rsp + 0x60], xmm6
    movaps [rsp + 0x70], xmm7
    lea rdi, [rsp + 0x80]
    mov rsi, r10
    call RhpCidResolve
    .globl ReturnFromUniversalTransition
ReturnFromUniversalTransition:          # the GC reports the saved argument registers above when it sees this address
    movaps xmm0, [rsp]
    movaps xmm1, [rsp + 0x10]
    movaps xmm2, [rsp + 0x20]
    movaps xmm3, [rsp + 0x30]
    movaps xmm4, [rsp + 0x40]
    movaps xmm5, [rsp + 0x50]
    movaps xmm6, [rsp + 0x60]
    movaps xmm7, [rsp + 0x70]
    mov rdi, [rsp + 0x90]
    mov rsi, [rsp + 0x98]
    mov rcx, [rsp + 0xa0]
    mov rdx, [rsp + 0xa8]
    mov r8, [rsp + 0xb0]
    mov r9, [rsp + 0xb8]
    add rsp, 0xc8
    .cfi_adjust_cfa_offset -0xc8
    jmp rax
    .cfi_endproc
    .size RhpInitialDynamicInterfaceDispatch, . - RhpInitialDynamicInterfaceDispatch

# Delegate marshalling thunks land here: r10 = pair (context, target)
    .globl rt_common_thunk_stub
rt_common_thunk_stub:
    .cfi_startproc
    mov rax, [r10]
    mov fs:[{THUNK_DATA}], rax
    jmp [r10 + 8]
    .cfi_endproc
