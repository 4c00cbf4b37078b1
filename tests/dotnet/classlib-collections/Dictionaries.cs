// Dictionary, HashSet, OrderedDictionary, alternate lookups, comparers, collisions.
using Cermet.Testing;

internal static class Dictionaries
{
    private sealed record Clash(int Id) { public override int GetHashCode() => 7; }
    private enum Key { A, B }

    public static void All()
    {
        Suite.Case("dictionary/basics", () =>
        {
            Dictionary<string, int> d = new() { ["one"] = 1, ["two"] = 2 };
            d.Add("three", 3);
            d["two"] = 22;
            Check.Equal(22, d["two"]);
            Check.That(d.TryGetValue("one", out int v) && v == 1 && !d.TryGetValue("x", out v) && v == 0);
            Check.That(d.ContainsKey("three") && d.ContainsValue(3) && !d.ContainsKey("four"));
            Check.That(!d.TryAdd("one", 5) && d.TryAdd("four", 4));
            Check.That(d.Remove("one", out int removed) && removed == 1 && !d.Remove("one"));
            Check.Equal(3, d.Count);
            Check.Throws<ArgumentNullException>(() => d[null!] = 1);
            Check.Throws<ArgumentException>(() => d.Add("two", 1));
        });
        Suite.Case("dictionary/many-keys", () =>
        {
            Dictionary<int, string> d = [];
            for (int i = 0; i < 2000; i++) d[i * 7919 % 10_007] = "v" + i;
            Check.Equal(2000, d.Count);
            for (int i = 0; i < 2000; i += 2) d.Remove(i * 7919 % 10_007);
            Check.Equal(1000, d.Count);
            for (int i = 1; i < 2000; i += 2) if (d[i * 7919 % 10_007] != "v" + i) Check.Fail("lost " + i);
            for (int i = 0; i < 2000; i += 2) d[i * 7919 % 10_007] = "again";
            Check.Equal(1000, d.Values.Count(v => v == "again"));
        });
        Suite.Case("dictionary/order-without-removal", () =>
        {
            Dictionary<string, int> d = [];
            foreach (string s in new[] { "z", "a", "m" }) d[s] = d.Count;
            Check.Equal("z0 a1 m2", string.Join(' ', d.Select(p => p.Key + p.Value)));
            Check.Equal("zam", string.Concat(d.Keys));
        });
        Suite.Case("dictionary/collisions", () =>
        {
            Dictionary<Clash, int> d = [];
            for (int i = 0; i < 60; i++) d[new(i)] = i;
            Check.That(Enumerable.Range(0, 60).All(i => d[new(i)] == i));
            for (int i = 0; i < 60; i += 3) d.Remove(new(i));
            Check.Equal(40, d.Count);
            Check.That(!d.ContainsKey(new(30)) && d[new(31)] == 31);
        });
        Suite.Case("dictionary/comparers", () =>
        {
            Dictionary<string, int> d = new(StringComparer.OrdinalIgnoreCase) { ["Key"] = 1 };
            d["KEY"]++;
            Check.Equal(2, d["key"]);
            Check.Equal(1, d.Count);
            Dictionary<double, int> f = new() { [double.NaN] = 1, [0.0] = 2 };
            Check.Equal(1, f[double.NaN]);
            Check.Equal(2, f[-0.0]);
            Dictionary<(int, string?), Key> t = new() { [(1, null)] = Key.B };
            Check.Equal(Key.B, t[(1, null)]);
            Dictionary<Key, int> e = new() { [Key.B] = 5 };
            Check.Equal(5, e[Key.B]);
            Dictionary<Type, string> types = new() { [typeof(int)] = "i", [typeof(List<>)] = "l" };
            Check.Equal("l", types[typeof(List<int>).GetGenericTypeDefinition()]);
        });
        Suite.Case("dictionary/enumeration", () =>
        {
            Dictionary<int, int> d = Enumerable.Range(0, 10).ToDictionary(i => i, i => i * i);
            int sum = 0;
            foreach ((int k, int v) in d) sum += k * v;
            Check.Equal(2025, sum);
            Check.Throws<InvalidOperationException>(() => { foreach (int k in d.Keys) d[k + 100] = 1; });
            foreach (int k in d.Keys) d.Remove(k);
            Check.Equal(0, d.Count);
        });
        Suite.Case("dictionary/alternate-lookup", () =>
        {
            Dictionary<string, int> d = new() { ["word"] = 1 };
            var lookup = d.GetAlternateLookup<ReadOnlySpan<char>>();
            lookup["a word here".AsSpan(2, 4)] += 4;
            Check.Equal(5, d["word"]);
            Check.That(!lookup.ContainsKey("wor"));
            HashSet<string> set = ["x"];
            Check.That(set.GetAlternateLookup<ReadOnlySpan<char>>().Contains("xyz".AsSpan(0, 1)));
        });
        Suite.Case("dictionary/ordered", () =>
        {
            OrderedDictionary<string, int> d = new() { ["z"] = 1, ["a"] = 2 };
            d.Insert(1, "m", 3);
            Check.Equal("zma", string.Concat(d.Keys));
            Check.Equal(2, d.IndexOf("a"));
            Check.Equal(3, d.GetAt(1).Value);
            d.RemoveAt(0);
            d["q"] = 4;
            Check.Equal("maq", string.Concat(d.Keys));
        });
        Suite.Case("set/operations", () =>
        {
            HashSet<int> a = [1, 2, 3, 4], b = [3, 4, 5];
            Check.That(!a.Add(1) && a.Contains(2));
            a.IntersectWith(b);
            Check.Sequence([3, 4], a.Order());
            a.UnionWith([9, 3]);
            a.ExceptWith([4]);
            Check.Sequence([3, 9], a.Order());
            a.SymmetricExceptWith([9, 10]);
            Check.Sequence([3, 10], a.Order());
            Check.That(a.Overlaps(b) && a.IsSubsetOf([3, 10, 11]) && a.IsProperSubsetOf([3, 10, 11]) && !a.IsSupersetOf(b) && a.SetEquals([10, 3, 3]));
            Check.Equal(1, a.RemoveWhere(x => x > 5));
        });
        Suite.Case("set/get-actual-and-comparer", () =>
        {
            HashSet<string> s = new(StringComparer.OrdinalIgnoreCase) { "Name" };
            Check.That(s.TryGetValue("NAME", out string? actual) && actual == "Name");
            Check.That(!s.Add("nAme"));
            Check.That(HashSet<int>.CreateSetComparer().Equals([1, 2], [2, 1]));
        });
        Suite.Case("dictionary/read-only-views", () =>
        {
            Dictionary<string, int> d = new() { ["a"] = 1 };
            var view = d.AsReadOnly();
            d["b"] = 2;
            Check.Equal(2, view.Count);
            Check.Throws<NotSupportedException>(() => ((IDictionary<string, int>)view).Add("c", 3));
            Check.Equal(9, view.GetValueOrDefault("zz", 9));
            ReadOnlySetOf([1, 2]);
            static void ReadOnlySetOf(HashSet<int> s) => Check.That(new System.Collections.ObjectModel.ReadOnlySet<int>(s).Contains(2));
        });
        Suite.Case("dictionary/broken-comparer-is-survivable", () =>
        {
            Dictionary<string, int> d = new(EqualityComparer<string>.Create((_, _) => throw new InvalidOperationException("equals"), s => s.Length));
            d["a"] = 1;
            Check.Equal("equals", Check.Throws<InvalidOperationException>(() => d["b"] = 2).Message);
            Check.Equal(1, d.Count);
        });
    }
}
