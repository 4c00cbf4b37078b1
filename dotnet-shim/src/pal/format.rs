//! Exports: `snprintf` with one argument, for the strings of terminals.
use super::alloc::string::ToString;
use super::alloc::vec::Vec;
use super::argument::{Target, Text};
use super::error::{Errno, Result};
use super::outcome::number;

/// Replaces each conversion of a format (`%s`, `%d`, with flags and width ignored) by `argument`.
pub(super) fn expand(format: &[u8], argument: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    let mut rest = format;
    while let Some(mark) = rest.iter().position(|&byte| byte == b'%') {
        text.extend_from_slice(&rest[..mark]);
        rest = &rest[mark + 1..];
        if let Some(tail) = rest.strip_prefix(b"%") {
            text.push(b'%');
            rest = tail;
            continue;
        }
        let end = rest.iter().position(u8::is_ascii_alphabetic).map_or(rest.len(), |end| end + 1);
        text.extend_from_slice(argument);
        rest = &rest[end..];
    }
    text.extend_from_slice(rest);
    text
}

/// Puts what fits into the buffer, with a zero, and gives the full length.
fn print(buffer: &mut Target, size: i32, format: &Text, argument: &[u8]) -> Result<usize> {
    let text = expand(format.bytes()?, argument);
    let buffer = buffer.slice(size)?;
    if let Some(room) = buffer.len().checked_sub(1) {
        let count = text.len().min(room);
        buffer[..count].copy_from_slice(&text[..count]);
        buffer[count] = 0;
    }
    Ok(text.len())
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_SNPrintF_1S"))]
extern "C" fn snprintf_1s(mut buffer: Target, size: i32, format: Text, argument: Text) -> i32 {
    number(argument.bytes().and_then(|argument| print(&mut buffer, size, &format, argument)))
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_SNPrintF_1I"))]
extern "C" fn snprintf_1i(mut buffer: Target, size: i32, format: Text, argument: i32) -> i32 {
    number(print(&mut buffer, size, &format, argument.to_string().as_bytes()))
}

/// The text of an error number; written to the buffer only when there is no fixed one.
#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_StrErrorR"))]
extern "C" fn str_error(number: i32, mut buffer: Target, size: i32) -> *const u8 {
    if let Some(text) = Errno(number).text() {
        return text.as_ptr().cast();
    }
    let text = super::alloc::format!("Unknown error {number}");
    match buffer.slice(size) {
        Ok(room) if !room.is_empty() => {
            let count = text.len().min(room.len() - 1);
            room[..count].copy_from_slice(&text.as_bytes()[..count]);
            room[count] = 0;
            buffer.pointer()
        }
        _ => c"Unknown error".as_ptr().cast(),
    }
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_ConvertErrorPlatformToPal"))]
extern "C" fn convert_error_platform_to_pal(number: i32) -> i32 {
    Errno(number).to_pal()
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_ConvertErrorPalToPlatform"))]
extern "C" fn convert_error_pal_to_platform(code: i32) -> i32 {
    Errno::from_pal(code).0
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_GetErrNo"))]
extern "C" fn get_errno() -> i32 {
    crate::errno::get()
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_SetErrNo"))]
extern "C" fn set_errno(number: i32) {
    crate::errno::set(number);
}

#[cfg(test)]
mod tests {
    use super::expand;

    #[test]
    fn conversions_are_replaced_and_percent_signs_kept() {
        assert_eq!(expand(b"a%sb", b"x"), b"axb");
        assert_eq!(expand(b"100%% %03d", b"7"), b"100% 7");
        assert_eq!(expand(b"%", b"7"), b"7");
    }
}
