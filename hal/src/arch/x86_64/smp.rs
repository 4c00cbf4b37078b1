//! Starting the other CPUs: INIT, then start-up interrupts that name the trampoline's page. All are
//! started at once; each draws its number when it comes up.

use core::arch::global_asm;
use core::ptr;
use core::sync::atomic::{AtomicU32, Ordering};

use x86_64::registers::control::Efer;

use super::paging::{self, Stack};
use super::{apic, clock, local, trap};
use crate::cpu;
use crate::memory::PhysAddr;
use crate::sync::Once;
use crate::task::Interrupt;

global_asm!(include_str!("trampoline.s"), options(att_syntax, raw));

unsafe extern "C" {
    static hal_trampoline: u8;
    static hal_trampoline_stack: u8;
    static hal_trampoline_stride: u8;
    static hal_trampoline_root: u8;
    static hal_trampoline_efer: u8;
    static hal_trampoline_next: u8;
    static hal_trampoline_count: u8;
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

/// With less memory than this left, more CPUs would only take it from the service.
const ENOUGH: u64 = 1 << 20;

/// Prepares the start of the CPUs with these APIC numbers, this one's among them. Without a page below
/// 1 MiB there will be no other CPU.
pub(super) fn prepare(page: Option<PhysAddr>, listed: impl Iterator<Item = u32>) {
    let Some(page) = page else { return };
    let own = local::of(0).apic_id.load(Ordering::Relaxed);
    let mut apic_ids = [0; cpu::LIMIT as usize];
    let mut count = 1;
    for apic_id in listed.filter(|&apic_id| apic_id != own).take(apic_ids.len() - 1) {
        if paging::left() < ENOUGH {
            break;
        }
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
/// How many CPUs are up.
static UP: AtomicU32 = AtomicU32::new(1);

/// How long CPUs may take to draw a number: a busy host may let emulated ones wait.
const DRAW_NS: u64 = 1_000_000_000;
/// How long a CPU that has drawn one may take to come up, before that must be our mistake.
const UP_NS: u64 = 10_000_000_000;
/// After this a CPU that has not drawn is asked again.
const ASK_NS: u64 = 200_000;

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
    let stack = paging::stack_top(0, Stack::Kernel);
    let stride = paging::stack_top(1, Stack::Kernel) - stack;
    let efer = Efer::read_raw() as u32 & 0x901; // SCE, LME, NXE
    let listed = count();
    // SAFETY: the fields lie in the copy, aligned; no CPU runs there yet.
    let next = unsafe {
        field(&raw const hal_trampoline_stack).cast::<u64>().write(stack);
        field(&raw const hal_trampoline_stride).cast::<u64>().write(stride);
        field(&raw const hal_trampoline_root).cast::<u32>().write(plan.root.0 as u32);
        field(&raw const hal_trampoline_efer).cast::<u32>().write(efer);
        field(&raw const hal_trampoline_next).cast::<u32>().write(1);
        field(&raw const hal_trampoline_count).cast::<u32>().write(listed);
        AtomicU32::from_ptr(field(&raw const hal_trampoline_next).cast())
    };
    let others = &plan.apic_ids[1..listed as usize];
    let end = clock::now_ns() + DRAW_NS;
    others.iter().for_each(|&apic_id| apic::send_command(apic_id, apic::INIT));
    // CPUs of this century need no 10 ms between INIT and start-up; but an emulated one may look at
    // both together and lose the second, so that is repeated. A CPU that runs ignores it.
    wait(10_000, || false);
    let start_up = apic::START_UP | (plan.page.0 >> 12) as u32;
    while next.load(Ordering::SeqCst) < listed && clock::now_ns() < end {
        others.iter().for_each(|&apic_id| apic::send_command(apic_id, start_up));
        wait(ASK_NS, || next.load(Ordering::SeqCst) == listed);
    }
    // From here on a CPU that is late draws a number that is too high, and stops.
    let drawn = next.swap(cpu::LIMIT, Ordering::SeqCst);
    COUNT.store(drawn, Ordering::SeqCst);
    let are_up = wait(UP_NS, || UP.load(Ordering::SeqCst) == drawn);
    assert!(are_up, "a CPU was started and did not come up");
}

/// Waits until `condition` holds, or for `limit_ns`; whether it holds. The CPU sleeps meanwhile, which
/// an emulator can use to run the one that is waited for.
fn wait(limit_ns: u64, condition: impl Fn() -> bool) -> bool {
    const NAP_NS: u64 = 50_000;
    let local = local::this();
    let end = clock::now_ns() + limit_ns;
    let mut other_vector = None;
    while !condition() && clock::now_ns() < end {
        clock::set_deadline(local, Some(end.min(clock::now_ns() + NAP_NS)));
        trap::idle();
        let vector = local.idle_vector.get() as u8;
        if apic::decode(vector, local).is_some_and(|interrupt| interrupt != Interrupt::Timer) {
            other_vector = Some(vector);
        }
    }
    clock::set_deadline(local, None);
    if let Some(vector) = other_vector {
        // Not for us: let it come again when the kernel waits for it.
        apic::send(local, vector);
    }
    condition()
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
    UP.fetch_add(1, Ordering::SeqCst);
    entry(cpu::Id::from_number(number))
}

/// See `Arch::stop_other_cpus`.
pub(super) fn stop_others() {
    trap::STOPPING.store(true, Ordering::SeqCst);
    if count() > 1 {
        apic::send_nmi_to_others();
    }
}
