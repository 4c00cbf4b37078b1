//! The other processors: their memory, and their start.

use crate::arch::apic::{LocalApic, Wanted};
use crate::arch::handover::Block;
use crate::arch::start::{Candidate, Starter};
use crate::firmware::memory;
use alloc::vec::Vec;
use loader::acpi::{LocalNmi, Processor};
use loader::answer::Processors;
use loader::protocol::HHDM;
use loader::{Error, acpi};

/// Words in the structure that the kernel sees of each processor.
const INFO_WORDS: usize = 4;
/// Its word that holds the address to jump to.
const INFO_TARGET: usize = 2;

/// Memory for processors, taken while the firmware still hands it out.
pub(crate) struct Reserved {
    processors: Vec<Processor>,
    infos: &'static mut [u64],
    blocks: &'static mut [Block],
    stacks: &'static mut [u8],
    stack_size: u64,
    page: &'static mut [u8],
    frequency: u64,
}

/// The page tables, by the physical addresses of their roots.
#[derive(Clone, Copy)]
pub(crate) struct Roots {
    /// With which the kernel starts.
    pub(crate) kernel: u64,
    /// With which the loader changes over.
    pub(crate) crossing: u64,
}

impl Reserved {
    /// Takes the memory for all processors of the machine.
    ///
    /// # Errors
    ///
    /// [`Error::Firmware`] if there is none.
    pub(crate) fn new(
        tables: &acpi::Tables,
        stack_size: u64,
        frequency: u64,
    ) -> Result<Self, Error> {
        let processors = tables.processors.clone();
        let count = processors.len() as u64;
        Ok(Self {
            infos: memory::allocate(count * INFO_WORDS as u64)?,
            blocks: memory::allocate(count)?,
            stacks: memory::allocate(count * stack_size)?,
            page: memory::allocate_below(4096, 1 << 20)?,
            processors,
            stack_size,
            frequency,
        })
    }

    /// Starts all processors but the running one; those that do not come up are left out.
    ///
    /// # Errors
    ///
    /// [`Error::Full`] if the start page is too small, which is a bug.
    pub(crate) fn start(
        self,
        apic: &LocalApic,
        wanted: Wanted,
        nmis: &[LocalNmi],
        roots: Roots,
    ) -> Result<Processors, Error> {
        let stacks = memory::address_of(self.stacks);
        let first_info = memory::address_of(self.infos);
        let own = apic.id();
        let mut starter = Starter {
            page: self.page,
            root: roots.crossing,
            frequency: self.frequency,
            nmis,
            wanted,
        };
        let mut infos = Vec::new();
        let places = self.infos.chunks_exact_mut(INFO_WORDS).zip(self.blocks);
        for (index, (processor, (info, block))) in
            (0_u64..).zip(self.processors.into_iter().zip(places))
        {
            let address = first_info + index * INFO_WORDS as u64 * 8;
            info[0] = u64::from(processor.id) | u64::from(processor.apic) << 32;
            let mut is_here = processor.apic == own;
            if !is_here {
                let stack = stacks + (index + 1) * self.stack_size;
                let target = address + INFO_TARGET as u64 * 8;
                let place = core::ptr::from_ref(block).addr() as u64;
                let argument = HHDM + address;
                *block = Block::new(place, roots.kernel, stack, Some(target), 0, argument);
                is_here = starter.start(apic, &mut Candidate { processor, block, stack })?;
            }
            if is_here {
                infos.push(HHDM + address);
            }
        }
        Ok(Processors { is_x2apic: apic.is_x2apic(), boot_apic: own, infos })
    }
}
