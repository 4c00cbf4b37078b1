// Immutable and frozen collections.
using System.Collections.Frozen;
using System.Collections.Immutable;
using Cermet.Testing;

internal static class Immutable
{
    public static void All()
    {
        Suite.Case("immutable/array", () =>
        {
            ImmutableArray<int> a = [1, 2, 3], b = a.Add(4).Insert(0, 0).SetItem(2, 20).RemoveAt(1);
            Check.Sequence([1, 2, 3], a);
            Check.Sequence([0, 20, 3, 4], b);
            Check.That(default(ImmutableArray<int>).IsDefault && a.Equals(a) && a.Contains(2));
            ImmutableArray<int>.Builder m = a.ToBuilder();
            m.Add(9);
            Check.Sequence([1, 2, 3, 9], m.ToImmutable());
            Check.Equal(2, a.BinarySearch(3));
        });
        Suite.Case("immutable/list", () =>
        {
            ImmutableList<int> l = ImmutableList<int>.Empty;
            for (int i = 0; i < 200; i++) l = l.Insert(l.Count / 2, i);
            ImmutableList<int> odd = l.RemoveAll(x => x % 2 == 0);
            Check.Equal((200, 100), (l.Count, odd.Count));
            Check.Equal(19_900, l.Sum());
            Check.Sequence(Enumerable.Range(0, 200), l.Sort());
            Check.Equal(5, l.Replace(l[0], 5)[0]);
        });
        Suite.Case("immutable/dictionary", () =>
        {
            ImmutableDictionary<string, int> a = ImmutableDictionary<string, int>.Empty.Add("a", 1).Add("b", 2), b = a.SetItem("a", 10).Remove("b");
            Check.Equal((2, 1), (a.Count, b.Count));
            Check.Equal((1, 10), (a["a"], b["a"]));
            Check.Throws<ArgumentException>(() => a.Add("a", 5));
            ImmutableDictionary<int, int> big = Enumerable.Range(0, 300).ToImmutableDictionary(i => i, i => i * 2);
            Check.That(Enumerable.Range(0, 300).All(i => big[i] == i * 2));
            Check.Equal(7, a.WithComparers(StringComparer.OrdinalIgnoreCase).GetValueOrDefault("A", 7) + 6);
        });
        Suite.Case("immutable/sorted-and-sets", () =>
        {
            Check.Equal("abc", string.Concat(ImmutableSortedSet.Create("c", "a", "b", "a")));
            Check.Sequence([1, 2, 3], ImmutableSortedDictionary<int, int>.Empty.Add(3, 1).Add(1, 1).Add(2, 1).Keys);
            ImmutableHashSet<int> s = [1, 2, 3];
            Check.That(s.Except([2]).SetEquals([1, 3]) && s.Union([9]).Count == 4 && ReferenceEquals(s, s.Add(1)));
            Check.Equal(1, ImmutableSortedSet.Create(5, 1, 9).IndexOf(5));
        });
        Suite.Case("immutable/stack-and-queue", () =>
        {
            ImmutableStack<int> s = ImmutableStack.Create(1, 2, 3), t = s.Pop();
            Check.Equal((3, 2), (s.Peek(), t.Peek()));
            ImmutableQueue<int> q = ImmutableQueue<int>.Empty.Enqueue(1).Enqueue(2);
            Check.Sequence([2], q.Dequeue(out int first));
            Check.Equal(1, first);
            Check.Throws<InvalidOperationException>(() => ImmutableQueue<int>.Empty.Peek());
        });
        Suite.Case("immutable/interlocked", () =>
        {
            ImmutableList<int> shared = [];
            Thread[] threads = Enumerable.Range(0, 4).Select(t => new Thread(() => { for (int i = 0; i < 50; i++) ImmutableInterlocked.Update(ref shared, l => l.Add(i)); })).ToArray();
            foreach (Thread t in threads) t.Start();
            foreach (Thread t in threads) t.Join();
            Check.Equal(200, shared.Count);
        });
        Suite.Case("frozen/dictionary-of-strings", () =>
        {
            foreach (int n in new[] { 1, 3, 10, 100, 300 })
            {
                FrozenDictionary<string, int> f = Enumerable.Range(0, n).ToFrozenDictionary(i => "key" + i, i => i);
                Check.That(f.Count == n && Enumerable.Range(0, n).All(i => f["key" + i] == i) && !f.ContainsKey("key" + n) && !f.ContainsKey(""));
            }
            FrozenDictionary<string, int> ignore = new Dictionary<string, int> { ["Alpha"] = 1, ["Beta"] = 2 }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);
            Check.Equal(2, ignore["BETA"]);
            Check.Throws<KeyNotFoundException>(() => _ = ignore["gamma"]);
        });
        Suite.Case("frozen/sets-of-values", () =>
        {
            FrozenSet<int> ints = Enumerable.Range(0, 100).Select(i => i * 3).ToFrozenSet();
            Check.That(ints.Contains(297) && !ints.Contains(298) && ints.Count == 100);
            FrozenSet<(int, string)> tuples = new[] { (1, "a"), (2, "b") }.ToFrozenSet();
            Check.That(tuples.Contains((2, "b")) && tuples.IsSubsetOf([(1, "a"), (2, "b"), (3, "c")]));
            Check.That(FrozenSet<string>.Empty.Count == 0);
            Check.That(new[] { DayOfWeek.Friday }.ToFrozenSet().Contains(DayOfWeek.Friday));
        });
    }
}
