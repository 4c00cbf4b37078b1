//! The C library's mathematics, which compiled code calls by name.
//!
//! A program's output shows the last digit of a result, so these give what Linux's C library gives in
//! all but about one case in a thousand. Its common functions are correctly rounded but for that
//! thousandth; so are ours, in twice the precision where double precision leaves doubt. Where its
//! results depend on a formula, ours are by the same formula. The rest comes from the crate `libm`.
//!
//! | module | concern |
//! |---|---|
//! | `exponential`, `trigonometric` | correctly rounded functions |
//! | `hyperbolic`, `single` | functions by formula; single precision |
//! | `double`, `table` | arithmetic in twice the precision; constants |
#![cfg_attr(not(feature = "image"), expect(dead_code, reason = "only compiled code calls these"))]

mod double;
mod exponential;
mod hyperbolic;
mod single;
mod table;
#[cfg(test)]
mod tests;
mod trigonometric;

/// Exports functions of one argument under their C names.
macro_rules! export {
    ($type:ident: $($name:ident = $function:path;)*) => {$(
        #[cfg_attr(feature = "image", unsafe(export_name = stringify!($name)))]
        extern "C" fn $name(x: $type) -> $type {
            $function(x)
        }
    )*};
}

export! { f64:
    acos = trigonometric::acos;
    acosh = hyperbolic::double::acosh;
    asin = trigonometric::asin;
    asinh = hyperbolic::double::asinh;
    atan = trigonometric::atan;
    atanh = hyperbolic::double::atanh;
    cbrt = libm::cbrt;
    ceil = libm::ceil;
    cos = trigonometric::cos;
    cosh = hyperbolic::double::cosh;
    exp = exponential::exp;
    floor = libm::floor;
    log = exponential::log;
    log10 = exponential::log10;
    log2 = exponential::log2;
    sin = trigonometric::sin;
    sinh = hyperbolic::double::sinh;
    sqrt = libm::sqrt;
    tan = trigonometric::tan;
    tanh = hyperbolic::double::tanh;
}

export! { f32:
    acosf = libm::acosf;
    acoshf = hyperbolic::single::acosh;
    asinf = single::asin;
    asinhf = hyperbolic::single::asinh;
    atanf = libm::atanf;
    atanhf = hyperbolic::single::atanh;
    cbrtf = libm::cbrtf;
    ceilf = libm::ceilf;
    cosf = libm::cosf;
    coshf = hyperbolic::single::cosh;
    expf = single::exp;
    floorf = libm::floorf;
    logf = single::log;
    log10f = single::log10;
    log2f = single::log2;
    sinf = libm::sinf;
    sinhf = hyperbolic::single::sinh;
    sqrtf = libm::sqrtf;
    tanf = single::tan;
    tanhf = hyperbolic::single::tanh;
}

#[cfg_attr(feature = "image", unsafe(export_name = "atan2"))]
extern "C" fn atan2(y: f64, x: f64) -> f64 {
    trigonometric::atan2(y, x)
}

#[cfg_attr(feature = "image", unsafe(export_name = "atan2f"))]
extern "C" fn atan2f(y: f32, x: f32) -> f32 {
    libm::atan2f(y, x)
}

#[cfg_attr(feature = "image", unsafe(export_name = "pow"))]
extern "C" fn pow(x: f64, y: f64) -> f64 {
    exponential::pow(x, y)
}

#[cfg_attr(feature = "image", unsafe(export_name = "powf"))]
extern "C" fn powf(x: f32, y: f32) -> f32 {
    single::pow(x, y)
}

#[cfg_attr(feature = "image", unsafe(export_name = "fmod"))]
extern "C" fn fmod(x: f64, y: f64) -> f64 {
    libm::fmod(x, y)
}

#[cfg_attr(feature = "image", unsafe(export_name = "fmodf"))]
extern "C" fn fmodf(x: f32, y: f32) -> f32 {
    libm::fmodf(x, y)
}

#[cfg_attr(feature = "image", unsafe(export_name = "fma"))]
extern "C" fn fma(x: f64, y: f64, z: f64) -> f64 {
    libm::fma(x, y, z)
}

#[cfg_attr(feature = "image", unsafe(export_name = "fmaf"))]
extern "C" fn fmaf(x: f32, y: f32, z: f32) -> f32 {
    libm::fmaf(x, y, z)
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
