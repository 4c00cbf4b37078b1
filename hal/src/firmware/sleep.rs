//! The sleep types of ACPI state S5 (soft off), found without interpreting AML.
//!
//! The DSDT holds `Name (\_S5, Package () {a, b, ...})`: the bytes `08 [5c] "_S5_" 12 PkgLength count`
//! and then the elements. Only constants can stand there, so a search for the name finds them.

/// The values for `SLP_TYPa` and `SLP_TYPb`.
pub(crate) fn soft_off(aml: &[u8]) -> Option<(u16, u16)> {
    let mut from = 0;
    while let Some(found) = aml[from..].windows(4).position(|window| window == b"_S5_") {
        let name = from + found;
        from = name + 4;
        let is_named = matches!(aml[..name], [.., 0x08] | [.., 0x08, b'\\']);
        if is_named && let Some(types) = package(&aml[from..]) {
            return Some(types);
        }
    }
    None
}

fn package(bytes: &[u8]) -> Option<(u16, u16)> {
    let (&[0x12, lead], _) = bytes.split_first_chunk()? else { return None };
    // The two top bits of the lead byte say how many bytes of length follow it.
    let elements = bytes.get(2 + usize::from(lead >> 6)..)?;
    let (&count, mut elements) = elements.split_first()?;
    let first = integer(&mut elements)?;
    let second = if count > 1 { integer(&mut elements)? } else { first };
    Some((first, second))
}

fn integer(bytes: &mut &[u8]) -> Option<u16> {
    let (value, used) = match **bytes {
        [0x00, ..] => (0, 1),
        [0x01, ..] => (1, 1),
        [0x0a, value, ..] => (value.into(), 2),
        [0x0b, low, high, ..] => (u16::from_le_bytes([low, high]), 3),
        _ => return None,
    };
    *bytes = &bytes[used..];
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::soft_off;

    #[test]
    fn constants_of_every_width_are_read() {
        assert_eq!(soft_off(b"..\x08_S5_\x12\x06\x04\x00\x00\x00\x00"), Some((0, 0)));
        assert_eq!(soft_off(b"\x08\\_S5_\x12\x08\x04\x0a\x05\x0a\x07\x00"), Some((5, 7)));
        assert_eq!(soft_off(b"\x08_S5_\x12\x40\x07\x02\x01\x0b\x34\x12"), Some((1, 0x1234)));
    }

    #[test]
    fn a_package_of_one_serves_both() {
        assert_eq!(soft_off(b"\x08_S5_\x12\x04\x01\x0a\x07"), Some((7, 7)));
    }

    #[test]
    fn a_mention_is_not_a_definition() {
        assert_eq!(soft_off(b"\x10_S5_\x12\x06\x04\x0a\x05\x0a\x05"), None);
        assert_eq!(soft_off(b"_S5_.\x08_S5_\x12\x06\x04\x0a\x05\x01"), Some((5, 1)));
        assert_eq!(soft_off(b"\x08_S5_"), None);
        assert_eq!(soft_off(b"\x08_S5_\x12"), None);
        assert_eq!(soft_off(b"\x08_S5_\x12\xc0\x01"), None);
        assert_eq!(soft_off(b""), None);
    }
}
