//! Starts the other processors and leaves them waiting for the kernel's word.
//!
//! A processor starts in real mode in a page below 1 MiB, goes straight to 64-bit mode on the
//! crossing tables, brings its local APIC into order and waits in [`super::enter`].

use super::apic::{LocalApic, Wanted};
use super::cpu;
use super::handover::{Block, enter};
use core::arch::global_asm;
use loader::Error;
use loader::acpi::{LocalNmi, Processor};

unsafe extern "C" {
    static loader_start_begin: u8;
    static loader_start_end: u8;
}

global_asm!(
    ".balign 16",
    ".global loader_start_begin",
    ".global loader_start_end",
    "loader_start_begin:",
    ".code16",
    "cli",
    "cld",
    "movw %cs, %ax",
    "movw %ax, %ds",
    "lgdtl (loader_start_gdt_pointer - loader_start_begin)",
    "movl $0x20, %eax", // PAE
    "movl %eax, %cr4",
    "movl (loader_start_root - loader_start_begin), %eax",
    "movl %eax, %cr3",
    "movl $0xc0000080, %ecx",
    "movl $0x900, %eax", // LME, NXE
    "xorl %edx, %edx",
    "wrmsr",
    "movl $0x80010011, %eax", // PE, ET, WP, PG
    "movl %eax, %cr0",
    "ljmpl *(loader_start_far - loader_start_begin)",
    ".code64",
    "loader_start_long:",
    "movl $0x10, %eax",
    "movl %eax, %ds",
    "movl %eax, %es",
    "movl %eax, %ss",
    "movq loader_start_stack(%rip), %rsp",
    "movq loader_start_argument(%rip), %rdi",
    "pushq $0",
    "jmpq *loader_start_code(%rip)",
    ".balign 8",
    "loader_start_gdt: .quad 0, 0x00af9b000000ffff, 0x00cf93000000ffff",
    // The following are filled in for each processor, in the order of `Parameters`.
    "loader_start_parameters:",
    "loader_start_gdt_pointer: .long 0, 0",
    "loader_start_far: .long 0, 8",
    "loader_start_root: .quad 0",
    "loader_start_stack: .quad 0",
    "loader_start_argument: .quad 0",
    "loader_start_code: .quad 0",
    "loader_start_end:",
    options(att_syntax)
);

/// The last bytes of the code.
#[repr(C)]
struct Parameters {
    /// Limit and address of the descriptors, six bytes.
    gdt_pointer: u64,
    /// Offset and selector of the 64-bit code.
    far: u64,
    root: u64,
    stack: u64,
    argument: u64,
    code: u64,
}

/// Offsets from the end of the code, for what the parameters have to point at.
const PARAMETERS: usize = size_of::<Parameters>();
const GDT_SIZE: usize = 24;

/// What a processor gets to know when it starts.
struct Task<'a> {
    /// Physical address of its block.
    block: u64,
    processor: u32,
    nmis: &'a [LocalNmi],
    wanted: Wanted,
}

/// A processor to start, and its memory.
pub(crate) struct Candidate {
    /// Which.
    pub(crate) processor: Processor,
    /// Its block, filled in.
    pub(crate) block: &'static mut Block,
    /// Physical address of the end of its stack.
    pub(crate) stack: u64,
}

/// How processors are to be started.
pub(crate) struct Starter<'a> {
    /// A page below 1 MiB.
    pub(crate) page: &'static mut [u8],
    /// Root of the crossing tables, below 4 GiB.
    pub(crate) root: u64,
    /// Ticks per second.
    pub(crate) frequency: u64,
    /// Interrupt inputs to set up.
    pub(crate) nmis: &'a [LocalNmi],
    /// In which mode the local APICs are to be.
    pub(crate) wanted: Wanted,
}

impl Starter<'_> {
    /// Starts a processor; says whether it is under way.
    ///
    /// # Errors
    ///
    /// [`Error::Full`] if the page is too small for the code, which is a bug.
    pub(crate) fn start(
        &mut self,
        apic: &LocalApic,
        candidate: &mut Candidate,
    ) -> Result<bool, Error> {
        let block: *mut Block = &raw mut *candidate.block;
        let task = Task {
            block: block.addr() as u64,
            processor: candidate.processor.id,
            nmis: self.nmis,
            wanted: self.wanted,
        };
        self.prepare(candidate.stack, &task)?;
        let Ok(page) = u8::try_from(self.page.as_ptr().addr() >> 12) else {
            return Err(Error::Full("memory below 1 MiB"));
        };
        let target = candidate.processor.apic;
        if target > 0xfe && !apic.is_x2apic() {
            return Ok(false);
        }
        apic.send_init(target);
        cpu::wait_us(self.frequency, 10_000);
        for _ in 0..2 {
            apic.send_start(target, page);
            for _ in 0..if cfg!(debug_assertions) { 10_000 } else { 1_000 } {
                cpu::wait_us(self.frequency, 100);
                // SAFETY: `block` is the candidate's; the other processor writes this word only.
                if unsafe { (&raw const (*block).started).read_volatile() } != 0 {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Copies the code into its page, with its parameters.
    fn prepare(&mut self, stack: u64, task: &Task<'_>) -> Result<(), Error> {
        let begin = &raw const loader_start_begin;
        let length = (&raw const loader_start_end).addr() - begin.addr();
        if length > self.page.len() {
            return Err(Error::Full("memory below 1 MiB"));
        }
        // SAFETY: the two symbols enclose the code above, which nobody writes.
        let code = unsafe { core::slice::from_raw_parts(begin, length) };
        self.page[..length].copy_from_slice(code);
        let base = self.page.as_ptr().addr() as u64;
        let end = base + length as u64;
        let parameters = end - PARAMETERS as u64;
        let gdt = parameters - GDT_SIZE as u64;
        // The 64-bit code ends where the descriptors begin, up to alignment; its start is marked.
        let long = base + long_offset() as u64;
        let code: extern "sysv64" fn(&Task<'_>) -> ! = run;
        let words = [
            gdt << 16 | (GDT_SIZE as u64 - 1),
            8 << 32 | long,
            self.root,
            stack,
            core::ptr::from_ref(task).expose_provenance() as u64,
            code as usize as u64,
        ];
        let place = length - PARAMETERS;
        for (slot, word) in self.page[place..length].as_chunks_mut::<8>().0.iter_mut().zip(words) {
            *slot = word.to_le_bytes();
        }
        Ok(())
    }
}

unsafe extern "C" {
    static loader_start_long: u8;
}

/// Where the 64-bit code begins.
fn long_offset() -> usize {
    (&raw const loader_start_long).addr() - (&raw const loader_start_begin).addr()
}

/// The first Rust code of a started processor, on its own stack and the crossing tables.
extern "sysv64" fn run(task: &Task<'_>) -> ! {
    // SAFETY: the register is there (`cpu::check`); all processors use the same table.
    unsafe { cpu::write_msr(cpu::PAT, cpu::PAT_VALUE) };
    let apic = LocalApic::enable(task.wanted);
    apic.quiet(Some(task.processor), task.nmis);
    let block = task.block;
    let started = core::ptr::with_exposed_provenance_mut::<Block>(block as usize);
    // SAFETY: the block is this processor's; the other only reads this word, and does not touch
    // the task any more once it is set, nor do we.
    unsafe { (&raw mut (*started).started).write_volatile(1) };
    // SAFETY: `Starter` was given a filled block and tables that map it.
    unsafe { enter(block) }
}
