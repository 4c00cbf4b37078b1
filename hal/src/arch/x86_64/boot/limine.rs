//! The Limine entry: long mode, in the higher half, with answers to the requests below.

use core::arch::naked_asm;

use limine::BaseRevision;
use limine::memory_map::EntryType;
use limine::request::{
    BootloaderInfoRequest, ExecutableAddressRequest, ExecutableCmdlineRequest, FramebufferRequest,
    HhdmRequest, MemoryMapRequest, ModuleRequest, RequestsEndMarker, RequestsStartMarker,
    RsdpRequest,
};

use super::{Handover, Text, start};
use crate::arch::backend::{clock, halt, paging};
use crate::boot::Framebuffer;
use crate::firmware::map::Map;
use crate::memory::PhysAddr;

#[used]
#[unsafe(link_section = ".limine_requests_start")]
static START: RequestsStartMarker = RequestsStartMarker::new();
#[used]
#[unsafe(link_section = ".limine_requests")]
static REVISION: BaseRevision = BaseRevision::with_revision(3);
#[used]
#[unsafe(link_section = ".limine_requests")]
static LOADER: BootloaderInfoRequest = BootloaderInfoRequest::new();
#[used]
#[unsafe(link_section = ".limine_requests")]
static COMMAND_LINE: ExecutableCmdlineRequest = ExecutableCmdlineRequest::new();
#[used]
#[unsafe(link_section = ".limine_requests")]
static WINDOW: HhdmRequest = HhdmRequest::new();
#[used]
#[unsafe(link_section = ".limine_requests")]
static MEMORY: MemoryMapRequest = MemoryMapRequest::new();
#[used]
#[unsafe(link_section = ".limine_requests")]
static IMAGE: ExecutableAddressRequest = ExecutableAddressRequest::new();
#[used]
#[unsafe(link_section = ".limine_requests")]
static MODULES: ModuleRequest = ModuleRequest::new();
#[used]
#[unsafe(link_section = ".limine_requests")]
static RSDP: RsdpRequest = RsdpRequest::new();
#[used]
#[unsafe(link_section = ".limine_requests")]
static FRAMEBUFFER: FramebufferRequest = FramebufferRequest::new();
#[used]
#[unsafe(link_section = ".limine_requests_end")]
static END: RequestsEndMarker = RequestsEndMarker::new();

/// The image's entry: leaves the loader's stack, which our tables will not map.
#[unsafe(naked)]
#[unsafe(no_mangle)]
extern "C" fn hal_limine_entry() -> ! {
    naked_asm!(
        "cli",
        "cld",
        "lea rsp, [rip + hal_boot_stack_end]",
        "xor ebp, ebp",
        "call {}",
        "ud2",
        sym main
    )
}

extern "C" fn main() -> ! {
    let counter = clock::counter();
    // Nothing can be said without a machine to say it on.
    let Some(handover) = handover(counter) else { halt() };
    // SAFETY: this is the one entry that was taken; its stack lies in the image, interrupts are off,
    // and all that the loader left was copied.
    unsafe { start(handover) }
}

/// What the loader answered; none when it lacks something that the kernel cannot do without.
fn handover(counter: u64) -> Option<Handover> {
    if !REVISION.is_supported() {
        return None;
    }
    let window = WINDOW.get_response()?.offset();
    // Pointers in answers are into the loader's window.
    let physical =
        |pointer: u64| PhysAddr(if pointer >= window { pointer - window } else { pointer });
    let (mut memory, mut free, mut later) = (Map::new(), Map::new(), Map::new());
    for entry in MEMORY.get_response()?.entries() {
        let kind = entry.entry_type;
        if kind == EntryType::USABLE {
            free.add(entry.base, entry.length);
        }
        if kind == EntryType::BOOTLOADER_RECLAIMABLE {
            later.add(entry.base, entry.length);
        }
        let is_memory = [
            EntryType::USABLE,
            EntryType::BOOTLOADER_RECLAIMABLE,
            EntryType::EXECUTABLE_AND_MODULES,
            EntryType::ACPI_RECLAIMABLE,
            EntryType::ACPI_NVS,
        ];
        if is_memory.contains(&kind) {
            memory.add(entry.base, entry.length);
        }
    }
    let image = IMAGE.get_response()?;
    let module = MODULES.get_response().and_then(|response| response.modules().first().copied());
    let framebuffer =
        FRAMEBUFFER.get_response().and_then(|response| response.framebuffers().next());
    let mut command_line = Text::new();
    if let Some(response) = COMMAND_LINE.get_response() {
        command_line.push(response.cmdline().to_bytes());
    }
    let mut loader = Text::new();
    if let Some(response) = LOADER.get_response() {
        loader.push(response.name().as_bytes());
        loader.push(b" ");
        loader.push(response.version().as_bytes());
    }
    Some(Handover {
        counter,
        command_line,
        loader,
        memory,
        free,
        later,
        package: module
            .map(|file| (physical(file.addr().expose_provenance() as u64), file.size() as usize)),
        framebuffer: framebuffer.map(|it| Framebuffer {
            start: physical(it.addr().expose_provenance() as u64),
            width: it.width() as u32,
            height: it.height() as u32,
            pitch: it.pitch() as u32,
            bits_per_pixel: it.bpp().into(),
        }),
        rsdp: RSDP.get_response().map_or(0, |response| physical(response.address() as u64).0),
        image_at: PhysAddr(
            image.physical_base() + (paging::image().0 as u64 - image.virtual_base()),
        ),
        window: window as usize,
    })
}
