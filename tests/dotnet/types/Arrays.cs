// Arrays of every shape; Array's own methods; copying with overlap and conversion.
using Cermet.Testing;

internal static class Arrays
{
    public static void All()
    {
        Suite.Case("array/new-is-zeroed", () =>
        {
            for (int n = 0; n < 300; n += 37)
            {
                Check.That(new int[n].All(x => x == 0));
                Check.That(new string?[n].All(x => x is null));
            }
            Check.That(new byte[100_000].AsSpan().IndexOfAnyExcept((byte)0) < 0);
        });
        Suite.Case("array/initialisers", () =>
        {
            int[] a = [1, 2, 3, .. Enumerable.Range(10, 3), 99];
            Check.Sequence([1, 2, 3, 10, 11, 12, 99], a);
            byte[] bytes = [0xDE, 0xAD];
            Check.Equal(0xDEAD, bytes[0] << 8 | bytes[1]);
            string[,] grid = { { "a", "b" }, { "c", "d" } };
            Check.Equal("c", grid[1, 0]);
        });
        Suite.Case("array/multi-dimensional", () =>
        {
            int[,,] m = new int[3, 4, 5];
            for (int i = 0; i < 3; i++) for (int j = 0; j < 4; j++) for (int k = 0; k < 5; k++) m[i, j, k] = i * 100 + j * 10 + k;
            Check.Equal(60, m.Length);
            Check.Equal(3, m.Rank);
            Check.Equal(234, m[2, 3, 4]);
            Check.Equal(5, m.GetLength(2));
            Check.Equal(3, m.GetUpperBound(1));
            int sum = 0;
            foreach (int x in m) sum += x;
            Check.Equal(60 * 100 + 60 * 15 + 60 * 2, sum);
            Check.Equal(234, (int)m.GetValue(2, 3, 4)!);
        });
        Suite.Case("array/multi-dimensional-of-references", () =>
        {
            string[,] m = new string[2, 2];
            m[0, 1] = "x" + 1;
            GC.Collect();
            Check.Equal("x1", m[0, 1]);
            ref string cell = ref m[1, 1];
            cell = "y";
            Check.Equal("y", m[1, 1]);
        });
        Suite.Case("array/jagged", () =>
        {
            int[][] triangle = new int[10][];
            for (int i = 0; i < triangle.Length; i++)
            {
                triangle[i] = new int[i + 1];
                triangle[i][0] = triangle[i][i] = 1;
                for (int j = 1; j < i; j++) triangle[i][j] = triangle[i - 1][j - 1] + triangle[i - 1][j];
            }
            Check.Sequence([1, 9, 36, 84, 126, 126, 84, 36, 9, 1], triangle[9]);
        });
        Suite.Case("array/non-zero-lower-bound-element-access", () =>
        {
            Array a = Array.CreateInstance(typeof(int), 5);
            a.SetValue(7, 3);
            Check.Equal(7, ((int[])a)[3]);
            Check.Throws<InvalidCastException>(() => a.SetValue("x", 0));
        });
        Suite.Case("array/copy-overlapping-references", () =>
        {
            object[] a = new object[100];
            for (int i = 0; i < a.Length; i++) a[i] = "s" + i;
            Array.Copy(a, 0, a, 10, 90);
            Check.Equal("s0s0s89", (string)a[0] + a[10] + a[99]);
            Array.Copy(a, 10, a, 0, 90);
            Check.Equal("s0s89", (string)a[0] + a[89]);
        });
        Suite.Case("array/copy-converts", () =>
        {
            object[] objects = new object[3];
            Array.Copy(new[] { 1, 2, 3 }, objects, 3);
            Check.Equal(2, (int)objects[1]);
            int[] back = new int[3];
            Array.Copy(objects, back, 3);
            Check.Sequence([1, 2, 3], back);
            long[] wide = new long[3];
            Array.Copy(back, wide, 3);
            Check.Equal(3L, wide[2]);
            string[] strings = new string[1];
            Check.Throws<InvalidCastException>(() => Array.Copy(objects, strings, 1));
            Check.Throws<ArrayTypeMismatchException>(() => Array.Copy(back, strings, 1));
        });
        Suite.Case("array/copy-checks-bounds", () =>
        {
            int[] a = new int[3];
            Check.Throws<ArgumentException>(() => Array.Copy(a, 0, a, 1, 3));
            Check.Throws<ArgumentOutOfRangeException>(() => Array.Copy(a, -1, a, 0, 1));
            Check.Throws<ArgumentNullException>(() => Array.Copy(null!, a, 1));
        });
        Suite.Case("array/buffer-block-copy", () =>
        {
            int[] ints = [1, 2, 3];
            byte[] bytes = new byte[12];
            Buffer.BlockCopy(ints, 0, bytes, 0, 12);
            Check.Equal((byte)2, bytes[4]);
            Check.Equal(12, Buffer.ByteLength(ints));
        });
        Suite.Case("array/sort", () =>
        {
            int[] a = Enumerable.Range(0, 1000).Select(i => i * 7919 % 1009).ToArray();
            Array.Sort(a);
            Check.That(a.SequenceEqual(a.Order()));
            string[] names = ["pear", "Apple", "fig", "apple"];
            Array.Sort(names, StringComparer.Ordinal);
            Check.Sequence(["Apple", "apple", "fig", "pear"], names);
            int[] keys = [3, 1, 2];
            string[] items = ["c", "a", "b"];
            Array.Sort(keys, items);
            Check.Equal("abc", string.Concat(items));
            double[] d = [2, double.NaN, 1, double.NegativeInfinity];
            Array.Sort(d);
            Check.That(double.IsNaN(d[0]) && double.IsNegativeInfinity(d[1]) && d[3] == 2);
        });
        Suite.Case("array/search-and-transform", () =>
        {
            int[] a = [1, 3, 5, 7];
            Check.Equal(2, Array.BinarySearch(a, 5));
            Check.Equal(~2, Array.BinarySearch(a, 4));
            Check.Equal(1, Array.IndexOf(a, 3));
            Check.Equal(-1, Array.IndexOf(a, 4));
            Check.Equal(3, Array.FindIndex(a, x => x > 5));
            Check.That(Array.Exists(a, x => x == 7) && Array.TrueForAll(a, x => x % 2 == 1));
            Check.Sequence(["1", "3", "5", "7"], Array.ConvertAll(a, x => x.ToString()));
            Array.Reverse(a);
            Check.Sequence([7, 5, 3, 1], a);
            Array.Resize(ref a, 2);
            Check.Sequence([7, 5], a);
            Array.Clear(a);
            Check.Sequence([0, 0], a);
        });
        Suite.Case("array/ranges-and-indices", () =>
        {
            int[] a = [0, 1, 2, 3, 4];
            Check.Equal(4, a[^1]);
            Check.Sequence([1, 2, 3], a[1..^1]);
            Check.Sequence([3, 4], a[3..]);
            Check.Equal(0, a[2..2].Length);
        });
        Suite.Case("array/as-collection-interfaces", () =>
        {
            IList<int> list = new int[] { 4, 5 };
            Check.Equal(5, list[1]);
            Check.That(list.IsReadOnly && list.Contains(4));
            Check.Throws<NotSupportedException>(() => list.Add(1));
            IReadOnlyList<object> read = new[] { "x", "y" };
            Check.Equal("y", (string)read[1]);
            Check.Equal(2, ((System.Collections.ICollection)list).Count);
        });
        Suite.Case("array/structural-equality", () =>
        {
            System.Collections.IStructuralEquatable a = new[] { 1, 2 };
            Check.That(a.Equals(new[] { 1, 2 }, EqualityComparer<object>.Default));
            Check.That(!a.Equals(new[] { 1, 3 }, EqualityComparer<object>.Default));
        });
        Suite.Case("array/large-copies", () =>
        {
            byte[] big = new byte[200_000];
            big.AsSpan().Fill(7);
            byte[] part = big[1000..150_000];
            Check.Equal(149_000, part.Length);
            Check.That(part.AsSpan().IndexOfAnyExcept((byte)7) < 0);
            string[] refs = new string[20_000];
            Array.Fill(refs, "r");
            string[] copy = [.. refs];
            Check.That(ReferenceEquals(copy[19_999], refs[0]));
        });
        Suite.Case("array/empty-is-shared", () => Check.That(ReferenceEquals(Array.Empty<string>(), Array.Empty<string>())));
        Suite.Case("array/enumerators", () =>
        {
            System.Collections.IEnumerator e = new[] { 1, 2 }.GetEnumerator();
            Check.Throws<InvalidOperationException>(() => _ = e.Current);
            Check.That(e.MoveNext() && (int)e.Current! == 1 && e.MoveNext() && !e.MoveNext());
        });
    }
}
