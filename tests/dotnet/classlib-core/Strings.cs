// String: searching, comparing, splitting, joining, trimming, casing, formatting.
using System.Globalization;
using Cermet.Testing;

internal static class Strings
{
    public static void All()
    {
        Suite.Case("string/substring-and-index", () =>
        {
            string s = "the quick brown fox";
            Check.Equal("quick", s.Substring(4, 5));
            Check.Equal(4, s.IndexOf("quick", StringComparison.Ordinal));
            Check.Equal(-1, s.IndexOf('z'));
            Check.Equal(17, s.LastIndexOf("o", StringComparison.Ordinal));
            Check.Equal(3, s.IndexOfAny([' ', 'q']));
            Check.Equal("fox", s[^3..]);
            Check.That(s.Contains("BROWN", StringComparison.OrdinalIgnoreCase) && s.StartsWith('t') && s.EndsWith("fox", StringComparison.Ordinal));
            Check.Equal(0, s.IndexOf("", StringComparison.Ordinal));
            Check.Equal(19, s.LastIndexOf("", StringComparison.Ordinal));
        });
        Suite.Case("string/split", () =>
        {
            Check.Sequence(["a", "b", "", "c"], "a,b,,c".Split(','));
            Check.Sequence(["a", "b", "c"], "a,b,,c".Split(',', StringSplitOptions.RemoveEmptyEntries));
            Check.Sequence(["a", "b,,c"], "a,b,,c".Split(',', 2));
            Check.Sequence(["a", "b", "c"], " a ; b;c ".Split(';', StringSplitOptions.TrimEntries));
            Check.Sequence(["1", "2", "3"], "1--2==3".Split(["--", "=="], StringSplitOptions.None));
            Check.Sequence(["x", "y"], "x y".Split());
            Check.Sequence([""], "".Split(','));
        });
        Suite.Case("string/join-and-concat", () =>
        {
            Check.Equal("1, 2, 3", string.Join(", ", new[] { 1, 2, 3 }));
            Check.Equal("a-b", string.Join('-', "a", "b"));
            Check.Equal("b|c", string.Join("|", ["a", "b", "c"], 1, 2));
            Check.Equal("a1True", string.Concat("a", 1, true));
            Check.Equal("", string.Join(",", Array.Empty<string>()));
            Check.Equal("x,,y", string.Join(",", "x", null, "y"));
        });
        Suite.Case("string/trim-pad-insert-remove", () =>
        {
            Check.Equal("x y", "  x y\t\n".Trim());
            Check.Equal("x--", "--x--".TrimStart('-'));
            Check.Equal("a", "xyaxy".Trim('x', 'y'));
            Check.Equal("   7", "7".PadLeft(4));
            Check.Equal("7***", "7".PadRight(4, '*'));
            Check.Equal("ab_cd", "abcd".Insert(2, "_"));
            Check.Equal("ad", "abcd".Remove(1, 2));
            Check.Equal("\u2003x".Trim(), "x");
        });
        Suite.Case("string/replace", () =>
        {
            Check.Equal("bonono", "banana".Replace('a', 'o'));
            Check.Equal("b<an><an>a", "banana".Replace("an", "<an>", StringComparison.Ordinal));
            Check.Equal("xx", "aA".Replace("a", "x", StringComparison.OrdinalIgnoreCase));
            Check.Equal("", "aaa".Replace("a", null));
            Check.Throws<ArgumentException>(() => "a".Replace("", "b"));
            Check.Equal("a\nb\nc", "a\r\nb\rc".ReplaceLineEndings("\n"));
        });
        Suite.Case("string/case", () =>
        {
            Check.Equal("HELLO ÄÖ Ž", "hello äö ž".ToUpperInvariant());
            Check.Equal("straße", "STRAßE".ToLowerInvariant());
            Check.Equal("Ⅷ", "ⅷ".ToUpperInvariant());
            Check.Equal("\U00010400", "\U00010428".ToUpperInvariant());
            Check.Equal("Hello World", CultureInfo.InvariantCulture.TextInfo.ToTitleCase("hello world"));
            Check.That(char.IsUpper('Ž') && char.IsLower('ß') && char.IsLetter('中') && char.IsDigit('٣') && !char.IsAsciiDigit('٣'));
        });
        Suite.Case("string/compare", () =>
        {
            Check.That(string.CompareOrdinal("a", "B") > 0);
            Check.That(string.Compare("a", "B", StringComparison.OrdinalIgnoreCase) < 0);
            Check.That(string.Equals("ÄB", "äb", StringComparison.OrdinalIgnoreCase));
            Check.That("abc" != "abC" && "abc".Equals("ABC", StringComparison.InvariantCultureIgnoreCase));
            Check.That(string.Compare(null, "a", StringComparison.Ordinal) < 0);
            Check.Sequence(["A", "Z", "a", "ä"], new[] { "ä", "a", "Z", "A" }.Order(StringComparer.Ordinal));
            Check.Sequence(["item1", "item2", "item10"], new[] { "item10", "item2", "item1" }.OrderBy(s => s.Length).ThenBy(s => s, StringComparer.Ordinal));
            Check.That(StringComparer.OrdinalIgnoreCase.GetHashCode("HeLLo") == StringComparer.OrdinalIgnoreCase.GetHashCode("hEllO"));
        });
        Suite.Case("string/construct", () =>
        {
            Check.Equal("zzz", new string('z', 3));
            Check.Equal("bc", new string(['a', 'b', 'c'], 1, 2));
            Check.Equal("0123456789", string.Create(10, 0, (span, _) => { for (int i = 0; i < span.Length; i++) span[i] = (char)('0' + i); }));
            Check.That(ReferenceEquals("", new string([])));
            unsafe { fixed (char* p = "pointer\0rest") Check.Equal("pointer", new string(p)); }
        });
        Suite.Case("string/empty-tests", () =>
        {
            Check.That(string.IsNullOrEmpty("") && string.IsNullOrWhiteSpace(" \t\u2028") && !string.IsNullOrWhiteSpace("x"));
            Check.Equal(0, string.Empty.Length);
        });
        Suite.Case("string/chars-and-enumeration", () =>
        {
            Check.Equal("cba", string.Concat("abc".Reverse()));
            Check.Equal(294, "abc".Sum(c => c));
            Check.Sequence(['a', 'b'], "ab".ToCharArray());
            Check.Equal("a\u0301".Length, 2);
            Check.Equal(2, "🐎".Length);
            Check.That(char.IsSurrogatePair("🐎", 0) && char.ConvertToUtf32("🐎", 0) == 0x1F40E);
            Check.Equal("🐎", char.ConvertFromUtf32(0x1F40E));
        });
        Suite.Case("string/format", () =>
        {
            CultureInfo inv = CultureInfo.InvariantCulture;
            Check.Equal("0000BEEF|  3.14|1,234,567|1.235E+004", string.Format(inv, "{0:X8}|{1,6:F2}|{2:N0}|{3:E3}", 48879, 3.14159, 1234567, 12345.678));
            Check.Equal("[left  ][ right]", string.Format(inv, "[{0,-6}][{1,6}]", "left", "right"));
            Check.Equal("{x}", string.Format(inv, "{{{0}}}", "x"));
            Check.Equal("a null b", string.Format(inv, "a {0}null b", (object?)null));
            Check.Throws<FormatException>(() => string.Format(inv, "{0} {1}", 1));
            Check.Throws<FormatException>(() => string.Format(inv, "{0", 1));
            System.Text.CompositeFormat f = System.Text.CompositeFormat.Parse("{1}-{0}");
            Check.Equal("b-a", string.Format(inv, f, "a", "b"));
        });
        Suite.Case("string/normalize-ascii", () =>
        {
            Check.Equal("plain", "plain".Normalize());
            Check.That("plain".IsNormalized());
        });
        Suite.Case("string/intern-and-equality-of-built", () =>
        {
            string a = string.Concat("in", "tern".AsSpan()), b = "intern";
            Check.That(a == b && a.GetHashCode() == b.GetHashCode());
            Check.That(ReferenceEquals(string.Intern(a), string.Intern(b)));
            Check.Equal(null, string.IsInterned("never" + Environment.TickCount64));
        });
        Suite.Case("string/escape-and-unicode-categories", () =>
        {
            Check.Equal(UnicodeCategory.UppercaseLetter, char.GetUnicodeCategory('A'));
            Check.Equal(UnicodeCategory.OtherSymbol, CharUnicodeInfo.GetUnicodeCategory(0x1F40E));
            Check.Equal(UnicodeCategory.NonSpacingMark, char.GetUnicodeCategory('\u0301'));
            Check.Equal(0.5, CharUnicodeInfo.GetNumericValue('½'));
            Check.Equal(3, CharUnicodeInfo.GetDecimalDigitValue('٣'));
            Check.That(char.IsWhiteSpace('\u00a0') && char.IsControl('\u0085') && char.IsPunctuation('¿') && char.IsSymbol('€'));
        });
    }
}
