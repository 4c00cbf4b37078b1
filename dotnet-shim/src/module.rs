//! The image's own tables: program headers, the ReadyToRun header and its sections, knobs, and the
//! functions of the class library that its dispatcher calls.
use crate::{arch, code, sys, thread};
use core::cell::UnsafeCell;

/// Start of the ReadyToRun header.
#[repr(C)]
struct Header {
    signature: u32,
    major: u16,
    minor: u16,
    flags: u32,
    sections: u16,
    entry_size: u8,
    entry_type: u8,
}

/// One of its sections.
#[repr(C)]
struct Section {
    id: i32,
    flags: i32,
    start: usize,
    end: usize,
}

const SIGNATURE: u32 = u32::from_le_bytes(*b"RTR\0");
const HAS_END: i32 = 1;
/// What a section without an end holds: one pointer-sized slot.
const SLOT: usize = 8;
/// Blobs of metadata are the sections from here on.
const FIRST_BLOB: i32 = 300;

/// A module as managed code sees it. Managed code reads the first word
/// (`TypeManagerHandle.OsModuleBase`), so the order is fixed.
#[repr(C)]
pub(crate) struct TypeManager {
    os_module: usize,
    header: *const Header,
}

impl TypeManager {
    fn section(&self, id: i32) -> Option<(usize, usize)> {
        // SAFETY: *Image*: the header is followed by that many sections.
        let sections = unsafe {
            let rows = self.header.add(1).cast::<Section>();
            core::slice::from_raw_parts(rows, usize::from((*self.header).sections))
        };
        let section = sections.iter().find(|section| section.id == id)?;
        let has_end = section.flags & HAS_END != 0;
        Some((section.start, if has_end { section.end - section.start } else { SLOT }))
    }
}

/// A value written once during start-up, by the only thread there is, and read afterwards.
struct Once<T>(UnsafeCell<T>);

// SAFETY: written before there is a second thread, only read afterwards.
unsafe impl<T> Sync for Once<T> {}

static MANAGER: Once<TypeManager> =
    Once(UnsafeCell::new(TypeManager { os_module: 0, header: core::ptr::null() }));
static CLASS_LIBRARY: Once<[usize; CLASS_LIBRARY_FUNCTIONS]> =
    Once(UnsafeCell::new([0; CLASS_LIBRARY_FUNCTIONS]));
const CLASS_LIBRARY_FUNCTIONS: usize = 14;

#[unsafe(export_name = "g_cpuFeatures")]
static CPU_FEATURES: Once<i32> = Once(UnsafeCell::new(0));
#[unsafe(export_name = "__security_cookie")]
static SECURITY_COOKIE: Once<[u8; 8]> = Once(UnsafeCell::new([0; 8]));

unsafe extern "C" {
    static __start___modules: [usize; 0];
    static __stop___modules: [usize; 0];
    static __ehdr_start: u8;
    static g_requiredCpuFeatures: i32;
    static g_compilerEmbeddedKnobsBlob: u32;
    fn InitializeModules(
        os_module: *const u8,
        headers: *const usize,
        count: i32,
        class_library: *const usize,
        functions: i32,
    );
    fn GetRuntimeException(id: i32) -> usize;
    fn RuntimeFailFast();
    fn AppendExceptionStackFrame();
    fn GetSystemArrayEEType();
    fn OnFirstChanceException();
    fn OnUnhandledException();
    fn IDynamicCastableIsInterfaceImplemented();
    fn IDynamicCastableGetInterfaceImplementation();
}

/// Functions of the class library by their fixed number.
fn class_library() -> [usize; CLASS_LIBRARY_FUNCTIONS] {
    let mut table = [0; CLASS_LIBRARY_FUNCTIONS];
    table[0] = GetRuntimeException as *const () as usize;
    table[1] = RuntimeFailFast as *const () as usize;
    table[3] = AppendExceptionStackFrame as *const () as usize;
    table[5] = GetSystemArrayEEType as *const () as usize;
    table[6] = OnFirstChanceException as *const () as usize;
    table[7] = OnUnhandledException as *const () as usize;
    table[8] = IDynamicCastableIsInterfaceImplemented as *const () as usize;
    table[9] = IDynamicCastableGetInterfaceImplementation as *const () as usize;
    table
}

/// One program header of the image (ELF64).
#[repr(C)]
struct ProgramHeader {
    kind: u32,
    flags: u32,
    offset: u64,
    address: usize,
    physical: usize,
    file_size: usize,
    memory_size: usize,
    align: usize,
}

/// Finds the image's thread-local block and its method table in the program headers.
pub(crate) fn read_program_headers() {
    const LOAD: u32 = 1;
    const TLS: u32 = 7;
    const EH_FRAME_HDR: u32 = 0x6474_e550;
    const OFFSET_FIELD: usize = 32;
    const COUNT_FIELD: usize = 56;
    let image = &raw const __ehdr_start;
    // SAFETY: *Image*: the ELF header lies at the start of the image and says where its program
    // headers are, which the linker put into the same segment.
    let headers = unsafe {
        let offset = *image.add(OFFSET_FIELD).cast::<usize>();
        let count = *image.add(COUNT_FIELD).cast::<u16>();
        core::slice::from_raw_parts(image.add(offset).cast::<ProgramHeader>(), usize::from(count))
    };
    for header in headers {
        match header.kind {
            TLS => thread::set_tls_image(
                header.address,
                header.file_size,
                header.memory_size,
                header.align,
            ),
            LOAD if header.address == image as usize => {
                code::set_tables_end(header.address + header.memory_size);
            }
            EH_FRAME_HDR => code::set_eh_frame_hdr(header.address),
            _ => {}
        }
    }
}

/// Registers the image's module with the class library and runs its first initialisers.
pub(crate) fn initialize() {
    // SAFETY: start-up: there is no other thread yet, and nothing read these before.
    unsafe {
        *CPU_FEATURES.0.get() = arch::features();
        if g_requiredCpuFeatures & !*CPU_FEATURES.0.get() != 0 {
            fatal!("This image needs instructions that the CPU does not have.");
        }
        // the lowest byte stays zero, so that no string operation can write the whole value
        let cookie = &mut *SECURITY_COOKIE.0.get();
        sys::random(&mut cookie[1..]);
        *CLASS_LIBRARY.0.get() = class_library();
    }
    let start = &raw const __start___modules as usize;
    let count = (&raw const __stop___modules as usize - start) / size_of::<usize>();
    // SAFETY: managed code with the types that CoreLib declares; heap and thread are ready.
    unsafe {
        InitializeModules(
            &raw const __ehdr_start,
            start as *const usize,
            count as i32,
            CLASS_LIBRARY.0.get().cast::<usize>(),
            CLASS_LIBRARY_FUNCTIONS as i32,
        );
    }
}

#[unsafe(export_name = "RhpRegisterOsModule")]
extern "C" fn register_os_module(module: usize) -> usize {
    module
}

#[unsafe(export_name = "RhpCreateTypeManager")]
extern "C" fn create_type_manager(
    os_module: usize,
    header: *const Header,
    _functions: *const usize,
    _count: i32,
) -> *const TypeManager {
    // SAFETY: *Image*; the manager is written during start-up only.
    unsafe {
        if (*header).signature != SIGNATURE || (*header).major != 10 {
            fatal!("The image's module header has an unknown version.");
        }
        *MANAGER.0.get() = TypeManager { os_module, header };
    }
    MANAGER.0.get()
}

#[unsafe(export_name = "RhpGetModuleSection")]
extern "C" fn module_section(handle: &&TypeManager, id: i32, length: &mut i32) -> usize {
    let (address, size) = handle.section(id).unwrap_or((0, 0));
    *length = size as i32;
    address
}

#[unsafe(export_name = "RhFindBlob")]
extern "C" fn find_blob(
    handle: &&TypeManager,
    id: u32,
    address: &mut usize,
    length: &mut u32,
) -> u32 {
    let Some((start, size)) = handle.section(FIRST_BLOB + id as i32) else { return 0 };
    *address = start;
    *length = size as u32;
    1
}

#[unsafe(export_name = "RhGetOSModuleFromPointer")]
extern "C" fn os_module_from_pointer(pointer: usize) -> usize {
    if !code::in_image(pointer) {
        return 0;
    }
    // SAFETY: written during start-up only.
    unsafe { (*MANAGER.0.get()).os_module }
}

/// There is one module. `list` is null, or an array whose elements begin at 16.
#[unsafe(export_name = "RhGetLoadedOSModules")]
extern "C" fn loaded_os_modules(list: *mut usize) -> u32 {
    const ELEMENTS: usize = 2;
    if !list.is_null() {
        // SAFETY: *Caller*: an array with room for as many as the call without a list said;
        // the manager is written during start-up only.
        unsafe { list.add(ELEMENTS).write((*MANAGER.0.get()).os_module) };
    }
    1
}

#[unsafe(export_name = "RhGetModuleFileName")]
extern "C" fn module_file_name(_module: usize, name: &mut *const u8) -> i32 {
    let text = crate::start::package().name();
    *name = text.as_ptr();
    text.len() as i32
}

fn class_library_function(id: i32) -> usize {
    // SAFETY: written during start-up only.
    let table = unsafe { &*CLASS_LIBRARY.0.get() };
    usize::try_from(id).ok().and_then(|id| table.get(id).copied()).unwrap_or(0)
}

#[unsafe(export_name = "RhpGetClasslibFunctionFromCodeAddress")]
extern "C" fn class_library_function_of_code(_address: usize, id: i32) -> usize {
    class_library_function(id)
}

#[unsafe(export_name = "RhpGetClasslibFunctionFromEEType")]
extern "C" fn class_library_function_of_type(_table: usize, id: i32) -> usize {
    class_library_function(id)
}

/// The knobs compiled into the image: a count, padding to 8, keys, values.
#[unsafe(export_name = "RhGetKnobValues")]
extern "C" fn knob_values(keys: &mut usize, values: &mut usize) -> u32 {
    let blob = &raw const g_compilerEmbeddedKnobsBlob;
    // SAFETY: *Image*.
    let count = unsafe { *blob };
    *keys = blob as usize + 8;
    *values = *keys + 8 * count as usize;
    count
}

#[unsafe(export_name = "RhGetRuntimeVersion")]
extern "C" fn runtime_version(length: &mut i32) -> *const u8 {
    const VERSION: &[u8] = b"9.0.22";
    *length = VERSION.len() as i32;
    VERSION.as_ptr()
}

/// There is no crash dump, so there is no buffer for its text.
#[unsafe(export_name = "RhGetCrashInfoBuffer")]
extern "C" fn crash_info_buffer(length: &mut i32) -> *mut u8 {
    *length = 0;
    core::ptr::null_mut()
}

/// Crash dumps are never enabled.
#[unsafe(export_name = "RhCreateCrashDumpIfEnabled")]
extern "C" fn create_crash_dump(_record: usize, _context: usize) {}

#[unsafe(export_name = "RhpFallbackFailFast")]
extern "C" fn fallback_fail_fast() -> ! {
    fatal!("Process terminated: an exception escaped from the runtime.")
}

#[unsafe(export_name = "RhpGetTickCount64")]
extern "C" fn tick_count() -> u64 {
    sys::monotonic_ns() / 1_000_000
}

/// The linker relaxes every thread-local access of a static image, so nothing calls this.
#[unsafe(export_name = "__tls_get_addr")]
extern "C" fn tls_get_addr() -> ! {
    fatal!("__tls_get_addr: the linker did not relax a thread-local access")
}

/// Event tracing is compiled out; the compiler still calls this before a throw.
#[unsafe(export_name = "NativeRuntimeEventSource_LogExceptionThrown")]
extern "C" fn log_exception_thrown() {}
