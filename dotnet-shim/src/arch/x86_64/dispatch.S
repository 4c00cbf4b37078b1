# Interface dispatch. rdi = this, r10 = cell (stub, cache). All argument registers must survive.
#
# A cell goes one way through the stubs: initial, one target, up to four targets, many. The cache is a block of (type,
# code) pairs. It is stored before the stub that reads it, and the caller has loaded the stub before the cache is loaded
# here, so that this CPU's order of loads and stores is all that is needed.

    .globl RhpInitialDynamicInterfaceDispatch
    .type RhpInitialDynamicInterfaceDispatch,@function
RhpInitialDynamicInterfaceDispatch:
    .cfi_startproc
    .globl rt_dispatch_fault_initial
rt_dispatch_fault_initial:
    mov rax, [rdi]                      # faults on a null this
    jmp rt_dispatch_resolve
    .cfi_endproc
    .size RhpInitialDynamicInterfaceDispatch, . - RhpInitialDynamicInterfaceDispatch

    .globl rt_dispatch_one
    .type rt_dispatch_one,@function
rt_dispatch_one:
    .cfi_startproc
    .globl rt_dispatch_fault_one
rt_dispatch_fault_one:
    mov rax, [rdi]
    mov r11, [r10 + 8]
    cmp [r11], rax
    jne rt_dispatch_resolve
    jmp [r11 + 8]
    .cfi_endproc
    .size rt_dispatch_one, . - rt_dispatch_one

    .globl rt_dispatch_four
    .type rt_dispatch_four,@function
rt_dispatch_four:
    .cfi_startproc
    .globl rt_dispatch_fault_four
rt_dispatch_fault_four:
    mov rax, [rdi]
    mov r11, [r10 + 8]
    cmp [r11], rax
    jne 1f
    jmp [r11 + 8]
1:  cmp [r11 + 16], rax
    jne 2f
    jmp [r11 + 24]
2:  cmp [r11 + 32], rax
    jne 3f
    jmp [r11 + 40]
3:  cmp [r11 + 48], rax
    jne rt_dispatch_resolve
    jmp [r11 + 56]
    .cfi_endproc
    .size rt_dispatch_four, . - rt_dispatch_four

# More targets than a block holds: one global hash table whose chains are made of immutable entries (cell, type, code,
# next).
    .globl rt_dispatch_many
    .type rt_dispatch_many,@function
rt_dispatch_many:
    .cfi_startproc
    .globl rt_dispatch_fault_many
rt_dispatch_fault_many:
    mov rax, [rdi]
    mov r11, r10                        # slot = ((cell >> 1) ^ type) & (mask * 8): cells are 16-, tables 8-aligned
    shr r11, 1
    xor r11, rax
    and r11d, {DISPATCH_MASK8}
    mov r11, [rt_dispatch_table + r11]
1:  test r11, r11
    jz rt_dispatch_resolve
    cmp [r11], r10
    jne 2f
    cmp [r11 + 8], rax
    jne 2f
    jmp [r11 + 16]
2:  mov r11, [r11 + 24]
    jmp 1b
    .cfi_endproc
    .size rt_dispatch_many, . - rt_dispatch_many

# The target is not known: ask managed RhpCidResolve, which reads `this` from the block (+0x10).
    .type rt_dispatch_resolve,@function
rt_dispatch_resolve:
    .cfi_startproc
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
    .globl rt_dispatch_resolve_return
rt_dispatch_resolve_return:          # the GC reports the saved argument registers above when it sees this address
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
    .size rt_dispatch_resolve, . - rt_dispatch_resolve

# Delegate marshalling thunks land here: r10 = pair (context, target)
    .globl rt_common_thunk_stub
rt_common_thunk_stub:
    .cfi_startproc
    mov rax, [r10]
    mov fs:[{THUNK_DATA}], rax
    jmp [r10 + 8]
    .cfi_endproc
