//! Code manager: from an instruction address to its method.
use crate::format::eh_frame::{Description, Table};
use crate::format::gcinfo::GcInfo;
use crate::format::lsda::{self, MAX_PIECE, MethodData};
use crate::format::reader::Image;
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

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
pub(crate) fn tables() -> Image<'static> {
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
    let header = EH_FRAME_HDR.load(Relaxed);
    match Table::new(tables(), header) {
        Some(table) => table,
        None => fatal!("The image has no table of functions."),
    }
}

/// The frame description that covers an address.
pub(crate) fn describe(ip: usize) -> Option<Description<'static>> {
    functions().find(ip)
}

/// A method body or funclet at some instruction address.
#[derive(Clone, Copy)]
pub(crate) struct Method {
    pub(crate) description: Description<'static>,
    pub(crate) data: MethodData<'static>,
}

impl Method {
    /// The managed code at an address.
    pub(crate) fn find(ip: usize) -> Option<Self> {
        if !is_managed(ip) {
            return None;
        }
        let description = describe(ip)?;
        let data = MethodData::new(tables(), description.lsda?, description.start)?;
        Some(Self { description, data })
    }

    /// First address of the method's body.
    pub(crate) fn start(&self) -> usize {
        self.data.start
    }

    /// Its garbage collection information.
    pub(crate) fn gc_info(&self) -> GcInfo<'static> {
        match GcInfo::new(self.data.gc_info()) {
            Some(info) => info,
            None => fatal!("Method {:#x} has damaged information.", self.start()),
        }
    }

    /// Can a thread be stopped for a collection with its leaf frame exactly at `ip`?
    pub(crate) fn is_interruptible(&self, ip: usize) -> bool {
        self.gc_info().is_interruptible(ip - self.start())
    }
}

/// Checks the tables of every method against each other: code length against the descriptions,
/// safepoints in order and within the code. For `CERMET_SELF_CHECK`.
pub(crate) fn self_check() {
    let table = functions();
    let (mut methods, mut funclets, mut safepoints, mut bad) = (0, 0, 0, 0);
    let mut finish = |body: Option<(Method, usize)>| {
        let Some((method, end)) = body else { return };
        let info = method.gc_info();
        let mut last = 0;
        for point in info.safepoints() {
            safepoints += 1;
            if point < last || point >= info.code_length {
                bad += 1;
            }
            last = point;
        }
        // the body may be followed by padding, never by more code
        if info.code_length != end - method.start() {
            bad += 1;
        }
    };
    let mut current: Option<(Method, usize)> = None;
    for index in 0..table.count() {
        let Some(method) = table.start(index).and_then(Method::find) else { continue };
        let end = method.description.start + method.description.length;
        if method.data.is_funclet {
            funclets += 1;
            if let Some((_, current_end)) = &mut current {
                *current_end = end;
            }
        } else {
            methods += 1;
            finish(current.replace((method, end)));
        }
    }
    finish(current);
    eprintln!(
        "[check] {methods} methods, {funclets} funclets, {safepoints} safepoints, {bad} inconsistencies"
    );
}

#[unsafe(export_name = "RhFindMethodStartAddress")]
extern "C" fn method_start(ip: usize) -> usize {
    Method::find(ip).map_or(0, |method| method.start())
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
extern "C" fn instantiating_target(code: usize) -> usize {
    let associated = Method::find(code).and_then(|method| method.data.associated());
    associated.and_then(|address| decode(address, lsda::stub_target)).unwrap_or(0)
}
