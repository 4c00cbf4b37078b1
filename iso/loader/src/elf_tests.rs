//! Tests of the ELF reader.

use super::{Access, Plan};
use crate::Error;
use crate::protocol::KERNEL_BASE;
use alloc::{vec, vec::Vec};

const TEXT: Access = Access { write: false, execute: true };
const DATA: Access = Access { write: true, execute: false };

struct Part {
    kind: u32,
    flags: u32,
    address: u64,
    bytes: Vec<u8>,
    memory_size: u64,
}

fn part(flags: u32, address: u64, bytes: &[u8], memory_size: u64) -> Part {
    Part { kind: 1, flags, address, bytes: bytes.to_vec(), memory_size }
}

fn file(kind: u16, entry: u64, parts: &[Part]) -> Vec<u8> {
    let mut out = vec![0; 64 + parts.len() * 56];
    out[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
    out[16..18].copy_from_slice(&kind.to_le_bytes());
    out[18..20].copy_from_slice(&62_u16.to_le_bytes());
    out[24..32].copy_from_slice(&entry.to_le_bytes());
    out[32..40].copy_from_slice(&64_u64.to_le_bytes());
    out[54..56].copy_from_slice(&56_u16.to_le_bytes());
    let count = u16::try_from(parts.len()).expect("few");
    out[56..58].copy_from_slice(&count.to_le_bytes());
    for (index, part) in parts.iter().enumerate() {
        let at = 64 + index * 56;
        let offset = out.len() as u64;
        let words = [offset, part.address, 0x20_0000, part.bytes.len() as u64, part.memory_size];
        out[at..at + 4].copy_from_slice(&part.kind.to_le_bytes());
        out[at + 4..at + 8].copy_from_slice(&part.flags.to_le_bytes());
        for (position, word) in words.iter().enumerate() {
            let place = at + 8 + position * 8;
            out[place..place + 8].copy_from_slice(&word.to_le_bytes());
        }
        out.extend(&part.bytes);
    }
    out
}

fn kernel() -> Vec<u8> {
    file(
        2,
        KERNEL_BASE + 0x1001,
        &[
            part(6, KERNEL_BASE + 0x3010, b"data", 0x2000),
            part(5, KERNEL_BASE + 0x1000, b"\xf4\xf4", 2),
        ],
    )
}

#[test]
fn an_image_is_contiguous_and_zeroed() {
    let file = kernel();
    let plan = Plan::new(&file).expect("well formed");
    assert_eq!(plan.virtual_base, KERNEL_BASE + 0x1000);
    assert_eq!(plan.size, 0x5000);
    let mappings: Vec<_> = plan.mappings().collect();
    assert_eq!(mappings, [(0..0x1000, TEXT), (0x2000..0x5000, DATA)]);
    let mut image = vec![0xff; 0x5000];
    plan.load(&file, &mut image).expect("no relocations");
    let mut expected = vec![0; 0x5000];
    expected[..2].copy_from_slice(b"\xf4\xf4");
    expected[0x2010..0x2014].copy_from_slice(b"data");
    assert_eq!(image, expected);
}

#[test]
fn a_position_independent_kernel_is_slid() {
    let rela: Vec<u8> = [0x2010_u64, 8, 0x1000].iter().flat_map(|w| w.to_le_bytes()).collect();
    let dynamic: Vec<u8> =
        [7_u64, 0x2000, 8, 24, 0, 0].iter().flat_map(|word| word.to_le_bytes()).collect();
    let mut data = [rela, vec![0; 8], dynamic.clone()].concat();
    let mut parts = vec![part(5, 0x1000, b"\xf4", 1), part(6, 0x2000, &data, 0x100)];
    parts.push(Part { kind: 2, ..part(6, 0x2020, &dynamic, 48) });
    let pie = file(3, 0x1000, &parts);
    let plan = Plan::new(&pie).expect("well formed");
    assert_eq!((plan.virtual_base, plan.entry), (KERNEL_BASE, KERNEL_BASE));
    let mut image = vec![0; 0x2000];
    plan.load(&pie, &mut image).expect("relative relocations");
    assert_eq!(image[0x1010..0x1018], KERNEL_BASE.to_le_bytes()[..].to_vec()[..]);

    data[8] = 1; // R_X86_64_64
    parts[1] = part(6, 0x2000, &data, 0x100);
    let pie = file(3, 0x1000, &parts);
    let plan = Plan::new(&pie).expect("well formed");
    assert!(plan.load(&pie, &mut image).is_err());
}

#[test]
fn bad_files_are_refused_by_reason() {
    let bad = |file: &[u8], reason: &str| match Plan::new(file) {
        Err(Error::Elf(why)) => assert!(why.contains(reason), "{why}"),
        other => panic!("{reason}: {other:?}"),
    };
    bad(b"", "not an ELF");
    bad(b"MZ", "not an ELF");
    let good = kernel();
    for (at, value, reason) in [
        (4, 1, "64-bit"),
        (16, 1, "executable file"),
        (18, 3, "x86-64"),
        (54, 0, "headers are damaged"),
        (56, 255, "headers are damaged"),
        (25, 0x7f, "entry point"),
        (33, 0xff, "cut off"),
    ] {
        let mut file = good.clone();
        file[at] = value;
        bad(&file, reason);
    }
    bad(&good[..good.len() - 1], "cut off");
    let base = KERNEL_BASE;
    bad(&file(2, 0x1000, &[part(5, 0x1000, b"x", 1)]), "linked below");
    bad(&file(2, base, &[]), "no segment");
    bad(&file(2, base, &[part(5, base, b"x", 1), part(6, base + 8, b"x", 1)]), "share a page");
    bad(&file(2, base, &[part(5, base, b"xyz", 3), part(5, base + 1, b"x", 1)]), "overlap");
    bad(&file(2, base, &[part(5, base, b"xyz", 2)]), "outside");
    bad(&file(2, base, &[part(5, base, b"x", u64::MAX)]), "outside");
    bad(&file(2, base, &[part(5, base, b"x", 1 << 31)]), "outside");
    bad(&file(2, base, &[part(5, u64::MAX - 1, b"x", 1), part(5, base, b"x", 1)]), "outside");
}

#[test]
fn no_file_makes_it_panic() {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 33).expect("31 bits fit")
    };
    let good = kernel();
    for _ in 0..if cfg!(miri) { 100 } else { 50_000 } {
        let mut file = good.clone();
        for _ in 0..=next() % 4 {
            let at = next() % 176.min(file.len());
            file[at] = [0, 1, 2, 0x7f, 0x80, 0xff][next() % 6];
        }
        if let Ok(plan) = Plan::new(&file)
            && plan.size < 1 << 20
        {
            let mut image = vec![0; usize::try_from(plan.size).expect("small")];
            drop(plan.load(&file, &mut image));
        }
    }
}
