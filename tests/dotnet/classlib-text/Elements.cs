// StringInfo, text elements, Rune enumeration, composite text.
using System.Globalization;
using System.Text;
using Cermet.Testing;

internal static class Elements
{
    public static void All()
    {
        Suite.Case("text/elements", () =>
        {
            StringInfo s = new("ae\u0301🐎👨\u200d👩\u200d👧🇨🇿");
            Check.Equal(5, s.LengthInTextElements);
            Check.Equal("e\u0301", s.SubstringByTextElements(1, 1));
            Check.Sequence([0, 1, 3, 5, 13], StringInfo.ParseCombiningCharacters("ae\u0301🐎👨\u200d👩\u200d👧🇨🇿"));
            Check.Equal(2, StringInfo.GetNextTextElementLength("\r\nx"));
            TextElementEnumerator e = StringInfo.GetTextElementEnumerator("x🐎");
            int n = 0;
            while (e.MoveNext()) n += e.GetTextElement().Length;
            Check.Equal(3, n);
        });
        Suite.Case("text/runes-in-strings", () =>
        {
            Check.Equal("🐎ba", string.Concat("ab🐎".EnumerateRunes().Reverse().Select(r => r.ToString())));
            Check.Equal(Rune.ReplacementChar, "\ud800".EnumerateRunes().First());
            StringBuilder b = new();
            foreach (Rune r in "aŽ🐎".EnumerateRunes()) b.Append(r.Value.ToString("X")).Append(' ').Append(Rune.GetUnicodeCategory(r)).Append(';');
            Check.Equal("61 LowercaseLetter;17D UppercaseLetter;1F40E OtherSymbol;", b.ToString());
        });
        Suite.Case("text/lines", () =>
        {
            int n = 0;
            foreach (ReadOnlySpan<char> line in "a\nbb\r\nccc\r".AsSpan().EnumerateLines()) n = n * 10 + line.Length;
            Check.Equal(1230, n);
        });
        Suite.Case("text/composite-format", () =>
        {
            CompositeFormat f = CompositeFormat.Parse("{0,5}|{1:X}");
            Check.Equal("    a|FF", string.Format(CultureInfo.InvariantCulture, f, "a", 255));
            Check.Equal(2, f.MinimumArgumentCount);
            Check.Throws<FormatException>(() => CompositeFormat.Parse("{"));
            FormattableString s = $"{1.5} {"x"}";
            Check.Equal("1.5 x", FormattableString.Invariant(s));
            Check.Equal(2, s.ArgumentCount);
        });
    }
}
