//! The hyperbolic functions and their inverses, in both precisions.
//!
//! These are the textbook formulas over `exp`, `expm1`, `log` and `log1p` that the C library uses too,
//! with the same limits between them and in the same order of operations, so that the same last digits
//! come out; their errors are one or two units there.

macro_rules! functions {
    (
        $type:ident, $exp:path, $expm1:path, $log:path, $log1p:path, $sqrt:path;
        tiny $tiny:expr, saturated $saturated:expr, exp_max $exp_max:expr, huge $huge:expr, asinh_huge $asinh_huge:expr, ln2 $ln2:expr
    ) => {
        pub(in crate::math) fn sinh(x: $type) -> $type {
            let half = $type::copysign(0.5, x);
            let size = x.abs();
            if size < $saturated {
                if size < $tiny {
                    return x;
                }
                let t = $expm1(size);
                if size < 1.0 {
                    return half * (2.0 * t - t * t / (t + 1.0));
                }
                return half * (t + t / (t + 1.0));
            }
            if size < $exp_max {
                return half * $exp(size);
            }
            // In two factors: the exponential itself may overflow where this does not.
            let root = $exp(0.5 * size);
            half * root * root
        }

        pub(in crate::math) fn cosh(x: $type) -> $type {
            let size = x.abs();
            if size < 0.5 * $ln2 {
                let t = $expm1(size);
                let w = 1.0 + t;
                return 1.0 + (t * t) / (w + w);
            }
            if size < $saturated {
                let t = $exp(size);
                return 0.5 * t + 0.5 / t;
            }
            if size < $exp_max {
                return 0.5 * $exp(size);
            }
            let root = $exp(0.5 * size);
            0.5 * root * root
        }

        pub(in crate::math) fn tanh(x: $type) -> $type {
            let size = x.abs();
            if x.is_nan() || size < $tiny * $tiny {
                return x;
            }
            let result = if size >= $saturated {
                1.0
            } else if size >= 1.0 {
                let t = $expm1(2.0 * size);
                1.0 - 2.0 / (t + 2.0)
            } else {
                let t = $expm1(-2.0 * size);
                -t / (t + 2.0)
            };
            result.copysign(x)
        }

        pub(in crate::math) fn asinh(x: $type) -> $type {
            let size = x.abs();
            if x.is_nan() || size < $tiny {
                return x;
            }
            let result = if size > $asinh_huge {
                $log(size) + $ln2
            } else if size > 2.0 {
                $log(2.0 * size + 1.0 / ($sqrt(size * size + 1.0) + size))
            } else {
                let square = size * size;
                $log1p(size + square / (1.0 + $sqrt(1.0 + square)))
            };
            result.copysign(x)
        }

        pub(in crate::math) fn acosh(x: $type) -> $type {
            if x < 1.0 {
                $type::NAN
            } else if x > $huge {
                $log(x) + $ln2
            } else if x > 2.0 {
                $log(2.0 * x - 1.0 / (x + $sqrt(x * x - 1.0)))
            } else {
                let t = x - 1.0;
                $log1p(t + $sqrt(2.0 * t + t * t))
            }
        }

        pub(in crate::math) fn atanh(x: $type) -> $type {
            let size = x.abs();
            if x.is_nan() || size < $tiny {
                return x;
            }
            let result = if size < 0.5 {
                let double = size + size;
                0.5 * $log1p(double + double * size / (1.0 - size))
            } else if size <= 1.0 {
                0.5 * $log1p((size + size) / (1.0 - size))
            } else {
                return $type::NAN;
            };
            result.copysign(x)
        }
    };
}

pub(super) mod double {
    use crate::math::exponential::{exp, log};

    functions!(
        f64, exp, libm::expm1, log, libm::log1p, libm::sqrt;
        tiny 3.725_290_298_461_914e-9, saturated 22.0, exp_max 709.782_712_893_384,
        huge 268_435_456.0, asinh_huge 268_435_456.0, ln2 core::f64::consts::LN_2
    );
}

pub(super) mod single {
    use crate::math::single::{exp, log};

    functions!(
        f32, exp, libm::expm1f, log, libm::log1pf, libm::sqrtf;
        tiny 3.725_290_3e-9, saturated 22.0, exp_max 88.721_68,
        huge 268_435_456.0, asinh_huge 16384.0, ln2 core::f32::consts::LN_2
    );
}
