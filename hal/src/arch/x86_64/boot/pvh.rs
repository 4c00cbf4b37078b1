//! The PVH entry, which QEMU's `-kernel` uses.

use core::arch::global_asm;
use core::ffi::CStr;

use super::{Handover, LOW, Text, start};
use crate::arch::backend::{clock, paging};
use crate::firmware::hvm::{self, StartInfo};
use crate::firmware::map::Map;
use crate::memory::PhysAddr;

global_asm!(include_str!("pvh.s"), options(att_syntax, raw));

/// The image's address: where it was linked to be, less the base.
const IMAGE_AT: PhysAddr = PhysAddr(0x20_0000);

/// The bytes at an address below 4 GiB, which the entry has mapped.
///
/// # Safety
///
/// There must be `N` bytes that the loader left.
unsafe fn bytes<const N: usize>(address: u64) -> [u8; N] {
    // SAFETY: the caller says so; the window is mapped up to 4 GiB.
    unsafe { paging::window(PhysAddr(address)).cast::<[u8; N]>().read() }
}

/// Called by the entry with the start information's address.
#[unsafe(no_mangle)]
extern "C" fn hal_pvh_main(address: u64) -> ! {
    let counter = clock::counter();
    // SAFETY: the loader's register said where it is.
    let info = StartInfo::parse(&unsafe { bytes(address) })
        .expect("a PVH loader gives start information with a memory map");
    let (mut memory, mut free) = (Map::new(), Map::new());
    for index in 0..info.map_count {
        // SAFETY: the start information says how many entries there are.
        let entry = hvm::entry(&unsafe { bytes(info.map + (index * hvm::ENTRY_LENGTH) as u64) });
        if matches!(entry.kind, hvm::RAM | hvm::ACPI | hvm::ACPI_NVS) {
            memory.add(entry.start, entry.len);
        }
        if entry.kind == hvm::RAM {
            free.add(entry.start, entry.len);
        }
    }
    let package = (info.module_count > 0).then(|| {
        // SAFETY: the start information says that there is one.
        let (start, len) = hvm::module(&unsafe { bytes(info.modules) });
        (PhysAddr(start), len as usize)
    });
    let mut command_line = Text::new();
    if info.command_line != 0 {
        let text = paging::window(PhysAddr(info.command_line)).cast_const().cast();
        // SAFETY: the loader left a string that ends in a zero byte.
        command_line.push(unsafe { CStr::from_ptr(text) }.to_bytes());
    }
    let mut loader = Text::new();
    loader.push(b"PVH");
    // BIOS areas are not memory to the map, but their tables have to be seen.
    memory.add(0, LOW);
    let handover = Handover {
        counter,
        command_line,
        loader,
        memory,
        free,
        later: Map::new(),
        package,
        framebuffer: None,
        rsdp: info.rsdp,
        image_at: IMAGE_AT,
        window: paging::WINDOW,
    };
    // SAFETY: this is the one entry that was taken; its stack lies in the image, interrupts are off,
    // and all that the loader left was copied.
    unsafe { start(handover) }
}
