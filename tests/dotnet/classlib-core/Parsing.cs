// Parsing of every numeric type, styles, limits, errors.
using System.Globalization;
using Cermet.Testing;

internal static class Parsing
{
    private static readonly CultureInfo s_inv = CultureInfo.InvariantCulture;

    public static void All()
    {
        Suite.Case("parse/integers", () =>
        {
            Check.Equal(-42, int.Parse(" -42 ", s_inv));
            Check.Equal(255, int.Parse("ff", NumberStyles.HexNumber, s_inv));
            Check.Equal(5, int.Parse("0101", NumberStyles.BinaryNumber, s_inv));
            Check.Equal(-1, int.Parse("FFFFFFFF", NumberStyles.HexNumber, s_inv));
            Check.Equal(1234567, int.Parse("1,234,567", NumberStyles.Number, s_inv));
            Check.Equal(-5, int.Parse("(5)", NumberStyles.AllowParentheses, s_inv));
            Check.Equal(1000, int.Parse("1e3", NumberStyles.AllowExponent, s_inv));
            Check.Equal(long.MinValue, long.Parse("-9223372036854775808", s_inv));
            Check.Equal(ulong.MaxValue, ulong.Parse("18446744073709551615", s_inv));
            Check.Equal((byte)200, byte.Parse("200", s_inv));
            Check.Equal(Int128.MinValue, Int128.Parse("-170141183460469231731687303715884105728", s_inv));
        });
        Suite.Case("parse/integer-errors", () =>
        {
            foreach (string bad in new[] { "", " ", "x", "1 2", "1.5", "--1", "0x10", "1-", "\u0661" }) Check.That(!int.TryParse(bad, s_inv, out _), "TryParse " + bad);
            Check.Throws<OverflowException>(() => int.Parse("2147483648", s_inv));
            Check.Throws<OverflowException>(() => byte.Parse("-1", s_inv));
            Check.Throws<OverflowException>(() => ulong.Parse("-1", s_inv));
            Check.Throws<FormatException>(() => int.Parse("12a", s_inv));
            Check.Equal(int.MaxValue, int.CreateSaturating(1L << 40));
            Check.Equal((byte)0x34, byte.CreateTruncating(0x1234));
        });
        Suite.Case("parse/doubles", () =>
        {
            Check.Equal(1e-5, double.Parse("1e-5", s_inv));
            Check.Equal(-0.5, double.Parse("-.5", s_inv));
            Check.Equal(1234.5, double.Parse("1,234.5", s_inv));
            Check.Equal(double.PositiveInfinity, double.Parse("Infinity", s_inv));
            Check.That(double.IsNaN(double.Parse("NaN", s_inv)));
            Check.Equal(double.PositiveInfinity, double.Parse("1e400", s_inv));
            Check.Equal(double.Epsilon, double.Parse("4.9e-324", s_inv));
            Check.Equal(0.0, double.Parse("1e-400", s_inv));
            Check.That(double.IsNegative(double.Parse("-0", s_inv)));
            Check.Equal(0.1f, float.Parse("0.1", s_inv));
            Check.Equal((Half)0.25, Half.Parse("0.25", s_inv));
            Check.That(!double.TryParse("1.2.3", s_inv, out _) && !double.TryParse("e5", s_inv, out _) && !double.TryParse("", s_inv, out _));
        });
        Suite.Case("parse/doubles-hard-cases", () =>
        {
            // Halfway and boundary cases that need exact arithmetic.
            (string, long)[] cases =
            [
                ("2.2250738585072011e-308", 0x000FFFFFFFFFFFFF), ("1.7976931348623157e308", 0x7FEFFFFFFFFFFFFF), ("9007199254740993", 0x4340000000000000), ("9007199254740993.00000000000000000001", 0x4340000000000001),
                ("0.500000000000000166533453693773481063544750213623046875", 0x3FE0000000000002), ("6.631236846766476e-316", 0x0000000008000000), ("123456789.123456789", 0x419D6F34547E6B75), ("1e23", 0x44B52D02C7E14AF6),
            ];
            foreach ((string text, long bits) in cases) Check.Equal(bits, BitConverter.DoubleToInt64Bits(double.Parse(text, s_inv)), text);
        });
        Suite.Case("parse/round-trip-many", () =>
        {
            Random r = new(1);
            for (int i = 0; i < 300; i++)
            {
                double d = BitConverter.Int64BitsToDouble(r.NextInt64());
                if (!double.IsFinite(d)) continue;
                if (double.Parse(d.ToString(s_inv), s_inv) != d) Check.Fail("lost " + BitConverter.DoubleToInt64Bits(d).ToString("X"));
                float f = BitConverter.Int32BitsToSingle(r.Next());
                if (float.IsFinite(f) && float.Parse(f.ToString(s_inv), s_inv) != f) Check.Fail("lost float " + f);
                long l = r.NextInt64();
                if (long.Parse(l.ToString("X", s_inv), NumberStyles.HexNumber, s_inv) != l) Check.Fail("lost long " + l);
            }
            Check.That(true);
        });
        Suite.Case("parse/decimals", () =>
        {
            Check.Equal(1.10m, decimal.Parse("1.10", s_inv));
            Check.Equal("1.10", decimal.Parse("1.10", s_inv).ToString(s_inv));
            Check.Equal(-1234.5m, decimal.Parse("(1,234.50)", NumberStyles.Currency, s_inv));
            Check.Throws<OverflowException>(() => decimal.Parse("79228162514264337593543950336", s_inv));
            Check.Equal(0.1234567890123456789012345679m, decimal.Parse("0.12345678901234567890123456789", s_inv));
        });
        Suite.Case("parse/bool-char-enum-version", () =>
        {
            Check.That(bool.Parse(" true ") && !bool.TryParse("yes", out _));
            Check.Equal('x', char.Parse("x"));
            Check.Equal(new Version(1, 2, 3, 4), Version.Parse("1.2.3.4"));
            Check.That(new Version("1.10") > new Version("1.9"));
            Check.Equal(DayOfWeek.Friday, Enum.Parse<DayOfWeek>("friday", true));
        });
        Suite.Case("parse/spans-and-utf8", () =>
        {
            Check.Equal(34, int.Parse("1234".AsSpan(2), provider: s_inv));
            Check.Equal(12.5, double.Parse("12.5"u8, s_inv));
            Check.That(System.Buffers.Text.Utf8Parser.TryParse("123abc"u8, out int n, out int used) && n == 123 && used == 3);
            Check.That(int.TryParse("77"u8, out int m) && m == 77);
            static T Parse<T>(string s) where T : IParsable<T> => T.Parse(s, s_inv);
            Check.Equal(5.5m, Parse<decimal>("5.5"));
            Check.Equal(new DateOnly(2024, 2, 29), Parse<DateOnly>("2024-02-29"));
        });
    }
}
