// BigInteger, Int128, UInt128, decimal, Complex.
using System.Globalization;
using System.Numerics;
using Cermet.Testing;

internal static class BigNumbers
{
    public static void All()
    {
        Suite.Case("big/power-and-text", () =>
        {
            Check.Equal("1267650600228229401496703205376", BigInteger.Pow(2, 100).ToString());
            Check.Equal("-1000000000000000000000", (-BigInteger.Pow(10, 21)).ToString());
            Check.Equal("0DE0B6B3A7640000", BigInteger.Pow(10, 18).ToString("X16"));
            Check.Equal(BigInteger.Parse("123456789012345678901234567890"), BigInteger.Parse("018EE90FF6C373E0EE4E3F0AD2", NumberStyles.HexNumber));
            Check.Equal("1.23E+029", BigInteger.Parse("123456789012345678901234567890").ToString("E2", CultureInfo.InvariantCulture));
        });
        Suite.Case("big/factorial", () =>
        {
            BigInteger f = 1;
            for (int i = 2; i <= 50; i++) f *= i;
            Check.Equal("30414093201713378043612608166064768844377641568960512000000000000", f.ToString());
            for (int i = 50; i >= 2; i--) f /= i;
            Check.Equal(BigInteger.One, f);
        });
        Suite.Case("big/division", () =>
        {
            BigInteger a = BigInteger.Pow(7, 80), b = BigInteger.Pow(3, 50) + 1;
            BigInteger q = BigInteger.DivRem(a, b, out BigInteger r);
            Check.Equal(a, q * b + r);
            Check.That(r < b && r >= 0);
            Check.Equal(-3, (int)(new BigInteger(-10) / 3));
            Check.Equal(-1, (int)(new BigInteger(-10) % 3));
            Check.Throws<DivideByZeroException>(() => BigInteger.Divide(a, 0));
        });
        Suite.Case("big/large-multiplication", () =>
        {
            BigInteger a = BigInteger.Pow(3, 2000), b = BigInteger.Pow(3, 1000);
            Check.That(b * b == a);
            Check.Equal(955, a.ToString().Length);
            Check.Equal(a, BigInteger.Parse(a.ToString()));
        });
        Suite.Case("big/modular-and-gcd", () =>
        {
            Check.Equal(new BigInteger(445), BigInteger.ModPow(4, 13, 497));
            Check.Equal(new BigInteger(21), BigInteger.GreatestCommonDivisor(1071, 462));
            BigInteger p = BigInteger.Pow(2, 127) - 1;
            Check.Equal(BigInteger.One, BigInteger.ModPow(3, p - 1, p));
        });
        Suite.Case("big/bits-and-bytes", () =>
        {
            BigInteger a = new(-255);
            Check.Equal("01FF", Convert.ToHexString(a.ToByteArray()));
            Check.Equal(a, new BigInteger(a.ToByteArray()));
            Check.Equal(new BigInteger(0x1234), new BigInteger([0x12, 0x34], isUnsigned: true, isBigEndian: true));
            Check.Equal(new BigInteger(-128), a >> 1);
            Check.Equal(new BigInteger(1) << 70, BigInteger.Pow(2, 70));
            Check.Equal(new BigInteger(0xF0), (a & 0xFF0) >> 4 & 0xF0);
            Check.Equal(71, (int)(BigInteger.Pow(2, 70)).GetBitLength());
        });
        Suite.Case("big/conversions", () =>
        {
            Check.Equal(1e20, (double)BigInteger.Pow(10, 20));
            Check.Equal(9.999999999999999E+29, (double)BigInteger.Pow(10, 30));
            Check.Equal(new BigInteger(123456789.9), 123456789);
            Check.Throws<OverflowException>(() => _ = (long)BigInteger.Pow(2, 63));
            Check.Equal(decimal.MaxValue, (decimal)(BigInteger.Pow(2, 96) - 1));
            Check.That(Math.Abs(BigInteger.Log(BigInteger.Pow(10, 100)) - 230.25850929940458) < 1e-10);
        });
        Suite.Case("int128/arithmetic", () =>
        {
            Int128 a = Int128.MaxValue, b = -5;
            Check.Equal("-25", (b * 5).ToString());
            Check.Equal(a, (a / 7) * 7 + a % 7);
            Check.Throws<OverflowException>(() => _ = checked(a + 1));
            Check.Equal(Int128.MinValue, unchecked(a + 1));
            UInt128 u = new(1, 0);
            Check.Equal("18446744073709551616", u.ToString());
            Check.Equal(ulong.MaxValue, (ulong)(u - 1));
            Check.Equal(64, (int)UInt128.TrailingZeroCount(u));
            Check.Equal(u, (UInt128)(double)u);
            Check.That(b < 0 && a > b && Int128.Abs(b) == 5);
        });
        Suite.Case("decimal/arithmetic", () =>
        {
            Check.Equal(0.1m + 0.2m, 0.3m);
            Check.Equal("0.30", (0.10m + 0.20m).ToString(CultureInfo.InvariantCulture));
            Check.Equal(1.5m, 7.5m % 2m);
            Check.Equal("0.1428571428571428571428571429", (1m / 7).ToString(CultureInfo.InvariantCulture));
            Check.Equal("6.6666666666666666666666666667", (20m / 3).ToString(CultureInfo.InvariantCulture));
            Check.Throws<OverflowException>(() => GC.KeepAlive(decimal.MaxValue * decimal.Parse("2")));
            Check.Sequence([0x12D687, 0, 0, 0x20000], decimal.GetBits(12345.67m));
            Check.Equal((byte)2, 12345.67m.Scale);
            Check.That(1.0m == 1.00m && 1.0m.GetHashCode() == 1.00m.GetHashCode());
            Check.Equal(3.14m, decimal.Truncate(3.149m * 100) / 100);
            Check.Equal(0.1, (double)0.1m);
            Check.Equal(0.1m, (decimal)0.1);
        });
        Suite.Case("decimal/compound-interest", () =>
        {
            decimal v = 1000m;
            for (int i = 0; i < 12; i++) v *= 1.0049m;
            Check.Equal("1060.4108", Math.Round(v, 4).ToString(CultureInfo.InvariantCulture));
        });
        Suite.Case("complex/arithmetic", () =>
        {
            Complex a = new(3, 4);
            Check.Equal(5.0, a.Magnitude);
            Check.Equal(new Complex(-7, 24), a * a);
            Check.Equal("<3; -4>", Complex.Conjugate(a).ToString("G", CultureInfo.InvariantCulture));
            Check.Equal(new Complex(2, 1), Complex.Sqrt(a));
            Check.That(Math.Abs((Complex.Exp(Complex.ImaginaryOne * Math.PI) + 1).Magnitude) < 1e-15);
        });
    }
}
