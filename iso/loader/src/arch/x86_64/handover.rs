//! The state in which a kernel is entered, and the step into it.
//!
//! Each processor has a [`Block`] in memory that the direct map covers. [`enter`] runs at the
//! loader's own address on the crossing tables (see `loader::paging`), goes on at the same code's
//! address in the direct map, and from there loads the final tables.

use core::arch::naked_asm;
use core::mem::offset_of;
use loader::protocol::HHDM;

/// What [`enter`] needs to know; all addresses in it lie in the direct map.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct Block {
    gdt: [u64; 9],
    /// Limit and address of `gdt`, at bytes 6 to 15.
    gdt_pointer: [u64; 2],
    /// Limit and address of no descriptors at all.
    idt_pointer: [u64; 2],
    hhdm: u64,
    /// Root of the final tables.
    root: u64,
    /// End of the stack.
    stack: u64,
    /// Where the address to jump to is, or will be once it is not zero.
    target: u64,
    /// First argument of the code jumped to.
    argument: u64,
    /// The address to jump to, where it is known.
    entry: u64,
    /// For [`super::start`]: not zero once the processor is under way.
    pub(crate) started: u64,
}

/// The descriptors of the protocol, and a task segment of no size for the task register.
const GDT: [u64; 9] = [
    0,
    0x0000_9b00_0000_ffff, // 16-bit code
    0x0000_9300_0000_ffff, // 16-bit data
    0x00cf_9b00_0000_ffff, // 32-bit code
    0x00cf_9300_0000_ffff, // 32-bit data
    0x00af_9b00_0000_ffff, // 64-bit code
    0x00cf_9300_0000_ffff, // 64-bit data
    0x0000_8900_0000_0000, // task, base 0, limit 0
    0,
];

impl Block {
    /// Fills the block that lies at a physical address.
    ///
    /// `stack` is the physical address of the stack's end, `target` that of the word which holds
    /// the address to jump to; without one it is `entry`.
    pub(crate) fn new(
        address: u64,
        root: u64,
        stack: u64,
        target: Option<u64>,
        entry: u64,
        argument: u64,
    ) -> Self {
        let at = |offset: usize| HHDM + address + offset as u64;
        let limit = size_of_val(&GDT) as u64 - 1;
        Self {
            gdt: GDT,
            gdt_pointer: [limit << 48, at(offset_of!(Self, gdt))],
            idt_pointer: [0, 0],
            hhdm: HHDM,
            root,
            stack: HHDM + stack,
            target: target.map_or_else(|| at(offset_of!(Self, entry)), |target| HHDM + target),
            argument,
            entry,
            started: 0,
        }
    }
}

/// Enters the kernel in the state that the protocol describes, once there is an address to jump to.
///
/// # Safety
///
/// `block` is the physical address of a block made by [`Block::new`] for that address; its tables
/// map the loader, the block and the stack in the direct map, and the kernel at the target. The
/// crossing tables are loaded. Nothing of the running code is needed any more.
#[unsafe(naked)]
pub(crate) unsafe extern "sysv64" fn enter(block: u64) -> ! {
    naked_asm!(
        "cli",
        "add rdi, [rdi + {hhdm}]",
        "lgdt [rdi + {gdt} + 6]",
        "lidt [rdi + {idt} + 6]",
        // On at the same code's address in the direct map.
        "lea rax, [rip + 2f]",
        "add rax, [rdi + {hhdm}]",
        "jmp rax",
        "2:",
        "mov rax, [rdi + {root}]",
        "mov cr3, rax",
        "mov rsp, [rdi + {stack}]",
        // Segments.
        "push 0x28",
        "lea rax, [rip + 3f]",
        "push rax",
        "retfq",
        "3:",
        "mov eax, 0x30",
        "mov ds, eax",
        "mov es, eax",
        "mov ss, eax",
        "mov fs, eax",
        "mov gs, eax",
        "mov eax, 0x38",
        "ltr ax",
        "xor eax, eax",
        "lldt ax",
        // Control registers: PE, ET, WP, PG; PAE; LME, LMA, NXE.
        "mov eax, 0x80010011",
        "mov cr0, rax",
        "mov eax, 0x20",
        "mov cr4, rax",
        "mov ecx, 0xc0000080",
        "mov eax, 0xd00",
        "xor edx, edx",
        "wrmsr",
        // Where to?
        "mov rbx, [rdi + {target}]",
        "4:",
        "mov rax, [rbx]",
        "test rax, rax",
        "jnz 5f",
        "pause",
        "jmp 4b",
        "5:",
        "mov rdi, [rdi + {argument}]",
        // The return address 0, and under it the address that `ret` takes.
        "push 0",
        "push rax",
        "xor eax, eax",
        "xor ebx, ebx",
        "xor ecx, ecx",
        "xor edx, edx",
        "xor esi, esi",
        "xor ebp, ebp",
        "xor r8d, r8d",
        "xor r9d, r9d",
        "xor r10d, r10d",
        "xor r11d, r11d",
        "xor r12d, r12d",
        "xor r13d, r13d",
        "xor r14d, r14d",
        "xor r15d, r15d",
        "push 2",
        "popfq",
        "ret",
        hhdm = const offset_of!(Block, hhdm),
        gdt = const offset_of!(Block, gdt_pointer),
        idt = const offset_of!(Block, idt_pointer),
        root = const offset_of!(Block, root),
        stack = const offset_of!(Block, stack),
        target = const offset_of!(Block, target),
        argument = const offset_of!(Block, argument),
    )
}
