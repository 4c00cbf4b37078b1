//! A method written bit by bit, and arbitrary bytes.
use super::{Error, GcInfo, Live, Slot, Stand};

/// Writes bits, lowest first.
#[derive(Default)]
struct Writer {
    bytes: Vec<u8>,
    at: usize,
}

impl Writer {
    fn bits(&mut self, value: u64, count: u32) -> &mut Self {
        for bit in 0..count {
            if self.at.is_multiple_of(8) {
                self.bytes.push(0);
            }
            self.bytes[self.at / 8] |= ((value >> bit & 1) as u8) << (self.at % 8);
            self.at += 1;
        }
        self
    }

    fn unsigned(&mut self, mut value: u64, base: u32) -> &mut Self {
        loop {
            let group = value & ((1 << base) - 1);
            value >>= base;
            self.bits(group | u64::from(value != 0) << base, base + 1);
            if value == 0 {
                return self;
            }
        }
    }
}

/// A method of 100 bytes with calls that return to 11 and 41: rbx lives at the first, a frame
/// slot at the second, and an untracked interior slot always.
fn sample() -> Vec<u8> {
    let mut writer = Writer::default();
    // slim header with rbp as the base
    writer.bits(0, 1).bits(1, 1).bits(0, 2).unsigned(100, 8).unsigned(2, 2);
    writer.bits(10, 7).bits(40, 7);
    // one register, one stack slot, one untracked slot
    writer.bits(1, 1).unsigned(1, 2).bits(1, 1).unsigned(1, 2).unsigned(1, 1);
    writer.unsigned(3, 3).bits(0, 2);
    // -16 and 32, in words, from the frame base and from the stack pointer
    writer.bits(2, 2).bits(0x3e, 7).bits(0, 2);
    writer.bits(1, 2).bits(4, 7).bits(1, 2);
    // the live states are direct: register, slot
    writer.bits(0, 1).bits(0b01, 2).bits(0b10, 2);
    writer.bytes
}

fn live(info: &GcInfo<'_>, offset: usize, stand: Stand) -> Result<Vec<Live>, Error> {
    let mut list = Vec::new();
    info.live_slots(offset, stand, |live| list.push(live)).map(|()| list)
}

#[test]
fn live_slots_are_those_of_the_call() {
    let bytes = sample();
    let info = GcInfo::new(&bytes).expect("the sample is valid");
    assert_eq!((info.code_length, info.frame_base), (100, Some(5)));
    assert_eq!(info.safepoints().collect::<Vec<_>>(), [10, 40]);
    let always = Live { slot: Slot::Stack(32), interior: true };
    let register = Live { slot: Slot::Register(3), interior: false };
    assert_eq!(live(&info, 11, Stand::Call), Ok(vec![register, always]));
    let second = live(&info, 41, Stand::Call).expect("a safepoint");
    assert!(matches!(second[..], [Live { slot: Slot::Frame(_), interior: false }, _]));
    assert_eq!(live(&info, 12, Stand::Call), Err(Error::NotASafepoint));
    assert_eq!(live(&info, 12, Stand::Faulted), Ok(vec![always]));
    assert!(info.is_interruptible(41) && !info.is_interruptible(40));
}

#[test]
fn arbitrary_bytes_end_in_a_result() {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut bytes = sample();
    let rounds = if cfg!(miri) { 50 } else { 3_000 };
    for round in 0..rounds {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        if round % 3 == 0 {
            bytes = (0..state % 60).map(|at| (state >> (at % 57)) as u8 ^ at as u8).collect();
        } else if let Some(byte) = bytes.get_mut(state as usize % 40) {
            *byte ^= (state >> 32) as u8;
        }
        let Some(info) = GcInfo::new(&bytes) else { continue };
        for stand in [Stand::Call, Stand::Interrupted, Stand::Faulted] {
            drop(live(&info, (state >> 40) as usize % 120, stand));
        }
        let _ = info.is_interruptible(state as usize % 120);
    }
}
