//! Functions in single precision, from those in double precision: the C library does these so, and
//! rounding a result that has 29 more bits gives the nearest number nearly always.

use super::exponential;

pub(super) fn exp(x: f32) -> f32 {
    exponential::exp(f64::from(x)) as f32
}

pub(super) fn log(x: f32) -> f32 {
    exponential::log(f64::from(x)) as f32
}

pub(super) fn log2(x: f32) -> f32 {
    exponential::log2(f64::from(x)) as f32
}

pub(super) fn pow(x: f32, y: f32) -> f32 {
    exponential::pow(f64::from(x), f64::from(y)) as f32
}

pub(super) fn tan(x: f32) -> f32 {
    libm::tan(f64::from(x)) as f32
}

pub(super) fn asin(x: f32) -> f32 {
    libm::asin(f64::from(x)) as f32
}

/// In the C library's way: from the natural logarithm, in single precision.
pub(super) fn log10(x: f32) -> f32 {
    const LOG10_2: [f32; 2] = [0.301_029_2, 7.903_415e-7];
    if !(x > 0.0 && x < f32::INFINITY) {
        return log(x);
    }
    let is_subnormal = x < f32::MIN_POSITIVE;
    let bits = if is_subnormal { x * 33_554_432.0 } else { x }.to_bits();
    let exponent = (bits >> 23) as i32 - 127 - if is_subnormal { 25 } else { 0 };
    // For a number below one the mantissa is taken from [1/2, 1).
    let is_below = i32::from(exponent < 0);
    let mantissa = bits & ((1 << 23) - 1) | ((127 - is_below) as u32) << 23;
    let exponent = (exponent + is_below) as f32;
    let small = exponent * LOG10_2[1] + core::f32::consts::LOG10_E * log(f32::from_bits(mantissa));
    small + exponent * LOG10_2[0]
}
