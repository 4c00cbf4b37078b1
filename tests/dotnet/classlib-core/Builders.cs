// StringBuilder, StringWriter and StringReader, interpolation into them.
using System.Globalization;
using System.Text;
using Cermet.Testing;

internal static class Builders
{
    public static void All()
    {
        Suite.Case("builder/append", () =>
        {
            StringBuilder b = new();
            for (int i = 0; i < 1000; i++) b.Append(i).Append(',');
            Check.Equal(3890, b.Length);
            Check.That(b.ToString().EndsWith("998,999,", StringComparison.Ordinal));
            b.Clear().Append(true).Append('c').Append(1.5).Append(2.5m).Append((object)"o").Append("repeat"[..2]).Append('z', 3).AppendLine();
            Check.Equal("Truec1.52.5orezzz\n", b.ToString());
        });
        Suite.Case("builder/edit", () =>
        {
            StringBuilder b = new("hello world");
            b.Replace("world", "there").Insert(0, ">> ").Remove(3, 1).Replace('t', 'T');
            Check.Equal(">> ello There", b.ToString());
            b[0] = '<';
            b.Length = 4;
            Check.Equal("<> e", b.ToString());
            b.Length = 6;
            Check.Equal("<> e\0\0", b.ToString());
            Check.Equal("> e", b.ToString(1, 3));
        });
        Suite.Case("builder/format-and-join", () =>
        {
            StringBuilder b = new();
            b.AppendFormat(CultureInfo.InvariantCulture, "{0:D3}|{1,4}", 7, "x").AppendJoin('-', [1, 2, 3]);
            b.Append(CultureInfo.InvariantCulture, $"{1.5:F2}{"s",3}");
            Check.Equal("007|   x1-2-31.50  s", b.ToString());
        });
        Suite.Case("builder/chunks", () =>
        {
            StringBuilder b = new(16, 10_000);
            for (int i = 0; i < 200; i++) b.Append("chunk" + i);
            int total = 0;
            foreach (ReadOnlyMemory<char> c in b.GetChunks()) total += c.Length;
            Check.Equal(b.Length, total);
            Check.That(new StringBuilder("ab").Equals(new StringBuilder("ab")) && b.MaxCapacity == 10_000);
            Check.Throws<ArgumentOutOfRangeException>(() => b.Append('x', 20_000));
        });
        Suite.Case("builder/insert-in-the-middle-of-large", () =>
        {
            StringBuilder b = new();
            for (int i = 0; i < 100; i++) b.Insert(b.Length / 2, i % 10);
            Check.Equal(100, b.Length);
            Check.Equal(450, b.ToString().Sum(c => c - '0'));
        });
        Suite.Case("writer/string-writer", () =>
        {
            using StringWriter w = new(CultureInfo.InvariantCulture) { NewLine = "\r\n" };
            w.Write("a{0}", 1);
            w.WriteLine(2.5);
            w.Write(['x', 'y']);
            Check.Equal("a12.5\r\nxy", w.ToString());
        });
        Suite.Case("reader/string-reader", () =>
        {
            using StringReader r = new("one\ntwo\r\nthree\rfour");
            Check.Equal('o', (char)r.Peek());
            Check.Equal("one", r.ReadLine());
            Check.Equal("two", r.ReadLine());
            Check.Equal('t', (char)r.Read());
            Check.Equal("hree", r.ReadLine());
            Check.Equal("four", r.ReadToEnd());
            Check.Equal(null, r.ReadLine());
            Check.Equal(-1, r.Read());
        });
    }
}
