//! What the loader left: memory, the package, the command line.
//!
//! A kernel declares its entry with [`entry!`](crate::entry); it is called once, on the first CPU,
//! with memory, heap, time, console and interrupts ready, and the other CPUs not started.

use crate::memory::{PAGE_SIZE, PhysAddr, Shared};

/// What the kernel finds when it starts.
#[derive(Clone, Copy, Debug)]
pub struct Info {
    /// The kernel's command line.
    pub command_line: &'static str,
    /// Memory whose frames can be claimed: what the machine has, less what the loader, the kernel
    /// image, the modules and hal's own structures occupy. Page-aligned, ascending, apart.
    pub memory: &'static [Region],
    /// The boot module.
    pub package: Option<Module>,
    /// A linear framebuffer.
    pub framebuffer: Option<Framebuffer>,
    /// Name and version of what loaded the kernel.
    pub loader: &'static str,
    /// All usable memory of the machine in bytes, hal's and the kernel's own included.
    pub total_memory: u64,
}

/// A run of physical memory.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Region {
    /// Its first byte, page-aligned.
    pub start: PhysAddr,
    /// Its length in pages.
    pub pages: usize,
}

/// A file that the loader placed in memory; never written again.
#[derive(Clone, Copy, Debug)]
pub struct Module {
    start: PhysAddr,
    bytes: &'static [u8],
}

impl Module {
    /// The module in `bytes`, which lie at `start`.
    ///
    /// # Safety
    ///
    /// `bytes` must be the memory at `start`, nobody may ever write it, and when `start` is
    /// page-aligned, what follows up to the end of the last page must also be free to show to anyone.
    pub(crate) const unsafe fn new(start: PhysAddr, bytes: &'static [u8]) -> Self {
        Self { start, bytes }
    }

    /// Its contents.
    pub const fn bytes(&self) -> &'static [u8] {
        self.bytes
    }

    /// The page that holds its bytes from `index * PAGE_SIZE` on; none past its end, or when the
    /// loader did not align it to a page.
    pub fn page(&self, index: usize) -> Option<Shared> {
        let offset = index.checked_mul(PAGE_SIZE)?;
        if offset >= self.bytes.len() || !self.start.0.is_multiple_of(PAGE_SIZE as u64) {
            return None;
        }
        // SAFETY: `new` was promised that these pages are never written.
        Some(unsafe { Shared::new(PhysAddr(self.start.0 + offset as u64)) })
    }
}

/// A linear framebuffer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Framebuffer {
    /// Where it lies.
    pub start: PhysAddr,
    /// Pixels in a line.
    pub width: u32,
    /// Lines.
    pub height: u32,
    /// Bytes from one line to the next.
    pub pitch: u32,
    /// Bits in a pixel.
    pub bits_per_pixel: u32,
}

/// Declares the function that hal calls when the machine is ready: `fn(&'static Info) -> !`.
#[macro_export]
macro_rules! entry {
    ($function:path) => {
        /// The kernel's entry, found by hal through the linker.
        #[cfg(target_os = "none")]
        #[unsafe(no_mangle)]
        extern "Rust" fn cermet_kernel_entry(info: &'static $crate::boot::Info) -> ! {
            let function: fn(&'static $crate::boot::Info) -> ! = $function;
            function(info)
        }
    };
}
