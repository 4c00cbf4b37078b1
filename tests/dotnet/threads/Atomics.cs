// Interlocked, Volatile, memory order, SpinWait, lock-free collections.
using System.Collections.Concurrent;
using Cermet.Testing;

internal static class Atomics
{
    private sealed class Cell(int value, Cell? next) { public readonly int Value = value; public Cell? Next = next; }

    public static void All()
    {
        Suite.Case("atomic/operations", () =>
        {
            int i = 5;
            long l = 5_000_000_000;
            Check.Equal(6, Interlocked.Increment(ref i));
            Check.Equal(4_999_999_999, Interlocked.Decrement(ref l));
            Check.Equal(16, Interlocked.Add(ref i, 10));
            Check.Equal(16, Interlocked.Exchange(ref i, 0b1100));
            Check.Equal(0b1100, Interlocked.And(ref i, 0b0110));
            Check.Equal(0b0100, Interlocked.Or(ref i, 0b0001));
            Check.Equal(0b0101, Interlocked.CompareExchange(ref i, 9, 0b0101));
            Check.Equal(9, Interlocked.CompareExchange(ref i, 1, 0));
            Check.Equal(9, i);
            Check.Equal(4_999_999_999, Interlocked.Read(ref l));
            double d = 1.5;
            Check.Equal(1.5, Interlocked.Exchange(ref d, 2.5));
            Check.Equal(2.5, Interlocked.CompareExchange(ref d, 3.5, 2.5));
            byte b = 3;
            Check.Equal((byte)3, Interlocked.Exchange(ref b, 4));
            short s = -1;
            Check.Equal((short)-1, Interlocked.CompareExchange(ref s, 7, -1));
            string text = "a";
            Check.Equal("a", Interlocked.Exchange(ref text, "b"));
            nint n = 1;
            Check.Equal((nint)1, Interlocked.Exchange(ref n, 2));
        });
        Suite.Case("atomic/counter", () =>
        {
            int n = 0;
            long m = 0;
            Run.Together(4, _ => { for (int i = 0; i < 2000; i++) { Interlocked.Increment(ref n); Interlocked.Add(ref m, 3); } });
            Check.Equal(8000, n);
            Check.Equal(24_000L, m);
        });
        Suite.Case("atomic/lock-free-stack", () =>
        {
            Cell? top = null;
            void Push(int v) { Cell c = new(v, null); do c.Next = Volatile.Read(ref top); while (Interlocked.CompareExchange(ref top, c, c.Next) != c.Next); }
            int? Pop() { while (true) { Cell? c = Volatile.Read(ref top); if (c is null) return null; if (Interlocked.CompareExchange(ref top, c.Next, c) == c) return c.Value; } }
            long sum = 0;
            Run.Together(4, me => { for (int i = 0; i < 300; i++) { Push(i); if (Pop() is int v) Interlocked.Add(ref sum, v); } });
            while (Pop() is int v) sum += v;
            Check.Equal(4 * 300L * 299 / 2, sum);
        });
        Suite.Case("atomic/publication", () =>
        {
            int[]? published = null;
            int seen = 0;
            Run.Together(2, me =>
            {
                if (me == 0) { int[] a = [1, 2, 3]; Volatile.Write(ref published, a); }
                else { int[]? a; while ((a = Volatile.Read(ref published)) is null) Thread.Yield(); seen = a.Sum(); }
            });
            Check.Equal(6, seen);
        });
        Suite.Case("atomic/dekker-with-full-fences", () =>
        {
            int both = 0;
            for (int round = 0; round < 30; round++)
            {
                int x = 0, y = 0, r0 = 0, r1 = 0;
                Run.Together(2, me =>
                {
                    if (me == 0) { Volatile.Write(ref x, 1); Interlocked.MemoryBarrier(); r0 = Volatile.Read(ref y); }
                    else { Volatile.Write(ref y, 1); Interlocked.MemoryBarrier(); r1 = Volatile.Read(ref x); }
                });
                if (r0 == 0 && r1 == 0) both++;
            }
            Check.Equal(0, both);
            Interlocked.MemoryBarrierProcessWide();
        });
        Suite.Case("atomic/spin-wait", () =>
        {
            bool flag = false;
            Thread t = new(() => Volatile.Write(ref flag, true));
            t.Start();
            SpinWait.SpinUntil(() => Volatile.Read(ref flag));
            t.Join();
            SpinWait spin = default;
            for (int i = 0; i < 5; i++) spin.SpinOnce();
            Check.Equal(5, spin.Count);
            Check.That(!SpinWait.SpinUntil(() => false, 5));
        });
        Suite.Case("atomic/concurrent-queue-and-stack", () =>
        {
            ConcurrentQueue<int> q = new();
            ConcurrentStack<int> s = new();
            long sum = 0;
            Run.Together(4, me =>
            {
                for (int i = 0; i < 200; i++)
                {
                    q.Enqueue(i);
                    if (q.TryDequeue(out int v)) { s.Push(v); Interlocked.Add(ref sum, v); }
                }
            });
            while (q.TryDequeue(out int v)) sum += v;
            Check.Equal(4 * 19_900L, sum);
            int popped = 0;
            while (s.TryPop(out _)) popped++;
            Check.Equal(800, popped);
        });
        Suite.Case("atomic/concurrent-dictionary", () =>
        {
            ConcurrentDictionary<int, int> d = new();
            Run.Together(4, _ => { for (int i = 0; i < 200; i++) d.AddOrUpdate(i % 50, 1, (_, v) => v + 1); });
            Check.Equal(50, d.Count);
            Check.Equal(800, d.Values.Sum());
            Check.That(d.TryRemove(3, out int removed) && removed == 16);
            Check.Equal(7, d.GetOrAdd(3, k => k + 4));
            Check.That(d.TryUpdate(3, 8, 7) && !d.TryUpdate(3, 9, 7));
        });
        Suite.Case("atomic/concurrent-bag", () =>
        {
            ConcurrentBag<int> bag = [];
            Run.Together(4, me => { for (int i = 0; i < 50; i++) bag.Add(i); for (int i = 0; i < 20; i++) bag.TryTake(out _); });
            Check.Equal(120, bag.Count);
        });
        Suite.Case("atomic/lazy-and-lazy-initializer", () =>
        {
            int made = 0;
            Lazy<object> lazy = new(() => { Interlocked.Increment(ref made); return new object(); });
            object[] got = new object[4];
            Run.Together(4, me => got[me] = lazy.Value);
            Check.Equal(1, made);
            Check.That(got.All(o => ReferenceEquals(o, got[0])));
            string? text = null;
            Check.Equal("init", LazyInitializer.EnsureInitialized(ref text, () => "init"));
        });
    }
}
