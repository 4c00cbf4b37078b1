//! `cargo xtask iso`: a bootable UEFI image.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use clap::Args;

use crate::build::{Source, Work};
use crate::context::Context;

/// Options of `cargo xtask iso`.
#[derive(Args, Debug)]
pub(crate) struct Options {
    #[command(flatten)]
    source: Source,

    /// Where to write the image
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// `cargo xtask iso`.
///
/// # Errors
///
/// Always, until the loader is there.
pub(crate) fn command(_context: &Context, options: &Options) -> Result<u8> {
    bail!("ISO images cannot be made yet (wanted: {options:?})")
}

/// Makes an image of a kernel and a package.
///
/// # Errors
///
/// Always, until the loader is there.
pub(crate) fn make(
    _work: &Work<'_>,
    _kernel: &Path,
    _package: &Path,
    _command_line: &str,
    _output: &Path,
) -> Result<()> {
    bail!("ISO images cannot be made yet")
}
