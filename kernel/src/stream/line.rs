//! What arrives at a serial port, and what it means as input.

/// What sits at the other end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Source {
    /// A person at a terminal: return ends a line, control-D ends the input.
    Terminal,
    /// A program that escapes with [`ESCAPE`]: any byte can be sent, and the end of the input.
    Framed,
}

/// In framed input, begins a sequence: itself again is one such byte, [`END`] the end of the input.
pub(crate) const ESCAPE: u8 = 0x10;

/// Control-D, end of transmission.
pub(crate) const END: u8 = 0x04;

/// What an arrived byte turned out to be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Meaning {
    /// A byte of input.
    Byte(u8),
    /// The end of the input.
    End,
    /// Part of a sequence.
    Nothing,
}

/// Turns arriving bytes into input.
#[derive(Debug)]
pub(crate) struct Decoder {
    source: Source,
    is_escaped: bool,
}

impl Decoder {
    /// A decoder at the start of the input.
    pub(crate) const fn new(source: Source) -> Self {
        Self { source, is_escaped: false }
    }

    /// What `byte` means, after those before it. An unknown sequence means its second byte.
    pub(crate) fn decode(&mut self, byte: u8) -> Meaning {
        match (self.source, core::mem::take(&mut self.is_escaped), byte) {
            (Source::Terminal, _, END) | (Source::Framed, true, END) => Meaning::End,
            (Source::Terminal, _, b'\r') => Meaning::Byte(b'\n'),
            (Source::Framed, false, ESCAPE) => {
                self.is_escaped = true;
                Meaning::Nothing
            }
            (_, _, byte) => Meaning::Byte(byte),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(source: Source, bytes: &[u8]) -> (Vec<u8>, bool) {
        let mut decoder = Decoder::new(source);
        let mut input = Vec::new();
        for byte in bytes {
            match decoder.decode(*byte) {
                Meaning::Byte(byte) => input.push(byte),
                Meaning::End => return (input, true),
                Meaning::Nothing => {}
            }
        }
        (input, false)
    }

    #[test]
    fn every_byte_can_be_framed() {
        let all: Vec<u8> = (0..=255).collect();
        let mut sent: Vec<u8> = all
            .iter()
            .flat_map(|b| [*b; 2].into_iter().take(1 + usize::from(*b == ESCAPE)))
            .collect();
        assert_eq!(decode(Source::Framed, &sent), (all.clone(), false));
        sent.extend([ESCAPE, END]);
        assert_eq!(decode(Source::Framed, &sent), (all, true));
    }

    #[test]
    fn a_terminal_sends_lines() {
        assert_eq!(decode(Source::Terminal, b"ab\rc\x10\x04d"), (b"ab\nc\x10".to_vec(), true));
    }
}
