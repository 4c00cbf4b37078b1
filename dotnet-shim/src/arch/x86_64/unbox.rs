//! Unboxing stubs.

/// Where an unboxing stub goes.
pub(crate) enum UnboxingTarget {
    /// To this address.
    Code(usize),
    /// To the address in this cell.
    Cell(usize),
}

/// Decodes `add rdi, 8` followed by a direct or an indirect jump.
pub(crate) fn unboxing_target(address: usize, code: &[u8]) -> Option<UnboxingTarget> {
    let code = code.strip_prefix(&[0x48, 0x83, 0xc7, 0x08])?;
    let relative = |length: usize| {
        let (displacement, _) = code.get(length - 4..)?.split_first_chunk()?;
        let next = address + 4 + length;
        Some(next.wrapping_add_signed(i32::from_le_bytes(*displacement) as isize))
    };
    match code {
        [0xe9, ..] => relative(5).map(UnboxingTarget::Code),
        [0xff, 0x25, ..] => relative(6).map(UnboxingTarget::Cell),
        _ => None,
    }
}
