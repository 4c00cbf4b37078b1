//! Every function against the host's C library, on random arguments and on those that print nicely.
use super::{exponential, hyperbolic, single, trigonometric};

/// Reproducible numbers in [0, 1).
struct Random(u64);

impl Random {
    fn next(&mut self) -> f64 {
        const FACTOR: u64 = 6_364_136_223_846_793_005;
        self.0 = self.0.wrapping_mul(FACTOR).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }
}

const ROUNDS: usize = if cfg!(miri) { 50 } else { 100_000 };

fn distance(a: f64, b: f64) -> u64 {
    if a.is_nan() && b.is_nan() {
        return 0;
    }
    let key = |x: f64| {
        let bits = x.to_bits().cast_signed();
        if bits < 0 { i64::MIN.wrapping_sub(bits) } else { bits }
    };
    key(a).abs_diff(key(b))
}

/// Compares on `[low, high]`, integers included: at most `share` of the results may differ, and by no
/// more than `units` in the last place.
fn compare(
    name: &str,
    (low, high): (f64, f64),
    (share, units): (f64, u64),
    ours: impl Fn(f64) -> f64,
    theirs: impl Fn(f64) -> f64,
) {
    let mut random = Random(7);
    let (mut different, mut worst) = (0, (0, 0.0));
    for round in 0..ROUNDS {
        let x = low + (high - low) * random.next();
        let x = if round % 4 == 0 { x.round() } else { x };
        let distance = distance(ours(x), theirs(x));
        different += usize::from(distance > 0);
        if distance > worst.0 {
            worst = (distance, x);
        }
    }
    let rate = different as f64 / ROUNDS as f64;
    println!("{name} [{low}, {high}]: {rate:.1e} differ, by up to {} at {:e}", worst.0, worst.1);
    assert!(worst.0 <= units, "{name}({:e}) is {} units off", worst.1, worst.0);
    assert!(rate <= share || cfg!(miri), "{name}: {rate:e} of the results differ");
}

const ROUNDED: (f64, u64) = (4e-3, 1);
const BY_FORMULA: (f64, u64) = (4e-3, 3);

#[test]
fn trigonometric_functions_are_those_of_the_host() {
    for range in [(-1.0, 1.0), (-7.0, 7.0), (-1000.0, 1000.0), (0.0, 1e9), (0.0, 1e300)] {
        compare("sin", range, ROUNDED, trigonometric::sin, f64::sin);
        compare("cos", range, ROUNDED, trigonometric::cos, f64::cos);
        compare("tan", range, ROUNDED, trigonometric::tan, f64::tan);
        compare("atan", range, ROUNDED, trigonometric::atan, f64::atan);
        compare("atan2", range, ROUNDED, |y| trigonometric::atan2(y, 1.3), |y| y.atan2(1.3));
        compare(
            "atan2",
            range,
            ROUNDED,
            |x| trigonometric::atan2(-0.7, x),
            |x| (-0.7_f64).atan2(x),
        );
    }
    compare("asin", (-1.0, 1.0), ROUNDED, trigonometric::asin, f64::asin);
    compare("acos", (-1.0, 1.0), ROUNDED, trigonometric::acos, f64::acos);
    compare("asin", (-1e-6, 1e-6), ROUNDED, trigonometric::asin, f64::asin);
    compare("acos", (0.999_999, 1.0), ROUNDED, trigonometric::acos, f64::acos);
}

#[test]
fn exponentials_and_logarithms_are_those_of_the_host() {
    for range in [(-1.0, 1.0), (-30.0, 30.0), (-746.0, 710.0)] {
        compare("exp", range, ROUNDED, exponential::exp, f64::exp);
    }
    for range in [(0.0, 2.0), (0.99, 1.01), (0.0, 1e10), (0.0, 1e300), (0.0, 1e-308)] {
        compare("log", range, ROUNDED, exponential::log, f64::ln);
        compare("log2", range, ROUNDED, exponential::log2, f64::log2);
        compare("log10", range, BY_FORMULA, exponential::log10, f64::log10);
    }
}

#[test]
fn powers_are_those_of_the_host() {
    for y in [0.5, 2.0, 3.0, 1.0 / 3.0, -0.7, 10.0, 17.3, -40.0] {
        compare("pow", (0.0, 100.0), ROUNDED, |x| exponential::pow(x, y), |x| x.powf(y));
        let y = y * 100.0;
        compare("pow", (0.99, 1.01), ROUNDED, |x| exponential::pow(x, y), |x| x.powf(y));
    }
    for x in [2.0, 10.0, 1.1, 0.3, 1.0001, 1e-300] {
        compare("pow", (-400.0, 400.0), ROUNDED, |y| exponential::pow(x, y), |y| x.powf(y));
    }
    let ours = |y| exponential::pow(-3.0, y);
    compare("pow", (-100.0, 100.0), ROUNDED, ours, |y| (-3.0_f64).powf(y));
}

#[test]
fn special_values_are_those_of_the_host() {
    let values = [
        0.0,
        0.5,
        1.0,
        2.0,
        3.0,
        1e308,
        5e-324,
        1e-310,
        1e-20,
        709.78,
        745.1,
        4_503_599_627_370_497.0,
        f64::INFINITY,
        f64::NAN,
        core::f64::consts::PI,
        core::f64::consts::FRAC_PI_2,
    ];
    let check = |name: &str, ours: f64, theirs: f64, at: (f64, f64)| {
        let is_same = ours.to_bits() == theirs.to_bits() || (ours.is_nan() && theirs.is_nan());
        assert!(is_same, "{name}{at:?}: {ours:e} instead of {theirs:e}");
    };
    let values: Vec<f64> = values.into_iter().flat_map(|value| [value, -value]).collect();
    for &x in &values {
        check("sin", trigonometric::sin(x), x.sin(), (x, 0.0));
        check("cos", trigonometric::cos(x), x.cos(), (x, 0.0));
        check("tan", trigonometric::tan(x), x.tan(), (x, 0.0));
        check("asin", trigonometric::asin(x), x.asin(), (x, 0.0));
        check("acos", trigonometric::acos(x), x.acos(), (x, 0.0));
        check("atan", trigonometric::atan(x), x.atan(), (x, 0.0));
        check("exp", exponential::exp(x), x.exp(), (x, 0.0));
        check("log", exponential::log(x), x.ln(), (x, 0.0));
        check("log2", exponential::log2(x), x.log2(), (x, 0.0));
        check("log10", exponential::log10(x), x.log10(), (x, 0.0));
        check("sinh", hyperbolic::double::sinh(x), x.sinh(), (x, 0.0));
        check("cosh", hyperbolic::double::cosh(x), x.cosh(), (x, 0.0));
        check("tanh", hyperbolic::double::tanh(x), x.tanh(), (x, 0.0));
        for &y in &values {
            check("pow", exponential::pow(x, y), x.powf(y), (x, y));
            check("atan2", trigonometric::atan2(x, y), x.atan2(y), (x, y));
        }
    }
}

#[test]
fn the_double_nearest_to_a_multiple_of_a_right_angle_is_reduced() {
    let x = 6_381_956_970_095_103.0 * 2.0_f64.powi(797);
    // Known to many digits; the host's C library is a few units off here.
    assert_eq!(trigonometric::cos(x).to_bits(), (-4.687_165_924_254_628e-19_f64).to_bits());
    assert_eq!(trigonometric::sin(x).abs().to_bits(), 1.0_f64.to_bits());
}

#[test]
fn nice_arguments_give_nice_results() {
    let check = |ours: f64, nice: f64| assert_eq!(ours.to_bits(), nice.to_bits(), "{ours} {nice}");
    check(exponential::pow(2.0, 0.5), core::f64::consts::SQRT_2);
    check(exponential::pow(2.0, -1074.0), 5e-324);
    check(exponential::exp(1.0), core::f64::consts::E);
    check(trigonometric::atan2(1.0, 1.0) * 4.0, core::f64::consts::PI);
    for exponent in 0..=22_i32 {
        let power: f64 = format!("1e{exponent}").parse().expect("a number");
        check(exponential::log10(power), power.log10());
        check(exponential::pow(10.0, exponent.into()), power);
        check(exponential::log2(f64::from(1_u32 << exponent)), exponent.into());
    }
}

#[test]
fn hyperbolic_functions_are_those_of_the_host() {
    use hyperbolic::double;
    for range in [(-0.3, 0.3), (-1.0, 1.0), (-30.0, 30.0), (-711.0, 711.0)] {
        compare("sinh", range, BY_FORMULA, double::sinh, f64::sinh);
        compare("cosh", range, BY_FORMULA, double::cosh, f64::cosh);
        compare("tanh", range, BY_FORMULA, double::tanh, f64::tanh);
    }
}

/// Compares functions in single precision, in units of the last place there.
fn compare_single(
    name: &str,
    range: (f64, f64),
    share: f64,
    ours: impl Fn(f32) -> f32,
    theirs: impl Fn(f32) -> f32,
) {
    let unit = |x: f32| if x.is_nan() { f64::NAN } else { f64::from_bits(x.to_bits().into()) };
    let (ours, theirs) = (|x: f64| unit(ours(x as f32)), |x: f64| unit(theirs(x as f32)));
    compare(name, range, (share, 3), ours, theirs);
}

#[test]
fn single_precision_is_that_of_the_host() {
    compare_single("expf", (-80.0, 80.0), 4e-3, single::exp, f32::exp);
    compare_single("logf", (0.0, 10.0), 6e-3, single::log, f32::ln);
    compare_single("log2f", (0.0, 10.0), 6e-3, single::log2, f32::log2);
    compare_single("log10f", (0.0, 10.0), 6e-3, single::log10, f32::log10);
    compare_single("sinhf", (-10.0, 10.0), 4e-3, hyperbolic::single::sinh, f32::sinh);
    compare_single("coshf", (-10.0, 10.0), 4e-3, hyperbolic::single::cosh, f32::cosh);
    compare_single("tanhf", (-10.0, 10.0), 4e-3, hyperbolic::single::tanh, f32::tanh);
    compare_single("powf", (0.0, 10.0), 4e-3, |x| single::pow(x, 2.2), |x| x.powf(2.2));
    // The C library's own errors are larger here.
    compare_single("tanf", (-10.0, 10.0), 6e-2, single::tan, f32::tan);
    compare_single("asinf", (-1.0, 1.0), 1e-1, single::asin, f32::asin);
}
