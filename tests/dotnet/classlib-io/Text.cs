// StreamReader and StreamWriter: encodings, byte order marks, line ends, buffers, async.
using System.Text;
using Cermet.Testing;

internal static class Text
{
    private static string Read(byte[] bytes, Encoding? e = null) { using StreamReader r = e is null ? new(new MemoryStream(bytes)) : new(new MemoryStream(bytes), e); return r.ReadToEnd(); }

    public static void All()
    {
        Suite.Case("text/byte-order-marks", () =>
        {
            foreach (Encoding e in new Encoding[] { new UTF8Encoding(true), Encoding.Unicode, Encoding.BigEndianUnicode, Encoding.UTF32, new UTF32Encoding(true, true) })
            {
                MemoryStream m = new();
                using (StreamWriter w = new(m, e, leaveOpen: true)) w.Write("žluť 🐎");
                Check.Equal("žluť 🐎", Read(m.ToArray()), e.WebName);
            }
            Check.Equal("é", Read([0xE9], Encoding.Latin1));
            Check.Equal("\uFFFDx", Read([0xE9, 0x78]));
        });
        Suite.Case("text/lines", () =>
        {
            using StreamReader r = new(new MemoryStream("a\nb\r\nc\rd\n\ne"u8.ToArray()), Encoding.UTF8, false, 16);
            List<string> lines = [];
            while (r.ReadLine() is string l) lines.Add(l);
            Check.Sequence(["a", "b", "c", "d", "", "e"], lines);
            Check.That(r.EndOfStream && r.Read() == -1);
        });
        Suite.Case("text/long-lines-across-buffers", () =>
        {
            string text = string.Join("\r\n", Enumerable.Range(0, 50).Select(i => new string((char)('a' + i % 26), i * 37)));
            using StreamReader r = new(new MemoryStream(Encoding.UTF8.GetBytes(text)), Encoding.UTF8, false, 128);
            for (int i = 0; i < 50; i++) if (r.ReadLine()?.Length != i * 37) Check.Fail("line " + i);
            Check.Equal(null, r.ReadLine());
        });
        Suite.Case("text/multi-byte-across-buffers", () =>
        {
            string text = string.Concat(Enumerable.Repeat("é🐎中", 300));
            using StreamReader r = new(new Trickle(Encoding.UTF8.GetBytes(text)), Encoding.UTF8, false, 16);
            Check.Equal(text, r.ReadToEnd());
        });
        Suite.Case("text/peek-read-block", () =>
        {
            using StreamReader r = new(new MemoryStream("abcdef"u8.ToArray()));
            Check.Equal('a', (char)r.Peek());
            char[] c = new char[4];
            Check.Equal(4, r.ReadBlock(c, 0, 4));
            Check.Equal("abcd", new string(c));
            Check.Equal("ef", r.ReadToEnd());
            Check.Equal(0, r.Read(c, 0, 4));
        });
        Suite.Case("text/writer", () =>
        {
            MemoryStream m = new();
            using (StreamWriter w = new(m, new UTF8Encoding(false)) { NewLine = "\n", AutoFlush = false })
            {
                w.Write(1);
                w.Write(' ');
                w.Write(true);
                w.WriteLine("{0}-{1}", "a", 2.5);
                w.Write(['x', 'y', 'z'], 1, 2);
                w.WriteLine();
                w.WriteLine((object?)null);
                Check.Equal(0L, m.Length);
                w.Flush();
                Check.Equal(16L, m.Length);
            }
            Check.Equal("1 Truea-2.5\nyz\n\n", Encoding.UTF8.GetString(m.ToArray()));
            Check.Throws<ObjectDisposedException>(() => m.WriteByte(1));
        });
        Suite.Case("text/async", async () =>
        {
            MemoryStream m = new();
            await using (StreamWriter w = new(m, leaveOpen: true)) { await w.WriteAsync("one\n"); await w.WriteLineAsync("two"); await w.FlushAsync(); }
            m.Position = 0;
            using StreamReader r = new(m);
            Check.Equal("one", await r.ReadLineAsync());
            Check.Equal("two\n", await r.ReadToEndAsync());
        });
        Suite.Case("text/file-round-trip", () =>
        {
            using Place p = new();
            using (StreamWriter w = new(p["t"], append: false)) for (int i = 0; i < 500; i++) w.WriteLine($"line {i} ž");
            using (StreamWriter w = new(p["t"], append: true)) w.Write("last");
            using StreamReader r = new(p["t"]);
            int n = 0;
            while (r.ReadLine() is string l) { if (n < 500 && l != $"line {n} ž") Check.Fail(l); n++; }
            Check.Equal(501, n);
        });
        Suite.Case("text/synchronized-and-null", () =>
        {
            StringWriter s = new();
            TextWriter w = TextWriter.Synchronized(s);
            Thread[] threads = Enumerable.Range(0, 4).Select(t => new Thread(() => { for (int i = 0; i < 25; i++) w.WriteLine("line"); })).ToArray();
            foreach (Thread t in threads) t.Start();
            foreach (Thread t in threads) t.Join();
            Check.Equal(100, s.ToString().Split("line" + Environment.NewLine).Length - 1);
            TextWriter.Null.WriteLine("gone");
            Check.Equal(null, TextReader.Null.ReadLine());
        });
    }

    /// <summary>Gives one byte at a time.</summary>
    private sealed class Trickle(byte[] data) : MemoryStream(data)
    {
        public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Math.Min(count, 1));
        public override int Read(Span<byte> buffer) => base.Read(buffer[..Math.Min(buffer.Length, 1)]);
    }
}
