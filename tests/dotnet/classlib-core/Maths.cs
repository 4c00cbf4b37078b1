// Math, MathF and the floating-point types: values, special values, rounding.
using Cermet.Testing;

internal static class Maths
{
    /// <summary>Equal to within a few units in the last place.</summary>
    private static void Near(double want, double got, [System.Runtime.CompilerServices.CallerArgumentExpression(nameof(got))] string text = "", [System.Runtime.CompilerServices.CallerLineNumber] int line = 0)
    {
        if (double.IsNaN(want) ? !double.IsNaN(got) : want != got && !(Math.Abs(want - got) <= Math.Abs(want) * 4e-16)) Check.Fail($"expected {want:R} got {got:R} in '{text}'", line);
        else Check.That(true);
    }

    public static void All()
    {
        Suite.Case("math/trigonometry", () =>
        {
            Near(0.8414709848078965, Math.Sin(1));
            Near(0.5403023058681398, Math.Cos(1));
            Near(1.5574077246549023, Math.Tan(1));
            Near(0.7853981633974483, Math.Atan(1));
            Near(2.356194490192345, Math.Atan2(1, -1));
            Near(0.5235987755982989, Math.Asin(0.5));
            Near(1.0471975511965979, Math.Acos(0.5));
            (double s, double c) = Math.SinCos(2);
            Near(0.9092974268256817, s);
            Near(-0.4161468365471424, c);
        });
        Suite.Case("math/trigonometry-of-large-arguments", () =>
        {
            Near(-0.34999350217129294, Math.Sin(1e6));
            Near(-0.8522008497671888, Math.Sin(1e22));
            Near(0.5232147853951389, Math.Cos(1e22));
            Near(-0.5131937377869703, Math.Cos(1e15));
            Near(0.004961954789184062, Math.Sin(double.MaxValue));
        });
        Suite.Case("math/hyperbolic", () =>
        {
            Near(1.1752011936438014, Math.Sinh(1));
            Near(1.543080634815244, Math.Cosh(1));
            Near(0.7615941559557649, Math.Tanh(1));
            Near(0.881373587019543, Math.Asinh(1));
            Near(1.3169578969248166, Math.Acosh(2));
            Near(0.5493061443340549, Math.Atanh(0.5));
            Check.Equal(1.0, Math.Tanh(100));
        });
        Suite.Case("math/exponentials", () =>
        {
            Near(Math.E, Math.Exp(1));
            Near(4.5399929762484854E-05, Math.Exp(-10));
            Near(2.302585092994046, Math.Log(10));
            Near(24.705294220065465, Math.Pow(2.5, 3.5));
            Near(3, Math.Log10(1000));
            Near(10, Math.Log2(1024));
            Near(0.5, Math.Log(2, 4));
            Near(1.4142135623730951, Math.Sqrt(2));
            Near(2, Math.Cbrt(8));
            Check.Equal(double.PositiveInfinity, Math.Exp(1000));
            Check.Equal(0.0, Math.Exp(-1000));
            Near(5e-324, Math.Exp(-745));
        });
        Suite.Case("math/power-special-values", () =>
        {
            Check.Equal(1.0, Math.Pow(double.NaN, 0));
            Check.Equal(1.0, Math.Pow(1, double.NaN));
            Check.That(double.IsNaN(Math.Pow(-1, 0.5)));
            Check.Equal(-8.0, Math.Pow(-2, 3));
            Check.Equal(double.PositiveInfinity, Math.Pow(0, -1));
            Check.Equal(double.NegativeInfinity, Math.Pow(-0.0, -1));
            Check.Equal(1.0, Math.Pow(-1, double.PositiveInfinity));
            Check.Equal(0.0, Math.Pow(0.5, double.PositiveInfinity));
        });
        Suite.Case("math/other-special-values", () =>
        {
            Check.That(double.IsNaN(Math.Sqrt(-1)) && double.IsNaN(Math.Log(-1)) && double.IsNaN(Math.Sin(double.PositiveInfinity)) && double.IsNaN(Math.Acos(2)));
            Check.Equal(double.NegativeInfinity, Math.Log(0));
            Check.That(double.IsNegative(Math.Sqrt(-0.0)) && double.IsNegative(Math.Sin(-0.0)));
            Check.Equal(Math.PI, Math.Atan2(0, -0.0));
            Check.Equal(-Math.PI, Math.Atan2(-0.0, -1));
            Check.That(double.IsNaN(Math.Max(1, double.NaN)) && double.IsNaN(Math.Min(double.NaN, 1)));
            Check.That(!double.IsNegative(Math.Max(0.0, -0.0)) && double.IsNegative(Math.Min(0.0, -0.0)));
        });
        Suite.Case("math/rounding", () =>
        {
            Check.Equal(-2.0, Math.Floor(-1.5));
            Check.Equal(-1.0, Math.Ceiling(-1.5));
            Check.Equal(-1.0, Math.Truncate(-1.5));
            Check.Equal(2.0, Math.Round(2.5));
            Check.Equal(4.0, Math.Round(3.5));
            Check.Equal(3.0, Math.Round(2.5, MidpointRounding.AwayFromZero));
            Check.Equal(2.67, Math.Round(2.671, 2));
            Check.Equal(2.0, Math.Round(2.9, MidpointRounding.ToZero));
            Check.Equal(3.0, Math.Round(2.1, MidpointRounding.ToPositiveInfinity));
            Check.Equal(0.0, Math.Round(0.49999999999999994));
            Check.That(double.IsNegative(Math.Round(-0.4)));
            Check.Equal(1.24m, Math.Round(1.235m, 2));
            Check.Equal(2m, decimal.Round(2.5m));
            Check.Equal(-3m, decimal.Floor(-2.1m));
        });
        Suite.Case("math/integers", () =>
        {
            Check.Equal(5, Math.Abs(-5));
            Check.Throws<OverflowException>(() => Math.Abs(int.MinValue));
            Check.Equal((3, 1), Math.DivRem(10, 3));
            Check.Equal((-3, -1), Math.DivRem(-10, 3));
            Check.Equal(5, Math.Clamp(9, 1, 5));
            Check.Throws<ArgumentException>(() => Math.Clamp(1, 5, 2));
            Check.Equal(1L << 62, Math.BigMul(1 << 31 >>> 1, 1) * (1L << 32));
            Check.Equal(0xFFFFFFFFFFFFFFFEul, Math.BigMul(ulong.MaxValue, ulong.MaxValue, out ulong low));
            Check.Equal(1ul, low);
            Check.Equal(-1, Math.Sign(-0.5));
            Check.Throws<ArithmeticException>(() => Math.Sign(double.NaN));
        });
        Suite.Case("math/floating-details", () =>
        {
            Check.Equal(1.0000000000000002, Math.BitIncrement(1));
            Check.Equal(0.9999999999999999, Math.BitDecrement(1));
            Check.Equal(-5.0, Math.CopySign(5, -0.0));
            Check.Equal(3, Math.ILogB(10));
            Check.Equal(40.0, Math.ScaleB(5, 3));
            Check.Equal(-0.5, Math.IEEERemainder(7.5, 2));
            Check.Equal(1.5, 7.5 % 2);
            Check.Equal(-1.5, -7.5 % 2);
            Check.Equal(1.0 + Math.Pow(2, -104), Math.FusedMultiplyAdd(1 + Math.Pow(2, -52), 1 - Math.Pow(2, -52), Math.Pow(2, -104)) + Math.Pow(2, -104));
        });
        Suite.Case("math/single-precision", () =>
        {
            Check.Equal(0.84147096f, MathF.Sin(1));
            Check.Equal(2.7182817f, MathF.Exp(1));
            Check.Equal(1.4142135f, MathF.Sqrt(2));
            Check.Equal(0.6931472f, MathF.Log(2));
            Check.Equal(8f, MathF.Pow(2, 3));
            Check.Equal(0.7853982f, MathF.Atan2(1, 1));
            Check.Equal(1.4f, MathF.Round(1.45f, 1));
        });
        Suite.Case("math/generic-functions", () =>
        {
            Check.Equal(5.0, double.Hypot(3, 4));
            Near(3, double.RootN(27, 3));
            Near(1, double.SinPi(0.5));
            Near(180, double.RadiansToDegrees(Math.PI));
            Check.Equal(2.5, double.Lerp(0, 10, 0.25));
            Near(0.6931471805599453, double.LogP1(1));
            Near(1.718281828459045, double.ExpM1(1));
            Check.Equal((Half)2, Half.Sqrt((Half)4));
            Check.That(double.IsInteger(4.0) && double.IsPow2(8) && double.IsSubnormal(double.Epsilon) && !double.IsNormal(0));
            Check.Equal(3.0, double.MaxMagnitude(-2, 3));
        });
        Suite.Case("math/sums-are-exact", () =>
        {
            double s = 0;
            for (int i = 1; i <= 1000; i++) s += 1.0 / i;
            Check.Equal(7.485470860550343, s);
            float f = 0;
            for (int i = 1; i <= 1000; i++) f += 1f / i;
            Check.Equal(7.4854784f, f);
            Check.Equal(0.30000000000000004, 0.1 + 0.2);
        });
        Suite.Case("math/conversions-at-the-edge", () =>
        {
            double big = 9.3e18, negative = -1.0;
            Check.Equal(9300000000000000000ul, (ulong)big);
            Check.Equal(0ul, (ulong)negative);
            Check.Equal(9223372036854775807L, (long)big);
            Check.Equal(1.8446744073709552E+19, (double)ulong.MaxValue);
            Check.Equal(1.6777216E+07f, (float)16777217L);
            Check.Equal(3.4028235E+38f, (float)3.4028235e38);
            Check.Equal(-1, (int)(long)negative);
        });
    }
}
