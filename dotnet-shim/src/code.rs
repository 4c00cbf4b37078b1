//! Code manager: what is known about the code at an address.
//!
//! Answers come from the image's tables (`format`) and are remembered, since dispatching an exception
//! asks for every frame several times, and so does each collection.
use crate::format::eh_frame::Table;
use crate::format::gcinfo::GcInfo;
use crate::format::lsda::{self, MAX_PIECE, MethodData};
use crate::format::reader::Image;
use crate::unwind::Step;
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use core::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, fence};

unsafe extern "C" {
    static __start___managedcode: u8;
    static __stop___managedcode: u8;
    static __start___unbox: u8;
    static __stop___unbox: u8;
    static __ehdr_start: u8;
    static _end: u8;
}

static EH_FRAME_HDR: AtomicUsize = AtomicUsize::new(0);
/// End of the image's read-only segment.
static TABLES_END: AtomicUsize = AtomicUsize::new(0);

/// Remembers where the linker put the table of functions.
pub(crate) fn set_eh_frame_hdr(address: usize) {
    EH_FRAME_HDR.store(address, Relaxed);
}

/// Remembers the end of the segment that begins with the image and holds its tables.
pub(crate) fn set_tables_end(address: usize) {
    TABLES_END.store(address, Relaxed);
}

/// Is this an address of the image?
pub(crate) fn in_image(address: usize) -> bool {
    (&raw const __ehdr_start as usize..&raw const _end as usize).contains(&address)
}

/// Is this an address of managed code?
pub(crate) fn is_managed(ip: usize) -> bool {
    let start = &raw const __start___managedcode as usize;
    (start..&raw const __stop___managedcode as usize).contains(&ip)
}

/// The read-only tables of the image.
fn tables() -> Image<'static> {
    let start = &raw const __ehdr_start;
    let length = TABLES_END.load(Relaxed) - start as usize;
    // SAFETY: *Image*: one read-only segment from the image's start to there.
    let bytes = unsafe { core::slice::from_raw_parts(start, length) };
    Image { base: start as usize, bytes }
}

/// Runs a decoder on a piece of the image's data. Clauses and associated data lie among data that the
/// program writes, so the decoder gets a copy.
pub(crate) fn decode<T>(
    address: usize,
    decoder: impl FnOnce(Image<'_>, usize) -> Option<T>,
) -> Option<T> {
    let mut piece = [0; MAX_PIECE];
    let end = &raw const _end as usize;
    let length = in_image(address).then(|| MAX_PIECE.min(end - address))?;
    // SAFETY: *Image*: the compiler's data from there on, which nobody writes, and perhaps bytes
    // behind it, which are not looked at.
    unsafe { core::ptr::copy_nonoverlapping(address as *const u8, piece.as_mut_ptr(), length) };
    decoder(Image { base: address, bytes: &piece[..length] }, address)
}

fn functions() -> Table<'static> {
    match Table::new(tables(), EH_FRAME_HDR.load(Relaxed)) {
        Some(table) => table,
        None => fatal!("The image has no table of functions."),
    }
}

/// The code at some address: a method body, a funclet, or a function of ours.
#[derive(Clone, Copy)]
pub(crate) struct Code {
    /// First address of the method's body; 0 for what is not managed.
    start: usize,
    gc_info: usize,
    clauses: usize,
    flags: u32,
    /// How to leave a frame that stands at the address.
    pub(crate) step: Step,
}

/// Bits of [`Code::flags`].
mod flag {
    pub(super) const REVERSE_PINVOKE_BODY: u32 = 1;
    pub(super) const HAS_FRAME_REGISTER: u32 = 2;
}

impl Code {
    /// The code at an address; `None` when the image has none there.
    pub(crate) fn at(ip: usize) -> Option<Self> {
        let entry = &CACHE[(ip ^ ip >> CACHE_SHIFT) % CACHE.len()];
        if let Some(code) = entry.read(ip) {
            return Some(code);
        }
        let code = Self::look_up(ip)?;
        entry.write(ip, &code);
        Some(code)
    }

    /// The managed code at an address.
    pub(crate) fn managed(ip: usize) -> Option<Self> {
        is_managed(ip).then(|| Self::at(ip)).flatten()
    }

    #[cold]
    fn look_up(ip: usize) -> Option<Self> {
        let description = functions().find(ip)?;
        let step = Step::new(&description.row(ip)?)?;
        let mut code = Self { start: 0, gc_info: 0, clauses: 0, flags: 0, step };
        if is_managed(ip) {
            let data = MethodData::new(tables(), description.lsda?, description.start)?;
            let info = GcInfo::new(data.gc_info())?;
            code.start = data.start;
            code.gc_info = data.gc_info().as_ptr() as usize;
            code.clauses = data.clauses().unwrap_or(0);
            if data.is_reverse_pinvoke_body() {
                code.flags |= flag::REVERSE_PINVOKE_BODY;
            }
            if info.frame_base.is_some() {
                code.flags |= flag::HAS_FRAME_REGISTER;
            }
        }
        Some(code)
    }

    /// First address of the method's body.
    pub(crate) fn start(&self) -> usize {
        self.start
    }

    /// Address of the method's exception clauses.
    pub(crate) fn clauses(&self) -> Option<usize> {
        (self.clauses != 0).then_some(self.clauses)
    }

    /// Is it the body of a method that native code calls?
    pub(crate) fn is_reverse_pinvoke_body(&self) -> bool {
        self.flags & flag::REVERSE_PINVOKE_BODY != 0
    }

    /// Does the method keep its frame in a register?
    pub(crate) fn has_frame_register(&self) -> bool {
        self.flags & flag::HAS_FRAME_REGISTER != 0
    }

    /// The method's garbage collection information.
    pub(crate) fn gc_info(&self) -> GcInfo<'static> {
        match GcInfo::new(tables().from(self.gc_info)) {
            Some(info) => info,
            None => fatal!("Method {:#x} has damaged information.", self.start),
        }
    }

    /// Can a thread be stopped for a collection with its leaf frame exactly at `ip`?
    pub(crate) fn is_interruptible(&self, ip: usize) -> bool {
        self.gc_info().is_interruptible(ip - self.start)
    }

    fn to_words(self) -> [u64; WORDS] {
        let step = self.step.to_words();
        let first = [self.start as u64, self.gc_info as u64, self.clauses as u64];
        [
            first[0],
            first[1],
            first[2],
            u64::from(self.flags),
            step[0],
            step[1],
            step[2],
            step[3],
            step[4],
        ]
    }

    fn from_words(words: [u64; WORDS]) -> Self {
        let [start, gc_info, clauses, flags, step @ ..] = words;
        Self {
            start: start as usize,
            gc_info: gc_info as usize,
            clauses: clauses as usize,
            flags: flags as u32,
            step: Step::from_words(step),
        }
    }
}

/// Words of a [`Code`].
const WORDS: usize = 9;
/// Entries of the cache.
const CACHE_SIZE: usize = 256;
/// Distance of the bits of an address that are folded to choose an entry.
const CACHE_SHIFT: u32 = 8;

/// A remembered answer. Readers copy it and look whether it changed meanwhile; a writer that finds
/// another one gives up. So traps may ask, whatever the thread was doing.
struct Entry {
    /// Odd while the entry is being written.
    version: AtomicU32,
    ip: AtomicUsize,
    words: [AtomicU64; WORDS],
}

static CACHE: [Entry; CACHE_SIZE] = [const {
    Entry {
        version: AtomicU32::new(0),
        ip: AtomicUsize::new(0),
        words: [const { AtomicU64::new(0) }; WORDS],
    }
}; CACHE_SIZE];

impl Entry {
    fn read(&self, ip: usize) -> Option<Code> {
        let version = self.version.load(Acquire);
        if self.ip.load(Relaxed) != ip || !version.is_multiple_of(2) {
            return None;
        }
        let words = core::array::from_fn(|index| self.words[index].load(Relaxed));
        fence(Acquire);
        (self.version.load(Relaxed) == version).then(|| Code::from_words(words))
    }

    fn write(&self, ip: usize, code: &Code) {
        let version = self.version.load(Relaxed);
        let odd = version.wrapping_add(1);
        let free = version.is_multiple_of(2)
            && self.version.compare_exchange(version, odd, Acquire, Relaxed).is_ok();
        if !free {
            return;
        }
        fence(Release);
        self.ip.store(ip, Relaxed);
        for (place, word) in self.words.iter().zip(code.to_words()) {
            place.store(word, Relaxed);
        }
        self.version.store(odd.wrapping_add(1), Release);
    }
}

/// Checks the tables of every method against each other: code length against the descriptions,
/// safepoints in order and within the code. For `CERMET_SELF_CHECK`.
pub(crate) fn self_check() {
    let table = functions();
    let (mut methods, mut funclets, mut safepoints, mut bad) = (0, 0, 0, 0);
    let mut finish = |body: Option<(MethodData<'_>, usize)>| {
        let Some((method, end)) = body else { return };
        let Some(info) = GcInfo::new(method.gc_info()) else {
            bad += 1;
            return;
        };
        let mut last = 0;
        for point in info.safepoints() {
            safepoints += 1;
            if point < last || point >= info.code_length {
                bad += 1;
            }
            last = point;
        }
        // the body may be followed by padding, never by more code
        if info.code_length != end - method.start {
            bad += 1;
        }
    };
    let mut current: Option<(MethodData<'_>, usize)> = None;
    for index in 0..table.count() {
        let Some(start) = table.start(index).filter(|&start| is_managed(start)) else { continue };
        let method = table.find(start).and_then(|description| {
            let data = MethodData::new(tables(), description.lsda?, description.start)?;
            Some((data, description.start + description.length))
        });
        let Some((data, end)) = method else { fatal!("No data for the method at {start:#x}.") };
        if data.is_funclet {
            funclets += 1;
            if let Some((_, current_end)) = &mut current {
                *current_end = end;
            }
        } else {
            methods += 1;
            finish(current.replace((data, end)));
        }
    }
    finish(current);
    eprintln!(
        "[check] {methods} methods, {funclets} funclets, {safepoints} safepoints, {bad} inconsistencies"
    );
}

#[unsafe(export_name = "RhFindMethodStartAddress")]
extern "C" fn method_start(ip: usize) -> usize {
    Code::managed(ip).map_or(0, |code| code.start)
}

/// Unboxing stubs add eight to the first argument and jump: gives the target, or the input for any
/// other address.
#[unsafe(export_name = "RhGetCodeTarget")]
extern "C" fn code_target(code: usize) -> usize {
    let start = &raw const __start___unbox as usize;
    let end = &raw const __stop___unbox as usize;
    if !(start..end).contains(&code) {
        return code;
    }
    // SAFETY: *Image*: the range is code.
    let bytes = unsafe { core::slice::from_raw_parts(code as *const u8, end - code) };
    match crate::arch::unboxing_target(code, bytes) {
        Some(crate::arch::UnboxingTarget::Code(target)) => target,
        // SAFETY: *Image*: the stub jumps through this cell.
        Some(crate::arch::UnboxingTarget::Cell(cell)) => unsafe { *(cell as *const usize) },
        None => code,
    }
}

#[unsafe(export_name = "RhGetTargetOfUnboxingAndInstantiatingStub")]
extern "C" fn instantiating_target(ip: usize) -> usize {
    let target = || {
        let description = is_managed(ip).then(|| functions().find(ip))??;
        let data = MethodData::new(tables(), description.lsda?, description.start)?;
        decode(data.associated()?, lsda::stub_target)
    };
    target().unwrap_or(0)
}
