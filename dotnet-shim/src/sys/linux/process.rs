//! The start block of a service, made from a Linux process.
//!
//! Arguments and environment are the process's own. `CERMET_PACKAGE=file` gives a package whose
//! content files the service sees, `CERMET_MEMORY=bytes` its memory limit.
use super::{LIMIT, MACHINE, cpu_count, linux, number, page_up};
use crate::format::package::{File, Package};
use crate::sys;
use abi::memory::Protection;
use abi::package::{Entry, Header, MAGIC, VERSION, kind};
use abi::start::Start;
use core::ffi::CStr;
use core::ptr::slice_from_raw_parts;
use core::sync::atomic::Ordering::Relaxed;

/// Memory limit without `CERMET_MEMORY`.
const DEFAULT_LIMIT: u64 = 4 << 30;
/// Of the stack that Linux gives to a process we use this much.
const STACK: usize = 8 << 20;
/// Kept free below, where the kernel would refuse to grow the stack.
const STACK_MARGIN: usize = 64 << 10;

unsafe extern "C" {
    static __ehdr_start: u8;
    static _end: u8;
}

/// First Rust code of the process; `stack` points to the argument count.
#[unsafe(export_name = "rt_linux_start")]
unsafe extern "C" fn start(stack: *const usize) -> ! {
    // SAFETY: Linux puts the count, the arguments, a null, the environment and a null there.
    let (arguments, environment) = unsafe {
        let count = *stack;
        let arguments = stack.add(1).cast::<*const i8>();
        (arguments, arguments.add(count + 1))
    };
    let limit = strings(environment)
        .find_map(|entry| entry.strip_prefix(b"CERMET_MEMORY="))
        .and_then(crate::format::number)
        .unwrap_or(DEFAULT_LIMIT);
    LIMIT.store(limit.cast_signed(), Relaxed);
    MACHINE.store(limit, Relaxed);
    let package = build_package(arguments, environment);
    let mut seed = [0; 32];
    sys::random(&mut seed);
    let block = Start {
        magic: abi::start::MAGIC,
        version: abi::VERSION,
        cpu_count: cpu_count(),
        package: package.as_ptr() as usize,
        package_len: package.len(),
        clock: core::ptr::null(),
        memory_limit: limit,
        stack_low: stack as usize - STACK + STACK_MARGIN,
        stack_high: stack as usize,
        image_start: &raw const __ehdr_start as usize,
        image_end: &raw const _end as usize,
        service: 1,
        // SAFETY: the call has no arguments.
        thread: unsafe { linux(number::GETTID, [0; 6]) } as u64,
        seed,
    };
    let address = &raw const block;
    // SAFETY: this frame is never left, so the block lives as long as the process.
    crate::start::run(unsafe { &*address })
}

/// The strings of a null-terminated list.
fn strings(list: *const *const i8) -> impl Iterator<Item = &'static [u8]> {
    (0..).map_while(move |index| {
        // SAFETY: the list ends with a null, where this iterator ends too.
        let string = unsafe { *list.add(index) };
        // SAFETY: Linux's strings end with a zero and live as long as the process.
        (!string.is_null()).then(|| unsafe { CStr::from_ptr(string) }.to_bytes())
    })
}

/// Appends to a mapping that was made large enough.
struct Writer {
    bytes: &'static mut [u8],
    entries: usize,
    end: usize,
}

impl Writer {
    fn append(&mut self, data: &[u8]) {
        self.bytes[self.end..self.end + data.len()].copy_from_slice(data);
        self.end += data.len();
    }

    /// Writes the entry for the data from `start` to the end.
    fn entry(&mut self, kind: u32, name: &[u8], start: usize, file: Option<File<'_>>) {
        let at = size_of::<Header>() + self.entries * size_of::<Entry>();
        let data_len = self.end - start;
        let name_at = self.end;
        self.append(name);
        let mode = u64::from(file.map_or(0, |file| file.mode));
        let words = [
            u64::from(kind) | mode << 32,
            name_at as u64,
            name.len() as u64,
            start as u64,
            data_len as u64,
            file.map_or(0, |file| file.modified),
        ];
        for (index, word) in words.into_iter().enumerate() {
            self.bytes[at + index * 8..][..8].copy_from_slice(&word.to_le_bytes());
        }
        self.entries += 1;
    }
}

/// Makes a package of the process's arguments and environment and the content of `CERMET_PACKAGE`.
fn build_package(arguments: *const *const i8, environment: *const *const i8) -> &'static [u8] {
    let given = strings(environment)
        .find_map(|entry| entry.strip_prefix(b"CERMET_PACKAGE="))
        .map_or(&[][..], map_file);
    let given = Package::new(given).unwrap_or(Package::EMPTY);
    let size = |list| strings(list).map(|string| string.len() + 1).sum::<usize>();
    let content = |file: File<'_>| size_of::<Entry>() + file.name.len() + file.data.len();
    let length = size_of::<Header>()
        + 3 * size_of::<Entry>()
        + 2 * size(arguments)
        + size(environment)
        + given.files().map(content).sum::<usize>();
    let length = page_up(length);
    let memory = sys::map(length, Protection::WRITE).expect("there is room for a package");
    // SAFETY: the mapping is new and never given back.
    let bytes = unsafe { core::slice::from_raw_parts_mut(memory as *mut u8, length) };
    let count = 3 + given.files().count();
    let end = size_of::<Header>() + count * size_of::<Entry>();
    bytes[..8].copy_from_slice(&MAGIC);
    bytes[8..12].copy_from_slice(&VERSION.to_le_bytes());
    bytes[16..24].copy_from_slice(&(length as u64).to_le_bytes());
    bytes[24..28].copy_from_slice(&(count as u32).to_le_bytes());
    let mut writer = Writer { bytes, entries: 0, end };

    let name = strings(arguments).next().unwrap_or(b"service");
    let name = name.rsplit(|&byte| byte == b'/').next().unwrap_or(name);
    writer.entry(kind::IMAGE, name, writer.end, None);
    for (kind, list, skip) in [(kind::ARGUMENTS, arguments, 1), (kind::ENVIRONMENT, environment, 0)]
    {
        let start = writer.end;
        for string in strings(list).skip(skip) {
            writer.append(string);
            writer.append(&[0]);
        }
        writer.entry(kind, b"", start, None);
    }
    for file in given.files() {
        let start = writer.end;
        writer.append(file.data);
        writer.entry(kind::CONTENT, file.name, start, Some(file));
    }
    &*writer.bytes
}

/// The bytes of a file; `path` is followed by a zero. None of a file that cannot be read.
fn map_file(path: &'static [u8]) -> &'static [u8] {
    const OPEN: usize = 2;
    const SEEK: usize = 8;
    const SEEK_END: usize = 2;
    const MAP_PRIVATE: usize = 2;
    // SAFETY: the path ends with a zero; the other calls name no memory of ours.
    let memory = unsafe {
        let file = linux(OPEN, [path.as_ptr() as usize, 0, 0, 0, 0, 0]);
        let length = linux(SEEK, [file as usize, 0, SEEK_END, 0, 0, 0]);
        let read = Protection::READ.0 as usize;
        let memory = linux(number::MMAP, [0, length as usize, read, MAP_PRIVATE, file as usize, 0]);
        (memory > 0 && length > 0)
            .then_some(slice_from_raw_parts(memory as *const u8, length as usize))
    };
    // SAFETY: a private mapping of that length which is never given back.
    memory.map_or(&[], |memory| unsafe { &*memory })
}
