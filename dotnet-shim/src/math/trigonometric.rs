//! `sin`, `cos`, `tan` and their inverses.
//!
//! An argument is reduced to a small one in two steps, by a multiple of a right angle and by a table;
//! the error before the one rounding at the end is below 2^-68.
use super::double::{Double, two_sum};
use super::table::{ATAN, SIN_COS, TWO_OVER_PI};
use core::f64::consts::{FRAC_PI_2, FRAC_PI_4};

/// A right angle in four parts; products of the first three with numbers below 2^20 are exact.
const RIGHT_ANGLE: [f64; 4] =
    [1.5707963267341256, 6.077100506303966e-11, 2.0222662487111665e-21, 8.4784276603689e-32];
const HALF_PI: Double = Double(FRAC_PI_2, 6.123233995736766e-17);
const PI: Double = Double(core::f64::consts::PI, 1.2246467991473532e-16);
/// The weight of the last of 128 bits behind the point.
const TWO_TO_MINUS_128: f64 = f64::from_bits((1023 - 128) << 52);
/// Below this, the function is its argument.
const TINY: f64 = 7.450_580_596_923_828e-9; // 2^-27
/// From here on the reduction needs more digits of pi.
const LARGE: f64 = 1.0e6;

/// The quadrant of an angle and what remains, at most half a right angle.
fn reduce(x: f64) -> (u32, Double) {
    if x.abs() <= FRAC_PI_4 {
        return (0, Double(x, 0.0));
    }
    if x.abs() >= LARGE {
        return reduce_large(x);
    }
    let count = libm::rint(x * (2.0 / PI.0));
    let first = two_sum(x - count * RIGHT_ANGLE[0], -count * RIGHT_ANGLE[1]);
    let second = two_sum(first.0, -count * RIGHT_ANGLE[2]);
    let low = first.1 + second.1 - count * RIGHT_ANGLE[3];
    (count as i32 as u32 & 3, Double(second.0, low).normalize())
}

/// 64 bits of `2/pi`, from bit `start` behind the point; bits before the point are zero.
fn bits_of_two_over_pi(start: i32) -> u64 {
    let word = |index: i32| match usize::try_from(index) {
        Ok(index) => TWO_OVER_PI.get(index).copied().unwrap_or(0),
        Err(_) => 0,
    };
    let (index, shift) = (start.div_euclid(64), start.rem_euclid(64));
    let both = u128::from(word(index)) << 64 | u128::from(word(index + 1));
    (both >> (64 - shift)) as u64
}

/// As [`reduce`], for a number so large that its multiple of a right angle has to be found among the
/// far digits of `2/pi` (Payne and Hanek).
fn reduce_large(x: f64) -> (u32, Double) {
    let bits = x.to_bits();
    let mantissa = u128::from(bits & ((1 << 52) - 1) | 1 << 52);
    let exponent = (bits >> 52 & 0x7ff) as i32 - 1075;
    // |x| = mantissa * 2^exponent. Digits of 2/pi that give multiples of four right angles are left
    // out; the 192 behind them are taken. Words from the lowest up.
    let start = exponent - 2;
    let window = [start + 128, start + 64, start].map(bits_of_two_over_pi);
    let mut product = [0; 3];
    let mut carry = 0;
    for (word, digits) in product.iter_mut().zip(window) {
        let sum = mantissa * u128::from(digits) + carry;
        (*word, carry) = (sum as u64, sum >> 64);
    }
    // The two highest bits count right angles; the rest is the fraction of one, here in 192 bits.
    let mut quadrant = (product[2] >> 62) as u32;
    let mut upper = u128::from(product[2] << 2 | product[1] >> 62) << 64
        | u128::from(product[1] << 2 | product[0] >> 62);
    let mut lower = product[0] << 2;
    let is_upper = upper >> 127 != 0;
    if is_upper {
        lower = lower.wrapping_neg();
        upper = (!upper).wrapping_add(u128::from(lower == 0));
        quadrant += 1;
    }
    // No double is so close to a multiple that 64 bits behind the point are zero.
    let shift = upper.leading_zeros().min(63);
    let digits = upper << shift | (u128::from(lower) << shift) >> 64;
    let high = (digits >> 75) as u64 as f64;
    let low = (digits & ((1 << 75) - 1)) as f64;
    let part = Double(high / (1_u64 << 53) as f64, low * TWO_TO_MINUS_128)
        .scale(1.0 / (1_u64 << shift) as f64);
    let rest = part.normalize().multiply(HALF_PI);
    let rest = if is_upper { rest.negate() } else { rest };
    if x < 0.0 { (quadrant.wrapping_neg() & 3, rest.negate()) } else { (quadrant & 3, rest) }
}

/// Where the table has the angle zero.
const MIDDLE: i32 = 51;

/// Sine and cosine of an angle of at most half a right one.
fn sin_cos(angle: Double) -> (Double, Double) {
    let row = libm::rint(angle.0 * 64.0);
    let (table_sin, table_cos) = SIN_COS[(row as i32 + MIDDLE) as usize];
    let (table_sin, table_cos) = (table_sin.normalize(), table_cos.normalize());
    let rest = angle.add_f64(-row / 64.0);
    let b = rest.0;
    let square = b * b;
    let tail = b
        * square
        * (-1.0 / 6.0 + square * (1.0 / 120.0 + square * (-1.0 / 5040.0 + square / 362_880.0)));
    let sin = rest.add_f64(tail);
    let tail = square * square * (1.0 / 24.0 + square * (-1.0 / 720.0 + square / 40320.0));
    let cos_less_one = rest.multiply(rest).scale(-0.5).add_f64(tail);
    let whole_sin = table_sin.add(table_sin.multiply(cos_less_one).add(table_cos.multiply(sin)));
    let whole_cos =
        table_cos.add(table_cos.multiply(cos_less_one).add(table_sin.multiply(sin).negate()));
    (whole_sin, whole_cos)
}

/// Sine and cosine of any finite angle that is not tiny.
fn both(x: f64) -> (Double, Double) {
    let (quadrant, rest) = reduce(x);
    let (sin, cos) = sin_cos(rest);
    match quadrant {
        0 => (sin, cos),
        1 => (cos, sin.negate()),
        2 => (sin.negate(), cos.negate()),
        _ => (cos.negate(), sin),
    }
}

/// Adding this leaves the nearest integer in the low bits, for numbers far below 2^51.
const SHIFT: f64 = 6_755_399_441_055_744.0; // 1.5 * 2^52

/// The sine of `x` plus `turn` right angles in little more than double precision, if its rounding is
/// certain; for arguments of ordinary size.
#[inline(always)]
fn sin_quickly(x: f64, turn: u64) -> Option<f64> {
    /// The relative error, doubled.
    const ERROR: f64 = 2.7e-20; // 2^-65
    /// So close to a multiple of a right angle that the sums below would not be exact.
    const NEAR: f64 = 1.3e-4;
    if x.abs() >= LARGE {
        return None;
    }
    let shifted = x * (2.0 / PI.0) + SHIFT;
    let count = shifted - SHIFT;
    let first = x - count * RIGHT_ANGLE[0];
    let second = count * RIGHT_ANGLE[1];
    let r = first - second;
    if r.abs() < NEAR && count != 0.0 {
        return None;
    }
    let low = ((first - r) - second) - count * (RIGHT_ANGLE[2] + RIGHT_ANGLE[3]);
    let quadrant = shifted.to_bits().wrapping_add(turn);

    let row = r * 64.0 + SHIFT;
    let near = r - (row - SHIFT) * (1.0 / 64.0);
    let b = near + low;
    let rest = (near - b) + low;
    // The low bits of `row` are a number in two's complement.
    let (table_sin, table_cos) = SIN_COS.get((row.to_bits() as i32 + MIDDLE) as usize)?;
    let square = b * b;
    let cube = b * square * (square * (1.0 / 120.0 - square * (1.0 / 5040.0)) - 1.0 / 6.0);
    let cos_less_one = square * (square * (1.0 / 24.0 - square * (1.0 / 720.0)) - 0.5);
    let high_b = f64::from_bits(b.to_bits() & !0x7ff_ffff);
    // sin(a + b) = sin(a) + cos(a) sin(b) + sin(a) (cos(b) - 1), and cos(a + b) alike.
    let (base, slope) =
        if quadrant & 1 == 0 { (*table_sin, *table_cos) } else { (*table_cos, table_sin.negate()) };
    let exact = slope.0 * high_b;
    // The base is the larger one, or zero.
    let high = base.0 + exact;
    let error = exact - (high - base.0);
    let low = (error + base.1)
        + slope.1 * (b + cube)
        + (base.round() * cos_less_one + slope.0 * ((b - high_b) + (cube + rest)));
    let margin = high.abs() * ERROR;
    let result = high + (low - margin);
    if result != high + (low + margin) {
        return None;
    }
    Some(f64::from_bits(result.to_bits() ^ (quadrant & 2) << 62))
}

pub(super) fn sin(x: f64) -> f64 {
    if x.abs() < TINY {
        return x;
    }
    sin_quickly(x, 0).unwrap_or_else(|| sin_slowly(x))
}

#[cold]
fn sin_slowly(x: f64) -> f64 {
    if x.is_finite() { both(x).0.round() } else { f64::NAN }
}

pub(super) fn cos(x: f64) -> f64 {
    if x.abs() < TINY {
        return 1.0;
    }
    sin_quickly(x, 1).unwrap_or_else(|| cos_slowly(x))
}

#[cold]
fn cos_slowly(x: f64) -> f64 {
    if x.is_finite() { both(x).1.round() } else { f64::NAN }
}

pub(super) fn tan(x: f64) -> f64 {
    if !x.is_finite() {
        return f64::NAN;
    }
    if x.abs() < TINY {
        return x;
    }
    let (sin, cos) = both(x);
    sin.divide(cos).round()
}

/// The angle of the point `(x, y)` in the first quadrant, not both zero.
fn angle(y: Double, x: Double) -> Double {
    if y.0 > x.0 {
        return HALF_PI.add(angle(x, y).negate());
    }
    let row = libm::rint(y.0 / x.0 * 64.0);
    let slope = row / 64.0;
    // The tangent of the difference to the angle in the table.
    let t = y.add(x.multiply_f64(-slope)).divide(x.add(y.multiply_f64(slope)));
    let square = t.0 * t.0;
    let series = 1.0 / 5.0 + square * (-1.0 / 7.0 + square * (1.0 / 9.0 - square / 11.0));
    let tail = t.0 * square * (-1.0 / 3.0 + square * series);
    ATAN[row as usize].add(t.add_f64(tail))
}

pub(super) fn atan(x: f64) -> f64 {
    let size = x.abs();
    if x.is_nan() || size < TINY {
        return x;
    }
    let result = if size > 1.0e17 {
        HALF_PI.add_f64(-1.0 / size)
    } else {
        angle(Double(size, 0.0), Double(1.0, 0.0))
    };
    result.round().copysign(x)
}

/// `atan2` where a coordinate is zero, infinite or not a number.
fn atan2_special(y: f64, x: f64) -> Option<f64> {
    if x.is_nan() || y.is_nan() {
        return Some(x + y);
    }
    let size = match (x.is_infinite(), y.is_infinite()) {
        (true, true) if x > 0.0 => FRAC_PI_4,
        (true, true) => 3.0 * FRAC_PI_4,
        (true, false) if x > 0.0 => 0.0,
        (false, true) => HALF_PI.0,
        _ if y == 0.0 && x.is_sign_positive() => 0.0,
        _ if y == 0.0 || x.is_infinite() => PI.0,
        _ if x == 0.0 => HALF_PI.0,
        _ => return None,
    };
    Some(size.copysign(y))
}

/// A positive number as one in [1, 2) and the exponent of two.
fn exponent_of(x: f64) -> (f64, i32) {
    let is_subnormal = x < f64::MIN_POSITIVE;
    let bits = if is_subnormal { x * 18_014_398_509_481_984.0 } else { x }.to_bits();
    let exponent = (bits >> 52) as i32 - 1023 - if is_subnormal { 54 } else { 0 };
    (f64::from_bits(bits & ((1 << 52) - 1) | 1.0_f64.to_bits()), exponent)
}

pub(super) fn atan2(y: f64, x: f64) -> f64 {
    if let Some(special) = atan2_special(y, x) {
        return special;
    }
    let ((y_mantissa, y_exponent), (x_mantissa, x_exponent)) =
        (exponent_of(y.abs()), exponent_of(x.abs()));
    let difference = y_exponent - x_exponent;
    if difference < -64 && x > 0.0 {
        return y / x;
    }
    let scale = f64::from_bits(((1023 + difference.clamp(-70, 70)) as u64) << 52);
    let acute = angle(Double(y_mantissa * scale, 0.0), Double(x_mantissa, 0.0));
    let result = if x < 0.0 { PI.add(acute.negate()) } else { acute };
    result.round().copysign(y)
}

/// The cosine that belongs to a sine, or the other way round.
fn complement(x: f64) -> Double {
    two_sum(1.0, -x).multiply(two_sum(1.0, x)).square_root()
}

pub(super) fn asin(x: f64) -> f64 {
    let size = x.abs();
    if size.is_nan() || size > 1.0 {
        return f64::NAN;
    }
    if size < TINY {
        return x;
    }
    if size == 1.0 {
        return HALF_PI.0.copysign(x);
    }
    angle(Double(size, 0.0), complement(size)).round().copysign(x)
}

pub(super) fn acos(x: f64) -> f64 {
    let size = x.abs();
    if size.is_nan() || size > 1.0 {
        return f64::NAN;
    }
    if size == 1.0 {
        return if x > 0.0 { 0.0 } else { PI.0 };
    }
    if size < 1.0e-20 {
        return HALF_PI.0;
    }
    let acute = angle(complement(size), Double(size, 0.0));
    if x < 0.0 { PI.add(acute.negate()).round() } else { acute.round() }
}
