//! Starting the other CPUs: INIT, then start-up interrupts that name the trampoline's page.

use core::arch::global_asm;
use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use x86_64::registers::control::Efer;

use super::paging::{self, Stack};
use super::{apic, clock, local, trap};
use crate::cpu;
use crate::memory::PhysAddr;
use crate::sync::Once;

global_asm!(include_str!("trampoline.s"), options(att_syntax, raw));

unsafe extern "C" {
    static hal_trampoline: u8;
    static hal_trampoline_stack: u8;
    static hal_trampoline_root: u8;
    static hal_trampoline_efer: u8;
    static hal_trampoline_number: u8;
    static hal_trampoline_end: u8;
}

/// CPUs that ACPI lists; after `start`, those that run.
static COUNT: AtomicU32 = AtomicU32::new(1);

/// How many CPUs there are.
#[inline]
pub(super) fn count() -> u32 {
    COUNT.load(Ordering::Relaxed)
}

/// What starting needs, taken at boot.
struct Plan {
    /// The page below 1 MiB.
    page: PhysAddr,
    /// Tables that map it one to one.
    root: PhysAddr,
    /// The APIC numbers of the other CPUs.
    apic_ids: [u32; cpu::LIMIT as usize],
}

static PLAN: Once<Plan> = Once::new();

/// Prepares the start of the CPUs with these APIC numbers, this one's among them. Without a page below
/// 1 MiB there will be no other CPU.
pub(super) fn prepare(page: Option<PhysAddr>, listed: impl Iterator<Item = u32>) {
    let Some(page) = page else { return };
    let own = local::of(0).apic_id.load(Ordering::Relaxed);
    let mut apic_ids = [0; cpu::LIMIT as usize];
    let mut count = 1;
    for apic_id in listed.filter(|&apic_id| apic_id != own).take(apic_ids.len() - 1) {
        apic_ids[count as usize] = apic_id;
        paging::map_stacks(count);
        count += 1;
    }
    if count > 1 {
        paging::reach(page, 4096);
        PLAN.call_once(|| Plan { page, root: paging::starting_root(), apic_ids });
        COUNT.store(count, Ordering::SeqCst);
    }
}

/// Where CPUs go when they are up.
static ENTRY: Once<fn(cpu::Id) -> !> = Once::new();
/// Whether the CPU that is being started has come up.
static IS_UP: AtomicBool = AtomicBool::new(false);

/// See `Arch::start_cpus`.
pub(super) fn start(entry: fn(cpu::Id) -> !) {
    let Some(plan) = PLAN.get() else { return };
    ENTRY.call_once(|| entry);
    let place = paging::window(plan.page);
    let start = &raw const hal_trampoline;
    let len = &raw const hal_trampoline_end as usize - start as usize;
    // SAFETY: the page was set aside for this, is shown by the window and longer than the code.
    unsafe { ptr::copy_nonoverlapping(start, place, len) };
    let field = |symbol: *const u8| place.wrapping_add(symbol as usize - start as usize);
    let efer = Efer::read_raw() as u32 & 0x901; // SCE, LME, NXE
    // SAFETY: the fields lie in the copy, aligned.
    unsafe {
        field(&raw const hal_trampoline_root).cast::<u32>().write(plan.root.0 as u32);
        field(&raw const hal_trampoline_efer).cast::<u32>().write(efer);
    }
    let listed = count();
    let mut number = 1;
    for &apic_id in &plan.apic_ids[1..listed as usize] {
        local::of(number).apic_id.store(apic_id, Ordering::Relaxed);
        let stack = paging::stack_top(number, Stack::Kernel);
        // SAFETY: as above.
        unsafe {
            field(&raw const hal_trampoline_stack).cast::<u64>().write(stack);
            field(&raw const hal_trampoline_number).cast::<u32>().write(number);
        }
        if start_one(apic_id, plan.page) {
            number += 1;
        }
    }
    // A CPU that did not come up has left its number to the next one.
    COUNT.store(number, Ordering::SeqCst);
}

/// Starts one CPU; false when it does not come up in a tenth of a second.
fn start_one(apic_id: u32, page: PhysAddr) -> bool {
    IS_UP.store(false, Ordering::SeqCst);
    let start_up = apic::START_UP | (page.0 >> 12) as u32;
    apic::send_command(apic_id, apic::INIT);
    // CPUs of this century need no 10 ms between INIT and start-up; but an emulated one may look at
    // both together and lose the second, so that is repeated. A CPU that runs ignores it.
    wait(10_000, || false);
    (0..500).any(|_| {
        apic::send_command(apic_id, start_up);
        wait(200_000, is_up)
    })
}

fn is_up() -> bool {
    IS_UP.load(Ordering::SeqCst)
}

/// Waits until `condition` holds, or for `limit_ns`; whether it holds.
fn wait(limit_ns: u64, condition: fn() -> bool) -> bool {
    let end = clock::now_ns() + limit_ns;
    while !condition() {
        if clock::now_ns() >= end {
            return false;
        }
        core::hint::spin_loop();
    }
    true
}

/// The first Rust code on another CPU, on its own stack.
#[unsafe(no_mangle)]
extern "C" fn hal_cpu_main(number: u32) -> ! {
    paging::prepare_cpu();
    // SAFETY: the kernel's root maps what the starting root does in the kernel's half, where this
    // code, its data and its stack lie.
    unsafe { paging::write_root(paging::kernel_root()) };
    // SAFETY: this is the CPU that was started with this number.
    unsafe { super::init_cpu(number) };
    apic::init_cpu(local::this());
    local::this().root.store(paging::kernel_root().0, Ordering::SeqCst);
    let entry = ENTRY.get().expect("`start` has set it before it started a CPU");
    IS_UP.store(true, Ordering::SeqCst);
    entry(cpu::Id::from_number(number))
}

/// See `Arch::stop_other_cpus`.
pub(super) fn stop_others() {
    trap::STOPPING.store(true, Ordering::SeqCst);
    if count() > 1 {
        apic::send_nmi_to_others();
    }
}
