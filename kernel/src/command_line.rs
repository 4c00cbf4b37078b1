//! The kernel's command line: words, of which those it does not know are somebody else's.

use crate::stream::line::Source;

/// What a marked stream begins with.
pub(crate) const MARK: [u8; 2] = [0x10, 0x02];

/// What can be chosen at boot.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Options {
    /// `stdin=framed`, `stdin=terminal`: what sits at the other end of standard input.
    pub(crate) source: Source,
    /// `log=com1`: the log goes where standard output goes.
    pub(crate) log_to_output: bool,
    /// `streams=marked`: the streams begin with [`MARK`], so that a reader can tell them from what the
    /// firmware wrote to the same ports.
    pub(crate) mark_streams: bool,
    /// `panic=boot`: the kernel panics, so that a test sees how that looks.
    pub(crate) panic: bool,
}

impl Options {
    /// Reads a command line; the last of contradicting words counts.
    pub(crate) fn parse(line: &str) -> Self {
        let mut options = Self {
            source: Source::Terminal,
            log_to_output: false,
            mark_streams: false,
            panic: false,
        };
        for word in line.split_ascii_whitespace() {
            match word {
                "stdin=framed" => options.source = Source::Framed,
                "stdin=terminal" => options.source = Source::Terminal,
                "log=com1" => options.log_to_output = true,
                "streams=marked" => options.mark_streams = true,
                "panic=boot" => options.panic = true,
                _ => {}
            }
        }
        options
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_among_others() {
        let plain = Options {
            source: Source::Terminal,
            log_to_output: false,
            mark_streams: false,
            panic: false,
        };
        assert_eq!(Options::parse(""), plain);
        assert_eq!(Options::parse("kernel.elf quiet stdin=other"), plain);
        let framed = Options::parse("  log=com1 stdin=terminal stdin=framed\n");
        assert_eq!(framed, Options { source: Source::Framed, log_to_output: true, ..plain });
    }
}
