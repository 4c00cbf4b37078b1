//! Numbers of twice the precision: the unevaluated sum of two doubles.
//!
//! The second part is at most half a unit in the last place of the first. The algorithms are the usual
//! error-free transformations (Dekker, Knuth); nothing here uses a fused multiply-add, so that results
//! do not depend on the CPU. Intermediate results must stay far from overflow and underflow.

/// The sum of its parts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Double(pub(super) f64, pub(super) f64);

/// `a + b` and its rounding error, for `|a| >= |b|` or `a == 0`.
pub(super) fn fast_two_sum(a: f64, b: f64) -> Double {
    let sum = a + b;
    Double(sum, b - (sum - a))
}

/// `a + b` and its rounding error.
pub(super) fn two_sum(a: f64, b: f64) -> Double {
    let sum = a + b;
    let other = sum - a;
    Double(sum, (a - (sum - other)) + (b - other))
}

/// The upper and the lower half of a number's digits.
fn split(a: f64) -> (f64, f64) {
    const FACTOR: f64 = 134_217_729.0; // 2^27 + 1
    let scaled = FACTOR * a;
    let high = scaled - (scaled - a);
    (high, a - high)
}

/// `a * b` and its rounding error.
fn two_product(a: f64, b: f64) -> Double {
    let product = a * b;
    let ((a1, a2), (b1, b2)) = (split(a), split(b));
    Double(product, ((a1 * b1 - product) + a1 * b2 + a2 * b1) + a2 * b2)
}

impl Double {
    /// The nearest double.
    pub(super) fn round(self) -> f64 {
        self.0 + self.1
    }

    pub(super) fn negate(self) -> Self {
        Self(-self.0, -self.1)
    }

    /// The parts once more such that the second is small against the first.
    pub(super) fn normalize(self) -> Self {
        fast_two_sum(self.0, self.1)
    }

    /// Times a power of two.
    pub(super) fn scale(self, factor: f64) -> Self {
        Self(self.0 * factor, self.1 * factor)
    }

    pub(super) fn add(self, other: Self) -> Self {
        let sum = two_sum(self.0, other.0);
        let rest = two_sum(self.1, other.1);
        let sum = fast_two_sum(sum.0, sum.1 + rest.0);
        fast_two_sum(sum.0, sum.1 + rest.1)
    }

    pub(super) fn add_f64(self, other: f64) -> Self {
        let sum = two_sum(self.0, other);
        fast_two_sum(sum.0, sum.1 + self.1)
    }

    pub(super) fn multiply(self, other: Self) -> Self {
        let product = two_product(self.0, other.0);
        fast_two_sum(product.0, product.1 + (self.0 * other.1 + self.1 * other.0))
    }

    pub(super) fn multiply_f64(self, other: f64) -> Self {
        let product = two_product(self.0, other);
        fast_two_sum(product.0, product.1 + self.1 * other)
    }

    pub(super) fn divide(self, other: Self) -> Self {
        let first = self.0 / other.0;
        let rest = self.add(other.multiply_f64(first).negate());
        let second = rest.0 / other.0;
        let rest = rest.add(other.multiply_f64(second).negate());
        fast_two_sum(first, second).add_f64(rest.0 / other.0)
    }

    /// The square root of a positive number.
    pub(super) fn square_root(self) -> Self {
        let first = libm::sqrt(self.0);
        let square = two_product(first, first);
        let rest = self.add(square.negate());
        fast_two_sum(first, rest.round() / (2.0 * first))
    }
}
