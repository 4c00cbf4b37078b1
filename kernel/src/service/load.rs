//! From a package to a service with a first thread.
//!
//! Nothing of the image is copied here: its segments become regions backed by the package, and their
//! pages become real when they are touched.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;

use abi::Error;
use abi::clock::Clock;
use abi::memory::{PAGE_SIZE, Protection};
use abi::start::{MAGIC, Start};
use abi::thread::ThreadParameters;
use hal::boot::Module;

use super::elf::{self, Image};
use super::package::{self, Package};
use super::{Service, create_thread};
use crate::Kernel;
use crate::bytes::Writer;
use crate::memory::Space;
use crate::memory::region::Backing;
use crate::thread::Thread;

/// The first thread's stack, committed as it is touched.
const STACK: usize = 8 << 20;

/// Frames a service needs for the least it can do: less is not worth trying.
const LEAST_FRAMES: usize = 256;

/// Why a service could not be made.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Failure {
    /// The package is wrong.
    Package(package::Error),
    /// The image in it is wrong.
    Image(elf::Error),
    /// The machine has too little memory.
    Memory {
        /// Pages there were.
        free: usize,
        /// Pages needed at least.
        needed: usize,
    },
    /// The image lies where something else must.
    Place,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kib = |pages: usize| pages * PAGE_SIZE / 1024;
        match self {
            Self::Package(error) => write!(f, "the package cannot be used: {error}"),
            Self::Image(error) => write!(f, "the service's image cannot be used: {error}"),
            Self::Memory { free, needed } => write!(
                f,
                "too little memory: {} KiB are free, the service needs {} KiB at least",
                kib(*free),
                kib(*needed)
            ),
            Self::Place => write!(f, "the service's image lies where the kernel maps memory"),
        }
    }
}

/// Where things of a new service lie.
struct Layout {
    package: usize,
    package_len: usize,
    stack_low: usize,
    stack_high: usize,
    start: usize,
}

/// Where the clock lies in the page of the start block.
const CLOCK_OFFSET: usize = 1024;

/// Makes a service of a package; its first thread is not ready yet.
pub(crate) fn load(kernel: &Kernel, module: Module) -> Result<Box<Thread>, Failure> {
    let package = Package::parse(module.bytes()).map_err(Failure::Package)?;
    let image = Image::parse(package.image).map_err(Failure::Image)?;
    let frames = &kernel.frames;
    let free = frames.free();
    let writable: usize = image
        .segments()
        .iter()
        .filter(|segment| segment.protection == Protection::WRITE)
        .map(|segment| (segment.end - segment.start) / PAGE_SIZE)
        .sum();
    let too_little = Failure::Memory { free, needed: LEAST_FRAMES + writable };
    if free < LEAST_FRAMES + writable {
        return Err(too_little);
    }
    let frames_before = frames.outside_services();
    let space = Space::new(frames, free, Some(module)).ok_or(too_little)?;
    let number = kernel.next_service_number();
    let service = Arc::new(Service::new(number, package.name, space, frames_before));
    let begun = begin(kernel, &service, &package, &image);
    if begun.is_err() {
        let service = Arc::into_inner(service).expect("no thread of it was left");
        service.space.destroy(frames);
    }
    begun.map_err(|error| match error {
        Error::NoMemory => too_little,
        _ => Failure::Place,
    })
}

/// Maps everything and makes the first thread.
fn begin(
    kernel: &Kernel,
    service: &Arc<Service>,
    package: &Package<'_>,
    image: &Image,
) -> Result<Box<Thread>, Error> {
    let layout = map(service.space(), package, image)?;
    let thread = create_thread(
        kernel,
        service,
        &ThreadParameters {
            entry: image.entry,
            argument: layout.start,
            stack_top: layout.stack_high,
            ..ThreadParameters::default()
        },
    )?;
    let start = start_block(service, image, &layout, thread.shared.handle);
    service.space().fill_fixed(&kernel.frames, layout.start, &|page| {
        page[..START].copy_from_slice(&start);
        page[CLOCK_OFFSET..CLOCK_OFFSET + CLOCK].copy_from_slice(&clock());
    })?;
    Ok(thread)
}

/// Maps image, package, stack and the page of the start block.
fn map(space: &Space, package: &Package<'_>, image: &Image) -> Result<Layout, Error> {
    for segment in image.segments() {
        let page = (package.image_offset + segment.file_offset) / PAGE_SIZE;
        let backing = Backing::File { page, len: segment.file_len };
        let len = segment.end - segment.start;
        space.map(segment.start, len, segment.protection, backing)?;
    }
    let whole = Backing::File { page: 0, len: package.len };
    let package_at = space.map(0, package.len, Protection::READ, whole)?;
    let start = space.map(0, PAGE_SIZE, Protection::READ, Backing::Fixed)?;
    let guard = space.map(0, PAGE_SIZE, Protection::NONE, Backing::Zero)?;
    let stack_low = space.map(guard + PAGE_SIZE, STACK, Protection::WRITE, Backing::Zero)?;
    let stack_high = stack_low + STACK;
    Ok(Layout { package: package_at, package_len: package.len, stack_low, stack_high, start })
}

const START: usize = size_of::<Start>();
const CLOCK: usize = size_of::<Clock>();

fn start_block(service: &Service, image: &Image, layout: &Layout, thread: u64) -> [u8; START] {
    let mut seed = [0; 32];
    hal::random::fill(&mut seed);
    let (_, limit) = service.space().usage();
    let (image_start, image_end) = image.range();
    Writer::new()
        .u64(MAGIC)
        .u32(abi::VERSION)
        .u32(hal::cpu::count())
        .size(layout.package)
        .size(layout.package_len)
        .size(layout.start + CLOCK_OFFSET)
        .size(limit * PAGE_SIZE)
        .size(layout.stack_low)
        .size(layout.stack_high)
        .size(image_start)
        .size(image_end)
        .u64(service.number)
        .u64(thread)
        .put(&seed)
        .finish()
}

fn clock() -> [u8; CLOCK] {
    let clock = hal::time::clock();
    Writer::new()
        .u64(clock.base_counter)
        .u64(clock.base_ns)
        .u64(clock.multiplier)
        .u64(clock.wall_offset_ns)
        .u64(clock.frequency)
        .finish()
}
