//! The memory in which responses lie: words that are handed out from the front, with the address
//! at which the kernel will see them.

use crate::Error;
use alloc::vec::Vec;

/// Memory for responses.
#[derive(Debug)]
pub struct Arena<'a> {
    words: &'a mut [u64],
    address: u64,
    used: usize,
}

impl<'a> Arena<'a> {
    /// Hands out `words`, whose first the kernel will see at `address`.
    pub fn new(words: &'a mut [u64], address: u64) -> Self {
        Self { words, address, used: 0 }
    }

    /// Stores a structure and returns its address.
    ///
    /// # Errors
    ///
    /// [`Error::Full`] if there is no room.
    pub fn place(&mut self, words: &[u64]) -> Result<u64, Error> {
        let end = self.used + words.len();
        let place = self.words.get_mut(self.used..end).ok_or(Error::Full("responses"))?;
        place.copy_from_slice(words);
        let address = self.address + self.used as u64 * 8;
        self.used = end;
        Ok(address)
    }

    /// Stores bytes, filled up with zeros to a whole number of words.
    ///
    /// # Errors
    ///
    /// [`Error::Full`] if there is no room.
    pub fn place_bytes(&mut self, bytes: &[u8]) -> Result<u64, Error> {
        let word = |chunk: &[u8]| {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            u64::from_le_bytes(word)
        };
        let words: Vec<u64> = bytes.chunks(8).map(word).collect();
        self.place(&words)
    }

    /// Stores a text with a zero byte at its end. A zero byte in the text ends it early.
    ///
    /// # Errors
    ///
    /// [`Error::Full`] if there is no room.
    pub fn place_text(&mut self, text: &str) -> Result<u64, Error> {
        let mut bytes = Vec::with_capacity(text.len() + 1);
        bytes.extend_from_slice(text.as_bytes());
        bytes.push(0);
        self.place_bytes(&bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::Arena;

    #[test]
    fn structures_follow_each_other() {
        let mut words = [0; 4];
        let mut arena = Arena::new(&mut words, 0x1000);
        assert_eq!(arena.place(&[7]), Ok(0x1000));
        assert_eq!(arena.place_text("12345678"), Ok(0x1008));
        assert!(arena.place(&[1, 2]).is_err());
        assert_eq!(arena.place_bytes(&[]), Ok(0x1018));
        assert_eq!(arena.place(&[9]), Ok(0x1018));
        assert_eq!(words, [7, u64::from_le_bytes(*b"12345678"), 0, 9]);
    }
}
