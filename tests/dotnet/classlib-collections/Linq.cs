// LINQ: filtering, projecting, ordering, grouping, joining, sets, aggregates, laziness.
using Cermet.Testing;

internal static class Linq
{
    private sealed record Pet(string Name, string Owner, int Age);
    private static readonly Pet[] s_pets = [new("Rex", "ann", 4), new("Tom", "bob", 2), new("Kim", "ann", 7), new("Bo", "eve", 2)];

    public static void All()
    {
        Suite.Case("linq/where-select", () =>
        {
            Check.Sequence([0, 4, 16], Enumerable.Range(0, 6).Where(i => i % 2 == 0).Select(i => i * i));
            Check.Sequence(["0a", "1b"], new[] { "a", "b" }.Select((s, i) => i + s));
            Check.Sequence(["b"], new[] { "a", "b", "a" }.Where((s, i) => i == 1));
            Check.Equal("abcd", string.Concat(new[] { "ab", "cd" }.SelectMany(s => s)));
            Check.Sequence([(1, 'x'), (1, 'y'), (2, 'x'), (2, 'y')], new[] { 1, 2 }.SelectMany(_ => "xy", (n, c) => (n, c)));
        });
        Suite.Case("linq/order", () =>
        {
            Check.Equal("Bo Tom Rex Kim", string.Join(' ', s_pets.OrderBy(p => p.Age).ThenBy(p => p.Name.Length).Select(p => p.Name)));
            Check.Equal("Kim Rex Tom Bo", string.Join(' ', s_pets.OrderByDescending(p => p.Age).Select(p => p.Name)));
            Check.Equal("Tom Bo", string.Join(' ', s_pets.OrderBy(p => p.Age).Take(2).Select(p => p.Name)));
            Check.Sequence([3, 2, 1], new[] { 1, 2, 3 }.OrderDescending());
            Check.Equal("Bo", s_pets.OrderBy(p => p.Name, StringComparer.Ordinal).First().Name);
        });
        Suite.Case("linq/order-is-stable", () =>
        {
            var items = Enumerable.Range(0, 300).Select(i => (Key: i * 7 % 10, Index: i)).ToArray();
            Check.That(items.OrderBy(x => x.Key).Zip(items.OrderBy(x => x.Key).Skip(1)).All(p => p.First.Key < p.Second.Key || p.First.Index < p.Second.Index));
        });
        Suite.Case("linq/group", () =>
        {
            Check.Equal("ann:2 bob:1 eve:1", string.Join(' ', s_pets.GroupBy(p => p.Owner).Select(g => g.Key + ":" + g.Count())));
            Check.Equal("4:Rex 2:Tom,Bo 7:Kim", string.Join(' ', s_pets.GroupBy(p => p.Age, p => p.Name, (k, names) => k + ":" + string.Join(',', names))));
            ILookup<int, string> l = s_pets.ToLookup(p => p.Age, p => p.Name);
            Check.Equal("TomBo", string.Concat(l[2]));
            Check.Equal(0, l[99].Count());
            Check.Sequence([("a", 2), ("b", 1)], new[] { "a", "b", "a" }.CountBy(s => s).Select(p => (p.Key, p.Value)));
            Check.Sequence([(0, 6), (1, 4)], new[] { 1, 2, 3, 4 }.AggregateBy(n => n % 2 == 0 ? 0 : 1, 0, (sum, n) => sum + n).OrderBy(p => p.Key).Select(p => (p.Key, p.Value)));
        });
        Suite.Case("linq/join", () =>
        {
            (string, string)[] cities = [("ann", "Oslo"), ("bob", "Rome")];
            Check.Equal("Rex@Oslo Tom@Rome Kim@Oslo", string.Join(' ', s_pets.Join(cities, p => p.Owner, c => c.Item1, (p, c) => p.Name + "@" + c.Item2)));
            Check.Equal("Rex1 Tom1 Kim1 Bo0", string.Join(' ', s_pets.GroupJoin(cities, p => p.Owner, c => c.Item1, (p, c) => p.Name + c.Count())));
            var q = from p in s_pets join c in cities on p.Owner equals c.Item1 into g from c in g.DefaultIfEmpty(("", "none")) orderby p.Name select p.Name + c.Item2;
            Check.Equal("Bonone KimOslo RexOslo TomRome", string.Join(' ', q));
        });
        Suite.Case("linq/sets", () =>
        {
            int[] a = [1, 2, 2, 3], b = [2, 4];
            Check.Sequence([1, 2, 3], a.Distinct());
            Check.Sequence([1, 2, 3, 4], a.Union(b));
            Check.Sequence([2], a.Intersect(b));
            Check.Sequence([1, 3], a.Except(b));
            Check.Sequence(["ann", "bob", "eve"], s_pets.DistinctBy(p => p.Owner).Select(p => p.Owner));
            Check.Sequence(["Tom", "Bo"], s_pets.ExceptBy(["ann"], p => p.Owner).Select(p => p.Name));
        });
        Suite.Case("linq/aggregates", () =>
        {
            int[] a = [3, 1, 2];
            Check.Equal((6, 1, 3, 2.0, 3), (a.Sum(), a.Min(), a.Max(), a.Average(), a.Count()));
            Check.Equal(6, a.Aggregate((x, y) => x * y));
            Check.Equal("312", a.Aggregate("", (s, n) => s + n));
            Check.Equal("<312>", a.Aggregate("", (s, n) => s + n, s => "<" + s + ">"));
            Check.Equal("Kim", s_pets.MaxBy(p => p.Age)!.Name);
            Check.Equal(2.5m, new[] { 2m, 3m }.Average());
            Check.Equal(null, Array.Empty<int?>().Max());
            Check.Throws<InvalidOperationException>(() => Array.Empty<int>().Average());
            Check.Throws<OverflowException>(() => new[] { int.MaxValue, 1 }.Sum());
            Check.That(double.IsNaN(new[] { 1, double.NaN }.Min()));
        });
        Suite.Case("linq/quantifiers-and-elements", () =>
        {
            int[] a = [1, 2, 3];
            Check.That(a.Any() && a.All(x => x > 0) && !a.Any(x => x > 5) && a.Contains(2) && a.SequenceEqual([1, 2, 3]));
            Check.Equal((1, 3, 2, 3), (a.First(), a.Last(), a.ElementAt(1), a.ElementAt(^1)));
            Check.Equal((0, 9, 0), (a.FirstOrDefault(x => x > 5), a.SingleOrDefault(x => x > 5, 9), a.ElementAtOrDefault(50)));
            Check.Throws<InvalidOperationException>(() => a.Single());
            Check.Throws<ArgumentOutOfRangeException>(() => a.ElementAt(9));
        });
        Suite.Case("linq/partition", () =>
        {
            int[] a = [1, 2, 3, 4, 5];
            Check.Sequence([3, 4], a.Skip(2).Take(2));
            Check.Sequence([4, 5], a.TakeLast(2));
            Check.Sequence([1, 2], a.SkipLast(3));
            Check.Sequence([1, 2], a.TakeWhile(x => x < 3));
            Check.Sequence([3, 4, 5], a.SkipWhile(x => x < 3));
            Check.Sequence([2, 3, 4], a.Take(1..^1));
            Check.Equal("12|34|5", string.Join('|', a.Chunk(2).Select(c => string.Concat(c))));
        });
    }
}
