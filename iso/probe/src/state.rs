//! The state of the processors and of the interrupt controllers.

use crate::arch::{self, Entry, OTHERS, RIGHT, State, map_devices, read_port};
use crate::memory::{self, Facts, Kind};
use crate::report::Test;
use crate::requests::{PROCESSORS, processors as wanted_processors};
use core::sync::atomic::Ordering;

pub(crate) fn registers(t: &mut Test, entry: &Entry) {
    for (index, register) in entry.general.iter().enumerate() {
        t.expect(*register == 0, format_args!("register {index} is {register:#x}"));
    }
    t.expect(entry.flags == 2, format_args!("the flags are {:#x}", entry.flags));
    let address = entry.return_address;
    t.expect(address == 0, format_args!("the return address is {address:#x}"));
}

pub(crate) fn control(t: &mut Test, facts: &Facts) {
    let wrong = State::read().first_wrong(facts.revision >= 5);
    t.expect(wrong.is_none(), format_args!("{} is wrong", wrong.unwrap_or("")));
}

pub(crate) fn segments(t: &mut Test, facts: &Facts) {
    let state = State::read();
    let (limit, start) = state.gdt;
    t.expect(limit >= 55, format_args!("the limit of the descriptors is {limit}"));
    t.expect(facts.is_mapped(start, 56), format_args!("they are not in the direct map"));
    let kind = facts.kind_at(start - facts.window);
    t.expect(kind == Some(Kind::RECLAIMABLE), format_args!("they are in memory of {kind:?}"));
    let (words, _) = memory::bytes(start, u64::from(limit) + 1).as_chunks::<8>();
    let word = |index: usize| words.get(index).map_or(0, |bytes| u64::from_le_bytes(*bytes));
    // Without the accessed bits, which the processor may set.
    let expected = [
        0,
        0x0000_9a00_0000_ffff,
        0x0000_9200_0000_ffff,
        0x00cf_9a00_0000_ffff,
        0x00cf_9200_0000_ffff,
    ];
    for (index, expected) in expected.into_iter().enumerate() {
        let word = word(index) & !(1 << 40);
        t.expect(word == expected, format_args!("descriptor {index} is {word:#x}"));
    }
    // Present, code readable or data writable, and for code the long mode bit.
    let is_code = word(5) & 0x0020_9a00_0000_0000 == 0x0020_9a00_0000_0000;
    let is_data = word(6) & 0x0000_9a00_0000_0000 == 0x0000_9200_0000_0000;
    t.expect(is_code && is_data, format_args!("the 64-bit descriptors are wrong"));
    if facts.revision >= 5 {
        // Base and limit of the task register are 0.
        let low = word(usize::from(state.task() >> 3));
        let high = word(usize::from(state.task() >> 3) + 1);
        let is_empty = low & 0xff0f_00ff_ffff_ffff == 0 && (state.task() == 0 || high == 0);
        t.expect(is_empty, format_args!("the task segment is {low:#x}"));
    }
}

pub(crate) fn controllers(t: &mut Test, facts: &Facts) {
    let masks = (read_port(0x21), read_port(0xa1));
    t.expect(masks == (0xff, 0xff), format_args!("the PICs' masks are {masks:x?}"));
    let io = map_devices(facts.window, 0xfec0_0000);
    let register = |address: u64| core::ptr::with_exposed_provenance_mut::<u32>(address as usize);
    let read_io = |index: u32| {
        // SAFETY: the I/O APIC of a PC is at this address, which was just mapped.
        unsafe { register(io).write_volatile(index) };
        // SAFETY: as above.
        unsafe { register(io + 0x10).read_volatile() }
    };
    for input in 0..=(read_io(1) >> 16) & 0xff {
        let entry = read_io(0x10 + 2 * input);
        let is_masked = entry & 1 << 16 != 0 || !is_maskable(entry, facts.revision);
        t.expect(is_masked, format_args!("input {input} of the I/O APIC is {entry:#x}"));
    }
    if facts.revision < 5 {
        return;
    }
    let local = map_devices(facts.window, 0xfee0_0000);
    // SAFETY: the local APIC is at this address, which was just mapped.
    let read = |offset: u64| unsafe { register(local + offset).read_volatile() };
    t.expect(read(0xf0) == 0x1ff, format_args!("the spurious vector is {:#x}", read(0xf0)));
    t.expect(read(0x80) == 0, format_args!("the task priority is {:#x}", read(0x80)));
    for offset in [0x320, 0x330, 0x340, 0x350, 0x360, 0x370] {
        let entry = read(offset);
        let is_masked = entry & 1 << 16 != 0 || !is_maskable(entry, 5);
        t.expect(is_masked, format_args!("the entry at {offset:#x} is {entry:#x}"));
    }
}

/// Whether an interrupt of this delivery mode has to be masked.
fn is_maskable(entry: u32, revision: u64) -> bool {
    match (entry >> 8) & 7 {
        0 | 1 => true,
        4 | 7 => revision >= 5,
        _ => false,
    }
}

pub(crate) fn processors(t: &mut Test, facts: &Facts) {
    let Some(response) = PROCESSORS.get_response() else {
        return t.expect(false, format_args!("no answer"));
    };
    let all = response.cpus();
    let wanted = wanted_processors();
    t.expect(all.len() == wanted, format_args!("{} instead of {wanted}", all.len()));
    let first = response.bsp_lapic_id();
    let count = all.iter().filter(|it| it.lapic_id == first).count();
    t.expect(count == 1, format_args!("the one that boots is there {count} times"));
    for (number, processor) in (0_u64..).zip(all) {
        let Some(slot) = usize::try_from(number).ok().and_then(|number| OTHERS.get(number)) else {
            return t.expect(false, format_args!("more than 64"));
        };
        if processor.lapic_id == first {
            continue;
        }
        processor.extra.store(number, Ordering::Relaxed);
        processor.goto_address.write(arch::other);
        let word = (0..u32::MAX).find_map(|_| {
            core::hint::spin_loop();
            Some(slot.load(Ordering::Acquire)).filter(|&word| word != 0)
        });
        let word = word.unwrap_or(0);
        t.expect(word & RIGHT != 0, format_args!("processor {number} found {word:#x} wrong"));
        if word & RIGHT != 0 {
            let entry = word << 1;
            memory::is_stack(t, facts, entry + size_of::<Entry>() as u64);
        }
    }
}
