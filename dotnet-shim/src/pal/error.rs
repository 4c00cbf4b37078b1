//! Error numbers: Linux's values and texts, and the class library's platform-independent encoding.
//!
//! Everything below the exports reports an [`Errno`]; the exports turn it into "-1 and `errno`" or into
//! a PAL code. The texts are those of Linux, because exception messages show them.

/// An error number with Linux's value.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Errno(pub(crate) i32);

/// The result of an operation of the platform layer.
pub(crate) type Result<T> = core::result::Result<T, Errno>;

/// PAL code of an error that has none of its own.
const PAL_NON_STANDARD: i32 = 0x1FFFF;
/// PAL codes the class library makes up itself; their "platform" value is the negated code.
const PAL_HOST_NOT_FOUND: i32 = 0x20001;
/// As [`PAL_HOST_NOT_FOUND`]: an error of the socket layer without a number.
const PAL_SOCKET_ERROR: i32 = 0x20002;

/// One row for each number: Linux's value, the PAL code (0: none), the text.
struct Row {
    number: i32,
    pal: i32,
    text: &'static core::ffi::CStr,
}

const fn row(number: i32, pal: i32, text: &'static core::ffi::CStr) -> Row {
    Row { number, pal, text }
}

#[rustfmt::skip]
impl Errno {
    pub(crate) const EPERM: Self = Self(1);
    pub(crate) const EOVERFLOW: Self = Self(75);
    pub(crate) const ENOTSOCK: Self = Self(88);
    pub(crate) const EIO: Self = Self(5);
    pub(crate) const EFAULT: Self = Self(14);
    pub(crate) const ENOENT: Self = Self(2);
    pub(crate) const ESRCH: Self = Self(3);
    pub(crate) const ENXIO: Self = Self(6);
    pub(crate) const EBADF: Self = Self(9);
    pub(crate) const ECHILD: Self = Self(10);
    pub(crate) const EAGAIN: Self = Self(11);
    pub(crate) const ENOMEM: Self = Self(12);
    pub(crate) const EBUSY: Self = Self(16);
    pub(crate) const EEXIST: Self = Self(17);
    pub(crate) const ENOTDIR: Self = Self(20);
    pub(crate) const EISDIR: Self = Self(21);
    pub(crate) const EACCES: Self = Self(13);
    pub(crate) const ENODEV: Self = Self(19);
    pub(crate) const EMLINK: Self = Self(31);
    pub(crate) const EINVAL: Self = Self(22);
    pub(crate) const EMFILE: Self = Self(24);
    pub(crate) const ENOTTY: Self = Self(25);
    pub(crate) const EFBIG: Self = Self(27);
    pub(crate) const ENOSPC: Self = Self(28);
    pub(crate) const ESPIPE: Self = Self(29);
    pub(crate) const EPIPE: Self = Self(32);
    pub(crate) const ERANGE: Self = Self(34);
    pub(crate) const ENAMETOOLONG: Self = Self(36);
    pub(crate) const ENOSYS: Self = Self(38);
    pub(crate) const ENOTEMPTY: Self = Self(39);
    pub(crate) const ELOOP: Self = Self(40);
    pub(crate) const ENOTSUP: Self = Self(95);
    pub(crate) const EAFNOSUPPORT: Self = Self(97);
}

impl Errno {
    /// The class library's code for this error.
    pub(crate) fn to_pal(self) -> i32 {
        match self.0 {
            0 => 0,
            number if number == -PAL_HOST_NOT_FOUND || number == -PAL_SOCKET_ERROR => -number,
            number => match ROWS.iter().find(|row| row.number == number) {
                Some(row) if row.pal != 0 => row.pal,
                _ => PAL_NON_STANDARD,
            },
        }
    }

    /// The error with this code of the class library; -1 when there is none.
    pub(crate) fn from_pal(pal: i32) -> Self {
        match pal {
            0 => Self(0),
            PAL_HOST_NOT_FOUND | PAL_SOCKET_ERROR => Self(-pal),
            _ => Self(ROWS.iter().find(|row| row.pal == pal).map_or(-1, |row| row.number)),
        }
    }

    /// Linux's text, where the number has one.
    pub(crate) fn text(self) -> Option<&'static core::ffi::CStr> {
        match self.0 {
            0 => return Some(c"Success"),
            number if number == -PAL_HOST_NOT_FOUND => return Some(c"Name or service not known"),
            number if number == -PAL_SOCKET_ERROR => return Some(c"Unknown socket error"),
            _ => {}
        }
        ROWS.iter().find(|row| row.number == self.0).map(|row| row.text)
    }
}

#[rustfmt::skip]
static ROWS: &[Row] = &[
    row(1, 0x10042, c"Operation not permitted"),
    row(2, 0x1002D, c"No such file or directory"),
    row(3, 0x1004A, c"No such process"),
    row(4, 0x1001B, c"Interrupted system call"),
    row(5, 0x1001D, c"Input/output error"),
    row(6, 0x1003F, c"No such device or address"),
    row(7, 0x10001, c"Argument list too long"),
    row(8, 0x1002E, c"Exec format error"),
    row(9, 0x10008, c"Bad file descriptor"),
    row(10, 0x1000C, c"No child processes"),
    row(11, 0x10006, c"Resource temporarily unavailable"),
    row(12, 0x10031, c"Cannot allocate memory"),
    row(13, 0x10002, c"Permission denied"),
    row(14, 0x10015, c"Bad address"),
    row(15, 0, c"Block device required"),
    row(16, 0x1000A, c"Device or resource busy"),
    row(17, 0x10014, c"File exists"),
    row(18, 0x1004F, c"Invalid cross-device link"),
    row(19, 0x1002C, c"No such device"),
    row(20, 0x10039, c"Not a directory"),
    row(21, 0x1001F, c"Is a directory"),
    row(22, 0x1001C, c"Invalid argument"),
    row(23, 0x10029, c"Too many open files in system"),
    row(24, 0x10021, c"Too many open files"),
    row(25, 0x1003E, c"Inappropriate ioctl for device"),
    row(26, 0x1004E, c"Text file busy"),
    row(27, 0x10016, c"File too large"),
    row(28, 0x10034, c"No space left on device"),
    row(29, 0x10049, c"Illegal seek"),
    row(30, 0x10048, c"Read-only file system"),
    row(31, 0x10022, c"Too many links"),
    row(32, 0x10043, c"Broken pipe"),
    row(33, 0x10012, c"Numerical argument out of domain"),
    row(34, 0x10047, c"Numerical result out of range"),
    row(35, 0x10010, c"Resource deadlock avoided"),
    row(36, 0x10025, c"File name too long"),
    row(37, 0x1002F, c"No locks available"),
    row(38, 0x10037, c"Function not implemented"),
    row(39, 0x1003A, c"Directory not empty"),
    row(40, 0x10020, c"Too many levels of symbolic links"),
    row(42, 0x10032, c"No message of desired type"),
    row(43, 0x10018, c"Identifier removed"),
    row(44, 0, c"Channel number out of range"),
    row(45, 0, c"Level 2 not synchronized"),
    row(46, 0, c"Level 3 halted"),
    row(47, 0, c"Level 3 reset"),
    row(48, 0, c"Link number out of range"),
    row(49, 0, c"Protocol driver not attached"),
    row(50, 0, c"No CSI structure available"),
    row(51, 0, c"Level 2 halted"),
    row(52, 0, c"Invalid exchange"),
    row(53, 0, c"Invalid request descriptor"),
    row(54, 0, c"Exchange full"),
    row(55, 0, c"No anode"),
    row(56, 0, c"Invalid request code"),
    row(57, 0, c"Invalid slot"),
    row(59, 0, c"Bad font file format"),
    row(60, 0, c"Device not a stream"),
    row(61, 0x10071, c"No data available"),
    row(62, 0, c"Timer expired"),
    row(63, 0, c"Out of streams resources"),
    row(64, 0, c"Machine is not on the network"),
    row(65, 0, c"Package not installed"),
    row(66, 0, c"Object is remote"),
    row(67, 0x10030, c"Link has been severed"),
    row(68, 0, c"Advertise error"),
    row(69, 0, c"Srmount error"),
    row(70, 0, c"Communication error on send"),
    row(71, 0x10044, c"Protocol error"),
    row(72, 0x10024, c"Multihop attempted"),
    row(73, 0, c"RFS specific error"),
    row(74, 0x10009, c"Bad message"),
    row(75, 0x10040, c"Value too large for defined data type"),
    row(76, 0, c"Name not unique on network"),
    row(77, 0, c"File descriptor in bad state"),
    row(78, 0, c"Remote address changed"),
    row(79, 0, c"Can not access a needed shared library"),
    row(80, 0, c"Accessing a corrupted shared library"),
    row(81, 0, c".lib section in a.out corrupted"),
    row(82, 0, c"Attempting to link in too many shared libraries"),
    row(83, 0, c"Cannot exec a shared library directly"),
    row(84, 0x10019, c"Invalid or incomplete multibyte or wide character"),
    row(85, 0, c"Interrupted system call should be restarted"),
    row(86, 0, c"Streams pipe error"),
    row(87, 0, c"Too many users"),
    row(88, 0x1003C, c"Socket operation on non-socket"),
    row(89, 0x10011, c"Destination address required"),
    row(90, 0x10023, c"Message too long"),
    row(91, 0x10046, c"Protocol wrong type for socket"),
    row(92, 0x10033, c"Protocol not available"),
    row(93, 0x10045, c"Protocol not supported"),
    row(94, 0x1005E, c"Socket type not supported"),
    row(95, 0x1003D, c"Operation not supported"),
    row(96, 0x10060, c"Protocol family not supported"),
    row(97, 0x10005, c"Address family not supported by protocol"),
    row(98, 0x10003, c"Address already in use"),
    row(99, 0x10004, c"Cannot assign requested address"),
    row(100, 0x10026, c"Network is down"),
    row(101, 0x10028, c"Network is unreachable"),
    row(102, 0x10027, c"Network dropped connection on reset"),
    row(103, 0x1000D, c"Software caused connection abort"),
    row(104, 0x1000F, c"Connection reset by peer"),
    row(105, 0x1002A, c"No buffer space available"),
    row(106, 0x1001E, c"Transport endpoint is already connected"),
    row(107, 0x10038, c"Transport endpoint is not connected"),
    row(108, 0x1006C, c"Cannot send after transport endpoint shutdown"),
    row(109, 0, c"Too many references: cannot splice"),
    row(110, 0x1004D, c"Connection timed out"),
    row(111, 0x1000E, c"Connection refused"),
    row(112, 0x10070, c"Host is down"),
    row(113, 0x10017, c"No route to host"),
    row(114, 0x10007, c"Operation already in progress"),
    row(115, 0x1001A, c"Operation now in progress"),
    row(116, 0x1004B, c"Stale file handle"),
    row(117, 0, c"Structure needs cleaning"),
    row(118, 0, c"Not a XENIX named type file"),
    row(119, 0, c"No XENIX semaphores available"),
    row(120, 0, c"Is a named type file"),
    row(121, 0, c"Remote I/O error"),
    row(122, 0x10013, c"Disk quota exceeded"),
    row(123, 0, c"No medium found"),
    row(124, 0, c"Wrong medium type"),
    row(125, 0x1000B, c"Operation canceled"),
    row(126, 0, c"Required key not available"),
    row(127, 0, c"Key has expired"),
    row(128, 0, c"Key has been revoked"),
    row(129, 0, c"Key was rejected by service"),
    row(130, 0x10041, c"Owner died"),
    row(131, 0x1003B, c"State not recoverable"),
    row(132, 0, c"Operation not possible due to RF-kill"),
    row(133, 0, c"Memory page has hardware error"),
];

#[cfg(test)]
mod tests {
    use super::{Errno, PAL_NON_STANDARD, ROWS};

    #[test]
    fn every_code_survives_the_round_trip() {
        for row in ROWS.iter().filter(|row| row.pal != 0) {
            assert_eq!(Errno(row.number).to_pal(), row.pal);
            assert_eq!(Errno::from_pal(row.pal), Errno(row.number));
        }
        assert_eq!(Errno(0).to_pal(), 0);
        assert_eq!(Errno::from_pal(0x20001), Errno(-0x20001));
    }

    #[test]
    fn unknown_numbers_are_non_standard() {
        assert_eq!(Errno(4711).to_pal(), PAL_NON_STANDARD);
        assert_eq!(Errno::from_pal(0x12345), Errno(-1));
    }

    #[test]
    fn texts_are_those_of_the_host() {
        for number in 0..134 {
            let host = std::io::Error::from_raw_os_error(number).to_string();
            let host = host.split(" (os error").next().expect("a split has a first part");
            let ours = Errno(number).text().map_or_else(
                || format!("Unknown error {number}"),
                |text| text.to_str().expect("the texts are ASCII").into(),
            );
            assert_eq!(ours, host);
        }
    }
}
