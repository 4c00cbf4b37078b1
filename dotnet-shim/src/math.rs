//! The C library's mathematics, which compiled code calls by name.
//!
//! The functions come from the crate `libm`; only the names are given here.
#![cfg_attr(not(feature = "image"), expect(dead_code, reason = "only compiled code calls these"))]

macro_rules! export {
    ($($(#[$comment:meta])* $name:ident($($argument:ident: $type:ty),*) -> $result:ty;)*) => {$(
        $(#[$comment])*
        #[cfg_attr(feature = "image", unsafe(export_name = stringify!($name)))]
        extern "C" fn $name($($argument: $type),*) -> $result {
            libm::$name($($argument),*)
        }
    )*};
}

export! {
    acos(x: f64) -> f64;
    acosf(x: f32) -> f32;
    acosh(x: f64) -> f64;
    acoshf(x: f32) -> f32;
    asin(x: f64) -> f64;
    asinf(x: f32) -> f32;
    asinh(x: f64) -> f64;
    asinhf(x: f32) -> f32;
    atan(x: f64) -> f64;
    atanf(x: f32) -> f32;
    atan2(y: f64, x: f64) -> f64;
    atan2f(y: f32, x: f32) -> f32;
    atanh(x: f64) -> f64;
    atanhf(x: f32) -> f32;
    cbrt(x: f64) -> f64;
    cbrtf(x: f32) -> f32;
    ceil(x: f64) -> f64;
    ceilf(x: f32) -> f32;
    cos(x: f64) -> f64;
    cosf(x: f32) -> f32;
    cosh(x: f64) -> f64;
    coshf(x: f32) -> f32;
    exp(x: f64) -> f64;
    expf(x: f32) -> f32;
    floor(x: f64) -> f64;
    floorf(x: f32) -> f32;
    fma(x: f64, y: f64, z: f64) -> f64;
    fmaf(x: f32, y: f32, z: f32) -> f32;
    fmod(x: f64, y: f64) -> f64;
    fmodf(x: f32, y: f32) -> f32;
    log(x: f64) -> f64;
    logf(x: f32) -> f32;
    log10(x: f64) -> f64;
    log10f(x: f32) -> f32;
    log2(x: f64) -> f64;
    log2f(x: f32) -> f32;
    pow(x: f64, y: f64) -> f64;
    powf(x: f32, y: f32) -> f32;
    sin(x: f64) -> f64;
    sinf(x: f32) -> f32;
    sinh(x: f64) -> f64;
    sinhf(x: f32) -> f32;
    sqrt(x: f64) -> f64;
    sqrtf(x: f32) -> f32;
    tan(x: f64) -> f64;
    tanf(x: f32) -> f32;
    tanh(x: f64) -> f64;
    tanhf(x: f32) -> f32;
}

/// A place for one part of a result.
#[repr(transparent)]
struct Part<T>(*mut T);

impl<T> Part<T> {
    fn set(self, value: T) {
        // SAFETY: *Caller*: a writable place for one number.
        unsafe { self.0.write(value) };
    }
}

/// The fraction, with the whole part stored; both have the sign of `x`.
#[cfg_attr(feature = "image", unsafe(export_name = "modf"))]
extern "C" fn modf(x: f64, whole: Part<f64>) -> f64 {
    let (fraction, integer) = libm::modf(x);
    whole.set(integer);
    fraction.copysign(x)
}

/// As [`modf`].
#[cfg_attr(feature = "image", unsafe(export_name = "modff"))]
extern "C" fn modff(x: f32, whole: Part<f32>) -> f32 {
    let (fraction, integer) = libm::modff(x);
    whole.set(integer);
    fraction.copysign(x)
}

// Conversions that the compiler does not do inline: towards zero, saturating, NaN gives 0.

#[cfg_attr(feature = "image", unsafe(export_name = "RhpDbl2Int"))]
extern "C" fn double_to_i32(x: f64) -> i32 {
    x as i32
}

#[cfg_attr(feature = "image", unsafe(export_name = "RhpDbl2Lng"))]
extern "C" fn double_to_i64(x: f64) -> i64 {
    x as i64
}

#[cfg_attr(feature = "image", unsafe(export_name = "RhpDbl2UInt"))]
extern "C" fn double_to_u32(x: f64) -> u32 {
    x as u32
}

#[cfg_attr(feature = "image", unsafe(export_name = "RhpDbl2ULng"))]
extern "C" fn double_to_u64(x: f64) -> u64 {
    x as u64
}
