//! Tests of the responses: each is read back as a kernel reads it.

use super::{
    Facts, File, FirmwareMap, Framebuffer, Mode, Pixel, Processors, Times, Volume, answer,
};
use crate::arena::Arena;
use crate::memory::{Kind, Map};
use crate::protocol::{BASE_REVISION, COMMON, FEATURES, Feature, HHDM};
use crate::scan::scan;
use alloc::{string::String, vec, vec::Vec};

const ARENA: u64 = HHDM + 0x5000;

fn file(name: &str) -> File {
    File { address: 0x9000, size: 5, path: String::from(name), string: String::from("text") }
}

fn facts() -> Facts {
    let mut memory = Map::default();
    memory.paint(0x1000, 0x3000, Kind::Usable, |_| true);
    memory.paint(0x3000, 0x4000, Kind::Reclaimable, |_| true);
    let pixel = Pixel { bits: 32, red: (8, 16), green: (8, 8), blue: (8, 0) };
    let mode = Mode { width: 640, height: 480, pitch: 2560, pixel };
    Facts {
        physical_base: 0x20_0000,
        virtual_base: 0xffff_ffff_8000_0000,
        volume: Volume { is_optical: true, partition: 2, mbr_id: 3, gpt_partition: [4, 5] },
        executable: file("/kernel"),
        modules: vec![file("/module")],
        framebuffer: Some(Framebuffer {
            address: 0x8000_0000,
            mode,
            modes: vec![mode],
            edid: vec![1, 2],
        }),
        memory,
        firmware_map: FirmwareMap { address: 0x7000, size: 96, step: 48, version: 1 },
        rsdp: Some(0x100),
        smbios_32: None,
        smbios_64: Some(0x200),
        system_table: 0x300,
        date: Some(-1),
        processors: Some(Processors { is_x2apic: true, boot_apic: 7, infos: vec![0x11, 0x22] }),
        tsc_frequency: Some(1_000_000),
        times: Some(Times { loader: 1, kernel: 2 }),
    }
}

/// An answered image, and the memory of the responses.
struct Answered {
    image: Vec<u8>,
    words: Vec<u64>,
    revision: u64,
}

impl Answered {
    fn new(revision: u64, facts: &Facts) -> Self {
        let mut image = Vec::new();
        for word in [BASE_REVISION[0], BASE_REVISION[1], revision] {
            image.extend(word.to_le_bytes());
        }
        for (_, id) in FEATURES {
            for word in [COMMON[0], COMMON[1], id[0], id[1], 1, 0, 0, 0, 0] {
                image.extend(word.to_le_bytes());
            }
        }
        let requests = scan(&image).expect("well formed");
        let mut words = vec![0; 4096];
        answer(&mut image, &requests, facts, &mut Arena::new(&mut words, ARENA)).expect("room");
        Self { image, words, revision }
    }

    fn response(&self, feature: Feature) -> u64 {
        let at = 24 + feature as usize * 72 + 40;
        u64::from_le_bytes(self.image[at..at + 8].try_into().expect("eight"))
    }

    fn at(&self, address: u64) -> &[u64] {
        &self.words[usize::try_from((address - ARENA) / 8).expect("in the arena")..]
    }

    fn read(&self, feature: Feature) -> &[u64] {
        self.at(self.response(feature))
    }

    fn text(&self, address: u64) -> String {
        let bytes = self.at(address).iter().flat_map(|word| word.to_le_bytes());
        let bytes: Vec<u8> = bytes.take_while(|&byte| byte != 0).collect();
        String::from_utf8(bytes).expect("text")
    }
}

#[test]
fn plain_values_are_where_the_protocol_has_them() {
    let got = Answered::new(6, &facts());
    assert_eq!(got.image[8..24], [6_u64, 0].map(u64::to_le_bytes).concat()[..]);
    assert_eq!(got.text(got.read(Feature::BootloaderInfo)[1]), "loader");
    assert_eq!(got.text(got.read(Feature::CommandLine)[1]), "text");
    assert_eq!(got.read(Feature::FirmwareType)[..2], [0, 2]);
    assert_eq!(got.read(Feature::Hhdm)[..2], [0, HHDM]);
    assert_eq!(got.read(Feature::PagingMode)[..2], [0, 0]);
    assert_eq!(got.read(Feature::EfiMemoryMap)[..5], [0, HHDM + 0x7000, 96, 48, 1]);
    assert_eq!(got.read(Feature::DateAtBoot)[..2], [0, u64::MAX]);
    let base = 0xffff_ffff_8000_0000;
    assert_eq!(got.read(Feature::ExecutableAddress)[..3], [0, 0x20_0000, base]);
    assert_eq!(got.read(Feature::Performance)[..4], [0, 0, 1, 2]);
    assert_eq!(got.read(Feature::TscFrequency)[..2], [0, 1_000_000]);
    assert_eq!(got.read(Feature::Mp)[..3], [0, 7 << 32 | 1, 2]);
    assert_eq!(got.at(got.read(Feature::Mp)[3])[..2], [0x11, 0x22]);
    for feature in [Feature::StackSize, Feature::EntryPoint, Feature::KeepIommu] {
        assert_ne!(got.response(feature), 0);
    }
}

#[test]
fn the_memory_map_is_an_array_of_pointers() {
    let got = Answered::new(6, &facts());
    let response = got.read(Feature::MemoryMap);
    assert_eq!(response[1], 2);
    let entries = got.at(response[2]);
    assert_eq!(got.at(entries[0])[..3], [0x1000, 0x2000, 0]);
    assert_eq!(got.at(entries[1])[..3], [0x3000, 0x1000, 5]);
}

#[test]
fn files_carry_place_path_and_string() {
    let got = Answered::new(6, &facts());
    let file = got.at(got.read(Feature::ExecutableFile)[1]);
    assert_eq!(file[..3], [0, HHDM + 0x9000, 5]);
    assert_eq!(got.text(file[3]), "/kernel");
    assert_eq!(file[4], got.read(Feature::CommandLine)[1]);
    assert_eq!(file[5..14], [1, 0, 3 << 32 | 2, 0, 0, 4, 5, 0, 0]);
    let modules = got.read(Feature::Modules);
    assert_eq!(modules[..2], [1, 1]);
    let module = got.at(got.at(modules[2])[0]);
    assert_eq!(got.text(module[3]), "/module");
    assert_eq!(got.text(module[4]), "text");
}

#[test]
fn a_framebuffer_has_its_layout_and_modes() {
    let got = Answered::new(6, &facts());
    let response = got.read(Feature::Framebuffer);
    assert_eq!(response[..2], [1, 1]);
    let framebuffer = got.at(got.at(response[2])[0]);
    let low = u64::from_le_bytes([32, 0, 1, 8, 16, 8, 8, 8]);
    assert_eq!(framebuffer[..6], [HHDM + 0x8000_0000, 640, 480, 2560, low, 0]);
    assert_eq!(framebuffer[6], 2);
    assert_eq!(got.at(framebuffer[7])[0], 0x0201);
    assert_eq!(framebuffer[8], 1);
    assert_eq!(got.at(got.at(framebuffer[9])[0])[..5], [2560, 640, 480, low, 0]);
}

#[test]
fn old_revisions_show_tables_at_their_physical_address() {
    for (revision, rsdp, other) in [(3, 0, 0), (4, HHDM, 0), (5, HHDM, HHDM), (6, HHDM, HHDM)] {
        let got = Answered::new(revision, &facts());
        assert_eq!(got.revision, revision);
        assert_eq!(got.read(Feature::Rsdp)[1], rsdp + 0x100);
        assert_eq!(got.read(Feature::Smbios)[1..3], [0, other + 0x200]);
        assert_eq!(got.read(Feature::EfiSystemTable)[1], other + 0x300);
    }
}

#[test]
fn what_the_machine_lacks_is_not_answered() {
    let facts = Facts {
        modules: Vec::new(),
        framebuffer: None,
        rsdp: None,
        smbios_64: None,
        date: None,
        processors: None,
        tsc_frequency: None,
        times: None,
        ..facts()
    };
    let got = Answered::new(6, &facts);
    for feature in [
        Feature::Modules,
        Feature::Framebuffer,
        Feature::Rsdp,
        Feature::Smbios,
        Feature::DateAtBoot,
        Feature::Mp,
        Feature::TscFrequency,
        Feature::Performance,
    ] {
        assert_eq!(got.response(feature), 0, "{feature:?}");
    }
}
