// Formatting of every numeric type with standard and custom formats.
using System.Globalization;
using Cermet.Testing;

internal static class Numbers
{
    private static readonly CultureInfo s_inv = CultureInfo.InvariantCulture;

    private static string F<T>(T v, string? f) where T : IFormattable => v.ToString(f, s_inv);

    public static void All()
    {
        Suite.Case("format/integers", () =>
        {
            Check.Equal("-5", F(-5, "G"));
            Check.Equal("-0042", F(-42, "D4"));
            Check.Equal("FFFFFFD6", F(-42, "X"));
            Check.Equal("2a", F(42, "x"));
            Check.Equal("0b101010", "0b" + F(42, "B"));
            Check.Equal("1,234,567.00", F(1234567, "N"));
            Check.Equal("-1,234.5", F(-1234.5, "N1"));
            Check.Equal("12,345.70 %", F(123.457, "P"));
            Check.Equal("¤1,234.00", F(1234, "C"));
            Check.Equal("(¤1,234.00)", F(-1234, "C"));
            Check.Equal("1.234000E+003", F(1234, "E"));
        });
        Suite.Case("format/limits", () =>
        {
            Check.Equal("-128 127 255", $"{sbyte.MinValue} {sbyte.MaxValue} {byte.MaxValue}");
            Check.Equal("-32768 65535", $"{short.MinValue} {ushort.MaxValue}");
            Check.Equal("-2147483648 4294967295", $"{int.MinValue} {uint.MaxValue}");
            Check.Equal("-9223372036854775808 18446744073709551615", $"{long.MinValue} {ulong.MaxValue}");
            Check.Equal("170141183460469231731687303715884105727", Int128.MaxValue.ToString());
            Check.Equal("340282366920938463463374607431768211455", UInt128.MaxValue.ToString());
            Check.Equal("79228162514264337593543950335", decimal.MaxValue.ToString(s_inv));
            Check.Equal("8000000000000000", F(long.MinValue, "X"));
            Check.Equal("65500", Half.MaxValue.ToString(s_inv));
            Check.Equal("3.4028235E+38", float.MaxValue.ToString(s_inv));
            Check.Equal("1.7976931348623157E+308", double.MaxValue.ToString(s_inv));
            Check.Equal("5E-324", double.Epsilon.ToString(s_inv));
            Check.Equal("1E-45", float.Epsilon.ToString(s_inv));
        });
        Suite.Case("format/shortest-round-trip", () =>
        {
            Check.Equal("0.1", F(0.1, null));
            Check.Equal("0.3333333333333333", F(1.0 / 3, "R"));
            Check.Equal("0.33333334", F(1f / 3, null));
            Check.Equal("10000000000000000", F(1e16, null));
            Check.Equal("1E+21", F(1e21, null));
            Check.Equal("1E-05", F(1e-5, null));
            Check.Equal("0.0001", F(1e-4, null));
            Check.Equal("1.2345678901234568E+17", F(123456789012345678.0, null));
            Check.Equal("2.2250738585072014E-308", F(2.2250738585072014e-308, null));
            Check.Equal("9007199254740993", F(9007199254740993m, null));
            Check.Equal("-0", F(-0.0, null));
            Check.Equal("NaN Infinity -Infinity", string.Create(s_inv, $"{double.NaN} {double.PositiveInfinity} {double.NegativeInfinity}"));
        });
        Suite.Case("format/fixed-precision", () =>
        {
            Check.Equal("3.14", F(3.14159, "F2"));
            Check.Equal("-0.00", F(-0.001, "F2"));
            Check.Equal("2.5", F(2.45, "F1"));
            Check.Equal("1.00000000000000000000", F(1.0, "F20"));
            Check.Equal("0.1000000000000000055511151231257827021181583404541015625000", F(0.1, "F58"));
            Check.Equal("123.456", F(123.456, "G6"));
            Check.Equal("1.2E+02", F(123.456, "G2"));
            Check.Equal("1.23e-004", F(0.000123, "e2"));
            Check.Equal("1E+02", F(100.0, "G1"));
        });
        Suite.Case("format/custom", () =>
        {
            Check.Equal("00123.5", F(123.456, "00000.0"));
            Check.Equal("1,234,568", F(1234567.8, "#,#"));
            Check.Equal("12.3%", F(0.1234, "0.0%"));
            Check.Equal("1.2e+003", F(1234, "0.0e+000"));
            Check.Equal("neg 5", F(-5, "0;neg 0;zero"));
            Check.Equal("zero", F(0, "0;neg 0;zero"));
            Check.Equal("(555) 123-4567", F(5551234567, "(000) 000-0000"));
            Check.Equal("a5b", F(5, "'a'0\\b"));
            Check.Equal("1.2", F(1234567, "0,,.0"));
            Check.Equal(".5", F(0.5, "#.##"));
            Check.Equal("500‰", F(0.5, "0‰"));
        });
        Suite.Case("format/decimal", () =>
        {
            Check.Equal("3.30", (1.10m * 3m).ToString(s_inv));
            Check.Equal("1.0", (0.5m + 0.5m).ToString(s_inv));
            Check.Equal("0.3333333333333333333333333333", (1m / 3).ToString(s_inv));
            Check.Equal("12345.68", F(12345.6789m, "F2"));
            Check.Equal("1E+002", F(100m, "E0"));
            Check.Equal("-79,228,162,514,264,337,593,543,950,335.00", F(decimal.MinValue, "N2"));
            Check.Equal("0.0000000000000000000000000001", F(0.0000000000000000000000000001m, null));
        });
        Suite.Case("format/half", () =>
        {
            Check.Equal("1.5", F((Half)1.5, null));
            Check.Equal("0.1", F((Half)0.1, null));
            Check.Equal("6E-08", F(Half.Epsilon, null));
            Check.Equal("Infinity", F((Half)70000, null));
        });
        Suite.Case("format/wide-integers", () =>
        {
            Check.Equal("-170141183460469231731687303715884105728", F(Int128.MinValue, "D"));
            Check.Equal("FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF", F(UInt128.MaxValue, "X"));
            Check.Equal("0000000000000000000000000000000000000001", F((Int128)1, "D40"));
            Check.Equal("12345678901234567890123", F(UInt128.Parse("12345678901234567890123"), null));
        });
        Suite.Case("format/bool-char-guid", () =>
        {
            Check.Equal("True False", $"{true} {false}");
            Check.Equal("x", 'x'.ToString());
            Guid g = new("0f8fad5b-d9cb-469f-a165-70867728950e");
            Check.Equal("0f8fad5bd9cb469fa16570867728950e", g.ToString("N"));
            Check.Equal("{0f8fad5b-d9cb-469f-a165-70867728950e}", g.ToString("B"));
            Check.Equal("{0x0f8fad5b,0xd9cb,0x469f,{0xa1,0x65,0x70,0x86,0x77,0x28,0x95,0x0e}}", g.ToString("X"));
            Check.That(Guid.NewGuid() != Guid.NewGuid() && Guid.NewGuid().Version == 4 && Guid.CreateVersion7().Version == 7);
            Check.Throws<FormatException>(() => Guid.Parse("not a guid"));
            Check.That(Guid.TryParseExact("{0f8fad5b-d9cb-469f-a165-70867728950e}", "B", out Guid parsed) && parsed == g);
        });
        Suite.Case("format/other-cultures-data", () =>
        {
            NumberFormatInfo n = new() { NumberDecimalSeparator = ",", NumberGroupSeparator = ".", NegativeSign = "~", CurrencySymbol = "Kč", CurrencyPositivePattern = 3, NumberGroupSizes = [2, 3] };
            Check.Equal("~1.234.56,50", (-123456.5).ToString("N2", n));
            Check.Equal("1,5", 1.5.ToString(n));
            Check.Equal("5.00 Kč", 5.ToString("C", n));
            Check.Equal(-1234.5, double.Parse("~1234,5", NumberStyles.Any, n));
        });
        Suite.Case("format/into-spans", () =>
        {
            Span<char> chars = stackalloc char[8];
            Check.That(1234.ToString().AsSpan().TryCopyTo(chars) && 1234.TryFormat(chars, out int n, "N0", s_inv) && chars[..n].SequenceEqual("1,234"));
            Check.That(!123456789.TryFormat(chars[..4], out n) && n == 0);
            Span<byte> bytes = stackalloc byte[20];
            Check.That((-1.5).TryFormat(bytes, out n, default, s_inv) && bytes[..n].SequenceEqual("-1.5"u8));
            Check.That(System.Buffers.Text.Utf8Formatter.TryFormat(255, bytes, out n, new System.Buffers.StandardFormat('X')) && bytes[..n].SequenceEqual("FF"u8));
        });
        Suite.Case("format/errors", () =>
        {
            Check.Throws<FormatException>(() => 1.ToString("Q", s_inv));
            Check.Throws<FormatException>(() => 1.5.ToString("D", s_inv));
            Check.Throws<FormatException>(() => Guid.Empty.ToString("Z"));
        });
    }
}
