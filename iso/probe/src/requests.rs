//! The requests, and the tests of answers that need no more than to be read.

use crate::arch;
use crate::memory::{self, Facts, Kind};
use crate::report::Test;
use core::sync::atomic::{AtomicU64, Ordering};
use limine::BaseRevision;
use limine::firmware_type::FirmwareType;
use limine::modules::{InternalModule, ModuleFlags};
use limine::paging::Mode;
use limine::request as ask;

/// A request that the crate does not know.
#[repr(C)]
pub(crate) struct Raw {
    id: [u64; 4],
    revision: u64,
    response: AtomicU64,
}

impl Raw {
    const fn new(third: u64, fourth: u64) -> Self {
        let id = [0xc7b1_dd30_df4c_8b88, 0x0a82_e883_a194_f07b, third, fourth];
        Self { id, revision: 0, response: AtomicU64::new(0) }
    }

    /// The words of the response.
    fn words(&self) -> Option<&'static [u64; 4]> {
        let address = self.response.load(Ordering::Relaxed);
        // SAFETY: responses lie in memory that the loader mapped and no longer touches, and four
        // words from there are memory, whatever they are.
        unsafe { core::ptr::with_exposed_provenance::<[u64; 4]>(address as usize).as_ref() }
    }
}

macro_rules! requests {
    ($($section:literal $name:ident: $type:ty = $value:expr;)*) => {
        $(
            #[used]
            #[unsafe(link_section = $section)]
            pub(crate) static $name: $type = $value;
        )*
    };
}

/// The size of stack that is asked for, larger than what a loader gives anyway.
pub(crate) const STACK: u64 = 0x2_8000;

static PACKAGE: InternalModule = InternalModule::new()
    .with_path(c"package")
    .with_cmdline(c"asked for")
    .with_flags(ModuleFlags::REQUIRED);
static MISSING: InternalModule = InternalModule::new().with_path(c"missing");

requests! {
    ".requests_start" START: ask::RequestsStartMarker = ask::RequestsStartMarker::new();
    ".requests" BASE: BaseRevision = BaseRevision::with_revision(6);
    ".requests" LOADER: ask::BootloaderInfoRequest = ask::BootloaderInfoRequest::new();
    ".requests" LINE: ask::ExecutableCmdlineRequest = ask::ExecutableCmdlineRequest::new();
    ".requests" FIRMWARE: ask::FirmwareTypeRequest = ask::FirmwareTypeRequest::new();
    ".requests" STACK_SIZE: ask::StackSizeRequest = ask::StackSizeRequest::new().with_size(STACK);
    ".requests" WINDOW: ask::HhdmRequest = ask::HhdmRequest::new();
    ".requests" SCREEN: ask::FramebufferRequest = ask::FramebufferRequest::new();
    ".requests" PAGING: ask::PagingModeRequest = ask::PagingModeRequest::new();
    ".requests" PROCESSORS: ask::MpRequest = ask::MpRequest::new();
    ".requests" MEMORY: ask::MemoryMapRequest = ask::MemoryMapRequest::new();
    ".requests" ENTRY: ask::EntryPointRequest =
        ask::EntryPointRequest::new().with_entry_point(arch::entry);
    ".requests" FILE: ask::ExecutableFileRequest = ask::ExecutableFileRequest::new();
    ".requests" MODULES: ask::ModuleRequest =
        ask::ModuleRequest::new().with_internal_modules(&[&PACKAGE, &MISSING]);
    ".requests" ACPI: ask::RsdpRequest = ask::RsdpRequest::new();
    ".requests" SMBIOS: ask::SmbiosRequest = ask::SmbiosRequest::new();
    ".requests" SYSTEM: ask::EfiSystemTableRequest = ask::EfiSystemTableRequest::new();
    ".requests" EFI_MAP: ask::EfiMemoryMapRequest = ask::EfiMemoryMapRequest::new();
    ".requests" DATE: ask::DateAtBootRequest = ask::DateAtBootRequest::new();
    ".requests" IMAGE: ask::ExecutableAddressRequest = ask::ExecutableAddressRequest::new();
    ".requests" PERFORMANCE: Raw = Raw::new(0x6b50_ad9b_f36d_13ad, 0xdc4c_7e88_fc75_9e17);
    ".requests" KEEP_IOMMU: Raw = Raw::new(0x8eba_abe5_1f49_0179, 0x2aa8_6a59_ffb4_ab0f);
    ".requests" FREQUENCY: Raw = Raw::new(0x10f2_ee1d_87d1_95e4, 0xf747_a2b7_8f6d_db31);
    ".requests" DEVICE_TREE: ask::DeviceTreeBlobRequest = ask::DeviceTreeBlobRequest::new();
    ".requests" MADE_UP: Raw = Raw::new(0x1111_2222_3333_4444, 0x5555_6666_7777_8888);
    ".requests_end" END: ask::RequestsEndMarker = ask::RequestsEndMarker::new();
    // Would be refused as a double, were it not behind the end.
    ".requests_outside" OUTSIDE: ask::HhdmRequest = ask::HhdmRequest::new();
}

/// The base revision that the kernel was loaded by.
pub(crate) fn revision() -> u64 {
    BASE.loaded_revision().unwrap_or(0)
}

/// The word of the command line that begins with a name.
fn option(name: &str) -> Option<&'static str> {
    let line = LINE.get_response()?.cmdline().to_str().ok()?;
    line.split(' ').find_map(|word| word.strip_prefix(name))
}

pub(crate) fn base_revision(t: &mut Test) {
    t.expect(BASE.is_supported(), format_args!("the wanted revision is not supported"));
    let revision = revision();
    t.expect((3..=6).contains(&revision), format_args!("revision {revision} was used"));
}

pub(crate) fn texts(t: &mut Test) {
    let loader = LOADER.get_response();
    let is_named = loader.is_some_and(|it| !it.name().is_empty() && !it.version().is_empty());
    t.expect(is_named, format_args!("the loader has no name or version"));
    let line = LINE.get_response().map(|response| response.cmdline());
    let is_ours = line.is_some_and(|line| line.to_bytes().starts_with(b"probe cpus="));
    t.expect(is_ours, format_args!("the command line is {line:?}"));
    let string = FILE.get_response().map(|response| response.file().string());
    let is_same = matches!((line, string), (Some(a), Some(b)) if a.as_ptr() == b.as_ptr());
    t.expect(is_same, format_args!("the file's string is not the command line"));
}

pub(crate) fn simple(t: &mut Test) {
    let firmware = FIRMWARE.get_response();
    let is_uefi = firmware.is_some_and(|it| it.firmware_type() == FirmwareType::UEFI_64);
    t.expect(is_uefi, format_args!("the firmware is not 64-bit UEFI"));
    let mode = PAGING.get_response();
    let is_four = mode.is_some_and(|it| it.mode() == Mode::FOUR_LEVEL);
    t.expect(is_four, format_args!("not 4-level paging"));
    t.expect(STACK_SIZE.get_response().is_some(), format_args!("stack size is not answered"));
    t.expect(ENTRY.get_response().is_some(), format_args!("entry point is not answered"));
    t.expect(KEEP_IOMMU.words().is_some(), format_args!("keep-IOMMU is not answered"));
}

pub(crate) fn unanswered(t: &mut Test) {
    t.expect(DEVICE_TREE.get_response().is_none(), format_args!("a device tree on a PC"));
    t.expect(MADE_UP.words().is_none(), format_args!("a request that does not exist is answered"));
    t.expect(OUTSIDE.get_response().is_none(), format_args!("a request outside the markers is"));
}

pub(crate) fn times(t: &mut Test) {
    let date = DATE.get_response().map_or(0, |response| response.timestamp().as_secs());
    t.expect((1_700_000_000..4_200_000_000).contains(&date), format_args!("the date is {date}"));
    if let Some(&[_, frequency, ..]) = FREQUENCY.words() {
        let is_sane = (1_000_000..100_000_000_000).contains(&frequency);
        t.expect(is_sane, format_args!("the frequency is {frequency}"));
    }
    if let Some(&[_, reset, loader, kernel]) = PERFORMANCE.words() {
        let is_sane = reset <= loader && loader <= kernel && kernel < 600_000_000;
        t.expect(is_sane, format_args!("times {reset}, {loader}, {kernel}"));
    }
}

pub(crate) fn executable_file(t: &mut Test, facts: &Facts) {
    let Some(file) = FILE.get_response().map(|response| response.file()) else {
        return t.expect(false, format_args!("no answer"));
    };
    t.expect(file.path() == c"/cermet/kernel.elf", format_args!("its path is {:?}", file.path()));
    let bytes = memory::bytes(file.addr().addr() as u64, file.size());
    t.expect(bytes.starts_with(b"\x7fELF"), format_args!("it is not an ELF file"));
    let physical = file.addr().addr() as u64 - facts.window;
    let kind = facts.kind_at(physical);
    let is_kept = matches!(kind, Some(Kind::RECLAIMABLE | Kind::EXECUTABLE));
    t.expect(is_kept, format_args!("it lies in memory of kind {kind:?}"));
}

pub(crate) fn modules(t: &mut Test, facts: &Facts) {
    let modules = MODULES.get_response().map_or(&[][..], |response| response.modules());
    // The one that was asked for, and that of the configuration; not the one that is missing.
    t.expect(modules.len() == 2, format_args!("{} modules", modules.len()));
    for (module, string) in modules.iter().zip([c"asked for", c""]) {
        t.expect(module.path() == c"/cermet/package", format_args!("path {:?}", module.path()));
        t.expect(module.string() == string, format_args!("string {:?}", module.string()));
        let address = module.addr().addr() as u64;
        t.expect(address.is_multiple_of(4096), format_args!("at {address:#x}"));
        let bytes = memory::bytes(address, module.size());
        let counts = bytes.iter().zip(0_u32..).all(|(&byte, count)| u32::from(byte) == count % 251);
        t.expect(counts && !bytes.is_empty(), format_args!("its content is wrong"));
        for page in (0..module.size()).step_by(4096) {
            let kind = facts.kind_at(address - facts.window + page);
            t.expect(kind == Some(Kind::EXECUTABLE), format_args!("memory of kind {kind:?}"));
        }
    }
}

pub(crate) fn screen(t: &mut Test, facts: &Facts) {
    let answer = SCREEN.get_response();
    if option("screen").is_none() {
        return t.expect(answer.is_none(), format_args!("there is none, but it is answered"));
    }
    let Some(screen) = answer.and_then(|response| response.framebuffers().next()) else {
        return t.expect(false, format_args!("no answer"));
    };
    let size = screen.pitch() * screen.height();
    let is_sane = screen.bpp() == 32 && screen.pitch() >= screen.width() * 4 && size > 0;
    t.expect(is_sane, format_args!("{} bits, {} bytes a row", screen.bpp(), screen.pitch()));
    let masks = (screen.red_mask_size(), screen.green_mask_size(), screen.blue_mask_size());
    t.expect(masks == (8, 8, 8), format_args!("masks of {masks:?} bits"));
    let modes = screen.modes().map_or(0, <[_]>::len);
    t.expect(modes > 0, format_args!("no modes"));
    let start = screen.addr().addr() as u64;
    for address in (start..start + size).step_by(4096) {
        let mapping = arch::walk(facts.window, address);
        let is_right = mapping.is_some_and(|it| it.write && it.cache == 5);
        t.expect(is_right, format_args!("{address:#x} is not mapped write-combining"));
        let kind = facts.kind_at(address - facts.window);
        t.expect(kind == Some(Kind::FRAMEBUFFER), format_args!("memory of kind {kind:?}"));
    }
}

/// How many processors the machine has, by the command line.
pub(crate) fn processors() -> usize {
    option("cpus=").and_then(|number| number.parse().ok()).unwrap_or(0)
}
