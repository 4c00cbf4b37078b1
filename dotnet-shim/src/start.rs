//! From the first instruction of the image to `Main` and its exit code.
use crate::format::package::Package;
use crate::{arch, code, collect, fault, finalizer, heap, memory, module, sys, thread};
use abi::start::Start;
use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering::Relaxed};

static START: AtomicPtr<Start> = AtomicPtr::new(ptr::null_mut());

unsafe extern "C" {
    fn __managed__Main(count: i32, arguments: *const *const u8) -> i32;
}

/// The start block of this service.
pub(crate) fn block() -> &'static Start {
    // SAFETY: `run` stored it before anything else ran.
    unsafe { &*START.load(Relaxed) }
}

/// What the service was packed with.
pub(crate) fn package() -> Package<'static> {
    let block = block();
    // SAFETY: the kernel keeps the package mapped, read-only, at this place.
    let bytes =
        unsafe { core::slice::from_raw_parts(block.package as *const u8, block.package_len) };
    Package::new(bytes).unwrap_or(Package::EMPTY)
}

/// The number in an environment variable.
pub(crate) fn setting(name: &[u8]) -> Option<u64> {
    package().variable(name).and_then(crate::format::number)
}

/// The kernel's entry into the image.
#[cfg(not(feature = "linux"))]
#[unsafe(export_name = "rt_cermet_start")]
extern "C" fn cermet_start(block: &'static Start) -> ! {
    sys::set_start(block);
    if block.magic != abi::start::MAGIC || block.version != abi::VERSION {
        fatal!("This image was built for another kernel.");
    }
    run(block)
}

/// Runs the service. The order of the lines is the order of initialisation.
pub(crate) fn run(block: &'static Start) -> ! {
    START.store((&raw const *block).cast_mut(), Relaxed);
    arch::enable_vector_state_saving();
    module::read_program_headers();
    thread::attach_main(block);
    fault::install();
    heap::init(block.memory_limit);
    if setting(b"CERMET_SELF_CHECK").is_some() {
        code::self_check();
    }
    module::initialize();
    finalizer::start();
    let (count, arguments) = arguments();
    // SAFETY: the runtime is up; the arguments are a null-terminated list that is never freed.
    let code = unsafe { __managed__Main(count, arguments) };
    collect::report_statistics();
    sys::exit(code as u8)
}

/// The arguments of `Main` as C has them: the image's name first, a null last.
fn arguments() -> (i32, *const *const u8) {
    let package = package();
    let count = package.arguments().count() + 1;
    let list = memory::allocate((count + 1) * size_of::<*const u8>()).cast::<*const u8>();
    let name = memory::allocate(package.name().len() + 1);
    if list.is_null() || name.is_null() {
        fatal!("Out of memory.");
    }
    // SAFETY: the name's block is one longer than the name, the list's has `count + 1` words.
    unsafe {
        ptr::copy_nonoverlapping(package.name().as_ptr(), name, package.name().len());
        name.add(package.name().len()).write(0);
        list.write(name);
        for (index, argument) in package.arguments().enumerate() {
            list.add(index + 1).write(argument.as_ptr());
        }
        list.add(count).write(ptr::null());
    }
    (count as i32, list)
}
