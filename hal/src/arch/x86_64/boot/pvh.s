# The PVH entry: protected mode, paging off, flat segments, EBX = address of the start information.
# It maps the first 4 GiB one to one, again at the kernel's window, and the first GiB at the kernel's
# base, switches to long mode and calls hal_pvh_main(start information).

.section .note.Xen, "a", @note
    .balign 4
    .4byte 4                            # length of the name
    .4byte 8                            # length of the value
    .4byte 18                           # XEN_ELFNOTE_PHYS32_ENTRY
    .asciz "Xen"
    .8byte hal_pvh_entry - 0xffffffff80000000

.section .text.boot, "ax", @progbits
.code32
.global hal_pvh_entry
.type hal_pvh_entry, @function
hal_pvh_entry:
    cli
    cld
    movl    $(hal_boot_stack_end - 0xffffffff80000000), %esp

    # 2048 pages of 2 MiB: present, writable, large.
    movl    $(hal_boot_directories - 0xffffffff80000000), %edi
    movl    $0x83, %eax
    movl    $2048, %ecx
1:  movl    %eax, (%edi)
    movl    $0, 4(%edi)
    addl    $0x200000, %eax
    addl    $8, %edi
    decl    %ecx
    jnz     1b

    # Four directories, each present and writable.
    movl    $(hal_boot_low - 0xffffffff80000000), %edi
    movl    $(hal_boot_directories - 0xffffffff80000000 + 3), %eax
    movl    $4, %ecx
2:  movl    %eax, (%edi)
    addl    $4096, %eax
    addl    $8, %edi
    decl    %ecx
    jnz     2b

    movl    $(hal_boot_high - 0xffffffff80000000), %edi
    movl    $(hal_boot_directories - 0xffffffff80000000 + 3), 510 * 8(%edi)
    movl    $(hal_boot_top - 0xffffffff80000000), %edi
    movl    $(hal_boot_low - 0xffffffff80000000 + 3), (%edi)
    movl    $(hal_boot_low - 0xffffffff80000000 + 3), 256 * 8(%edi)
    movl    $(hal_boot_high - 0xffffffff80000000 + 3), 511 * 8(%edi)

    movl    %cr4, %eax
    orl     $0x20, %eax                 # PAE
    movl    %eax, %cr4
    movl    %edi, %cr3
    movl    $0xc0000080, %ecx           # EFER
    rdmsr
    orl     $0x100, %eax                # LME
    wrmsr
    movl    %cr0, %eax
    orl     $0x80000001, %eax           # PG, PE
    movl    %eax, %cr0
    lgdt    hal_boot_gdt_pointer - 0xffffffff80000000
    ljmp    $8, $(3f - 0xffffffff80000000)

.code64
3:  movabsq $4f, %rax
    jmpq    *%rax
4:  movl    $16, %eax
    movl    %eax, %ds
    movl    %eax, %es
    movl    %eax, %ss
    xorl    %eax, %eax
    movl    %eax, %fs
    movl    %eax, %gs
    movabsq $hal_boot_stack_end, %rsp
    movl    %ebx, %edi
    xorl    %ebp, %ebp
    call    hal_pvh_main
    ud2
.size hal_pvh_entry, . - hal_pvh_entry

    .balign 8
hal_boot_gdt:
    .8byte 0
    .8byte 0x00af9b000000ffff           # code, 64 bits
    .8byte 0x00cf93000000ffff           # data
hal_boot_gdt_pointer:
    .2byte 23
    .4byte hal_boot_gdt - 0xffffffff80000000

.section .bss.boot, "aw", @nobits
    .balign 4096
hal_boot_top:           .skip 4096
hal_boot_low:           .skip 4096
hal_boot_high:          .skip 4096
hal_boot_directories:   .skip 4 * 4096
hal_boot_stack:         .skip 32768
hal_boot_stack_end:
.text
