// The last digits of System.Math: what Linux's C library gives.
using System.Globalization;
using Cermet.Testing;

internal static class Digits
{
    public static void All()
    {
        Suite.Case("digits/nice arguments", () =>
        {
            Check.Equal(1000.0, Math.Pow(10, 3));
            Check.Equal(3.0, Math.Log10(1000));
            Check.Equal(10.0, Math.Log2(1024));
            Check.Equal(Math.PI, 4 * Math.Atan(1));
            Check.Equal(Math.E, Math.Exp(1));
            Check.Equal(Math.Sqrt(2), Math.Pow(2, 0.5));
            Check.Equal(1.2246467991473532E-16, Math.Sin(Math.PI));
            Check.Equal(double.PositiveInfinity, Math.Exp(710));
            Check.Equal(5E-324, Math.Pow(2, -1074));
            Check.That(double.IsNaN(Math.Log(-1)) && double.IsNaN(Math.Asin(2)) && double.IsNaN(Math.Pow(-8, 1.0 / 3)));
            Check.Equal(-0.0, Math.Sin(-0.0));
            Check.Equal(4.1f, MathF.Round(4.1f * 10) / 10);
        });
        Suite.Case("digits/sums", () =>
        {
            // Cbrt is left out: the C library's result is often not the nearest number, ours is.
            string expected = "0.03269968361424713 -1.0556861524739398 -403.7415765069672 206.95372384261364 863.2319871924054 1040.0811343380471 308.55680560943733 "
                + "6.485718413214245 307.673546945765 6.087215612790358 200.8665082298232 199.7199007820169 374.8968886400403 1245.3805070592082 "
                + "299.31005834899946 1002.2027030807942 1000.9994987847363 4.9592127124501735 0.3249275420804617";
            Check.Equal(expected, Sums());
        });
        Suite.Case("digits/remainders", () =>
        {
            Check.Equal(0.09999999999999953, 5.3 % 0.4);
            Check.Equal(-1.5f, -7.5f % 3f);
            Check.Equal(1.0, Math.IEEERemainder(10, 3));
            Check.Equal(1.1102230246251565E-16, Math.FusedMultiplyAdd(0.1, 10, -1) * 2);
            Check.Equal(-3.0, Math.Floor(-2.5));
            Check.Equal(-2.0, Math.Ceiling(-2.5));
            Check.Equal(-2.0, Math.Truncate(-2.5));
            Check.Equal(-2.0, Math.Round(-2.5));
        });
        Suite.Case("digits/conversions", () =>
        {
            double[] values = [double.NaN, 1e20, -1e20, 2.9, -2.9, 4294967295.9];
            Check.Sequence([0, int.MaxValue, int.MinValue, 2, -2, int.MaxValue], values.Select(v => (int)v));
            Check.Sequence([0u, uint.MaxValue, 0u, 2u, 0u, uint.MaxValue], values.Select(v => (uint)v));
            Check.Sequence([0L, long.MaxValue, long.MinValue, 2L, -2L, 4294967295L], values.Select(v => (long)v));
            Check.Sequence([0UL, ulong.MaxValue, 0UL, 2UL, 0UL, 4294967295UL], values.Select(v => (ulong)v));
        });
    }

    private static string Sums()
    {
        Func<double, double>[] functions =
        [
            Math.Sin, Math.Cos, Math.Tan, x => Math.Exp(1 / x), Math.Log, x => Math.Pow(x, 0.37), Math.Atan, x => Math.Asin(1 / x),
            x => Math.Acos(1 / x), x => Math.Sinh(1 / x), x => Math.Cosh(1 / x), Math.Tanh, Math.Log10, Math.Log2,
            x => Math.Atan2(x, 3), Math.Asinh, Math.Acosh, x => Math.Atanh(1 / (x + 1)), x => Math.Sin(x) * Math.Exp(-x / 500),
        ];
        return string.Join(' ', functions.Select(f =>
        {
            double sum = 0;
            for (int i = 1; i <= 200; i++) sum += f(i);
            return sum.ToString("R", CultureInfo.InvariantCulture);
        }));
    }
}
