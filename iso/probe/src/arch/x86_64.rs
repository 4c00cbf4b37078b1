//! x86-64: entry, registers, ports, page tables.

use core::arch::{asm, naked_asm};
use core::sync::atomic::{AtomicU64, Ordering};

/// The registers at entry, from the lowest address of the stack up.
#[repr(C)]
pub(crate) struct Entry {
    /// `rax` to `r15` but for `rsp`.
    pub general: [u64; 15],
    /// `rflags`.
    pub flags: u64,
    /// What a return would pop.
    pub return_address: u64,
}

/// The entry point that the file names; the loader is asked for another.
#[unsafe(naked)]
#[unsafe(no_mangle)]
extern "C" fn probe_wrong_entry() -> ! {
    naked_asm!("cli", "hlt", "jmp probe_wrong_entry")
}

/// The entry point that is asked for.
#[unsafe(naked)]
pub(crate) extern "C" fn entry() -> ! {
    naked_asm!(
        "pushfq", "push r15", "push r14", "push r13", "push r12", "push r11", "push r10",
        "push r9", "push r8", "push rbp", "push rdi", "push rsi", "push rdx", "push rcx",
        "push rbx", "push rax", "mov rdi, rsp", "and rsp, -16", "call {main}",
        main = sym main
    )
}

extern "C" fn main(entry: &Entry) -> ! {
    crate::run(entry)
}

/// What the processors other than the first find: see [`other`].
pub(crate) static OTHERS: [AtomicU64; 64] = [const { AtomicU64::new(0) }; 64];
/// The word of [`OTHERS`] of a processor that found everything right.
pub(crate) const RIGHT: u64 = 1 << 63;

/// The entry point of the other processors. It takes `extra` of its structure as its number.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn other(info: &limine::mp::Cpu) -> ! {
    naked_asm!(
        "pushfq", "push r15", "push r14", "push r13", "push r12", "push r11", "push r10",
        "push r9", "push r8", "push rbp", "push rdi", "push rsi", "push rdx", "push rcx",
        "push rbx", "push rax", "mov rsi, rsp", "and rsp, -16", "call {main}",
        main = sym other_main
    )
}

extern "C" fn other_main(info: &limine::mp::Cpu, entry: &Entry) -> ! {
    let slot = info.extra.load(Ordering::Relaxed);
    let mut wrong = 0;
    let rdi = core::ptr::from_ref(info).addr() as u64;
    for (index, &register) in entry.general.iter().enumerate() {
        let expected = if index == 5 { rdi } else { 0 };
        wrong |= u64::from(register != expected) << index;
    }
    wrong |= u64::from(entry.flags != 2) << 16;
    wrong |= u64::from(entry.return_address != 0) << 17;
    wrong |= u64::from(State::read().first_wrong(crate::requests::revision() >= 5).is_some()) << 18;
    let word = if wrong == 0 { RIGHT | (&raw const *entry).addr() as u64 >> 1 } else { wrong };
    if let Some(slot) = usize::try_from(slot).ok().and_then(|slot| OTHERS.get(slot)) {
        slot.store(word, Ordering::Release);
    }
    halt()
}

/// Stops for good.
pub(crate) fn halt() -> ! {
    loop {
        // SAFETY: nothing wakes the processor; no memory is touched.
        unsafe { asm!("cli", "hlt", options(nomem, nostack)) };
    }
}

/// Tells the machine to power off: the port of QEMU's ACPI block after firmware has placed it.
pub(crate) fn power_off() -> ! {
    // SAFETY: the worst that happens elsewhere is nothing.
    unsafe { asm!("out dx, ax", in("dx") 0x604_u16, in("ax") 0x2000_u16, options(nostack)) };
    halt()
}

/// Writes a byte to a port of a serial line or an interrupt controller.
pub(crate) fn write_port(port: u16, value: u8) {
    // SAFETY: the devices that the probe drives do not touch memory.
    unsafe { asm!("out dx, al", in("dx") port, in("al") value, options(nostack, preserves_flags)) };
}

/// Reads a byte from a port of a serial line or an interrupt controller.
pub(crate) fn read_port(port: u16) -> u8 {
    let value: u8;
    // SAFETY: reading the devices that the probe drives harms nobody.
    unsafe {
        asm!("in al, dx", in("dx") port, out("al") value, options(nostack, preserves_flags));
    };
    value
}

fn read_msr(register: u32) -> u64 {
    let (low, high): (u32, u32);
    // SAFETY: only called for registers that every 64-bit processor has.
    unsafe { asm!("rdmsr", in("ecx") register, out("eax") low, out("edx") high, options(nostack)) };
    u64::from(high) << 32 | u64::from(low)
}

/// The root of the page tables.
pub(crate) fn root() -> u64 {
    let root: u64;
    // SAFETY: reading a control register has no effect.
    unsafe { asm!("mov {}, cr3", out(reg) root, options(nomem, nostack)) };
    root & !0xfff
}

/// Maps 2 MiB of devices at a physical address and returns where.
pub(crate) fn map_devices(window: u64, device: u64) -> u64 {
    #[repr(C, align(4096))]
    struct Table([AtomicU64; 512]);
    static TABLES: [Table; 2] = [const { Table([const { AtomicU64::new(0) }; 512]) }; 2];
    const SLOT: usize = 384;
    /// Present, writable, not cached.
    const FLAGS: u64 = 0b1_1011;
    let at = |table: &Table| crate::memory::image_physical((&raw const *table).addr() as u64);
    let index = (device >> 21) & 511;
    let address = device & !0x1f_ffff;
    TABLES[1].0[index as usize].store(address | FLAGS | 0x80, Ordering::Relaxed);
    TABLES[0].0[0].store(at(&TABLES[1]) | 3, Ordering::Relaxed);
    let slot = (window + root()) as usize + SLOT * 8;
    let slot = core::ptr::with_exposed_provenance_mut::<u64>(slot);
    // SAFETY: the root lies in the direct map, and nothing is mapped through this entry yet.
    unsafe { slot.write_volatile(at(&TABLES[0]) | 3) };
    0xffff_0000_0000_0000 | (SLOT as u64) << 39 | index << 21 | device & 0x1f_ffff
}

/// How an address is mapped.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mapping {
    pub physical: u64,
    pub write: bool,
    pub execute: bool,
    pub user: bool,
    /// The entry of the page attribute table.
    pub cache: u64,
}

/// Walks the page tables as the processor does.
pub(crate) fn walk(window: u64, address: u64) -> Option<Mapping> {
    let mut table = root();
    let (mut write, mut execute, mut user) = (true, true, true);
    for level in (0..4).rev() {
        let slot = window + table + ((address >> (12 + 9 * level)) & 511) * 8;
        let slot = core::ptr::with_exposed_provenance::<u64>(slot as usize);
        // SAFETY: page tables lie in the direct map.
        let entry = unsafe { slot.read_volatile() };
        if entry & 1 == 0 {
            return None;
        }
        write &= entry & 2 != 0;
        user &= entry & 4 != 0;
        execute &= entry >> 63 == 0;
        let is_large = (level == 1 || level == 2) && entry & 0x80 != 0;
        table = entry & 0x000f_ffff_ffff_f000;
        if level == 0 || is_large {
            let size = 1_u64 << (12 + 9 * level);
            let pat = (entry >> if level == 0 { 7 } else { 12 }) & 1;
            let physical = (table & !(size - 1)) + address % size;
            return Some(Mapping {
                physical,
                write,
                execute,
                user,
                cache: pat << 2 | (entry >> 3) & 3,
            });
        }
    }
    None
}

/// The state of a processor that the protocol describes.
pub(crate) struct State {
    cr0: u64,
    cr4: u64,
    efer: u64,
    pat: u64,
    /// `cs`, `ds`, `es`, `ss`, `fs`, `gs`.
    segments: [u16; 6],
    task: u16,
    local: u16,
    idt: (u16, u64),
    /// Limit and address of the descriptors.
    pub gdt: (u16, u64),
    bases: [u64; 2],
}

impl State {
    /// Reads it.
    pub(crate) fn read() -> Self {
        let (cr0, cr4): (u64, u64);
        // SAFETY: reading control registers has no effect.
        unsafe { asm!("mov {}, cr0", "mov {}, cr4", out(reg) cr0, out(reg) cr4) };
        let mut segments = [0; 6];
        let (task, local): (u16, u16);
        // SAFETY: reading selectors has no effect; the array has room for six.
        unsafe {
            asm!(
                "mov [{p}], cs", "mov [{p} + 2], ds", "mov [{p} + 4], es", "mov [{p} + 6], ss",
                "mov [{p} + 8], fs", "mov [{p} + 10], gs", "str {task:x}", "sldt {local:x}",
                p = in(reg) &raw mut segments, task = out(reg) task, local = out(reg) local
            );
        };
        let (mut gdt, mut idt) = ([0_u16; 5], [0_u16; 5]);
        // SAFETY: each stores ten bytes into an array of ten.
        unsafe { asm!("sgdt [{}]", "sidt [{}]", in(reg) &raw mut gdt, in(reg) &raw mut idt) };
        let pointer = |words: [u16; 5]| {
            let address = words[1..].iter().rev().fold(0, |all, &word| all << 16 | u64::from(word));
            (words[0], address)
        };
        Self {
            cr0,
            cr4,
            efer: read_msr(0xc000_0080),
            pat: read_msr(0x277),
            segments,
            task,
            local,
            idt: pointer(idt),
            gdt: pointer(gdt),
            bases: [read_msr(0xc000_0100), read_msr(0xc000_0101)],
        }
    }

    /// Names the first thing that is not as it should be; `is_exact` from base revision 5 on.
    pub(crate) fn first_wrong(&self, is_exact: bool) -> Option<&'static str> {
        let holds = |value: u64, bits: u64| {
            if is_exact { value == bits } else { value & bits == bits }
        };
        let checks = [
            ("cr0", holds(self.cr0, 0x8001_0011)),
            ("cr4", holds(self.cr4, 0x20)),
            ("efer", holds(self.efer, 0xd00)),
            ("page attribute table", self.pat & 0xffff_ffff_ffff == 0x0105_0007_0406),
            ("segments", self.segments == [0x28, 0x30, 0x30, 0x30, 0x30, 0x30]),
            ("bases of fs and gs", self.bases == [0, 0]),
            ("local descriptors", !is_exact || self.local == 0),
            ("interrupt descriptors", !is_exact || self.idt == (0, 0)),
            ("task register", !is_exact || self.task <= self.gdt.0),
        ];
        checks.iter().find(|(_, is_right)| !is_right).map(|(name, _)| *name)
    }

    /// The selector of the task register.
    pub(crate) fn task(&self) -> u16 {
        self.task
    }
}
