// Timers and clocks: they fire, repeat, stop; monotonic time only goes forward.
using System.Diagnostics;
using Cermet.Testing;

internal static class Timers
{
    public static void All()
    {
        Suite.Case("timer/once", () =>
        {
            using ManualResetEventSlim fired = new();
            object? state = null;
            int count = 0;
            using Timer t = new(s => { state = s; Interlocked.Increment(ref count); fired.Set(); }, "state", 5, Timeout.Infinite);
            fired.Wait();
            Thread.Sleep(20);
            Check.Equal("state", (string)state!);
            Check.Equal(1, count);
        });
        Suite.Case("timer/repeats-until-stopped", () =>
        {
            using CountdownEvent five = new(5);
            int count = 0;
            Timer t = new(_ => { if (Interlocked.Increment(ref count) <= 5) five.Signal(); }, null, 0, 2);
            five.Wait();
            using ManualResetEvent gone = new(false);
            Check.That(t.Dispose(gone));
            gone.WaitOne();
            int then = Volatile.Read(ref count);
            Thread.Sleep(20);
            Check.Equal(then, Volatile.Read(ref count));
        });
        Suite.Case("timer/change", () =>
        {
            using ManualResetEventSlim fired = new();
            using Timer t = new(_ => fired.Set(), null, Timeout.Infinite, Timeout.Infinite);
            Check.That(!fired.Wait(10));
            Check.That(t.Change(1, Timeout.Infinite));
            fired.Wait();
            Check.That(fired.IsSet);
        });
        Suite.Case("timer/order-of-due-times", () =>
        {
            List<int> order = [];
            using CountdownEvent done = new(3);
            Timer Make(int n, int due) => new(_ => { lock (order) order.Add(n); done.Signal(); }, null, due, Timeout.Infinite);
            using Timer a = Make(3, 400), b = Make(1, 1), c = Make(2, 200);
            done.Wait();
            Check.Sequence([1, 2, 3], order);
        });
        Suite.Case("timer/many", () =>
        {
            using CountdownEvent done = new(40);
            Timer[] timers = Enumerable.Range(0, 40).Select(i => new Timer(_ => done.Signal(), null, i % 7 * 3, Timeout.Infinite)).ToArray();
            done.Wait();
            foreach (Timer t in timers) t.Dispose();
            Check.That(done.IsSet);
        });
        Suite.Case("timer/periodic-async", async () =>
        {
            using PeriodicTimer t = new(TimeSpan.FromMilliseconds(2));
            for (int i = 0; i < 5; i++) Check.That(await t.WaitForNextTickAsync());
            t.Dispose();
            Check.That(!await t.WaitForNextTickAsync());
        });
        Suite.Case("timer/periodic-cancelled", async () =>
        {
            using PeriodicTimer t = new(TimeSpan.FromMinutes(10));
            using CancellationTokenSource c = new();
            ValueTask<bool> tick = t.WaitForNextTickAsync(c.Token);
            c.Cancel();
            try { await tick; Check.Fail("not cancelled"); } catch (OperationCanceledException) { Check.That(true); }
        });
        Suite.Case("timer/system-timers", () =>
        {
            using CountdownEvent done = new(3);
            using System.Timers.Timer t = new(2) { AutoReset = true };
            t.Elapsed += (_, e) => { if (e.SignalTime.Year >= 2020 && !done.IsSet) try { done.Signal(); } catch (InvalidOperationException) { } };
            t.Start();
            done.Wait();
            t.Stop();
            Check.That(done.IsSet);
        });
        Suite.Case("time/stopwatch-goes-forward", () =>
        {
            Stopwatch w = Stopwatch.StartNew();
            long last = 0;
            for (int i = 0; i < 500; i++)
            {
                long now = Stopwatch.GetTimestamp();
                if (now < last) Check.Fail("time went back");
                last = now;
            }
            Thread.Sleep(10);
            Check.That(w.ElapsedMilliseconds >= 8);
            Check.That(Stopwatch.Frequency >= 1000);
            w.Stop();
            TimeSpan at = w.Elapsed;
            Check.Equal(at, w.Elapsed);
        });
        Suite.Case("time/monotonic-across-threads", () =>
        {
            long high = 0;
            int back = 0;
            Run.Together(4, _ =>
            {
                for (int i = 0; i < 300; i++)
                {
                    long seen = Volatile.Read(ref high), now = Stopwatch.GetTimestamp();
                    if (now < seen) Interlocked.Increment(ref back);
                    long old;
                    while (now > (old = Volatile.Read(ref high)) && Interlocked.CompareExchange(ref high, now, old) != old) { }
                }
            });
            Check.Equal(0, back);
        });
        Suite.Case("time/wall-clock", () =>
        {
            DateTime utc = DateTime.UtcNow;
            Check.That(utc.Year is >= 2024 and < 2100);
            Check.Equal(DateTimeKind.Utc, utc.Kind);
            Check.That(Math.Abs((DateTimeOffset.UtcNow.UtcDateTime - utc).TotalMinutes) < 10);
            Check.That(DateTime.Now.Year >= 2024 && DateTime.Today <= DateTime.Now);
            Check.That(TimeProvider.System.GetUtcNow() >= utc);
        });
        Suite.Case("time/provider-of-its-own", async () =>
        {
            FixedTime time = new();
            Check.Equal(2001, time.GetUtcNow().Year);
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
        });
    }

    private sealed class FixedTime : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => new(2001, 2, 3, 4, 5, 6, TimeSpan.Zero);
    }
}
