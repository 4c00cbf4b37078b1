# Entry of a Cermet service and of its traps.

# rdi = start block
    .globl _start
_start:
    xor ebp, ebp
    and rsp, -16
    call rt_cermet_start
    ud2

# rdi = trap frame, which holds every general register; vector and x87 state are still the interrupted thread's.
    .globl rt_trap_entry
    .type rt_trap_entry,@function
rt_trap_entry:
    cld
    xor ebp, ebp
    mov rbx, rdi
    mov rcx, [rip + rt_vector_state_size]
    sub rsp, rcx
    and rsp, -64
    cmp rcx, 512
    je 1f
    xor eax, eax                        # the header of an XSAVE area must be zero
    mov [rsp + 512], rax
    mov [rsp + 520], rax
    mov [rsp + 528], rax
    mov [rsp + 536], rax
    mov [rsp + 544], rax
    mov [rsp + 552], rax
    mov [rsp + 560], rax
    mov [rsp + 568], rax
    mov eax, -1
    mov edx, -1
    xsave64 [rsp]
    call rt_trap
    mov eax, -1
    mov edx, -1
    xrstor64 [rsp]
    jmp 2f
1:  fxsave64 [rsp]
    call rt_trap
    fxrstor64 [rsp]
2:  mov rdi, rbx
    mov eax, {CALL_TRAP_RETURN}
    syscall
    ud2
