// Concurrent collections from one thread: the contract. Contention is the threads suite's.
using System.Collections.Concurrent;
using Cermet.Testing;

internal static class Concurrent
{
    public static void All()
    {
        Suite.Case("concurrent/dictionary", () =>
        {
            ConcurrentDictionary<string, int> d = new(StringComparer.OrdinalIgnoreCase);
            Check.That(d.TryAdd("a", 1) && !d.TryAdd("A", 2));
            Check.Equal(3, d.AddOrUpdate("a", 9, (_, v) => v + 2));
            Check.Equal(5, d.GetOrAdd("b", static (k, x) => k.Length + x, 4));
            Check.That(d.TryUpdate("b", 6, 5) && d.TryRemove(new KeyValuePair<string, int>("b", 6)));
            d["z"] = 0;
            Check.Equal("a3 z0", string.Join(' ', d.OrderBy(p => p.Key).Select(p => p.Key + p.Value)));
            Check.Throws<KeyNotFoundException>(() => _ = d["none"]);
            foreach (KeyValuePair<string, int> p in d) d["n" + p.Key] = 1;
            Check.That(d.Count >= 3 && !d.IsEmpty);
            d.Clear();
            Check.That(d.IsEmpty);
        });
        Suite.Case("concurrent/dictionary-grows", () =>
        {
            ConcurrentDictionary<int, int> d = new(concurrencyLevel: 2, capacity: 4);
            for (int i = 0; i < 1000; i++) d[i] = i;
            Check.Equal(499_500, d.Values.Sum());
            Check.Sequence(Enumerable.Range(0, 1000), d.Keys.Order());
            Check.Equal(1000, d.ToArray().Length);
        });
        Suite.Case("concurrent/queue", () =>
        {
            ConcurrentQueue<int> q = new(Enumerable.Range(0, 100));
            for (int i = 0; i < 50; i++) Check.That(q.TryDequeue(out int n) && n == i);
            for (int i = 0; i < 500; i++) q.Enqueue(i);
            Check.Equal(550, q.Count);
            Check.That(q.TryPeek(out int p) && p == 50);
            Check.Equal(50, q.ToArray()[0]);
        });
        Suite.Case("concurrent/stack", () =>
        {
            ConcurrentStack<int> s = new();
            s.PushRange([1, 2, 3, 4]);
            int[] got = new int[3];
            Check.Equal(3, s.TryPopRange(got));
            Check.Sequence([4, 3, 2], got);
            Check.That(s.TryPeek(out int p) && p == 1);
        });
        Suite.Case("concurrent/bag", () =>
        {
            ConcurrentBag<int> b = [1, 2, 3];
            Check.That(b.TryTake(out int t) && t is >= 1 and <= 3);
            Check.Equal(2, b.Count);
            Check.Equal(6 - t, b.Sum());
        });
        Suite.Case("concurrent/partitioner-and-blocking", () =>
        {
            Check.Equal(10, Partitioner.Create(0, 100, 10).GetDynamicPartitions().Count());
            using BlockingCollection<int> c = new(new ConcurrentStack<int>());
            c.Add(1);
            c.Add(2);
            c.CompleteAdding();
            Check.Sequence([2, 1], c.GetConsumingEnumerable());
        });
    }
}
