// Span, ReadOnlySpan, Memory, MemoryMarshal, stackalloc, Unsafe.
using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Cermet.Testing;

internal static class Spans
{
    private struct Item { public int Id; public string? Name; }

    public static void All()
    {
        Suite.Case("span/slice-and-write-through", () =>
        {
            int[] a = [0, 1, 2, 3, 4, 5];
            Span<int> s = a.AsSpan(1, 4);
            s[0] = 10;
            s[1..3].Fill(7);
            Check.Sequence([0, 10, 7, 7, 4, 5], a);
            s.Reverse();
            Check.Sequence([0, 4, 7, 7, 10, 5], a);
            s.Clear();
            Check.Sequence([0, 0, 0, 0, 0, 5], a);
        });
        Suite.Case("span/stackalloc", () =>
        {
            Span<int> s = stackalloc int[64];
            for (int i = 0; i < s.Length; i++) s[i] = i;
            s.Slice(8, 8).Reverse();
            Check.Equal(15, s[8]);
            Check.Equal(63, s.IndexOf(63));
            Check.Equal(2016, s.ToArray().Sum());
        });
        Suite.Case("span/search", () =>
        {
            ReadOnlySpan<char> text = "the quick brown fox";
            Check.Equal(4, text.IndexOf("quick"));
            Check.Equal(17, text.LastIndexOf('o'));
            Check.Equal(3, text.IndexOfAny(' ', 'q'));
            Check.That(text.StartsWith("the") && text.EndsWith("fox") && text.Contains('w'));
            Check.Equal(-1, text.IndexOf('z'));
            Check.Equal(2, text.Count('o'));
            Check.Equal(3, "   x".AsSpan().IndexOfAnyExcept(' '));
        });
        Suite.Case("span/search-long-vectors", () =>
        {
            for (int n = 1; n < 200; n += 13)
            {
                byte[] bytes = new byte[n];
                bytes[n - 1] = 9;
                Check.Equal(n - 1, bytes.AsSpan().IndexOf((byte)9));
                Check.Equal(n - 1, bytes.AsSpan().IndexOfAnyExcept((byte)0));
                char[] chars = new char[n];
                chars[n / 2] = 'q';
                Check.Equal(n / 2, chars.AsSpan().IndexOfAny("xyzq"));
                Check.Equal(n / 2, chars.AsSpan().LastIndexOf('q'));
            }
        });
        Suite.Case("span/search-values", () =>
        {
            SearchValues<char> vowels = SearchValues.Create("aeiou");
            Check.Equal(2, "rhythm and blues"[5..].AsSpan().IndexOfAny(vowels));
            Check.Equal(-1, "rhythm".AsSpan().IndexOfAny(vowels));
            SearchValues<string> words = SearchValues.Create(["brown", "lazy"], StringComparison.Ordinal);
            Check.Equal(10, "the quick brown fox".AsSpan().IndexOfAny(words));
        });
        Suite.Case("span/compare", () =>
        {
            Check.That("abc".AsSpan().SequenceEqual("abc") && "abc".AsSpan().SequenceCompareTo("abd") < 0);
            Check.That(new[] { 1, 2, 3 }.AsSpan().SequenceEqual([1, 2, 3]));
            Check.Equal(2, "abc".AsSpan().CommonPrefixLength("abd"));
            Check.That("STRASSE".AsSpan().Equals("strasse", StringComparison.OrdinalIgnoreCase));
        });
        Suite.Case("span/split", () =>
        {
            string got = "";
            foreach (Range r in "a,bb,,c".AsSpan().Split(',')) got += "[" + "a,bb,,c"[r] + "]";
            Check.Equal("[a][bb][][c]", got);
            Span<Range> parts = stackalloc Range[3];
            Check.Equal(3, "x y z w".AsSpan().Split(parts, ' '));
            Check.Equal("z w", "x y z w"[parts[2]]);
        });
        Suite.Case("span/copy-and-overlap", () =>
        {
            int[] a = [1, 2, 3, 4, 5];
            a.AsSpan(0, 4).CopyTo(a.AsSpan(1));
            Check.Sequence([1, 1, 2, 3, 4], a);
            Check.That(!a.AsSpan().TryCopyTo(new int[2]));
            Check.That(a.AsSpan(0, 3).Overlaps(a.AsSpan(2)));
            Item[] items = [new() { Id = 1, Name = "a" }, new() { Id = 2, Name = "b" }, default];
            items.AsSpan(0, 2).CopyTo(items.AsSpan(1));
            Check.Equal("aab", items[0].Name + items[1].Name + items[2].Name);
        });
        Suite.Case("span/sort-and-search", () =>
        {
            Span<string> s = new[] { "c", "a", "b" };
            s.Sort(StringComparer.Ordinal);
            Check.Equal("abc", string.Join("", s!));
            Check.Equal(1, s.BinarySearch("b", StringComparer.Ordinal));
            Span<int> n = [5, 3, 1];
            n.Sort((a, b) => a - b);
            Check.Equal(1, n[0]);
        });
        Suite.Case("span/ref-into-array-survives-collection", () =>
        {
            static Span<Item> Tail() => new Item[100].AsSpan(50, 10);
            Span<Item> s = Tail();
            s[3] = new Item { Id = 3, Name = "n" + 3 };
            GC.Collect();
            for (int i = 0; i < 50; i++) GC.KeepAlive(new Item[100]);
            GC.Collect();
            Check.Equal("n3", s[3].Name);
            Check.Equal(0, s[9].Id);
        });
        Suite.Case("span/over-single-value", () =>
        {
            int x = 5;
            Span<int> s = new(ref x);
            s[0]++;
            Check.Equal(6, x);
            Span<byte> bytes = MemoryMarshal.AsBytes(s);
            Check.Equal(4, bytes.Length);
            Check.Equal((byte)6, bytes[0]);
        });
        Suite.Case("span/reinterpret", () =>
        {
            byte[] bytes = [1, 0, 0, 0, 2, 0, 0, 0];
            Span<int> ints = MemoryMarshal.Cast<byte, int>(bytes);
            Check.Sequence([1, 2], ints.ToArray());
            Check.Equal(0x2_0000_0001L, MemoryMarshal.Read<long>(bytes));
            MemoryMarshal.Write(bytes, 0x0102030405060708L);
            Check.Equal((byte)8, bytes[0]);
            Check.Equal(0x3FF0000000000000L, BitConverter.DoubleToInt64Bits(1.0));
            Check.Equal(1065353216, Unsafe.BitCast<float, int>(1f));
        });
        Suite.Case("span/unsafe-arithmetic", () =>
        {
            int[] a = [1, 2, 3];
            ref int first = ref MemoryMarshal.GetArrayDataReference(a);
            Check.Equal(3, Unsafe.Add(ref first, 2));
            Check.That(Unsafe.IsAddressLessThan(ref first, ref Unsafe.Add(ref first, 1)));
            Check.Equal(8, (int)Unsafe.ByteOffset(ref first, ref Unsafe.Add(ref first, 2)));
            unsafe
            {
                fixed (int* p = a) { p[1] = 20; *(p + 2) += 1; }
                Span<int> raw = new(NativeMemory.AllocZeroed(4, 4), 4);
                raw[3] = 9;
                Check.Equal(9, raw.ToArray().Sum());
                fixed (int* p = raw) NativeMemory.Free(p);
            }
            Check.Sequence([1, 20, 4], a);
        });
        Suite.Case("memory/slices-and-pinning", () =>
        {
            Memory<char> m = "hello world".ToCharArray();
            m.Span[0] = 'J';
            ReadOnlyMemory<char> r = m[..5];
            Check.Equal("Jello", r.ToString());
            using MemoryHandle h = m.Pin();
            unsafe { Check.Equal('J', *(char*)h.Pointer); }
            Check.That(MemoryMarshal.TryGetArray(m, out ArraySegment<char> seg) && seg.Count == 11);
            Check.Equal("rld", "hello world".AsMemory(8).ToString());
        });
        Suite.Case("memory/array-segment", () =>
        {
            ArraySegment<int> seg = new([1, 2, 3, 4], 1, 2);
            Check.Equal(5, seg.Sum());
            Check.Equal(3, seg[1]);
            Check.Equal(1, seg.Slice(1).Count);
        });
        Suite.Case("memory/pools", () =>
        {
            byte[] rented = ArrayPool<byte>.Shared.Rent(1000);
            Check.That(rented.Length >= 1000);
            ArrayPool<byte>.Shared.Return(rented);
            using IMemoryOwner<int> owner = MemoryPool<int>.Shared.Rent(10);
            Check.That(owner.Memory.Length >= 10);
            ArrayPool<string> own = ArrayPool<string>.Create(64, 2);
            string[] a = own.Rent(10);
            own.Return(a, clearArray: true);
            Check.That(ReferenceEquals(a, own.Rent(10)));
        });
        Suite.Case("memory/buffer-writer-and-sequence", () =>
        {
            ArrayBufferWriter<byte> w = new();
            for (int i = 0; i < 100; i++) { w.GetSpan(10)[0] = (byte)i; w.Advance(1); }
            Check.Equal(100, w.WrittenCount);
            Check.Equal((byte)99, w.WrittenSpan[99]);
            ReadOnlySequence<byte> seq = new(w.WrittenMemory);
            SequenceReader<byte> reader = new(seq);
            Check.That(reader.TryAdvanceTo(50) && reader.Consumed == 51 && reader.Remaining == 49);
        });
    }
}
