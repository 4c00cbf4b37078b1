//! Exports: socket addresses, in Linux's layouts. Only bytes are moved, so these work without sockets.
use super::argument::{Out, Source, Target};
use super::error::{Errno, Result};
use super::outcome::code;

/// Linux's address families and the class library's.
const FAMILIES: [(u16, i32); 6] = [(0, 0), (1, 1), (2, 2), (10, 23), (17, 65536), (29, 65537)];
const INET: u16 = 2;
const INET6: u16 = 10;
/// `sizeof(sockaddr_in)`.
const INET_SIZE: i32 = 16;
/// `sizeof(sockaddr_in6)`.
const INET6_SIZE: i32 = 28;
/// `sizeof(sockaddr_un)`.
const UNIX_SIZE: i32 = 110;
/// `sizeof(sockaddr_storage)`.
const STORAGE_SIZE: i32 = 128;

fn read<const N: usize>(address: &[u8], offset: usize) -> Result<[u8; N]> {
    let bytes = address.get(offset..offset + N).ok_or(Errno::EFAULT)?;
    Ok(bytes.try_into().expect("the slice has that length"))
}

fn write(address: &mut [u8], offset: usize, bytes: &[u8]) -> Result<()> {
    let target = address.get_mut(offset..offset + bytes.len()).ok_or(Errno::EFAULT)?;
    target.copy_from_slice(bytes);
    Ok(())
}

fn family(address: &[u8]) -> Result<u16> {
    Ok(u16::from_le_bytes(read(address, 0)?))
}

fn expect_family(address: &[u8], wanted: u16) -> Result<()> {
    if family(address)? == wanted { Ok(()) } else { Err(Errno::EINVAL) }
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_GetAddressFamily"))]
extern "C" fn get_address_family(address: Source, length: i32, mut out: Out<i32>) -> i32 {
    code(address.slice(length).and_then(|address| {
        let family = family(address)?;
        let known = FAMILIES.iter().find(|(linux, _)| *linux == family);
        out.set(known.map_or(-1, |(_, pal)| *pal))
    }))
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_SetAddressFamily"))]
extern "C" fn set_address_family(mut address: Target, length: i32, family: i32) -> i32 {
    code(address.slice(length).and_then(|address| {
        let known = FAMILIES.iter().find(|(_, pal)| *pal == family);
        let (linux, _) = known.ok_or(Errno::EAFNOSUPPORT)?;
        write(address, 0, &linux.to_le_bytes())
    }))
}

fn has_port(address: &[u8]) -> Result<()> {
    match family(address)? {
        INET | INET6 => Ok(()),
        _ => Err(Errno::EAFNOSUPPORT),
    }
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_GetPort"))]
extern "C" fn get_port(address: Source, length: i32, mut port: Out<u16>) -> i32 {
    code(address.slice(length).and_then(|address| {
        has_port(address)?;
        port.set(u16::from_be_bytes(read(address, 2)?))
    }))
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_SetPort"))]
extern "C" fn set_port(mut address: Target, length: i32, port: u16) -> i32 {
    code(address.slice(length).and_then(|address| {
        has_port(address)?;
        write(address, 2, &port.to_be_bytes())
    }))
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_GetIPv4Address"))]
extern "C" fn get_ipv4_address(address: Source, length: i32, mut out: Out<[u8; 4]>) -> i32 {
    code(address.slice(length).and_then(|address| {
        expect_family(address, INET)?;
        out.set(read(address, 4)?)
    }))
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_SetIPv4Address"))]
extern "C" fn set_ipv4_address(mut address: Target, length: i32, value: u32) -> i32 {
    code(address.slice(length).and_then(|address| {
        if length < INET_SIZE {
            return Err(Errno::EFAULT);
        }
        write(address, 0, &INET.to_le_bytes())?;
        write(address, 4, &value.to_ne_bytes())
    }))
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_GetIPv6Address"))]
extern "C" fn get_ipv6_address(
    address: Source,
    length: i32,
    mut bytes: Target,
    count: i32,
    mut scope: Out<u32>,
) -> i32 {
    code(address.slice(length).and_then(|address| {
        expect_family(address, INET6)?;
        write(bytes.slice(count)?, 0, &read::<16>(address, 8)?)?;
        scope.set(u32::from_ne_bytes(read(address, 24)?))
    }))
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_SetIPv6Address"))]
extern "C" fn set_ipv6_address(
    mut address: Target,
    length: i32,
    bytes: Source,
    count: i32,
    scope: u32,
) -> i32 {
    code(address.slice(length).and_then(|address| {
        if length < INET6_SIZE {
            return Err(Errno::EFAULT);
        }
        write(address, 0, &INET6.to_le_bytes())?;
        write(address, 4, &[0; 4])?;
        write(address, 8, &read::<16>(bytes.slice(count)?, 0)?)?;
        write(address, 24, &scope.to_ne_bytes())
    }))
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_GetSocketAddressSizes"))]
extern "C" fn get_socket_address_sizes(
    mut inet: Out<i32>,
    mut inet6: Out<i32>,
    mut unix: Out<i32>,
    mut maximum: Out<i32>,
) -> i32 {
    let result = inet.set(INET_SIZE).and_then(|()| inet6.set(INET6_SIZE));
    code(result.and_then(|()| unix.set(UNIX_SIZE)).and_then(|()| maximum.set(STORAGE_SIZE)))
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_GetMaximumAddressSize"))]
extern "C" fn get_maximum_address_size() -> i32 {
    STORAGE_SIZE
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_GetDomainSocketSizes"))]
extern "C" fn get_domain_socket_sizes(
    mut path_offset: Out<i32>,
    mut path_size: Out<i32>,
    mut size: Out<i32>,
) {
    // The caller passes all places; without them there is nothing to tell.
    let _ = path_offset.set(2).and_then(|()| path_size.set(108)).and_then(|()| size.set(UNIX_SIZE));
}

#[cfg(test)]
mod tests {
    use super::{FAMILIES, read, write};

    #[test]
    fn pieces_outside_an_address_are_refused() {
        assert_eq!(read::<2>(&[1, 2, 3], 1), Ok([2, 3]));
        assert!(read::<4>(&[1, 2, 3], 0).is_err());
        let mut address = [0; 4];
        assert!(
            write(&mut address, 2, &[1, 2]).is_ok() && write(&mut address, 3, &[1, 2]).is_err()
        );
        assert_eq!(address, [0, 0, 1, 2]);
    }

    #[test]
    fn families_are_unambiguous() {
        for (index, (linux, pal)) in FAMILIES.iter().enumerate() {
            assert!(FAMILIES[..index].iter().all(|(other, code)| other != linux && code != pal));
        }
    }
}
