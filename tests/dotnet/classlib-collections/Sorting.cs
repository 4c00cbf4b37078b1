// Sorting of arrays and lists: sizes around the algorithm's thresholds, bad comparers, keys with items, big inputs.
using Cermet.Testing;

internal static class Sorting
{
    public static void All()
    {
        Suite.Case("sort/every-small-size", () =>
        {
            Random r = new(11);
            for (int n = 0; n < 60; n++)
            {
                int[] a = Enumerable.Range(0, n).Select(_ => r.Next(n + 1)).ToArray(), b = (int[])a.Clone();
                Array.Sort(a);
                for (int i = 1; i < n; i++) if (a[i - 1] > a[i]) Check.Fail("not sorted at " + n);
                Check.Equal(b.Sum(), a.Sum());
            }
        });
        Suite.Case("sort/patterns", () =>
        {
            int[][] patterns = [Enumerable.Range(0, 500).ToArray(), Enumerable.Range(0, 500).Reverse().ToArray(), Enumerable.Repeat(7, 500).ToArray(), Enumerable.Range(0, 500).Select(i => i % 5).ToArray(), Enumerable.Range(0, 500).Select(i => i < 250 ? i : 500 - i).ToArray()];
            foreach (int[] p in patterns)
            {
                int[] a = (int[])p.Clone();
                Array.Sort(a);
                Check.Sequence(p.Order(), a);
                Array.Sort(a, (x, y) => y.CompareTo(x));
                Check.Sequence(p.OrderDescending(), a);
            }
        });
        Suite.Case("sort/strings-and-comparisons", () =>
        {
            string[] s = Enumerable.Range(0, 200).Select(i => "s" + i * 7919 % 211).ToArray();
            Array.Sort(s, StringComparer.Ordinal);
            for (int i = 1; i < s.Length; i++) if (string.CompareOrdinal(s[i - 1], s[i]) > 0) Check.Fail("not sorted");
            List<string> l = [.. s];
            l.Sort((a, b) => a.Length != b.Length ? a.Length - b.Length : string.CompareOrdinal(a, b));
            Check.Equal("s0", l[0]);
            Check.Equal("s210", l[^1]);
        });
        Suite.Case("sort/keys-and-items", () =>
        {
            int[] keys = Enumerable.Range(0, 100).Select(i => i * 37 % 101).ToArray();
            string[] items = keys.Select(k => "i" + k).ToArray();
            Array.Sort(keys, items);
            Check.That(keys.Zip(items).All(p => p.Second == "i" + p.First));
            Array.Sort(keys, items, 10, 20, Comparer<int>.Create((a, b) => b - a));
            Check.That(keys[10] > keys[29] && items[10] == "i" + keys[10]);
        });
        Suite.Case("sort/inconsistent-comparer-does-not-hang", () =>
        {
            Random r = new(2);
            int[] a = Enumerable.Range(0, 300).ToArray();
            try { Array.Sort(a, (_, _) => r.Next(3) - 1); } catch (InvalidOperationException) { }
            Check.Equal(300 * 299 / 2, a.Sum());
        });
        Suite.Case("sort/records-and-tuples", () =>
        {
            (string, int)[] a = [("b", 2), ("a", 3), ("b", 1)];
            Array.Sort(a);
            Check.Equal("(a, 3) (b, 1) (b, 2)", string.Join(' ', a));
            DateTime[] d = [DateTime.MaxValue, DateTime.UnixEpoch, DateTime.MinValue];
            Array.Sort(d);
            Check.Equal(DateTime.UnixEpoch, d[1]);
        });
        Suite.Case("sort/floats-with-nan-and-zeros", () =>
        {
            double[] a = [1, double.NaN, -0.0, double.PositiveInfinity, 0.0, double.NegativeInfinity, double.NaN];
            Array.Sort(a);
            Check.That(double.IsNaN(a[0]) && double.IsNaN(a[1]) && double.IsNegativeInfinity(a[2]) && a[6] == double.PositiveInfinity);
        });
        Suite.Case("sort/ten-thousand", () =>
        {
            Random r = new(77);
            long[] a = Enumerable.Range(0, 10_000).Select(_ => r.NextInt64()).ToArray();
            long sum = a.Aggregate(0L, (x, y) => unchecked(x + y));
            Array.Sort(a);
            for (int i = 1; i < a.Length; i++) if (a[i - 1] > a[i]) Check.Fail("not sorted");
            Check.Equal(sum, a.Aggregate(0L, (x, y) => unchecked(x + y)));
            Check.That(Array.BinarySearch(a, a[1234]) == 1234);
        });
    }
}
