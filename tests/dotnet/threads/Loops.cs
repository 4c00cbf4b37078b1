// Parallel loops and parallel LINQ.
using System.Collections.Concurrent;
using Cermet.Testing;

internal static class Loops
{
    public static void All()
    {
        Suite.Case("parallel/for", () =>
        {
            long sum = 0;
            Parallel.For(0, 2000, i => Interlocked.Add(ref sum, i));
            Check.Equal(1_999_000L, sum);
        });
        Suite.Case("parallel/for-with-local-state", () =>
        {
            long sum = 0;
            Parallel.For(0L, 2000L, () => 0L, (i, _, own) => own + i, own => Interlocked.Add(ref sum, own));
            Check.Equal(1_999_000L, sum);
        });
        Suite.Case("parallel/for-each", () =>
        {
            ConcurrentBag<string> bag = [];
            Parallel.ForEach(Enumerable.Range(0, 100).Select(i => "s" + i), s => bag.Add(s));
            Check.Equal(100, bag.Distinct().Count());
        });
        Suite.Case("parallel/partitioner", () =>
        {
            int[] squares = new int[1000];
            Parallel.ForEach(Partitioner.Create(0, 1000, 100), r => { for (int i = r.Item1; i < r.Item2; i++) squares[i] = i * i; });
            Check.Equal(332_833_500, squares.Sum());
        });
        Suite.Case("parallel/break-and-stop", () =>
        {
            ParallelLoopResult r = Parallel.For(0, 1000, (i, state) => { if (i >= 50) state.Break(); });
            Check.That(!r.IsCompleted && r.LowestBreakIteration == 50);
            Check.That(!Parallel.For(0, 1000, (i, state) => { if (i == 5) state.Stop(); }).IsCompleted);
        });
        Suite.Case("parallel/exceptions", () =>
        {
            AggregateException e = Check.Throws<AggregateException>(() => Parallel.For(0, 100, i => { if (i == 7) throw new FormatException("seven"); }));
            Check.That(e.InnerExceptions.All(x => x is FormatException { Message: "seven" }));
        });
        Suite.Case("parallel/invoke", () =>
        {
            int n = 0;
            Parallel.Invoke(() => Interlocked.Add(ref n, 1), () => Interlocked.Add(ref n, 10), () => Interlocked.Add(ref n, 100));
            Check.Equal(111, n);
        });
        Suite.Case("parallel/degree-is-respected", () =>
        {
            int inside = 0, most = 0;
            object gate = new();
            Parallel.For(0, 40, new ParallelOptions { MaxDegreeOfParallelism = 2 }, _ =>
            {
                int now = Interlocked.Increment(ref inside);
                lock (gate) most = Math.Max(most, now);
                Thread.Yield();
                Interlocked.Decrement(ref inside);
            });
            Check.That(most is 1 or 2);
        });
        Suite.Case("parallel/for-each-async", async () =>
        {
            int sum = 0;
            await Parallel.ForEachAsync(Enumerable.Range(1, 50), async (i, stop) => { await Task.Yield(); Interlocked.Add(ref sum, i); });
            Check.Equal(1275, sum);
        });
        Suite.Case("parallel/nested", () =>
        {
            int n = 0;
            Parallel.For(0, 8, _ => Parallel.For(0, 8, _ => Interlocked.Increment(ref n)));
            Check.Equal(64, n);
        });
        Suite.Case("plinq/sum-and-order", () =>
        {
            Check.Equal(9_990_000L, Enumerable.Range(0, 10_000).AsParallel().Where(i => i % 5 == 0).Sum(i => (long)i) - 5000);
            int[] ordered = Enumerable.Range(0, 300).AsParallel().AsOrdered().Select(i => i * 2).ToArray();
            Check.Sequence(Enumerable.Range(0, 300).Select(i => i * 2), ordered);
        });
        Suite.Case("plinq/group-sort-aggregate", () =>
        {
            var groups = Enumerable.Range(0, 200).AsParallel().GroupBy(i => i % 7).OrderBy(g => g.Key).Select(g => g.Count()).ToArray();
            Check.Equal(200, groups.Sum());
            Check.Equal(7, groups.Length);
            Check.Sequence(Enumerable.Range(0, 100), new[] { 99 }.Concat(Enumerable.Range(0, 99)).AsParallel().OrderBy(i => i));
            Check.Equal(5050, Enumerable.Range(1, 100).AsParallel().Aggregate(0, (a, i) => a + i, (a, b) => a + b, a => a));
            Check.That(Enumerable.Range(0, 1000).AsParallel().Any(i => i == 777));
        });
        Suite.Case("plinq/exceptions-and-for-all", () =>
        {
            AggregateException e = Check.Throws<AggregateException>(() => Enumerable.Range(0, 50).AsParallel().ForAll(i => { if (i == 9) throw new TimeoutException(); }));
            Check.That(e.InnerExceptions[0] is TimeoutException);
            int n = 0;
            Enumerable.Range(0, 50).AsParallel().WithDegreeOfParallelism(2).ForAll(_ => Interlocked.Increment(ref n));
            Check.Equal(50, n);
        });
    }
}
