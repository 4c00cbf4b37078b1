//! Signals that ask this program to stop, as something to look at.

use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context as _, Result};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

static PENDING: OnceLock<Arc<AtomicUsize>> = OnceLock::new();

/// From now on these signals are noted instead of ending the program.
///
/// # Errors
///
/// If they cannot be caught.
pub(crate) fn watch() -> Result<()> {
    let pending = PENDING.get_or_init(Arc::default);
    for signal in [SIGHUP, SIGINT, SIGTERM] {
        let value = usize::try_from(signal).expect("signal numbers are positive");
        signal_hook::flag::register_usize(signal, pending.clone(), value)
            .context("signals cannot be caught")?;
    }
    Ok(())
}

/// The last signal that came, if one did.
pub(crate) fn pending() -> Option<i32> {
    let value = PENDING.get()?.load(Ordering::Relaxed);
    i32::try_from(value).ok().filter(|&signal| signal != 0)
}
