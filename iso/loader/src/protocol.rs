//! The numbers of the Limine boot protocol: magic values, features, revisions.

/// First two words of every request's identification.
pub const COMMON: [u64; 2] = [0xc7b1_dd30_df4c_8b88, 0x0a82_e883_a194_f07b];
/// First two words of the base revision tag; the wanted revision follows.
pub const BASE_REVISION: [u64; 2] = [0xf956_2b2d_5c95_a6c8, 0x6a7b_3849_4453_6bdc];
/// Before the first request, if the kernel marks them.
pub const START_MARKER: [u64; 4] =
    [0xf6b8_f4b3_9de7_d1ae, 0xfab9_1a69_40fc_b9cf, 0x785c_6ed0_15d3_e316, 0x181e_920a_7852_b9d9];
/// After the last request, if the kernel marks them.
pub const END_MARKER: [u64; 2] = [0xadc0_e053_1bb1_0d03, 0x9572_709f_3176_4c62];

/// Oldest base revision that is honoured. Before it, all memory had to be mapped twice.
pub const REVISION_MIN: u64 = 3;
/// Newest base revision that is honoured.
pub const REVISION_MAX: u64 = 6;

/// Kernels lie at or above this address.
pub const KERNEL_BASE: u64 = 0xffff_ffff_8000_0000;
/// Where physical memory is mapped: the start of the higher half with 4-level paging.
pub const HHDM: u64 = 0xffff_8000_0000_0000;
/// Least size of a stack.
pub const STACK_MIN: u64 = 64 * 1024;

/// Offset of a request's revision.
pub const REQUEST_REVISION: usize = 32;
/// Offset of a request's pointer to the response.
pub const REQUEST_RESPONSE: usize = 40;
/// Offset of the first member that only this request has.
pub const REQUEST_MEMBERS: usize = 48;

/// A question that a kernel may ask and that this loader answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
#[expect(missing_docs, reason = "each is a chapter of the protocol, by the same name")]
pub enum Feature {
    BootloaderInfo,
    CommandLine,
    FirmwareType,
    StackSize,
    Hhdm,
    Framebuffer,
    PagingMode,
    Mp,
    MemoryMap,
    EntryPoint,
    ExecutableFile,
    Modules,
    Rsdp,
    Smbios,
    EfiSystemTable,
    EfiMemoryMap,
    DateAtBoot,
    ExecutableAddress,
    Performance,
    KeepIommu,
    TscFrequency,
}

/// Third and fourth word of each feature's identification.
pub const FEATURES: [(Feature, [u64; 2]); 21] = [
    (Feature::BootloaderInfo, [0xf550_38d8_e2a1_202f, 0x2794_26fc_f5f5_9740]),
    (Feature::CommandLine, [0x4b16_1536_e598_651e, 0xb390_ad4a_2f1f_303a]),
    (Feature::FirmwareType, [0x8c2f_75d9_0bef_28a8, 0x7045_a468_8eac_00c3]),
    (Feature::StackSize, [0x224e_f046_0a8e_8926, 0xe1cb_0fc2_5f46_ea3d]),
    (Feature::Hhdm, [0x48dc_f1cb_8ad2_b852, 0x6398_4e95_9a98_244b]),
    (Feature::Framebuffer, [0x9d58_27dc_d881_dd75, 0xa314_8604_f6fa_b11b]),
    (Feature::PagingMode, [0x95c1_a0ed_ab09_44cb, 0xa4e5_cb38_42f7_488a]),
    (Feature::Mp, [0x95a6_7b81_9a1b_857e, 0xa0b6_1b72_3b6a_73e0]),
    (Feature::MemoryMap, [0x67cf_3d9d_378a_806f, 0xe304_acdf_c50c_3c62]),
    (Feature::EntryPoint, [0x13d8_6c03_5a1c_d3e1, 0x2b0c_aa89_d8f3_026a]),
    (Feature::ExecutableFile, [0xad97_e90e_83f1_ed67, 0x31eb_5d1c_5ff2_3b69]),
    (Feature::Modules, [0x3e7e_2797_02be_32af, 0xca1c_4f3b_d128_0cee]),
    (Feature::Rsdp, [0xc5e7_7b6b_397e_7b43, 0x2763_7845_accd_cf3c]),
    (Feature::Smbios, [0x9e90_46f1_1e09_5391, 0xaa4a_520f_efbd_e5ee]),
    (Feature::EfiSystemTable, [0x5ceb_a516_3eaa_f6d6, 0x0a69_8161_0cf6_5fcc]),
    (Feature::EfiMemoryMap, [0x7df6_2a43_1d68_72d5, 0xa4fc_dfb3_e573_06c8]),
    (Feature::DateAtBoot, [0x5027_46e1_84c0_88aa, 0xfbc5_ec83_e632_7893]),
    (Feature::ExecutableAddress, [0x71ba_7686_3cc5_5f63, 0xb264_4a48_c516_a487]),
    (Feature::Performance, [0x6b50_ad9b_f36d_13ad, 0xdc4c_7e88_fc75_9e17]),
    (Feature::KeepIommu, [0x8eba_abe5_1f49_0179, 0x2aa8_6a59_ffb4_ab0f]),
    (Feature::TscFrequency, [0x10f2_ee1d_87d1_95e4, 0xf747_a2b7_8f6d_db31]),
];

/// `firmware_type` of 64-bit UEFI.
pub const FIRMWARE_EFI64: u64 = 2;
/// `memory_model` of a framebuffer of colour masks.
pub const FRAMEBUFFER_RGB: u8 = 1;
/// Flag of an internal module: fail without it.
pub const MODULE_REQUIRED: u64 = 1;
/// Flag of an internal module: it is compressed.
pub const MODULE_COMPRESSED: u64 = 2;
/// Flag of the MP request and response: the local APICs are in x2APIC mode.
pub const MP_X2APIC: u64 = 1;
/// `media_type` of a CD.
pub const MEDIA_OPTICAL: u32 = 1;
