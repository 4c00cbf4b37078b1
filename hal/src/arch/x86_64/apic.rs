//! Interrupt controllers: each CPU's own, the ones that devices are wired to, and the old one, off.

use core::arch::asm;
use core::sync::atomic::{AtomicBool, Ordering};

use x86_64::instructions::port::Port;
use x86_64::registers::model_specific::Msr;

use super::acpi::Platform;
use super::local::{self, Local};
use super::{clock, feature, paging, shootdown};
use crate::memory::PhysAddr;
use crate::task::Interrupt;

/// Devices: this plus the ISA line.
const LINES: u8 = 0x30;
const TIMER: u8 = 0x40;
/// Another CPU asks this one to look at its queue.
pub(super) const RESCHEDULE: u8 = 0x41;
/// Another CPU wants `Local::pending` to be looked at.
pub(super) const ATTEND: u8 = 0x42;
const SPURIOUS: u8 = 0xff;

const PHYSICAL_BASE: u64 = 0xfee0_0000;

// Register offsets; in x2APIC mode the register is MSR 0x800 + offset / 16.
const ID: usize = 0x20;
/// Bits 16 to 23: the highest local interrupt.
const VERSION: usize = 0x30;
const TASK_PRIORITY: usize = 0x80;
const END_OF_INTERRUPT: usize = 0xb0;
const SPURIOUS_VECTOR: usize = 0xf0;
const COMMAND: usize = 0x300;
const COMMAND_HIGH: usize = 0x310;
const LVT_TIMER: usize = 0x320;
const LVT_THERMAL: usize = 0x330;
const LVT_COUNTER: usize = 0x340;
const LVT_LINT0: usize = 0x350;
const LVT_ERROR: usize = 0x370;
const INITIAL_COUNT: usize = 0x380;
const CURRENT_COUNT: usize = 0x390;
const DIVIDE: usize = 0x3e0;

const MASKED: u32 = 1 << 16;
const TSC_DEADLINE: u32 = 2 << 17;
const DELIVERY_PENDING: u32 = 1 << 12;

/// Commands, for `send_command`.
pub(super) const INIT: u32 = 0x4500;
pub(super) const START_UP: u32 = 0x4600;
const NMI_TO_OTHERS: u32 = 0xc_4400;

const BASE_MSR: u32 = 0x1b;
const BASE_ENABLED: u64 = 1 << 11;
const BASE_X2: u64 = 1 << 10;
const DEADLINE_MSR: u32 = 0x6e0;

static IS_X2: AtomicBool = AtomicBool::new(false);

fn read(register: usize) -> u32 {
    if IS_X2.load(Ordering::Relaxed) {
        // SAFETY: the controller is in x2APIC mode; reading its registers has no side effect.
        return unsafe { Msr::new(0x800 + register as u32 / 16).read() } as u32;
    }
    // SAFETY: `init` has mapped the controller there; registers are aligned.
    unsafe { paging::window(PhysAddr(PHYSICAL_BASE)).add(register).cast::<u32>().read_volatile() }
}

fn write(register: usize, value: u32) {
    if IS_X2.load(Ordering::Relaxed) {
        // SAFETY: the controller is in x2APIC mode; callers write what the register takes.
        return unsafe { Msr::new(0x800 + register as u32 / 16).write(value.into()) };
    }
    // SAFETY: as in `read`.
    unsafe {
        paging::window(PhysAddr(PHYSICAL_BASE)).add(register).cast::<u32>().write_volatile(value);
    }
}

/// Switches this CPU's controller on; on the first CPU, after `init`.
pub(super) fn init_cpu(local: &Local) {
    let mut base = Msr::new(BASE_MSR);
    // SAFETY: keeps the address and only adds modes that the CPU has; from x2APIC mode there is no
    // way back, so the bit is never cleared.
    unsafe {
        let mut value = base.read() | BASE_ENABLED;
        base.write(value);
        if feature::get().has_x2apic {
            value |= BASE_X2;
            base.write(value);
        }
        IS_X2.store(value & BASE_X2 != 0, Ordering::Relaxed);
    }
    let id = if IS_X2.load(Ordering::Relaxed) { read(ID) } else { read(ID) >> 24 };
    local.apic_id.store(id, Ordering::Relaxed);
    write(TASK_PRIORITY, 0);
    write(LVT_LINT0, MASKED);
    write(LVT_ERROR, MASKED);
    let extra = read(VERSION) >> 16 & 0xff;
    if extra >= 4 {
        write(LVT_COUNTER, MASKED);
    }
    if extra >= 5 {
        write(LVT_THERMAL, MASKED);
    }
    write(SPURIOUS_VECTOR, 0x100 | u32::from(SPURIOUS));
    write(DIVIDE, 0b1011); // by one
    let mode = if feature::get().has_tsc_deadline { TSC_DEADLINE } else { 0 };
    write(LVT_TIMER, u32::from(TIMER) | mode);
    if mode != 0 {
        // The write above must have happened before the first write of a deadline.
        // SAFETY: a fence.
        unsafe { asm!("mfence", options(nostack)) };
    }
}

/// Maps the controllers, silences the old one and every line.
pub(super) fn init(platform: &Platform) {
    paging::reach_device(PhysAddr(PHYSICAL_BASE), 4096);
    disable_pic();
    for controller in platform.controllers() {
        paging::reach_device(controller.address, 4096);
        for line in 0..=(io_read(controller.address, 1) >> 16 & 0xff) {
            io_write(controller.address, 0x10 + 2 * line, MASKED);
        }
    }
}

/// Moves the old controller's vectors away from the CPU's own and masks all of its lines.
fn disable_pic() {
    for (command, data, vector) in [(0x20, 0x21, 0x20), (0xa0, 0xa1, 0x28)] {
        let (mut command, mut data) = (Port::<u8>::new(command), Port::<u8>::new(data));
        let wiring = if vector == 0x20 { 4 } else { 2 };
        // SAFETY: the initialisation sequence of the 8259, then the mask.
        unsafe {
            command.write(0x11);
            data.write(vector);
            data.write(wiring);
            data.write(1);
            data.write(0xff);
        }
    }
}

fn io_read(base: PhysAddr, register: u32) -> u32 {
    let base = paging::window(base).cast::<u32>();
    // SAFETY: `init` has mapped the controller; the index register is at 0, the data at 16.
    unsafe {
        base.write_volatile(register);
        base.add(4).read_volatile()
    }
}

fn io_write(base: PhysAddr, register: u32, value: u32) {
    let base = paging::window(base).cast::<u32>();
    // SAFETY: as in `io_read`.
    unsafe {
        base.write_volatile(register);
        base.add(4).write_volatile(value);
    }
}

/// Leads an ISA line to the first CPU. Only while booting.
pub(super) fn route(platform: &Platform, line: u8) {
    let (number, flags) = platform.global_line(line);
    let Some(controller) =
        platform.controllers().filter(|c| c.first_line <= number).max_by_key(|c| c.first_line)
    else {
        return;
    };
    // ISA lines are active high and edge-triggered unless the flags say otherwise.
    let low = if flags & 3 == 3 { 1 << 13 } else { 0 };
    let level = if flags >> 2 & 3 == 3 { 1 << 15 } else { 0 };
    let register = 0x10 + 2 * (number - controller.first_line);
    let target = local::of(0).apic_id.load(Ordering::Relaxed);
    io_write(controller.address, register + 1, target << 24);
    io_write(controller.address, register, u32::from(LINES + line) | low | level);
}

/// Sends a vector to a CPU.
pub(super) fn send(to: &Local, vector: u8) {
    send_command(to.apic_id.load(Ordering::Relaxed), u32::from(vector));
}

/// Sends a command to the CPU with this APIC number.
pub(super) fn send_command(apic_id: u32, command: u32) {
    if IS_X2.load(Ordering::Relaxed) {
        // What was written before must be visible when the interrupt arrives; writing the MSR does
        // not see to that (SDM volume 3, "x2APIC register access").
        // SAFETY: fences, and a write that sends an interrupt.
        unsafe {
            asm!("mfence", "lfence", options(nostack));
            Msr::new(0x830).write(u64::from(apic_id) << 32 | u64::from(command));
        }
        return;
    }
    while read(COMMAND) & DELIVERY_PENDING != 0 {
        core::hint::spin_loop();
    }
    write(COMMAND_HIGH, apic_id << 24);
    write(COMMAND, command);
}

/// Sends a non-maskable interrupt to all other CPUs.
pub(super) fn send_nmi_to_others() {
    send_command(0, NMI_TO_OTHERS);
}

/// What a vector means to the kernel; nothing when hal has dealt with it.
pub(super) fn decode(vector: u8, local: &Local) -> Option<Interrupt> {
    if vector == SPURIOUS {
        return None;
    }
    write(END_OF_INTERRUPT, 0);
    match vector {
        TIMER => clock::expire(local).then_some(Interrupt::Timer),
        RESCHEDULE => Some(Interrupt::Reschedule),
        ATTEND => {
            shootdown::answer(local);
            None
        }
        LINES..TIMER => {
            super::uart::acknowledge();
            Some(Interrupt::Serial)
        }
        other => Some(Interrupt::Other(other)),
    }
}

/// Starts the timer: an interrupt after `count` of its ticks, or none with 0.
pub(super) fn start_timer(count: u32) {
    write(INITIAL_COUNT, count);
}

/// What is left of the count.
pub(super) fn timer_count() -> u32 {
    read(CURRENT_COUNT)
}

/// Masks or unmasks the timer's interrupt, for calibration.
pub(super) fn mask_timer(masked: bool) {
    let value = read(LVT_TIMER);
    write(LVT_TIMER, if masked { value | MASKED } else { value & !MASKED });
}

/// Sets the timer by the time stamp counter; 0 for none.
pub(super) fn set_tsc_deadline(counter: u64) {
    // SAFETY: the caller has seen that the CPU has the register.
    unsafe { Msr::new(DEADLINE_MSR).write(counter) };
}
