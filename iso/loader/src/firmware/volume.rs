//! The volume from which the firmware loaded us, and its files.

use super::{memory, refused};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use loader::answer::Volume as Facts;
use loader::{Error, config};
use uefi::boot::{self, OpenProtocolAttributes, OpenProtocolParams, ScopedProtocol};
use uefi::proto::ProtocolPointer;
use uefi::proto::device_path::media::PartitionSignature;
use uefi::proto::device_path::{DevicePath, DevicePathNodeEnum};
use uefi::proto::loaded_image::LoadedImage;
use uefi::proto::media::file::{Directory, File, FileAttribute, FileInfo, FileMode, RegularFile};
use uefi::proto::media::fs::SimpleFileSystem;
use uefi::{CString16, Handle, Status};

/// A configuration larger than this is not one.
const CONFIGURATION_MAX: u64 = 64 * 1024;

/// The volume, opened.
pub(crate) struct Volume {
    root: Directory,
    /// The directory of the loader itself, with slashes.
    directory: String,
    /// What the protocol wants to know of a file's origin.
    pub(crate) facts: Facts,
}

/// Opens a protocol without taking it away from anybody who uses it.
pub(crate) fn protocol<P: ProtocolPointer + ?Sized>(
    handle: Handle,
) -> uefi::Result<ScopedProtocol<P>> {
    let params = OpenProtocolParams { handle, agent: boot::image_handle(), controller: None };
    // SAFETY: the loader is single-threaded, installs no protocol and disconnects no driver, so the
    // interface stays where it is for as long as boot services last, and the caller's value does
    // not live longer than that.
    unsafe { boot::open_protocol(params, OpenProtocolAttributes::GetProtocol) }
}

impl Volume {
    /// Opens the volume that the loader was loaded from.
    ///
    /// # Errors
    ///
    /// [`Error::Firmware`] if there is none, as after a boot from the network.
    pub(crate) fn open() -> Result<Self, Error> {
        let wanted = "the volume that the loader was loaded from";
        let image = protocol::<LoadedImage>(boot::image_handle()).map_err(refused(wanted))?;
        let missing = || Error::Firmware(wanted, String::from("there is none"));
        let device = image.device().ok_or_else(missing)?;
        let mut system = protocol::<SimpleFileSystem>(device).map_err(refused(wanted))?;
        let root = system.open_volume().map_err(refused(wanted))?;
        let mut facts = Facts::default();
        if let Ok(path) = protocol::<DevicePath>(device) {
            facts = origin(&path);
        }
        let directory = image.file_path().map_or_else(String::new, directory);
        Ok(Self { root, directory, facts })
    }

    /// Reads the configuration from the first place that has one.
    ///
    /// # Errors
    ///
    /// [`Error::NoConfiguration`] if none has, other errors if it is not a text.
    pub(crate) fn configuration(&mut self) -> Result<String, Error> {
        let own = format!("{}/limine.conf", self.directory);
        let places = [own.as_str()].into_iter().chain(config::PLACES);
        for place in places {
            let Some((mut file, size)) = self.find(place)? else { continue };
            if size > CONFIGURATION_MAX {
                return Err(Error::Configuration(0, "it is larger than 64 KiB"));
            }
            let mut bytes = vec![0; usize::try_from(size).unwrap_or(0)];
            read(&mut file, place, &mut bytes)?;
            return String::from_utf8(bytes)
                .map_err(|_| Error::Configuration(0, "it is not UTF-8"));
        }
        Err(Error::NoConfiguration)
    }

    /// Reads a whole file into pages of its own, and returns them with the file's size.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] or [`Error::Unreadable`].
    pub(crate) fn load(&mut self, path: &str) -> Result<(&'static mut [u8], usize), Error> {
        let Some((mut file, size)) = self.find(path)? else {
            return Err(Error::NotFound(path.to_string()));
        };
        let full = || Error::Unreadable(path.to_string(), format!("no memory for {size} bytes"));
        let pages = memory::allocate::<u8>(size).map_err(|_| full())?;
        let size = usize::try_from(size).map_err(|_| full())?;
        read(&mut file, path, &mut pages[..size])?;
        Ok((pages, size))
    }

    /// Opens a file, if it is there.
    fn find(&mut self, path: &str) -> Result<Option<(RegularFile, u64)>, Error> {
        let unreadable =
            |status: Status| Error::Unreadable(path.to_string(), format!("{status:?}"));
        let name = CString16::try_from(path.replace('/', "\\").as_str())
            .map_err(|_| Error::Path(path.to_string(), "it has characters that UEFI lacks"))?;
        let handle = match self.root.open(&name, FileMode::Read, FileAttribute::empty()) {
            Ok(handle) => handle,
            Err(error) if error.status() == Status::NOT_FOUND => return Ok(None),
            Err(error) => return Err(unreadable(error.status())),
        };
        let Some(mut file) = handle.into_regular_file() else {
            return Err(Error::Unreadable(path.to_string(), String::from("it is a directory")));
        };
        let info = file.get_boxed_info::<FileInfo>().map_err(|error| unreadable(error.status()))?;
        Ok(Some((file, info.file_size())))
    }
}

/// Fills a buffer from a file.
fn read(file: &mut RegularFile, path: &str, buffer: &mut [u8]) -> Result<(), Error> {
    match file.read(buffer) {
        Ok(count) if count == buffer.len() => Ok(()),
        Ok(_) => Err(Error::Unreadable(path.to_string(), String::from("it ends early"))),
        Err(error) => Err(Error::Unreadable(path.to_string(), format!("{:?}", error.status()))),
    }
}

/// Reads off a device path which partition of what it names.
fn origin(path: &DevicePath) -> Facts {
    let mut facts = Facts::default();
    for node in path.node_iter() {
        match node.as_enum() {
            Ok(DevicePathNodeEnum::MediaCdRom(_)) => facts.is_optical = true,
            Ok(DevicePathNodeEnum::MediaHardDrive(drive)) => {
                facts.partition = drive.partition_number();
                match drive.partition_signature() {
                    PartitionSignature::Mbr(id) => facts.mbr_id = u32::from_le_bytes(id),
                    PartitionSignature::Guid(guid) => {
                        let bytes = guid.to_bytes();
                        let (words, _) = bytes.as_chunks::<8>();
                        for (word, bytes) in facts.gpt_partition.iter_mut().zip(words) {
                            *word = u64::from_le_bytes(*bytes);
                        }
                    }
                    _ => {}
                }
            }
            _ => {}
        }
    }
    facts
}

/// The directory of a file that a device path names, with slashes.
fn directory(path: &DevicePath) -> String {
    let mut whole = String::new();
    for node in path.node_iter() {
        if let Ok(DevicePathNodeEnum::MediaFilePath(file)) = node.as_enum() {
            let mut units = Vec::new();
            units.extend(file.path_name().iter().take_while(|&unit| unit != 0));
            if !whole.is_empty() && !whole.ends_with('\\') {
                whole.push('\\');
            }
            whole.push_str(&String::from_utf16_lossy(&units));
        }
    }
    let directory = whole.rfind('\\').map_or("\\EFI\\BOOT", |end| &whole[..end]);
    directory.replace('\\', "/")
}
