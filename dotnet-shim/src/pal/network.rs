//! Exports: names and interfaces of a network that is not there yet.
use super::argument::{Out, Text};
use super::error::Errno;
use super::outcome::fail;

/// The class library's "no such name".
const NAME_UNKNOWN: i32 = 5;

/// No name can be resolved.
#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_GetHostEntryForName"))]
extern "C" fn get_host_entry_for_name(_name: Text, _family: i32, _entry: usize) -> i32 {
    NAME_UNKNOWN
}

/// Nothing was given out.
#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_FreeHostEntry"))]
extern "C" fn free_host_entry(_entry: usize) {}

/// No address has a name.
#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_GetNameInfo"))]
extern "C" fn get_name_info(_address: usize) -> i32 {
    NAME_UNKNOWN
}

/// There are none.
#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_GetNetworkInterfaces"))]
extern "C" fn get_network_interfaces(
    mut count: Out<i32>,
    mut interfaces: Out<usize>,
    mut address_count: Out<i32>,
    mut addresses: Out<usize>,
) -> i32 {
    let result = count.set(0).and_then(|()| interfaces.set(0));
    super::outcome::status(
        result.and_then(|()| address_count.set(0)).and_then(|()| addresses.set(0)),
    )
}

/// There are none to tell of.
#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_EnumerateInterfaceAddresses"))]
extern "C" fn enumerate_interface_addresses(
    _context: usize,
    _ipv4: usize,
    _ipv6: usize,
    _link: usize,
) -> i32 {
    0
}

/// No interface has that name.
#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_InterfaceNameToIndex"))]
extern "C" fn interface_name_to_index(_name: Text) -> u32 {
    fail(Errno::ENODEV);
    0
}

/// Linux's states of a TCP connection as the class library numbers them.
#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_MapTcpState"))]
extern "C" fn map_tcp_state(state: i32) -> i32 {
    match state {
        1 => 5,  // established
        2 => 3,  // SYN sent
        3 => 4,  // SYN received
        4 => 6,  // FIN wait 1
        5 => 7,  // FIN wait 2
        6 => 11, // time wait
        7 => 1,  // closed
        8 => 8,  // close wait
        9 => 10, // last ACK
        10 => 2, // listening
        11 => 9, // closing
        _ => 0,  // unknown
    }
}
