// Events, semaphores, countdowns, barriers; waiting for any and for all.
using Cermet.Testing;

internal static class Signals
{
    public static void All()
    {
        Suite.Case("signal/manual-reset", () =>
        {
            using ManualResetEvent e = new(false);
            int passed = 0;
            Thread[] threads = Enumerable.Range(0, 3).Select(_ => new Thread(() => { e.WaitOne(); Interlocked.Increment(ref passed); })).ToArray();
            foreach (Thread t in threads) t.Start();
            Check.That(!e.WaitOne(0));
            e.Set();
            foreach (Thread t in threads) t.Join();
            Check.Equal(3, passed);
            Check.That(e.WaitOne(0));
            e.Reset();
            Check.That(!e.WaitOne(1));
        });
        Suite.Case("signal/auto-reset-lets-one-pass", () =>
        {
            using AutoResetEvent e = new(true);
            Check.That(e.WaitOne(0));
            Check.That(!e.WaitOne(0));
            int passed = 0;
            Thread[] threads = Enumerable.Range(0, 3).Select(_ => new Thread(() => { e.WaitOne(); Interlocked.Increment(ref passed); })).ToArray();
            foreach (Thread t in threads) t.Start();
            for (int i = 1; i <= 3; i++) { e.Set(); int want = i; Run.Until(() => Volatile.Read(ref passed) == want); }
            foreach (Thread t in threads) t.Join();
            Check.Equal(3, passed);
        });
        Suite.Case("signal/slim-event", () =>
        {
            using ManualResetEventSlim e = new();
            Check.That(!e.Wait(1) && !e.IsSet);
            Run.Together(2, me => { if (me == 0) e.Wait(); else e.Set(); });
            Check.That(e.IsSet && e.WaitHandle.WaitOne(0));
        });
        Suite.Case("signal/ping-pong", () =>
        {
            using AutoResetEvent a = new(false), b = new(false);
            int n = 0;
            Run.Together(2, me =>
            {
                for (int i = 0; i < 100; i++)
                {
                    if (me == 0) { a.Set(); b.WaitOne(); n++; }
                    else { a.WaitOne(); n++; b.Set(); }
                }
            });
            Check.Equal(200, n);
        });
        Suite.Case("signal/semaphore", () =>
        {
            using Semaphore s = new(2, 3);
            Check.That(s.WaitOne(0) && s.WaitOne(0) && !s.WaitOne(0));
            Check.Equal(0, s.Release(2));
            Check.Equal(2, s.Release());
            Check.Throws<SemaphoreFullException>(() => s.Release());
        });
        Suite.Case("signal/semaphore-slim-limits", () =>
        {
            using SemaphoreSlim s = new(2);
            int inside = 0, most = 0;
            Run.Together(5, _ =>
            {
                for (int i = 0; i < 20; i++)
                {
                    s.Wait();
                    int now = Interlocked.Increment(ref inside);
                    lock (s) most = Math.Max(most, now);
                    Interlocked.Decrement(ref inside);
                    s.Release();
                }
            });
            Check.That(most is 1 or 2);
            Check.Equal(2, s.CurrentCount);
        });
        Suite.Case("signal/semaphore-slim-async", async () =>
        {
            using SemaphoreSlim s = new(1);
            int inside = 0, wrong = 0, total = 0;
            await Task.WhenAll(Enumerable.Range(0, 10).Select(async _ =>
            {
                await s.WaitAsync();
                if (Interlocked.Increment(ref inside) != 1) Interlocked.Increment(ref wrong);
                await Task.Yield();
                Interlocked.Decrement(ref inside);
                total++;
                s.Release();
            }));
            Check.Equal((10, 0), (total, wrong));
            Check.That(!await Waits(s));
            static async Task<bool> Waits(SemaphoreSlim s) { await s.WaitAsync(); bool got = await s.WaitAsync(5); s.Release(); return got; }
        });
        Suite.Case("signal/countdown", () =>
        {
            using CountdownEvent c = new(3);
            Run.Together(4, me => { if (me == 3) c.Wait(); else c.Signal(); });
            Check.That(c.IsSet);
            c.Reset(1);
            c.AddCount(2);
            Check.Equal(3, c.CurrentCount);
            Check.That(c.Signal(3));
            Check.Throws<InvalidOperationException>(() => c.Signal());
        });
        Suite.Case("signal/barrier", () =>
        {
            int phases = 0, steps = 0, wrong = 0;
            using Barrier b = new(3, _ => { phases++; if (Volatile.Read(ref steps) != phases * 3) wrong++; });
            Run.Together(3, _ => { for (int i = 0; i < 20; i++) { Interlocked.Increment(ref steps); b.SignalAndWait(); } });
            Check.Equal((20, 0), (phases, wrong));
            Check.Equal(20L, b.CurrentPhaseNumber);
        });
        Suite.Case("signal/barrier-exception-and-removal", () =>
        {
            using Barrier b = new(1, _ => throw new InvalidOperationException("phase"));
            BarrierPostPhaseException e = Check.Throws<BarrierPostPhaseException>(b.SignalAndWait);
            Check.Equal("phase", e.InnerException!.Message);
            Check.Equal(1L, b.AddParticipant());
            b.RemoveParticipants(2);
            Check.Equal(0, b.ParticipantCount);
        });
        Suite.Case("signal/wait-any", () =>
        {
            using ManualResetEvent a = new(false), c = new(false);
            using AutoResetEvent b = new(false);
            Check.Equal(WaitHandle.WaitTimeout, WaitHandle.WaitAny([a, b, c], 1));
            Thread t = new(() => b.Set());
            t.Start();
            Check.Equal(1, WaitHandle.WaitAny([a, b, c]));
            t.Join();
            Check.That(!b.WaitOne(0));
            a.Set();
            c.Set();
            Check.Equal(0, WaitHandle.WaitAny([a, b, c]));
        });
        Suite.Case("signal/wait-all", () =>
        {
            using ManualResetEvent a = new(false);
            using AutoResetEvent b = new(true);
            using Semaphore s = new(1, 1);
            Check.That(!WaitHandle.WaitAll([a, b, s], 1));
            Check.That(b.WaitOne(0));
            b.Set();
            Thread t = new(() => a.Set());
            t.Start();
            Check.That(WaitHandle.WaitAll([a, b, s]));
            t.Join();
            Check.That(!b.WaitOne(0) && !s.WaitOne(0));
        });
        Suite.Case("signal/signal-and-wait", () =>
        {
            using AutoResetEvent ask = new(false), answer = new(false);
            int asked = 0;
            Thread t = new(() => { for (int i = 0; i < 10; i++) { ask.WaitOne(); asked++; answer.Set(); } });
            t.Start();
            for (int i = 0; i < 10; i++) Check.That(WaitHandle.SignalAndWait(ask, answer));
            t.Join();
            Check.Equal(10, asked);
        });
        Suite.Case("signal/disposed", () =>
        {
            ManualResetEvent e = new(false);
            e.Dispose();
            Check.Throws<ObjectDisposedException>(() => e.Set());
            SemaphoreSlim s = new(1);
            s.Dispose();
            Check.Throws<ObjectDisposedException>(() => s.Wait());
        });
        Suite.Case("signal/registered-wait", () =>
        {
            using AutoResetEvent e = new(false);
            using CountdownEvent fired = new(2);
            int timeouts = 0;
            RegisteredWaitHandle h = ThreadPool.RegisterWaitForSingleObject(e, (state, timedOut) => { if (timedOut) timeouts++; else if ((string)state! == "s") fired.Signal(); }, "s", Timeout.Infinite, false);
            e.Set();
            Run.Until(() => fired.CurrentCount == 1);
            e.Set();
            fired.Wait();
            Check.That(h.Unregister(null));
            Check.Equal(0, timeouts);
        });
    }
}
