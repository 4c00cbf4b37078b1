//! Finds the kernel's requests in its loaded image, and reads their members.
//!
//! Requests lie at multiples of 8 anywhere in the image, or, where the kernel marks the area,
//! between the last start marker and the first end marker.

use crate::bytes::{put_u64, u64_at};
use crate::protocol::{
    BASE_REVISION, COMMON, END_MARKER, FEATURES, Feature, KERNEL_BASE, REQUEST_MEMBERS,
    REQUEST_RESPONSE, REQUEST_REVISION, REVISION_MAX, REVISION_MIN, STACK_MIN, START_MARKER,
};
use crate::{Error, elf};
use alloc::string::String;
use alloc::vec::Vec;

/// The requests of an image: where each lies.
#[derive(Debug, PartialEq, Eq)]
pub struct Requests {
    /// Offset of the base revision tag.
    tag: usize,
    /// The base revision that the kernel wants, one that is supported.
    pub revision: u64,
    offsets: [Option<usize>; FEATURES.len()],
}

/// A module that the kernel itself asks for.
#[derive(Debug, PartialEq, Eq)]
pub struct InternalModule {
    /// Path, relative to the kernel's directory.
    pub path: String,
    /// The string that goes with it.
    pub string: String,
    /// Whether the kernel cannot do without it.
    pub is_required: bool,
}

/// Searches a loaded image.
///
/// # Errors
///
/// [`Error::Request`] if one request is there twice, [`Error::Revision`] if the kernel wants a
/// base revision that is not supported (or, having no tag, revision 0).
pub fn scan(image: &[u8]) -> Result<Requests, Error> {
    let mut tag = None;
    let mut seen: Vec<([u64; 2], usize)> = Vec::new();
    let (words, _) = image.as_chunks::<8>();
    let word = |index: usize| words.get(index).map(|bytes| u64::from_le_bytes(*bytes));
    let is_at = |index: usize, magic: &[u64]| {
        magic.iter().enumerate().all(|(offset, &value)| word(index + offset) == Some(value))
    };
    for (index, bytes) in words.iter().enumerate() {
        match u64::from_le_bytes(*bytes) {
            first if first == COMMON[0] && is_at(index, &COMMON) => {
                if let (Some(third), Some(fourth)) = (word(index + 2), word(index + 3)) {
                    seen.push(([third, fourth], index * 8));
                }
            }
            first if first == BASE_REVISION[0] && is_at(index, &BASE_REVISION) => {
                if let Some(wanted) = word(index + 2) {
                    tag = Some((index * 8, wanted));
                }
            }
            first if first == START_MARKER[0] && is_at(index, &START_MARKER) => {
                seen.clear();
                tag = None;
            }
            first if first == END_MARKER[0] && is_at(index, &END_MARKER) => break,
            _ => {}
        }
    }
    let (tag, revision) = tag.ok_or(Error::Revision(0))?;
    if !(REVISION_MIN..=REVISION_MAX).contains(&revision) {
        return Err(Error::Revision(revision));
    }
    let mut offsets = [None; FEATURES.len()];
    for (position, (id, offset)) in seen.iter().enumerate() {
        if seen[..position].iter().any(|(other, _)| other == id) {
            return Err(Error::Request("the same request is there twice"));
        }
        if let Some((feature, _)) = FEATURES.iter().find(|(_, known)| known == id) {
            offsets[*feature as usize] = Some(*offset);
        }
    }
    Ok(Requests { tag, revision, offsets })
}

impl Requests {
    /// Says whether the kernel asks for a feature (and its request lies inside the image).
    #[must_use]
    pub fn has(&self, image: &[u8], feature: Feature) -> bool {
        self.member(image, feature, REQUEST_RESPONSE).is_some()
    }

    /// Reads a member of a request.
    #[must_use]
    pub fn member(&self, image: &[u8], feature: Feature, offset: usize) -> Option<u64> {
        u64_at(image, self.offsets[feature as usize]?.checked_add(offset)?)
    }

    /// Stores the address of the response to a request.
    pub fn respond(&self, image: &mut [u8], feature: Feature, address: u64) {
        if let Some(offset) = self.offsets[feature as usize] {
            // A request that is cut off by the end of the image is as good as not there.
            let _: bool = put_u64(image, offset.saturating_add(REQUEST_RESPONSE), address);
        }
    }

    /// Tells the kernel that it has been loaded by the base revision it wants.
    pub fn confirm_revision(&self, image: &mut [u8]) {
        // The tag was read from this image, so both words are inside.
        let _: bool = put_u64(image, self.tag + 8, self.revision);
        let _: bool = put_u64(image, self.tag + 16, 0);
    }

    /// The size of every stack, a multiple of the page size.
    ///
    /// # Errors
    ///
    /// [`Error::Request`] if the kernel asks for more than 1 GiB.
    pub fn stack_size(&self, image: &[u8]) -> Result<u64, Error> {
        let wanted = self.member(image, Feature::StackSize, REQUEST_MEMBERS).unwrap_or(STACK_MIN);
        if wanted > 1 << 30 {
            return Err(Error::Request("the stack is larger than 1 GiB"));
        }
        Ok((wanted.max(STACK_MIN) + 4095) & !4095)
    }

    /// The address at which the kernel wants to be entered, if it is not that of its file.
    ///
    /// # Errors
    ///
    /// [`Error::Request`] if the address is outside the image.
    pub fn entry_point(&self, image: &[u8], plan: &elf::Plan) -> Result<u64, Error> {
        match self.member(image, Feature::EntryPoint, REQUEST_MEMBERS) {
            None => Ok(plan.entry),
            Some(entry) if plan.is_executable(entry) => Ok(entry),
            Some(_) => Err(Error::Request("the entry point is not in an executable segment")),
        }
    }

    /// Checks that the kernel can live with 4-level paging, the only mode there is.
    ///
    /// # Errors
    ///
    /// [`Error::Request`] if it cannot.
    pub fn check_paging_mode(&self, image: &[u8]) -> Result<(), Error> {
        let revision = self.member(image, Feature::PagingMode, REQUEST_REVISION).unwrap_or(0);
        let least = self.member(image, Feature::PagingMode, REQUEST_MEMBERS + 16).unwrap_or(0);
        if revision >= 1 && least > 0 {
            return Err(Error::Request("the kernel insists on 5-level paging"));
        }
        Ok(())
    }

    /// Reads the modules that the kernel asks for.
    ///
    /// # Errors
    ///
    /// [`Error::Request`] if a pointer leads out of the image or a string has no end.
    pub fn internal_modules(
        &self,
        image: &[u8],
        virtual_base: u64,
    ) -> Result<Vec<InternalModule>, Error> {
        let member = |offset| self.member(image, Feature::Modules, offset);
        if member(REQUEST_REVISION).is_none_or(|revision| revision < 1) {
            return Ok(Vec::new());
        }
        let count = member(REQUEST_MEMBERS).unwrap_or(0);
        let array = member(REQUEST_MEMBERS + 8).unwrap_or(0);
        if count > 1024 {
            return Err(Error::Request("more than 1024 internal modules"));
        }
        let bad = Error::Request("an internal module leads out of the kernel");
        let offset_of = |address: u64| {
            let offset = address.checked_sub(virtual_base)?;
            (address >= KERNEL_BASE).then_some(usize::try_from(offset).ok()?)
        };
        let word = |address: u64| u64_at(image, offset_of(address)?);
        let text = |address: u64| {
            let rest = image.get(offset_of(address)?..)?;
            let length = rest.iter().take(4096).position(|&byte| byte == 0)?;
            Some(String::from(core::str::from_utf8(&rest[..length]).ok()?))
        };
        let module = |index: u64| {
            let record = word(array.checked_add(index * 8)?)?;
            Some(InternalModule {
                path: text(word(record)?)?,
                string: text(word(record.checked_add(8)?)?)?,
                is_required: word(record.checked_add(16)?)? & crate::protocol::MODULE_REQUIRED != 0,
            })
        };
        (0..count).map(|index| module(index).ok_or_else(|| bad.clone())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{InternalModule, scan};
    use crate::Error;
    use crate::protocol::{
        BASE_REVISION, COMMON, END_MARKER, FEATURES, Feature, KERNEL_BASE, STACK_MIN, START_MARKER,
    };
    use alloc::{string::String, vec, vec::Vec};

    fn bytes(words: &[u64]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    fn request(feature: Feature, members: &[u64]) -> Vec<u64> {
        let mut words = vec![COMMON[0], COMMON[1]];
        words.extend(FEATURES[feature as usize].1);
        words.extend([0, 0]);
        words.extend(members);
        words
    }

    fn tag(revision: u64) -> Vec<u64> {
        vec![BASE_REVISION[0], BASE_REVISION[1], revision]
    }

    #[test]
    fn the_table_of_features_is_in_the_order_of_the_enumeration() {
        for (index, (feature, _)) in FEATURES.iter().enumerate() {
            assert_eq!(*feature as usize, index);
        }
    }

    #[test]
    fn requests_are_found_answered_and_confirmed() {
        let words = [vec![7], tag(6), request(Feature::Hhdm, &[])].concat();
        let mut image = bytes(&words);
        let requests = scan(&image).expect("well formed");
        assert_eq!(requests.revision, 6);
        assert!(requests.has(&image, Feature::Hhdm));
        assert!(!requests.has(&image, Feature::Mp));
        requests.respond(&mut image, Feature::Hhdm, 0x1234);
        requests.confirm_revision(&mut image);
        assert_eq!(requests.member(&image, Feature::Hhdm, 40), Some(0x1234));
        assert_eq!(image[16..32], bytes(&[6, 0])[..]);
    }

    #[test]
    fn markers_bound_the_search() {
        let words = [
            request(Feature::Hhdm, &[]),
            tag(9),
            START_MARKER.to_vec(),
            tag(4),
            request(Feature::Rsdp, &[]),
            END_MARKER.to_vec(),
            request(Feature::Rsdp, &[]),
        ];
        let image = bytes(&words.concat());
        let requests = scan(&image).expect("well formed");
        assert_eq!(requests.revision, 4);
        assert!(!requests.has(&image, Feature::Hhdm));
        assert!(requests.has(&image, Feature::Rsdp));
    }

    #[test]
    fn unknown_revisions_and_doubles_are_refused() {
        assert_eq!(scan(&[]), Err(Error::Revision(0)));
        assert_eq!(scan(&bytes(&tag(2))), Err(Error::Revision(2)));
        assert_eq!(scan(&bytes(&tag(7))), Err(Error::Revision(7)));
        let twice = [tag(6), request(Feature::Mp, &[0]), request(Feature::Mp, &[0])].concat();
        assert!(matches!(scan(&bytes(&twice)), Err(Error::Request(_))));
    }

    #[test]
    fn a_request_cut_off_by_the_end_is_not_answered() {
        let mut words = [tag(6), request(Feature::Hhdm, &[])].concat();
        words.truncate(words.len() - 1);
        let mut image = bytes(&words);
        let requests = scan(&image).expect("well formed");
        assert!(!requests.has(&image, Feature::Hhdm));
        requests.respond(&mut image, Feature::Hhdm, 1);
        assert_eq!(image, bytes(&words));
    }

    #[test]
    fn stacks_have_a_least_and_a_greatest_size() {
        for (wanted, size) in [(1, Ok(STACK_MIN)), (STACK_MIN + 1, Ok(STACK_MIN + 4096))] {
            let image = bytes(&[tag(6), request(Feature::StackSize, &[wanted])].concat());
            assert_eq!(scan(&image).expect("well formed").stack_size(&image), size);
        }
        let image = bytes(&[tag(6), request(Feature::StackSize, &[u64::MAX])].concat());
        assert!(scan(&image).expect("well formed").stack_size(&image).is_err());
    }

    #[test]
    fn internal_modules_are_read_through_the_image() {
        let at = |word: u64| KERNEL_BASE + word * 8;
        // Words 0..3 tag, 3..11 request, 11 array, 12..15 module, 15 path, 16 string.
        let mut module = request(Feature::Modules, &[1, at(11)]);
        module[4] = 1;
        let words = [tag(6), module, vec![at(12), at(15), at(16), 1, 0x61, 0x62]].concat();
        let image = bytes(&words);
        let requests = scan(&image).expect("well formed");
        let expected = InternalModule {
            path: String::from("a"),
            string: String::from("b"),
            is_required: true,
        };
        assert_eq!(requests.internal_modules(&image, KERNEL_BASE), Ok(vec![expected]));
        for word in 11..15 {
            let mut image = image.clone();
            image[word * 8..word * 8 + 8].copy_from_slice(&u64::MAX.to_le_bytes());
            let result = requests.internal_modules(&image, KERNEL_BASE);
            assert_eq!(result.is_err(), word != 14, "word {word}");
        }
    }
}
