// Encodings: UTF-8, UTF-16, UTF-32, ASCII, Latin-1; invalid input, fallbacks, streams, preambles.
using System.Text;
using System.Text.Unicode;
using Cermet.Testing;

internal static class Encodings
{
    private const string Mixed = "aé中🐎\u0000z";

    public static void All()
    {
        Suite.Case("encoding/utf8", () =>
        {
            byte[] bytes = Encoding.UTF8.GetBytes(Mixed);
            Check.Equal("61C3A9E4B8ADF09F908E007A", Convert.ToHexString(bytes));
            Check.Equal(Mixed, Encoding.UTF8.GetString(bytes));
            Check.Equal(12, Encoding.UTF8.GetByteCount(Mixed));
            Check.Equal(7, Encoding.UTF8.GetCharCount(bytes));
            Check.Equal("EFBBBF", Convert.ToHexString(Encoding.UTF8.GetPreamble()));
        });
        Suite.Case("encoding/utf8-invalid", () =>
        {
            (string, string)[] cases = [("80", "\uFFFD"), ("C3", "\uFFFD"), ("C041", "\uFFFDA"), ("E4B8", "\uFFFD"), ("E4B841", "\uFFFDA"), ("EDA080", "\uFFFD\uFFFD\uFFFD"), ("F4908080", "\uFFFD\uFFFD\uFFFD\uFFFD"), ("F09F9041", "\uFFFDA"), ("FEFF", "\uFFFD\uFFFD"), ("41FF42", "A\uFFFDB")];
            foreach ((string hex, string want) in cases) Check.Equal(want, Encoding.UTF8.GetString(Convert.FromHexString(hex)), hex);
            Check.Equal("EFBFBD", Convert.ToHexString(Encoding.UTF8.GetBytes("\ud800")));
            UTF8Encoding strict = new(false, true);
            Check.Throws<DecoderFallbackException>(() => strict.GetString([0x41, 0xFF]));
            Check.Throws<EncoderFallbackException>(() => strict.GetBytes("\udc00"));
        });
        Suite.Case("encoding/utf8-long-text", () =>
        {
            for (int n = 1; n < 200; n += 23)
            {
                string s = new string('a', n) + "é" + new string('b', n) + "🐎";
                Check.Equal(s, Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(s)));
            }
            byte[] ascii = new byte[1000];
            ascii.AsSpan().Fill((byte)'x');
            Check.Equal(new string('x', 1000), Encoding.UTF8.GetString(ascii));
            Check.That(Ascii.IsValid(ascii) && Utf8.IsValid(ascii));
        });
        Suite.Case("encoding/utf16", () =>
        {
            Check.Equal("6100E9002D4E3DD80EDC00007A00", Convert.ToHexString(Encoding.Unicode.GetBytes(Mixed)));
            Check.Equal("006100E94E2DD83DDC0E0000007A", Convert.ToHexString(Encoding.BigEndianUnicode.GetBytes(Mixed)));
            Check.Equal(Mixed, Encoding.BigEndianUnicode.GetString(Encoding.BigEndianUnicode.GetBytes(Mixed)));
            Check.Equal("A\uFFFD", Encoding.Unicode.GetString([0x41, 0, 0x42]));
            Check.Equal("\uFFFDA", Encoding.Unicode.GetString([0x00, 0xD8, 0x41, 0]));
        });
        Suite.Case("encoding/utf32", () =>
        {
            byte[] bytes = Encoding.UTF32.GetBytes("a🐎");
            Check.Equal("610000000EF40100", Convert.ToHexString(bytes));
            Check.Equal("a🐎", Encoding.UTF32.GetString(bytes));
            Check.Equal("000000610001F40E", Convert.ToHexString(new UTF32Encoding(true, false).GetBytes("a🐎")));
            Check.Equal("\uFFFD", Encoding.UTF32.GetString([0, 0, 0x11, 0]));
        });
        Suite.Case("encoding/ascii-and-latin1", () =>
        {
            Check.Equal("613F3F3F3F7A", Convert.ToHexString(Encoding.ASCII.GetBytes("aé中🐎z")));
            Check.Equal("a??", Encoding.ASCII.GetString([0x61, 0x80, 0xFF]).Replace('\uFFFD', '?'));
            Check.Equal("61E93F3F3F", Convert.ToHexString(Encoding.Latin1.GetBytes("aé中🐎")));
            Check.Equal("é\u0080ÿ", Encoding.Latin1.GetString([0xE9, 0x80, 0xFF]));
        });
        Suite.Case("encoding/by-name-and-page", () =>
        {
            Check.Equal("utf-8", Encoding.GetEncoding("UTF-8").WebName);
            Check.Equal(1200, Encoding.GetEncoding("utf-16").CodePage);
            Check.Equal("iso-8859-1", Encoding.GetEncoding(28591).WebName);
            Check.Throws<ArgumentException>(() => Encoding.GetEncoding("no-such-encoding"));
            Check.Throws<NotSupportedException>(() => Encoding.GetEncoding(1252));
        });
        Suite.Case("encoding/code-pages-provider", () =>
        {
            Encoding e = CodePagesEncodingProvider.Instance.GetEncoding(1252)!;
            Check.Equal("80E9", Convert.ToHexString(e.GetBytes("€é")));
            Check.Equal("€", e.GetString([0x80]));
            Check.Equal("ř", CodePagesEncodingProvider.Instance.GetEncoding(1250)!.GetString([0xF8]));
        });
        Suite.Case("encoding/custom-fallback", () =>
        {
            Encoding e = Encoding.GetEncoding("us-ascii", new EncoderReplacementFallback("<?>"), new DecoderReplacementFallback("[?]"));
            Check.Equal("a<?>b", Encoding.ASCII.GetString(e.GetBytes("aéb")));
            Check.Equal("a[?]", e.GetString([0x61, 0xFF]));
        });
        Suite.Case("encoding/stateful-decoder-across-splits", () =>
        {
            byte[] bytes = Encoding.UTF8.GetBytes("x🐎é中y");
            for (int split = 1; split < bytes.Length; split++)
            {
                Decoder d = Encoding.UTF8.GetDecoder();
                char[] chars = new char[20];
                int n = d.GetChars(bytes, 0, split, chars, 0, false);
                n += d.GetChars(bytes, split, bytes.Length - split, chars, n, true);
                Check.Equal("x🐎é中y", new string(chars, 0, n));
            }
            Encoder enc = Encoding.UTF8.GetEncoder();
            byte[] to = new byte[10];
            int m = enc.GetBytes(['\ud83d'], to, false);
            m += enc.GetBytes(['\udc0e'], to.AsSpan(m), true);
            Check.Equal("F09F908E", Convert.ToHexString(to, 0, m));
        });
        Suite.Case("encoding/runes", () =>
        {
            Rune[] runes = "a🐎é".EnumerateRunes().ToArray();
            Check.Equal(3, runes.Length);
            Check.Equal(0x1F40E, runes[1].Value);
            Check.Equal(4, runes[1].Utf8SequenceLength);
            Check.That(Rune.IsLetter(runes[2]) && !Rune.IsLetter(runes[1]));
            Check.Equal(new Rune('É'), Rune.ToUpperInvariant(runes[2]));
            Check.That(!Rune.IsValid(0xD800) && !Rune.TryCreate('\ud800', out _));
            Span<byte> utf8 = stackalloc byte[4];
            Check.Equal(2, runes[2].EncodeToUtf8(utf8));
            Check.Equal(System.Buffers.OperationStatus.InvalidData, Rune.DecodeFromUtf8([0xFF], out Rune bad, out int used));
            Check.Equal((Rune.ReplacementChar, 1), (bad, used));
        });
        Suite.Case("encoding/transcoding", () =>
        {
            Span<byte> small = stackalloc byte[5];
            Check.Equal(System.Buffers.OperationStatus.DestinationTooSmall, Utf8.FromUtf16("aé中z", small, out int read, out int written));
            Check.Equal((2, 3), (read, written));
            Check.Equal("é", Encoding.Latin1.GetString(Encoding.Convert(Encoding.UTF8, Encoding.Latin1, [0xC3, 0xA9])));
            using Stream s = Encoding.CreateTranscodingStream(new MemoryStream([0xE9, 0x41]), Encoding.Latin1, Encoding.UTF8);
            byte[] all = new byte[10];
            Check.Equal(3, s.ReadAtLeast(all, 3, false));
            Check.Equal((byte)0xC3, all[0]);
            Check.That(Utf8.TryWrite(small, $"{12}x", out written) && written == 3);
        });
    }
}
