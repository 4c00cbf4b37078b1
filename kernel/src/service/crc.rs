//! CRC-32 (IEEE 802.3), eight bytes at a time: a package is checked whole at every boot, so this is
//! a good part of the time until the first line.

/// `TABLES[k][b]` is the remainder of byte `b` followed by `k` zero bytes.
static TABLES: [[u32; 256]; 8] = tables();

const fn tables() -> [[u32; 256]; 8] {
    const POLYNOMIAL: u32 = 0xedb8_8320;
    let mut tables = [[0; 256]; 8];
    let mut byte = 0;
    while byte < 256 {
        let mut value = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            value = (value >> 1) ^ (if value & 1 == 1 { POLYNOMIAL } else { 0 });
            bit += 1;
        }
        tables[0][byte] = value;
        byte += 1;
    }
    let mut byte = 0;
    while byte < 256 {
        let mut zeros = 1;
        while zeros < 8 {
            let shorter = tables[zeros - 1][byte];
            tables[zeros][byte] = (shorter >> 8) ^ tables[0][(shorter & 0xff) as usize];
            zeros += 1;
        }
        byte += 1;
    }
    tables
}

/// A checksum over pieces.
#[derive(Debug)]
pub(crate) struct Crc(u32);

impl Crc {
    /// Of nothing yet.
    pub(crate) const fn new() -> Self {
        Self(!0)
    }

    /// Adds a piece.
    pub(crate) fn add(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        let mut value = self.0;
        for word in words {
            let word = u64::from_le_bytes(*word) ^ u64::from(value);
            let byte = |n: u32| (word >> (8 * n)) as usize & 0xff;
            value = TABLES[7][byte(0)]
                ^ TABLES[6][byte(1)]
                ^ TABLES[5][byte(2)]
                ^ TABLES[4][byte(3)]
                ^ TABLES[3][byte(4)]
                ^ TABLES[2][byte(5)]
                ^ TABLES[1][byte(6)]
                ^ TABLES[0][byte(7)];
        }
        for byte in rest {
            value = (value >> 8) ^ TABLES[0][(value as u8 ^ byte) as usize];
        }
        self.0 = value;
    }

    /// The checksum.
    pub(crate) const fn value(&self) -> u32 {
        !self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crc(bytes: &[u8]) -> u32 {
        let mut crc = Crc::new();
        crc.add(bytes);
        crc.value()
    }

    #[test]
    fn published_check_values() {
        assert_eq!(crc(b""), 0);
        assert_eq!(crc(b"123456789"), 0xcbf4_3926);
        assert_eq!(crc(b"The quick brown fox jumps over the lazy dog"), 0x414f_a339);
    }

    #[test]
    fn pieces_of_any_length_give_the_sum_of_the_whole() {
        let bytes: Vec<u8> = (0..1000_u32).map(|i| (i * i / 8) as u8).collect();
        for cut in 0..64 {
            let mut pieces = Crc::new();
            pieces.add(&bytes[..cut]);
            pieces.add(&bytes[cut..]);
            assert_eq!(pieces.value(), crc(&bytes));
        }
    }
}
