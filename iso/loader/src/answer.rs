//! Answers the kernel's requests.
//!
//! Every response is made of words in the [`Arena`], laid out as the protocol's C structures; what
//! belongs into them has been collected in [`Facts`].

use crate::Error;
use crate::arena::Arena;
use crate::memory::Map;
use crate::protocol::{self, Feature, HHDM};
use crate::scan::Requests;
use alloc::string::String;
use alloc::vec::Vec;

/// Where a file came from.
#[derive(Clone, Copy, Debug, Default)]
pub struct Volume {
    /// It lies on a CD.
    pub is_optical: bool,
    /// Number of the partition, from 1; 0 if there are none.
    pub partition: u32,
    /// Identification of a disk with an MBR, or 0.
    pub mbr_id: u32,
    /// Identification of a GPT partition, or 0.
    pub gpt_partition: [u64; 2],
}

/// A file in memory.
#[derive(Clone, Debug)]
pub struct File {
    /// Physical address.
    pub address: u64,
    /// Size in bytes.
    pub size: u64,
    /// Path on its volume.
    pub path: String,
    /// The string that the configuration gives it.
    pub string: String,
}

/// The layout of a pixel: position and size of the colours in bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pixel {
    /// Bits in a pixel.
    pub bits: u16,
    /// Size and shift of red.
    pub red: (u8, u8),
    /// Size and shift of green.
    pub green: (u8, u8),
    /// Size and shift of blue.
    pub blue: (u8, u8),
}

/// A video mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mode {
    /// Width in pixels.
    pub width: u64,
    /// Height in pixels.
    pub height: u64,
    /// Bytes from one row to the next.
    pub pitch: u64,
    /// The layout of its pixels.
    pub pixel: Pixel,
}

/// A framebuffer.
#[derive(Clone, Debug)]
pub struct Framebuffer {
    /// Physical address.
    pub address: u64,
    /// The mode it is in.
    pub mode: Mode,
    /// All modes there are.
    pub modes: Vec<Mode>,
    /// What the screen says of itself.
    pub edid: Vec<u8>,
}

/// The firmware's own memory map, at a physical address.
#[derive(Clone, Copy, Debug)]
pub struct FirmwareMap {
    /// Physical address.
    pub address: u64,
    /// Size in bytes.
    pub size: u64,
    /// Size of a descriptor.
    pub step: u64,
    /// Version of the descriptors.
    pub version: u64,
}

/// The processors that have been started.
#[derive(Clone, Debug)]
pub struct Processors {
    /// The local APICs are in x2APIC mode.
    pub is_x2apic: bool,
    /// Local APIC of the processor that boots.
    pub boot_apic: u32,
    /// Addresses of the structures, in the direct map, of all processors.
    pub infos: Vec<u64>,
}

/// Times in microseconds since the processor was reset.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// When the loader was entered.
    pub loader: u64,
    /// When the kernel is entered.
    pub kernel: u64,
}

/// Everything that a kernel may ask for.
#[derive(Debug)]
#[expect(missing_docs, reason = "each is what the protocol's feature of that name is about")]
pub struct Facts {
    pub physical_base: u64,
    pub virtual_base: u64,
    pub volume: Volume,
    pub executable: File,
    pub modules: Vec<File>,
    pub framebuffer: Option<Framebuffer>,
    pub memory: Map,
    pub firmware_map: FirmwareMap,
    pub rsdp: Option<u64>,
    pub smbios_32: Option<u64>,
    pub smbios_64: Option<u64>,
    pub system_table: u64,
    pub date: Option<i64>,
    pub processors: Option<Processors>,
    pub tsc_frequency: Option<u64>,
    pub times: Option<Times>,
}

/// Writes all responses and stores their addresses in the requests in the image.
///
/// # Errors
///
/// [`Error::Full`] if the arena is too small.
pub fn answer(
    image: &mut [u8],
    requests: &Requests,
    facts: &Facts,
    arena: &mut Arena<'_>,
) -> Result<(), Error> {
    for (feature, _) in protocol::FEATURES {
        if requests.has(image, feature)
            && let Some(address) = respond(feature, requests.revision, facts, arena)?
        {
            requests.respond(image, feature, address);
        }
    }
    if requests.has(image, Feature::CommandLine) || requests.has(image, Feature::ExecutableFile) {
        // Both show the same string, so they are answered together.
        let string = arena.place_text(&facts.executable.string)?;
        let line = arena.place(&[0, string])?;
        requests.respond(image, Feature::CommandLine, line);
        let file = place_file(&facts.executable, string, &facts.volume, arena)?;
        let response = arena.place(&[0, file])?;
        requests.respond(image, Feature::ExecutableFile, response);
    }
    requests.confirm_revision(image);
    Ok(())
}

/// Makes the response to one request, if there is anything to say.
fn respond(
    feature: Feature,
    revision: u64,
    facts: &Facts,
    arena: &mut Arena<'_>,
) -> Result<Option<u64>, Error> {
    // Base revisions 3 and 4 show some tables at their physical address.
    let mapped_from = |first: u64| if revision >= first { HHDM } else { 0 };
    let words = match feature {
        Feature::BootloaderInfo => {
            let name = arena.place_text(env!("CARGO_PKG_NAME"))?;
            let version = arena.place_text(env!("CARGO_PKG_VERSION"))?;
            Some([0, name, version].to_vec())
        }
        Feature::FirmwareType => Some([0, protocol::FIRMWARE_EFI64].to_vec()),
        Feature::StackSize | Feature::EntryPoint | Feature::KeepIommu => Some([0].to_vec()),
        Feature::Hhdm => Some([0, HHDM].to_vec()),
        Feature::PagingMode => Some([0, 0].to_vec()),
        Feature::Framebuffer => match &facts.framebuffer {
            Some(framebuffer) => Some(place_framebuffer(framebuffer, arena)?),
            None => None,
        },
        Feature::Mp => match &facts.processors {
            Some(processors) => {
                let flags = if processors.is_x2apic { protocol::MP_X2APIC } else { 0 };
                let first = flags | u64::from(processors.boot_apic) << 32;
                let array = arena.place(&processors.infos)?;
                Some([0, first, processors.infos.len() as u64, array].to_vec())
            }
            None => None,
        },
        Feature::MemoryMap => {
            let mut entries = Vec::new();
            for region in facts.memory.regions() {
                let words = [region.base, region.end - region.base, region.kind as u64];
                entries.push(arena.place(&words)?);
            }
            Some([0, entries.len() as u64, arena.place(&entries)?].to_vec())
        }
        // Answered together, by the caller.
        Feature::CommandLine | Feature::ExecutableFile => None,
        Feature::Modules if facts.modules.is_empty() => None,
        Feature::Modules => {
            let mut files = Vec::new();
            for module in &facts.modules {
                let string = arena.place_text(&module.string)?;
                files.push(place_file(module, string, &facts.volume, arena)?);
            }
            Some([1, files.len() as u64, arena.place(&files)?].to_vec())
        }
        Feature::Rsdp => facts.rsdp.map(|rsdp| [0, rsdp + mapped_from(4)].to_vec()),
        Feature::Smbios => {
            let entry = |address: Option<u64>| address.map_or(0, |at| at + mapped_from(5));
            let known = facts.smbios_32.is_some() || facts.smbios_64.is_some();
            known.then(|| [0, entry(facts.smbios_32), entry(facts.smbios_64)].to_vec())
        }
        Feature::EfiSystemTable => Some([0, facts.system_table + mapped_from(5)].to_vec()),
        Feature::EfiMemoryMap => {
            let map = &facts.firmware_map;
            Some([0, map.address + HHDM, map.size, map.step, map.version].to_vec())
        }
        Feature::DateAtBoot => facts.date.map(|date| [0, date.cast_unsigned()].to_vec()),
        Feature::ExecutableAddress => Some([0, facts.physical_base, facts.virtual_base].to_vec()),
        Feature::Performance => {
            facts.times.map(|times| [0, 0, times.loader, times.kernel].to_vec())
        }
        Feature::TscFrequency => facts.tsc_frequency.map(|frequency| [0, frequency].to_vec()),
    };
    words.map(|words| arena.place(&words)).transpose()
}

fn place_file(
    file: &File,
    string: u64,
    volume: &Volume,
    arena: &mut Arena<'_>,
) -> Result<u64, Error> {
    let path = arena.place_text(&file.path)?;
    let media = if volume.is_optical { protocol::MEDIA_OPTICAL } else { 0 };
    let [part_low, part_high] = volume.gpt_partition;
    arena.place(&[
        0,
        file.address + HHDM,
        file.size,
        path,
        string,
        u64::from(media),
        0,
        u64::from(volume.partition) | u64::from(volume.mbr_id) << 32,
        0,
        0,
        part_low,
        part_high,
        0,
        0,
    ])
}

fn place_framebuffer(framebuffer: &Framebuffer, arena: &mut Arena<'_>) -> Result<Vec<u64>, Error> {
    let mut modes = Vec::new();
    for mode in &framebuffer.modes {
        let [low, high] = pixel_words(mode.pixel);
        modes.push(arena.place(&[mode.pitch, mode.width, mode.height, low, high])?);
    }
    let list = arena.place(&modes)?;
    let edid = match framebuffer.edid.as_slice() {
        [] => 0,
        bytes => arena.place_bytes(bytes)?,
    };
    let mode = framebuffer.mode;
    let [low, high] = pixel_words(mode.pixel);
    let structure = arena.place(&[
        framebuffer.address + HHDM,
        mode.width,
        mode.height,
        mode.pitch,
        low,
        high,
        framebuffer.edid.len() as u64,
        edid,
        modes.len() as u64,
        list,
    ])?;
    let array = arena.place(&[structure])?;
    Ok([1, 1, array].to_vec())
}

/// Bits per pixel (two bytes), memory model, then size and shift of red, green and blue.
fn pixel_words(pixel: Pixel) -> [u64; 2] {
    let [low, high] = pixel.bits.to_le_bytes();
    let model = protocol::FRAMEBUFFER_RGB;
    let (red, green, blue) = (pixel.red, pixel.green, pixel.blue);
    let first = [low, high, model, red.0, red.1, green.0, green.1, blue.0];
    [u64::from_le_bytes(first), u64::from(blue.1)]
}

#[cfg(test)]
#[path = "answer_tests.rs"]
mod tests;
