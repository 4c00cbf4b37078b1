//! The user-mode state of a thread, and running it.

use core::arch::asm;
use core::sync::atomic::Ordering;

use abi::trap::{Kind, Registers};
use x86_64::VirtAddr;
use x86_64::registers::control::Cr2;
use x86_64::registers::debug::{Dr6, Dr6Flags};
use x86_64::registers::model_specific::FsBase;

use super::{apic, feature, local, shootdown, trap, vector};
use crate::memory::AddressSpace;
use crate::task::Event;

/// A thread's registers.
pub(crate) struct Context {
    registers: Registers,
    thread_pointer: u64,
    vector: vector::State,
}

impl Context {
    pub(crate) fn new(
        entry: usize,
        stack_pointer: usize,
        thread_pointer: usize,
        argument: usize,
    ) -> Option<Self> {
        Some(Self {
            registers: Registers {
                rip: entry as u64,
                rsp: stack_pointer as u64,
                rdi: argument as u64,
                ..Registers::default()
            },
            thread_pointer: thread_pointer as u64,
            vector: vector::State::new()?,
        })
    }

    #[inline]
    pub(crate) fn registers(&self) -> &Registers {
        &self.registers
    }

    #[inline]
    pub(crate) fn registers_mut(&mut self) -> &mut Registers {
        &mut self.registers
    }

    pub(crate) fn set_thread_pointer(&mut self, value: usize) {
        self.thread_pointer = value as u64;
    }

    #[inline]
    pub(crate) fn run(&mut self, space: &AddressSpace) -> Event {
        let local = local::this();
        loop {
            if local.root.load(Ordering::Relaxed) != space.root().0 {
                shootdown::load(local, space.root());
            }
            if !self.vector.is_loaded(local) {
                self.vector.load(local);
            }
            if local.thread_pointer.get() != self.thread_pointer {
                self.load_thread_pointer(local);
            }
            if self.registers.rip >> 47 != 0 {
                return fault(Kind::Protection);
            }
            // SAFETY: `rip` was just checked; space, thread pointer and vector state are loaded.
            let reason = unsafe { trap::enter_user(&mut self.registers) };
            if reason == trap::CALL {
                return Event::Call;
            }
            if let Some(event) = self.decode(reason, local) {
                return event;
            }
        }
    }

    #[cold]
    fn load_thread_pointer(&self, local: &local::Local) {
        // An address that cannot be one would fault here; the thread gets the nearest that can.
        FsBase::write(VirtAddr::new_truncate(self.thread_pointer));
        local.thread_pointer.set(self.thread_pointer);
    }

    /// What a trap means to the kernel; nothing when the thread can go on.
    fn decode(&self, reason: u64, local: &local::Local) -> Option<Event> {
        let kind = match reason {
            trap::ATTENTION => {
                shootdown::answer(local);
                return None;
            }
            trap::FIRST_INTERRUPT..=trap::LAST_INTERRUPT => {
                return apic::decode(reason as u8, local).map(Event::Interrupt);
            }
            trap::PAGE_FAULT => {
                // Without the bits that tell of the kernel's own business.
                let code = local.error_code.get() & 0b1_0011;
                return Some(Event::Fault { kind: Kind::Memory, code, address: Cr2::read_raw() });
            }
            trap::DIVIDE => Kind::Divide,
            trap::DEBUG => {
                let cause = Dr6::read();
                // SAFETY: clears what the CPU only ever sets.
                unsafe { asm!("mov dr6, {}", in(reg) 0_u64, options(nomem, nostack)) };
                if cause.contains(Dr6Flags::STEP) { Kind::SingleStep } else { Kind::Breakpoint }
            }
            3 => Kind::Breakpoint,
            trap::INVALID_OPCODE => Kind::IllegalInstruction,
            trap::X87 | trap::SIMD => Kind::FloatingPoint,
            trap::ALIGNMENT => Kind::Alignment,
            _ => Kind::Protection,
        };
        Some(Event::Fault { kind, code: local.error_code.get(), address: 0 })
    }
}

const fn fault(kind: Kind) -> Event {
    Event::Fault { kind, code: 0, address: 0 }
}

/// Prepares the CPU for vector state of threads.
pub(super) fn init_vectors() {
    use x86_64::registers::control::{Cr0, Cr0Flags, Cr4, Cr4Flags};
    // SAFETY: the kernel itself does not use the registers that this gives to threads.
    unsafe {
        Cr0::update(|flags| {
            flags.remove(Cr0Flags::EMULATE_COPROCESSOR | Cr0Flags::TASK_SWITCHED);
            flags.insert(Cr0Flags::MONITOR_COPROCESSOR | Cr0Flags::NUMERIC_ERROR);
        });
    }
    let components = feature::get().vector_components;
    // SAFETY: as above; XSAVE only where the CPU has it.
    unsafe {
        Cr4::update(|flags| {
            flags.insert(Cr4Flags::OSFXSR | Cr4Flags::OSXMMEXCPT_ENABLE);
            flags.set(Cr4Flags::OSXSAVE, components != 0);
        });
    }
    if components != 0 {
        // SAFETY: the components are among those that the CPU offers, and x87 is one of them.
        unsafe {
            asm!("xsetbv", in("ecx") 0, in("eax") components as u32,
                in("edx") (components >> 32) as u32, options(nostack, nomem));
        }
    }
}
