// Data between threads: channels, BlockingCollection, dataflow in shape of pipelines.
using System.Collections.Concurrent;
using System.Threading.Channels;
using Cermet.Testing;

internal static class Flow
{
    public static void All()
    {
        Suite.Case("channel/bounded", async () =>
        {
            Channel<int> c = Channel.CreateBounded<int>(4);
            Task producer = Task.Run(async () => { for (int i = 0; i < 200; i++) await c.Writer.WriteAsync(i); c.Writer.Complete(); });
            int sum = 0;
            await foreach (int i in c.Reader.ReadAllAsync()) sum += i;
            await producer;
            Check.Equal(19_900, sum);
        });
        Suite.Case("channel/unbounded-many-writers-and-readers", async () =>
        {
            Channel<(int, int)> c = Channel.CreateUnbounded<(int, int)>();
            Task[] writers = Enumerable.Range(0, 4).Select(w => Task.Run(async () => { for (int i = 0; i < 50; i++) { c.Writer.TryWrite((w, i)); if (i % 10 == 0) await Task.Yield(); } })).ToArray();
            int[] got = new int[3];
            Task[] readers = Enumerable.Range(0, 3).Select(r => Task.Run(async () => { await foreach ((int, int) x in c.Reader.ReadAllAsync()) Interlocked.Increment(ref got[r]); })).ToArray();
            await Task.WhenAll(writers);
            c.Writer.Complete();
            await Task.WhenAll(readers);
            Check.Equal(200, got.Sum());
        });
        Suite.Case("channel/full-modes", () =>
        {
            Channel<int> drop = Channel.CreateBounded<int>(new BoundedChannelOptions(2) { FullMode = BoundedChannelFullMode.DropOldest });
            for (int i = 0; i < 5; i++) Check.That(drop.Writer.TryWrite(i));
            Check.That(drop.Reader.TryRead(out int first) && first == 3);
            Channel<int> wait = Channel.CreateBounded<int>(1);
            Check.That(wait.Writer.TryWrite(1) && !wait.Writer.TryWrite(2));
            Check.That(wait.Reader.TryPeek(out int peek) && peek == 1);
            Check.Equal(1, wait.Reader.Count);
        });
        Suite.Case("channel/completion-with-error", async () =>
        {
            Channel<int> c = Channel.CreateUnbounded<int>();
            c.Writer.TryWrite(1);
            c.Writer.Complete(new FormatException("ended"));
            Check.Equal(1, await c.Reader.ReadAsync());
            try { await c.Reader.ReadAsync(); Check.Fail("nothing thrown"); } catch (ChannelClosedException e) { Check.Equal("ended", e.InnerException!.Message); }
            Check.Throws<ChannelClosedException>(() => c.Writer.WriteAsync(2).AsTask().GetAwaiter().GetResult());
            Check.That(c.Reader.Completion.IsFaulted);
        });
        Suite.Case("channel/prioritized", async () =>
        {
            Channel<int> c = Channel.CreateUnboundedPrioritized<int>();
            foreach (int i in new[] { 3, 1, 2 }) c.Writer.TryWrite(i);
            c.Writer.Complete();
            List<int> got = [];
            await foreach (int i in c.Reader.ReadAllAsync()) got.Add(i);
            Check.Sequence([1, 2, 3], got);
        });
        Suite.Case("channel/pipeline-of-three", async () =>
        {
            Channel<int> a = Channel.CreateBounded<int>(2);
            Channel<string> b = Channel.CreateBounded<string>(2);
            Task first = Task.Run(async () => { for (int i = 0; i < 60; i++) await a.Writer.WriteAsync(i); a.Writer.Complete(); });
            Task second = Task.Run(async () => { await foreach (int i in a.Reader.ReadAllAsync()) if (i % 3 == 0) await b.Writer.WriteAsync("n" + i); b.Writer.Complete(); });
            List<string> got = [];
            await foreach (string s in b.Reader.ReadAllAsync()) got.Add(s);
            await Task.WhenAll(first, second);
            Check.Sequence(Enumerable.Range(0, 20).Select(i => "n" + i * 3), got);
        });
        Suite.Case("blocking-collection/bounded", () =>
        {
            using BlockingCollection<int> c = new(3);
            long sum = 0;
            Run.Together(4, me =>
            {
                if (me < 2) { for (int i = 0; i < 50; i++) c.Add(i); }
                else { for (int i = 0; i < 50; i++) Interlocked.Add(ref sum, c.Take()); }
            });
            Check.Equal(2450L, sum);
            c.CompleteAdding();
            Check.That(c.IsCompleted);
            Check.Throws<InvalidOperationException>(() => c.Take());
            Check.Throws<InvalidOperationException>(() => c.Add(1));
        });
        Suite.Case("blocking-collection/try-and-any", () =>
        {
            using BlockingCollection<int> a = new(1), b = new(1);
            Check.That(!a.TryTake(out _, 1));
            Check.That(a.TryAdd(1) && !a.TryAdd(2, 1));
            Check.Equal(1, BlockingCollection<int>.AddToAny([a, b], 5));
            Check.Equal(0, BlockingCollection<int>.TakeFromAny([a, b], out int item));
            Check.Equal(1, item);
        });
        Suite.Case("progress/reports-arrive", () =>
        {
            using CountdownEvent done = new(5);
            int sum = 0;
            IProgress<int> p = new Progress<int>(n => { Interlocked.Add(ref sum, n); done.Signal(); });
            for (int i = 0; i < 5; i++) p.Report(i);
            done.Wait();
            Check.Equal(10, sum);
        });
    }
}
