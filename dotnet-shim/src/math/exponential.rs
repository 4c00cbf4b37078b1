//! `exp`, `pow`, and the logarithms.
//!
//! Both directions go through a table, so that what is left is small and few terms of its series need
//! more than double precision. The error before the one rounding at the end is below 2^-68, so the
//! result is the correctly rounded one but for a case in about ten thousand at worst.
use super::double::{Double, fast_two_sum, two_sum};
use super::table::{EXP2, LOG};

/// `ln(2)/128` in three parts; products of the first two with numbers below 2^20 are exact.
const STEP: [f64; 3] = [0.0054152123475432745, 5.812982117033578e-13, 1.636073772867244e-23];
const STEPS_PER_ONE: f64 = 184.6649652337873;
/// `ln(2)` in three parts; products of the first two with numbers below 2^12 are exact.
const LN2: [f64; 3] = [0.6931471805592082, 7.371002565161996e-13, 5.8029889835956905e-25];
const ONE_OVER_LN2: Double = Double(core::f64::consts::LOG2_E, 2.0355273740931033e-17);
/// The relative error of `log_quickly`, doubled.
const LOG_ERROR: f64 = 2.7e-20; // 2^-65
const THIRD: Double = Double(0.333_333_333_333_333_3, 1.850_371_707_708_594e-17);

/// The largest exponent with a finite result, and the smallest with one that is not zero.
const EXP_MAX: f64 = 709.782_712_893_384;
const EXP_MIN: f64 = -745.133_219_101_941_2;

/// Adding this leaves the nearest integer in the low bits, for numbers far below 2^51.
const SHIFT: f64 = 6_755_399_441_055_744.0; // 1.5 * 2^52

/// The nearest integer to a number far below 2^51.
fn nearest(x: f64) -> f64 {
    x + SHIFT - SHIFT
}

fn power_of_two(exponent: i32) -> f64 {
    f64::from_bits(((i64::from(exponent) + 1023) as u64) << 52)
}

/// A number in [1, 2) times `2^exponent`, rounded once, also when the result is subnormal.
fn finish(mantissa: Double, exponent: i32) -> f64 {
    if exponent >= -1021 {
        // In two steps: 2^1024 is not a double, the result may still be one.
        return mantissa.round() * power_of_two(exponent - 1) * 2.0;
    }
    if exponent < -1080 {
        return 0.0;
    }
    // A number whose last place is the last place of the result, so that adding rounds there.
    let shift = power_of_two((-1074 - exponent) + 52) * 1.5;
    let sum = two_sum(shift, mantissa.0);
    let rounded = sum.0 + (sum.1 + mantissa.1) - shift;
    rounded * power_of_two(exponent + 100) * power_of_two(-100)
}

/// `e^x` as a number in [1, 2) and a power of two, for `x` between the limits.
fn exp_parts(x: Double) -> (Double, i32) {
    let steps = nearest(x.0 * STEPS_PER_ONE);
    let rest = two_sum(x.0 - steps * STEP[0], -steps * STEP[1]);
    let rest = Double(rest.0, rest.1 + (x.1 - steps * STEP[2])).normalize();
    let r = rest.0;
    let tail = r * r * r * (1.0 / 6.0 + r * (1.0 / 24.0 + r * (1.0 / 120.0 + r / 720.0)));
    let less_one = rest.add(rest.multiply(rest).scale(0.5).add_f64(tail));
    let steps = steps as i32;
    let power = EXP2[(steps & 127) as usize];
    (power.add(power.multiply(less_one)), steps >> 7)
}

/// `2^exponent * (high + low)`, if the rounding is certain in spite of an error of `error` in `low`.
fn finish_quickly(high: f64, low: f64, error: f64, exponent: i32) -> Option<f64> {
    let result = high + (low - error);
    // Adding to the exponent's bits; the caller knows that the result is a normal number.
    let scaled = result.to_bits().wrapping_add((i64::from(exponent) << 52).cast_unsigned());
    (result == high + (low + error)).then_some(f64::from_bits(scaled))
}

/// `e^x` for `|x| < 708` in little more than double precision.
#[inline(always)]
fn exp_quickly(x: f64, correction: f64, error: f64) -> Option<f64> {
    let shifted = x * STEPS_PER_ONE + SHIFT;
    let steps = shifted - SHIFT;
    let r = (x - steps * STEP[0]) - (steps * (STEP[1] + STEP[2]) - correction);
    let square = r * r;
    let series = (1.0 / 6.0 + r * (1.0 / 24.0)) + square * (1.0 / 120.0 + r * (1.0 / 720.0));
    let less_one = r + square * (0.5 + r * series);
    let count = shifted.to_bits() as i32;
    let power = &EXP2[(count & 127) as usize];
    finish_quickly(power.0, power.1 + power.0 * less_one, error, count >> 7)
}

pub(super) fn exp(x: f64) -> f64 {
    /// Against a result of at least one: the series and the roundings.
    const ERROR: f64 = 2.0e-18;
    if x.abs() < 708.0
        && let Some(result) = exp_quickly(x, 0.0, ERROR)
    {
        return result;
    }
    exp_slowly(x)
}

#[cold]
fn exp_slowly(x: f64) -> f64 {
    if x.is_nan() {
        return x;
    }
    if x > EXP_MAX {
        return f64::INFINITY;
    }
    if x < EXP_MIN {
        return 0.0;
    }
    let (mantissa, exponent) = exp_parts(Double(x, 0.0));
    finish(mantissa, exponent)
}

/// A positive number taken apart for its logarithm.
struct Reduced {
    /// The power of two.
    exponent: f64,
    /// The logarithm of the table's part.
    logarithm: Double,
    /// What is left, less one; exact.
    rest: Double,
}

/// Takes a positive normal number, given by its bits, apart: `2^exponent * e^logarithm * (1 + rest)`.
#[inline(always)]
fn reduce(bits: u64, extra_exponent: i32) -> Reduced {
    /// The bits of 1.4140625/2, where the table begins.
    const START: u64 = 0x3fe6_a000_0000_0000;
    let offset = bits.wrapping_sub(START);
    let (reciprocal, logarithm) = LOG[(offset >> 45 & 127) as usize];
    let exponent = (offset.cast_signed() >> 52) as i32 + extra_exponent;
    let mantissa = f64::from_bits(bits.wrapping_sub(offset & 0xfff << 52));
    // Both halves times ten bits are exact.
    let (high, low) = halves(mantissa);
    let (high, low) = (high * reciprocal - 1.0, low * reciprocal);
    let sum = high + low;
    let rest = Double(sum, (high - sum) + low);
    Reduced { exponent: f64::from(exponent), logarithm, rest }
}

/// The upper 26 bits of a number, and the others.
fn halves(x: f64) -> (f64, f64) {
    let high = f64::from_bits(x.to_bits() & !0x7ff_ffff);
    (high, x - high)
}

/// The natural logarithm of a positive finite number.
fn log_parts(x: f64) -> Double {
    let is_subnormal = x < f64::MIN_POSITIVE;
    let Reduced { exponent, logarithm, rest } = if is_subnormal {
        reduce((x * power_of_two(54)).to_bits(), -54)
    } else {
        reduce(x.to_bits(), 0)
    };
    let series = log_of_one_plus(rest);
    let power = two_sum(exponent * LN2[0], exponent * LN2[1]);
    let power = Double(power.0, power.1 + exponent * LN2[2]);
    power.add(logarithm.add(series))
}

/// The natural logarithm of a positive normal number in little more than double precision: the relative
/// error is below 2^-66.
#[inline(always)]
fn log_quickly(x: f64) -> Double {
    let Reduced { exponent, logarithm, rest } = reduce(x.to_bits(), 0);
    let r = rest.0;
    let (high, low) = halves(r);
    let square = r * r;
    // -r^2/2, the first part of it exact.
    let half_square = -0.5 * high * high;
    let half_square_rest = -0.5 * low * (r + high);
    let series = series_from_third(r, square);
    let table = fast_two_sum(exponent * LN2[0], logarithm.0);
    // The table's part is the larger one, or zero.
    let first = fast_two_sum(table.0, r);
    let second = fast_two_sum(first.0, half_square);
    let low = (table.1 + first.1 + second.1)
        + (logarithm.1 + exponent * (LN2[1] + LN2[2]))
        + (rest.1 - r * rest.1 + half_square_rest + r * square * series);
    Double(second.0, low)
}

/// `ln(1 + r)` for `|r| < 2^-6`.
fn log_of_one_plus(rest: Double) -> Double {
    let square = rest.multiply(rest);
    let cube = square.multiply(rest);
    let fourth = square.multiply(square);
    let r = rest.0;
    let mut tail = 0.0;
    for term in (5..=13).rev() {
        let sign = if term % 2 == 0 { -1.0 } else { 1.0 };
        tail = tail * r + sign / f64::from(term);
    }
    let tail = tail * fourth.0 * r;
    let small = cube.multiply(THIRD).add(fourth.scale(-0.25)).add_f64(tail);
    rest.add(square.scale(-0.5).add(small))
}

/// What the logarithms give for arguments that have none; `None` for the others.
fn log_special(x: f64) -> Option<f64> {
    if x == 0.0 {
        Some(f64::NEG_INFINITY)
    } else if x < 0.0 {
        Some(f64::NAN)
    } else if !x.is_finite() {
        Some(x)
    } else {
        None
    }
}

/// Whether a number is positive, finite and not subnormal.
fn is_positive_normal(x: f64) -> bool {
    x.to_bits().wrapping_sub(f64::MIN_POSITIVE.to_bits())
        < f64::INFINITY.to_bits() - f64::MIN_POSITIVE.to_bits()
}

/// `ln(1 + r)/r^3` without its first two terms, for `|r| < 2^-6`.
#[inline(always)]
fn series_from_third(r: f64, square: f64) -> f64 {
    (1.0 / 3.0 - r * 0.25)
        + square
            * ((0.2 - r * (1.0 / 6.0)) + square * ((1.0 / 7.0 - r * 0.125) + square * (1.0 / 9.0)))
}

#[inline(always)]
pub(super) fn log(x: f64) -> f64 {
    /// The relative error, doubled; most of it from the square.
    const ERROR: f64 = 1.8e-18; // 2^-59
    if is_positive_normal(x) {
        let Reduced { exponent, logarithm, rest } = reduce(x.to_bits(), 0);
        let r = rest.0;
        let square = r * r;
        let table = fast_two_sum(exponent * LN2[0], logarithm.0);
        // The table's part is the larger one, or zero.
        let first = fast_two_sum(table.0, r);
        let low = (table.1 + first.1 + (logarithm.1 + exponent * (LN2[1] + LN2[2])))
            + (rest.1 + square * (r * series_from_third(r, square) - 0.5));
        let error = first.0.abs() * ERROR;
        let result = first.0 + (low - error);
        if result == first.0 + (low + error) {
            return result;
        }
    }
    log_slowly(x)
}

#[cold]
fn log_slowly(x: f64) -> f64 {
    log_special(x).unwrap_or_else(|| log_parts(x).round())
}

pub(super) fn log2(x: f64) -> f64 {
    log_special(x).unwrap_or_else(|| log_parts(x).multiply(ONE_OVER_LN2).round())
}

/// In the C library's way: from the natural logarithm, in double precision.
pub(super) fn log10(x: f64) -> f64 {
    const LOG10_2: [f64; 2] = [3.010_299_956_636_117_7e-1, 3.694_239_077_158_931e-13];
    if let Some(special) = log_special(x) {
        return special;
    }
    let is_subnormal = x < f64::MIN_POSITIVE;
    let bits = if is_subnormal { x * power_of_two(54) } else { x }.to_bits();
    let exponent = (bits >> 52) as i32 - 1023 - if is_subnormal { 54 } else { 0 };
    // For a number below one the mantissa is taken from [1/2, 1).
    let is_below = i32::from(exponent < 0);
    let mantissa = bits & ((1 << 52) - 1) | ((1023 - is_below) as u64) << 52;
    let exponent = f64::from(exponent + is_below);
    let small = exponent * LOG10_2[1] + core::f64::consts::LOG10_E * log(f64::from_bits(mantissa));
    small + exponent * LOG10_2[0]
}

/// How an exponent acts on the sign of a negative base.
#[derive(PartialEq)]
enum Parity {
    NotAnInteger,
    Odd,
    Even,
}

fn parity(y: f64) -> Parity {
    // From 2^53 on every double is an even integer.
    if y.abs() >= 9_007_199_254_740_992.0 {
        return Parity::Even;
    }
    let integer = y as i64;
    if integer as f64 != y {
        Parity::NotAnInteger
    } else if integer % 2 == 0 {
        Parity::Even
    } else {
        Parity::Odd
    }
}

/// `pow` where a result is fixed by the standard; `None` for finite ordinary arguments.
fn pow_special(x: f64, y: f64) -> Option<f64> {
    if y == 0.0 || x == 1.0 {
        return Some(1.0);
    }
    if x.is_nan() || y.is_nan() {
        return Some(x + y);
    }
    if y.is_infinite() {
        return Some(match x.abs() {
            1.0 => 1.0,
            base if (base > 1.0) == (y > 0.0) => f64::INFINITY,
            _ => 0.0,
        });
    }
    if x == 0.0 || x.is_infinite() {
        let size = if (x == 0.0) == (y > 0.0) { 0.0 } else { f64::INFINITY };
        let is_negative = x.is_sign_negative() && parity(y) == Parity::Odd;
        return Some(if is_negative { -size } else { size });
    }
    if x < 0.0 && parity(y) == Parity::NotAnInteger {
        return Some(f64::NAN);
    }
    None
}

#[inline(always)]
pub(super) fn pow(x: f64, y: f64) -> f64 {
    /// Exponents with which the quick way is sure not to over- or underflow on its way.
    const QUICK_MAX: f64 = 1.0e18;
    if is_positive_normal(x) && y.abs() < QUICK_MAX {
        let logarithm = log_quickly(x);
        let product = y * logarithm.0;
        if product.abs() < 708.0 {
            let ((y1, y2), (l1, l2)) = (halves(y), halves(logarithm.0));
            let rest = ((y1 * l1 - product) + y1 * l2 + y2 * l1) + y2 * l2;
            let error = 2.0e-18 + product.abs() * (2.0 * LOG_ERROR);
            let result = exp_quickly(product, rest + y * logarithm.1, error);
            if let Some(result) = result {
                return result;
            }
        }
    }
    pow_slowly(x, y)
}

#[cold]
fn pow_slowly(x: f64, y: f64) -> f64 {
    /// Exponents from here on over- or underflow with every base but one.
    const HUGE: f64 = 1.0e20;
    if let Some(special) = pow_special(x, y) {
        return special;
    }
    let sign = if x < 0.0 && parity(y) == Parity::Odd { -1.0 } else { 1.0 };
    let base = x.abs();
    if base == 1.0 {
        return sign;
    }
    let logarithm = log_parts(base);
    let exponent = logarithm.multiply_f64(y.clamp(-HUGE, HUGE));
    if exponent.0 > EXP_MAX + 1.0 {
        return sign * f64::INFINITY;
    }
    if exponent.0 < EXP_MIN - 1.0 {
        return sign * 0.0;
    }
    let (mantissa, power) = exp_parts(exponent);
    sign * finish(mantissa, power)
}
