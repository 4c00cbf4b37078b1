//! From the firmware's call to the kernel's first instruction, in the order in which it happens.

use crate::arch::apic::{LocalApic, Wanted};
use crate::arch::handover::Block;
use crate::arch::{cpu, enter, quiet, serial};
use crate::console;
use crate::firmware::memory::{address_of, allocate};
use crate::firmware::tables::{self, Tables};
use crate::firmware::volume::Volume;
use crate::firmware::{graphics, refused};
use crate::processors::{Reserved, Roots};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::convert::Infallible;
use core::ops::Range;
use loader::answer::{self, Facts, File, FirmwareMap, Framebuffer, Times};
use loader::arena::Arena;
use loader::config::{self, Entry};
use loader::elf::{self, Plan};
use loader::memory::{Kind, Map};
use loader::paging::{self, Table};
use loader::protocol::{self, Feature, HHDM, REQUEST_MEMBERS};
use loader::scan::{self, Requests};
use loader::{Error, path};
use uefi::boot::{MemoryType, exit_boot_services, memory_map};
use uefi::mem::memory_map::MemoryMap;

/// Page tables more than the memory map asks for before the firmware makes its last changes to it.
const SPARE_TABLES: usize = 64;

/// Starts the kernel.
///
/// # Errors
///
/// Any [`Error`]: why nothing was started.
pub(crate) fn boot() -> Result<Infallible, Error> {
    let entered = cpu::ticks();
    cpu::check()?;
    let mut volume = Volume::open()?;
    let text = volume.configuration()?;
    let entry = config::parse(&text)?;
    let kernel = Kernel::load(&mut volume, &entry)?;
    let modules = load_modules(&mut volume, &entry, &kernel)?;
    let tables = Tables::find();
    let asks = |feature| kernel.requests.has(kernel.image, feature);
    let framebuffer = match asks(Feature::Framebuffer) {
        true => graphics::find(entry.resolution),
        false => None,
    };
    let needs_time =
        [Feature::Mp, Feature::TscFrequency, Feature::Performance].into_iter().any(asks);
    let frequency = needs_time.then(cpu::frequency);
    let stack_size = kernel.requests.stack_size(kernel.image)?;
    let reserved = match frequency.filter(|_| asks(Feature::Mp)) {
        Some(frequency) => Some(Reserved::new(&tables.acpi, stack_size, frequency)?),
        None => None,
    };
    let facts = Facts {
        physical_base: address_of(kernel.image),
        virtual_base: kernel.plan.virtual_base,
        volume: volume.facts,
        executable: kernel.file.clone(),
        modules,
        framebuffer,
        memory: Map::default(),
        firmware_map: FirmwareMap { address: 0, size: 0, step: 0, version: 0 },
        rsdp: tables.rsdp,
        smbios_32: tables.smbios_32,
        smbios_64: tables.smbios_64,
        system_table: tables.system_table,
        date: tables::date(),
        processors: None,
        tsc_frequency: frequency,
        times: frequency.map(|frequency| times(entered, frequency)),
    };
    let room = Room::new(&kernel, &facts, &tables, stack_size)?;
    drop(volume);
    hand_over(kernel, facts, &tables, reserved, room)
}

/// Microseconds since reset, by the time stamp counter.
fn times(entered: u64, frequency: u64) -> Times {
    let per_microsecond = (frequency / 1_000_000).max(1);
    Times { loader: entered / per_microsecond, kernel: cpu::ticks() / per_microsecond }
}

/// The kernel, loaded.
struct Kernel {
    file: File,
    plan: Plan,
    image: &'static mut [u8],
    requests: Requests,
    entry: u64,
}

impl Kernel {
    /// Loads the entry's kernel and reads its requests.
    fn load(volume: &mut Volume, entry: &Entry<'_>) -> Result<Self, Error> {
        let (pages, size) = volume.load(entry.path)?;
        let plan = Plan::new(&pages[..size])?;
        let image = allocate::<u8>(plan.size)?;
        plan.load(&pages[..size], image)?;
        let requests = scan::scan(image)?;
        requests.check_paging_mode(image)?;
        let entry_point = requests.entry_point(image, &plan)?;
        let file = File {
            address: address_of(pages),
            size: size as u64,
            path: entry.path.to_string(),
            string: entry.command_line.to_string(),
        };
        Ok(Self { file, plan, image, requests, entry: entry_point })
    }

    /// In which mode the kernel wants the local APICs.
    fn wanted_apic(&self) -> Wanted {
        match self.requests.member(self.image, Feature::Mp, REQUEST_MEMBERS) {
            None => Wanted::AsIs,
            Some(flags) if flags & protocol::MP_X2APIC != 0 => Wanted::X2Apic,
            Some(_) => Wanted::XApic,
        }
    }
}

/// Loads the modules that the kernel asks for, then those of the configuration.
fn load_modules(
    volume: &mut Volume,
    entry: &Entry<'_>,
    kernel: &Kernel,
) -> Result<Vec<File>, Error> {
    let mut modules = Vec::new();
    let mut load = |path: String, string: String| {
        let (pages, size) = volume.load(&path)?;
        modules.push(File { address: address_of(pages), size: size as u64, path, string });
        Ok(())
    };
    let own = kernel.requests.internal_modules(kernel.image, kernel.plan.virtual_base)?;
    for module in own {
        match load(path::beside(entry.path, &module.path)?, module.string) {
            Err(Error::NotFound(_)) if !module.is_required => {}
            result => result?,
        }
    }
    for module in &entry.modules {
        load(module.path.to_string(), module.string.to_string())?;
    }
    Ok(modules)
}

/// Memory that is filled after the firmware has stopped handing any out.
struct Room {
    responses: &'static mut [u64],
    tables: &'static mut [Table],
    block: &'static mut [Block],
    stack: &'static mut [u8],
}

impl Room {
    /// Takes enough of everything, going by what the memory map is now.
    fn new(
        kernel: &Kernel,
        facts: &Facts,
        tables: &Tables,
        stack_size: u64,
    ) -> Result<Self, Error> {
        let now = memory_map(MemoryType::LOADER_DATA).map_err(refused("the memory map"))?;
        let revision = kernel.requests.revision;
        let map = describe(now.buffer(), now.meta().desc_size, kernel, facts, tables)?;
        let count = paging::tables_needed(&map, revision, kernel.plan.size) + SPARE_TABLES;
        let texts: usize = [&facts.executable]
            .into_iter()
            .chain(&facts.modules)
            .map(|file| file.path.len() + file.string.len() + 256)
            .sum();
        let screen = facts.framebuffer.as_ref().map_or(0, |f| f.modes.len() * 64 + f.edid.len());
        // Four words for each region, and as many regions again for late changes of the map.
        let regions = (now.meta().entry_count() + 64) * 2 * 4 * 8;
        let processors = tables.acpi.processors.len() * 8;
        let bytes = texts + screen + regions + processors + 4096;
        Ok(Self {
            responses: allocate(bytes as u64 / 8)?,
            tables: allocate(count as u64)?,
            block: allocate(1)?,
            stack: allocate(stack_size)?,
        })
    }
}

/// Makes the kernel's memory map of the firmware's.
fn describe(
    bytes: &[u8],
    step: usize,
    kernel: &Kernel,
    facts: &Facts,
    tables: &Tables,
) -> Result<Map, Error> {
    let revision = kernel.requests.revision;
    let mut map = Map::of_firmware(bytes, step, revision)?;
    let mut keep = |ranges: &[Range<u64>]| {
        for range in ranges {
            map.paint(range.start, range.end, Kind::ReservedMapped, |old| {
                matches!(old, Kind::Usable | Kind::Reclaimable | Kind::Reserved)
            });
        }
    };
    if revision >= 4 {
        keep(&tables.acpi.ranges);
    }
    if revision >= 5 {
        keep(&tables.ranges);
    }
    let mut keep_loaded = |base: u64, size: u64| {
        map.paint(base, base + size, Kind::Executable, |old| old == Kind::Reclaimable);
    };
    keep_loaded(address_of(kernel.image), kernel.plan.size);
    facts.modules.iter().for_each(|file| keep_loaded(file.address, file.size));
    if let Some(Framebuffer { address, mode, .. }) = &facts.framebuffer {
        let end = address + elf::whole_pages(mode.pitch * mode.height)?;
        map.paint(*address, end, Kind::Framebuffer, |old| {
            matches!(old, Kind::Usable | Kind::Reserved)
        });
    }
    Ok(map)
}

/// Ends the firmware's boot services, and starts the kernel.
fn hand_over(
    kernel: Kernel,
    mut facts: Facts,
    tables: &Tables,
    reserved: Option<Reserved>,
    room: Room,
) -> Result<Infallible, Error> {
    let wanted = kernel.wanted_apic();
    if wanted == Wanted::XApic && cpu::is_x2apic_locked() {
        return Err(Error::Machine("the local APIC is locked into x2APIC mode"));
    }
    // Tools that watch the serial line take what follows this line for the kernel's own output.
    console::print(format_args!("loader: starting the kernel\n"));
    console::leave_firmware();
    // SAFETY: protocols have been dropped with `volume` and within `graphics`; memory in use is
    // loader data; the console was told to stay away.
    let firmware = unsafe { exit_boot_services(Some(MemoryType::LOADER_DATA)) };
    cpu::mask_interrupts();
    serial::drain();
    let meta = firmware.meta();
    facts.memory = describe(firmware.buffer(), meta.desc_size, &kernel, &facts, tables)?;
    facts.firmware_map = FirmwareMap {
        address: firmware.buffer().as_ptr().addr() as u64,
        size: meta.map_size as u64,
        step: meta.desc_size as u64,
        version: u64::from(meta.desc_version),
    };

    let Kernel { plan, image, requests, entry, .. } = kernel;
    let base = address_of(room.tables);
    let mut pages = paging::Tables::new(room.tables, base)?;
    pages.map_all(&facts.memory, &plan, facts.physical_base, requests.revision)?;
    let roots = Roots { kernel: pages.root(), crossing: pages.add_crossing()? };
    // SAFETY: the crossing maps all memory, and thus the loader, its stack and data, at the address
    // where the firmware mapped it; `cpu::check` has succeeded.
    unsafe { cpu::load_tables(roots.crossing) };

    let apic = silence(tables, &requests, image, wanted);
    if let Some(reserved) = reserved {
        facts.processors = Some(reserved.start(&apic, wanted, &tables.acpi.nmis, roots)?);
    }
    let responses = HHDM + address_of(room.responses);
    let mut arena = Arena::new(room.responses, responses);
    answer::answer(image, &requests, &facts, &mut arena)?;
    let block = address_of(room.block);
    let stack = address_of(room.stack) + room.stack.len() as u64;
    room.block[0] = Block::new(block, roots.kernel, stack, None, entry, 0);
    // SAFETY: the block has been made for its address, and its tables map the kernel and, being in
    // reclaimable memory, loader, block and stack; the crossing is loaded.
    unsafe { enter(block) }
}

/// Brings interrupt controllers and IOMMUs into the state of the protocol.
fn silence(tables: &Tables, requests: &Requests, image: &[u8], wanted: Wanted) -> LocalApic {
    quiet::mask_legacy();
    for &base in &tables.acpi.io_apics {
        quiet::mask_io_apic(base, requests.revision);
    }
    if requests.revision >= 5 && !requests.has(image, Feature::KeepIommu) {
        tables.acpi.vtd.iter().for_each(|&base| quiet::disable_vtd(base));
        tables.acpi.amd_vi.iter().for_each(|&base| quiet::disable_amd_vi(base));
    }
    let apic = LocalApic::enable(wanted);
    let own = apic.id();
    let processor = tables.acpi.processors.iter().find(|processor| processor.apic == own);
    apic.quiet(processor.map(|processor| processor.id), &tables.acpi.nmis);
    apic
}
