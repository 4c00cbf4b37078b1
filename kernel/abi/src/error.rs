//! Result codes of a kernel call.

/// Why a call failed. Negated in the result register.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(i32)]
pub enum Error {
    /// There is no call of this number.
    BadCall = 1,
    /// A range is not (wholly) mapped with the needed protection.
    BadAddress = 2,
    /// An argument has no meaning: misaligned, too large, an unknown flag.
    BadArgument = 3,
    /// A handle that was never given out, or whose object is gone.
    BadHandle = 4,
    /// The machine, or the service's quota, has no memory left.
    NoMemory = 5,
    /// A quota other than memory is used up (threads, mappings).
    Limit = 6,
    /// The word did not hold the expected value.
    Again = 7,
    /// The deadline has passed.
    TimedOut = 8,
}

impl Error {
    /// The error with this code (not negated).
    pub const fn from_code(code: i32) -> Option<Self> {
        Some(match code {
            1 => Self::BadCall,
            2 => Self::BadAddress,
            3 => Self::BadArgument,
            4 => Self::BadHandle,
            5 => Self::NoMemory,
            6 => Self::Limit,
            7 => Self::Again,
            8 => Self::TimedOut,
            _ => return None,
        })
    }
}
