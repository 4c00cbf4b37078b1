# Where a CPU starts: real mode, at the start of a page below 1 MiB into which this was copied. It
# goes straight to long mode and calls hal_cpu_main(number) on the CPU's own stack.

.section .rodata.hal_trampoline, "a", @progbits
    .balign 16
.global hal_trampoline
hal_trampoline:
.code16
    cli
    cld
    xorl    %ebx, %ebx
    movw    %cs, %bx
    movw    %bx, %ds
    shll    $4, %ebx                    # the address of this page
    leal    (5f - hal_trampoline)(%ebx), %eax
    movl    %eax, (4f - hal_trampoline)
    leal    (3f - hal_trampoline)(%ebx), %eax
    movl    %eax, (2f - hal_trampoline + 2)
    movl    $0x20, %eax                 # PAE
    movl    %eax, %cr4
    movl    (hal_trampoline_root - hal_trampoline), %eax
    movl    %eax, %cr3
    movl    $0xc0000080, %ecx           # EFER
    rdmsr
    orl     (hal_trampoline_efer - hal_trampoline), %eax
    wrmsr
    lgdtl   (2f - hal_trampoline)
    movl    $0x80010011, %eax           # PG, WP, ET, PE
    movl    %eax, %cr0
    ljmpl   *(4f - hal_trampoline)

    .balign 8
2:  .2byte  15                          # descriptor table: limit, address
    .4byte  0
    .balign 8
3:  .8byte  0
    .8byte  0x00af9b000000ffff          # code, 64 bits
4:  .4byte  0                           # far pointer
    .2byte  8

.code64
5:  xorl    %eax, %eax
    movl    %eax, %ss
    movl    %eax, %ds
    movl    %eax, %es
    # Many may come here at once: each draws a number, and takes the stack of that number.
    movl    $1, %edi
    lock xaddl %edi, (hal_trampoline_next - hal_trampoline)(%rbx)
    cmpl    (hal_trampoline_count - hal_trampoline)(%rbx), %edi
    jae     6f
    movl    %edi, %eax
    imulq   (hal_trampoline_stride - hal_trampoline)(%rbx), %rax
    addq    (hal_trampoline_stack - hal_trampoline)(%rbx), %rax
    movq    %rax, %rsp
    xorl    %ebp, %ebp
    movabsq $hal_cpu_main, %rax
    call    *%rax
    ud2
6:  cli
    hlt
    jmp     6b

# Filled in before the start: the end of the stack that number 0 would have, and how far the next
# one is; the tables; bits for EFER; the first number; how many numbers there are.
    .balign 8
.global hal_trampoline_stack
hal_trampoline_stack:   .8byte 0
.global hal_trampoline_stride
hal_trampoline_stride:  .8byte 0
.global hal_trampoline_root
hal_trampoline_root:    .4byte 0
.global hal_trampoline_efer
hal_trampoline_efer:    .4byte 0
.global hal_trampoline_next
hal_trampoline_next:    .4byte 0
.global hal_trampoline_count
hal_trampoline_count:   .4byte 0
.global hal_trampoline_end
hal_trampoline_end:
.text
