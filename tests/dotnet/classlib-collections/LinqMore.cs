// LINQ: generation, zipping, conversion, laziness, exceptions, query syntax, expression-free providers.
using Cermet.Testing;

internal static class LinqMore
{
    public static void All()
    {
        Suite.Case("linq/generate", () =>
        {
            Check.Sequence([5, 6, 7], Enumerable.Range(5, 3));
            Check.Equal("xxx", string.Concat(Enumerable.Repeat("x", 3)));
            Check.Sequence([0, 1, 2, 9], new[] { 1, 2 }.Prepend(0).Append(9));
            Check.Sequence([7], Array.Empty<int>().DefaultIfEmpty(7));
            Check.Sequence([1, 2, 3, 4], new[] { 1, 2 }.Concat([3, 4]));
            Check.Sequence([3, 2, 1], new[] { 1, 2, 3 }.AsEnumerable().Reverse());
            Check.Throws<ArgumentOutOfRangeException>(() => Enumerable.Range(0, -1));
        });
        Suite.Case("linq/zip-and-index", () =>
        {
            Check.Sequence([(1, 'a'), (2, 'b')], new[] { 1, 2, 3 }.Zip("ab"));
            Check.Sequence([(1, 'a', true)], new[] { 1 }.Zip("ab", [true, false]));
            Check.Equal("0x1y", string.Concat("xy".Index().Select(p => p.Index + "" + p.Item)));
        });
        Suite.Case("linq/convert", () =>
        {
            Check.Equal(typeof(List<int>), Enumerable.Range(0, 3).ToList().GetType());
            Check.Equal(3, Enumerable.Range(0, 3).ToHashSet().Count);
            Check.Equal("b", new[] { (1, "a"), (2, "b") }.ToDictionary()[2]);
            Check.Throws<ArgumentException>(() => new[] { 1, 1 }.ToDictionary(x => x));
            Check.That(new[] { 1, 2 }.TryGetNonEnumeratedCount(out int n) && n == 2 && !Iter().TryGetNonEnumeratedCount(out _));
            static IEnumerable<int> Iter() { yield return 1; }
        });
        Suite.Case("linq/is-lazy", () =>
        {
            int calls = 0;
            IEnumerable<int> q = Enumerable.Range(0, 100).Select(i => { calls++; return i; }).Where(i => i % 2 == 1);
            Check.Equal(0, calls);
            Check.Equal(1, q.First());
            Check.Equal(2, calls);
            Check.Sequence([1, 3], q.Take(2));
            Check.Equal(6, calls);
        });
        Suite.Case("linq/deferred-sees-changes", () =>
        {
            List<int> l = [1, 2];
            IEnumerable<int> q = l.Where(x => x > 1);
            l.Add(3);
            Check.Sequence([2, 3], q);
        });
        Suite.Case("linq/argument-checks-are-immediate", () =>
        {
            Check.Throws<ArgumentNullException>(() => Enumerable.Where<int>(null!, x => true));
            Check.Throws<ArgumentNullException>(() => new[] { 1 }.Select((Func<int, int>)null!));
        });
        Suite.Case("linq/exceptions-from-lambdas", () =>
        {
            IEnumerable<int> q = new[] { 1, 0 }.Select(x => 10 / x);
            Check.Equal(10, q.First());
            Check.Throws<DivideByZeroException>(() => q.ToList());
            int disposed = 0;
            IEnumerable<int> Source() { try { yield return 1; yield return 2; } finally { disposed++; } }
            Check.Throws<FormatException>(() => Source().Select<int, int>(_ => throw new FormatException()).ToArray());
            Check.Equal(1, disposed);
        });
        Suite.Case("linq/query-syntax", () =>
        {
            var q = from x in Enumerable.Range(1, 20)
                    let square = x * x
                    where square % 3 == 1
                    group square by square % 5 into g
                    orderby g.Key descending
                    select g.Key + ":" + g.Sum();
            Check.Equal("4:575 1:951 0:525", string.Join(' ', q));
            Check.Equal(11, (from a in Enumerable.Range(1, 10) from b in Enumerable.Range(a, 10) where a * a + b * b < 30 select (a, b)).Count());
        });
        Suite.Case("linq/pythagorean-triples", () =>
        {
            var t = from a in Enumerable.Range(1, 30) from b in Enumerable.Range(a, 30) let c = (int)Math.Sqrt(a * a + b * b) where c <= 30 && c * c == a * a + b * b select (a, b, c);
            Check.Sequence([(3, 4, 5), (5, 12, 13), (6, 8, 10), (7, 24, 25), (8, 15, 17), (9, 12, 15), (10, 24, 26), (12, 16, 20), (15, 20, 25), (18, 24, 30), (20, 21, 29)], t);
        });
        Suite.Case("linq/numbers-of-all-types", () =>
        {
            Check.Equal(6L, new[] { 1L, 2, 3 }.Sum());
            Check.Equal(6f, new[] { 1f, 2, 3 }.Sum());
            Check.Equal(1.5, new int?[] { 1, null, 2 }.Average());
            Check.Equal((byte)9, new byte[] { 3, 9, 1 }.Max());
            Check.Equal('z', "azb".Max());
            Check.Equal(new DateOnly(2024, 1, 1), new[] { new DateOnly(2025, 1, 1), new DateOnly(2024, 1, 1) }.Min());
            Check.Equal(333_283_335_000L, Enumerable.Range(0, 10_000).Sum(i => (long)i * i));
            int[] big = Enumerable.Range(0, 1003).ToArray();
            Check.Equal((502_503, 0, 1002), (big.Sum(), big.Min(), big.Max()));
        });
        Suite.Case("linq/long-chains", () =>
        {
            IEnumerable<int> q = Enumerable.Range(0, 1000);
            for (int i = 0; i < 50; i++) { int own = i; q = q.Where(x => x % 53 != own).Select(x => x); }
            Check.Equal(1000 - Enumerable.Range(0, 1000).Count(x => x % 53 < 50), q.Count());
        });
        Suite.Case("linq/async-streams-by-hand", async () =>
        {
            static async IAsyncEnumerable<int> Source() { for (int i = 0; i < 5; i++) { await Task.Yield(); yield return i; } }
            static async IAsyncEnumerable<int> Twice(IAsyncEnumerable<int> s) { await foreach (int i in s) yield return i * 2; }
            List<int> got = [];
            await foreach (int i in Twice(Source())) got.Add(i);
            Check.Sequence([0, 2, 4, 6, 8], got);
        });
    }
}
