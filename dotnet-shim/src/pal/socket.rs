//! Exports: sockets, which there are none of yet: making one is refused, and no descriptor is one.
//!
//! The functions that take a socket are declared with that argument only; the rest of their arguments,
//! in registers or on the caller's stack, is not looked at.
use super::argument::Out;
use super::error::Errno;
use super::outcome::fail;
use super::{files, outcome};

/// What an operation on a descriptor that is no socket gives, in the class library's code.
fn refuse(fd: isize) -> i32 {
    match files::with(|files| files.node_of(fd as i32)) {
        Ok(_) => Errno::ENOTSOCK.to_pal(),
        Err(error) => error.to_pal(),
    }
}

macro_rules! refused {
    ($($name:ident = $export:literal;)*) => {$(
        #[cfg_attr(feature = "image", unsafe(export_name = $export))]
        extern "C" fn $name(fd: isize) -> i32 {
            refuse(fd)
        }
    )*};
}

refused! {
    accept = "SystemNative_Accept";
    bind = "SystemNative_Bind";
    connect = "SystemNative_Connect";
    connectx = "SystemNative_Connectx";
    disconnect = "SystemNative_Disconnect";
    get_at_out_of_band_mark = "SystemNative_GetAtOutOfBandMark";
    get_ipv4_multicast_option = "SystemNative_GetIPv4MulticastOption";
    get_ipv6_multicast_option = "SystemNative_GetIPv6MulticastOption";
    get_linger_option = "SystemNative_GetLingerOption";
    get_peer_name = "SystemNative_GetPeerName";
    get_raw_option = "SystemNative_GetRawSockOpt";
    get_name = "SystemNative_GetSockName";
    get_option = "SystemNative_GetSockOpt";
    get_error_option = "SystemNative_GetSocketErrorOption";
    get_type = "SystemNative_GetSocketType";
    listen = "SystemNative_Listen";
    read_events = "SystemNative_ReadEvents";
    receive = "SystemNative_Receive";
    receive_message = "SystemNative_ReceiveMessage";
    send = "SystemNative_Send";
    send_file = "SystemNative_SendFile";
    send_message = "SystemNative_SendMessage";
    set_ipv4_multicast_option = "SystemNative_SetIPv4MulticastOption";
    set_ipv6_multicast_option = "SystemNative_SetIPv6MulticastOption";
    set_linger_option = "SystemNative_SetLingerOption";
    set_raw_option = "SystemNative_SetRawSockOpt";
    set_receive_timeout = "SystemNative_SetReceiveTimeout";
    set_send_timeout = "SystemNative_SetSendTimeout";
    set_option = "SystemNative_SetSockOpt";
    shutdown = "SystemNative_Shutdown";
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_Socket"))]
extern "C" fn socket(_family: i32, _kind: i32, _protocol: i32, mut out: Out<isize>) -> i32 {
    // A place that the caller does not give needs no value.
    let _ = out.set(-1);
    Errno::EAFNOSUPPORT.to_pal()
}

#[cfg_attr(
    feature = "image",
    unsafe(export_name = "SystemNative_CreateNetworkChangeListenerSocket")
)]
extern "C" fn create_network_change_listener(mut out: Out<isize>) -> i32 {
    // A place that the caller does not give needs no value.
    let _ = out.set(-1);
    Errno::EAFNOSUPPORT.to_pal()
}

/// Bytes that a read would give at once; pipes know that too.
#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_GetBytesAvailable"))]
extern "C" fn get_bytes_available(fd: isize, mut out: Out<i32>) -> i32 {
    let available = files::with(|files| files.available(fd as i32));
    let available = available.and_then(|count| i32::try_from(count).map_err(|_| Errno::EOVERFLOW));
    outcome::code(available.and_then(|count| out.set(count)))
}

/// As `errno` this time, not as a code.
#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_GetPeerID"))]
extern "C" fn get_peer_id(fd: isize, _user: Out<u32>) -> i32 {
    fail(files::with(|files| files.node_of(fd as i32)).err().unwrap_or(Errno::ENOTSOCK))
}

/// `SocketError.NotSocket`.
#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_ReceiveSocketError"))]
extern "C" fn receive_socket_error(_fd: isize) -> i32 {
    10038
}

/// There is no message to take it from.
#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_TryGetIPPacketInformation"))]
extern "C" fn try_get_ip_packet_information(_message: usize) -> i32 {
    0
}

/// Room for the destination of a datagram in Linux's layout.
#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_GetControlMessageBufferSize"))]
extern "C" fn get_control_message_buffer_size(is_ipv4: i32, is_ipv6: i32) -> i32 {
    // CMSG_SPACE of in_pktinfo and of in6_pktinfo.
    i32::from(is_ipv4 != 0) * 32 + i32::from(is_ipv6 != 0) * 40
}

#[cfg_attr(
    feature = "image",
    unsafe(export_name = "SystemNative_PlatformSupportsDualModeIPv4PacketInfo")
)]
extern "C" fn supports_dual_mode_packet_info() -> i32 {
    1
}
