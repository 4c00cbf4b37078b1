// Queue, Stack, PriorityQueue, ring behaviour, BitArray.
using Cermet.Testing;

internal static class Queues
{
    public static void All()
    {
        Suite.Case("queue/wraps-around", () =>
        {
            Queue<int> q = new(4);
            int next = 0, seen = 0;
            for (int round = 0; round < 100; round++)
            {
                for (int i = 0; i < round % 5 + 1; i++) q.Enqueue(next++);
                while (q.Count > 2) if (q.Dequeue() != seen++) Check.Fail("out of order");
            }
            Check.Equal(next - seen, q.Count);
            Check.That(q.TryPeek(out int p) && p == seen && q.Contains(next - 1));
            Check.Throws<InvalidOperationException>(() => new Queue<int>().Dequeue());
        });
        Suite.Case("stack/basics", () =>
        {
            Stack<string> s = new(["a", "b", "c"]);
            Check.Equal("cba", string.Concat(s));
            Check.Equal("c", s.Pop());
            Check.Equal("b", s.Peek());
            s.Push("z");
            Check.Sequence(["z", "b", "a"], s.ToArray());
            Check.That(s.TryPop(out string? z) && z == "z");
            s.Clear();
            Check.Throws<InvalidOperationException>(() => s.Pop());
            Check.That(!s.TryPop(out _));
        });
        Suite.Case("priority-queue/order", () =>
        {
            PriorityQueue<string, int> q = new();
            foreach ((string s, int p) in new[] { ("c", 3), ("a", 1), ("d", 4), ("b", 2) }) q.Enqueue(s, p);
            Check.Equal("a", q.Peek());
            Check.Equal("a", q.EnqueueDequeue("e", 5));
            string all = "";
            while (q.TryDequeue(out string? s, out int p)) all += s + p;
            Check.Equal("b2c3d4e5", all);
        });
        Suite.Case("priority-queue/heap-sort", () =>
        {
            Random r = new(8);
            int[] data = Enumerable.Range(0, 500).Select(_ => r.Next(1000)).ToArray();
            PriorityQueue<int, int> q = new(data.Select(x => (x, -x)));
            List<int> got = [];
            while (q.Count > 0) got.Add(q.Dequeue());
            Check.Sequence(data.OrderDescending(), got);
        });
        Suite.Case("priority-queue/remove-and-unordered", () =>
        {
            PriorityQueue<string, int> q = new(Comparer<int>.Create((a, b) => b - a));
            q.EnqueueRange(["x", "y"], 7);
            q.Enqueue("top", 9);
            Check.That(q.Remove("x", out string? removed, out int priority) && removed == "x" && priority == 7);
            Check.Equal("top", q.DequeueEnqueue("low", 0));
            Check.Sequence(["low", "y"], q.UnorderedItems.Select(i => i.Element).Order(StringComparer.Ordinal));
        });
        Suite.Case("bits/array", () =>
        {
            System.Collections.BitArray a = new(40), b = new(40, true);
            a[5] = a[39] = true;
            Check.Equal(2, a.Cast<bool>().Count(x => x));
            b.And(a);
            Check.That(b[39] && !b[38]);
            b.Or(new System.Collections.BitArray(new byte[] { 1, 0, 0, 0, 0 }));
            b.LeftShift(1);
            Check.That(b[1] && b[6] && !b[0]);
            int[] words = new int[2];
            a.CopyTo(words, 0);
            Check.Equal(32, words[0]);
            Check.Throws<ArgumentException>(() => a.And(new System.Collections.BitArray(3)));
        });
    }
}
