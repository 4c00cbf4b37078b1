// Cancellation: tokens, registrations, linked sources, timeouts, cancelled waits of every kind.
using Cermet.Testing;

internal static class Cancel
{
    public static void All()
    {
        Suite.Case("cancel/token-state", () =>
        {
            using CancellationTokenSource c = new();
            Check.That(c.Token.CanBeCanceled && !c.Token.IsCancellationRequested && !CancellationToken.None.CanBeCanceled);
            c.Cancel();
            Check.That(c.IsCancellationRequested);
            Check.Throws<OperationCanceledException>(c.Token.ThrowIfCancellationRequested);
            Check.That(c.Token.WaitHandle.WaitOne(0));
        });
        Suite.Case("cancel/registrations-run-in-reverse", () =>
        {
            using CancellationTokenSource c = new();
            string log = "";
            c.Token.Register(() => log += "a");
            using (c.Token.Register(() => log += "gone")) { }
            c.Token.Register(s => log += s, "b");
            c.Cancel();
            Check.Equal("ba", log);
            c.Token.Register(() => log += "late");
            Check.Equal("balate", log);
        });
        Suite.Case("cancel/callback-exceptions", () =>
        {
            using CancellationTokenSource c = new();
            int ran = 0;
            c.Token.Register(() => throw new FormatException());
            c.Token.Register(() => { ran++; throw new TimeoutException(); });
            AggregateException e = Check.Throws<AggregateException>(c.Cancel);
            Check.Equal(2, e.InnerExceptions.Count);
            Check.Equal(1, ran);
        });
        Suite.Case("cancel/linked", () =>
        {
            using CancellationTokenSource a = new(), b = new();
            using CancellationTokenSource both = CancellationTokenSource.CreateLinkedTokenSource(a.Token, b.Token);
            b.Cancel();
            Check.That(both.IsCancellationRequested && !a.IsCancellationRequested);
        });
        Suite.Case("cancel/after-a-time", () =>
        {
            using CancellationTokenSource c = new(10);
            c.Token.WaitHandle.WaitOne();
            Check.That(c.IsCancellationRequested);
            using CancellationTokenSource d = new();
            d.CancelAfter(TimeSpan.FromMinutes(10));
            d.CancelAfter(1);
            d.Token.WaitHandle.WaitOne();
            Check.That(!d.TryReset());
            using CancellationTokenSource e = new();
            Check.That(e.TryReset());
        });
        Suite.Case("cancel/delay", async () =>
        {
            using CancellationTokenSource c = new();
            Task t = Task.Delay(Timeout.Infinite, c.Token);
            c.Cancel();
            try { await t; Check.Fail("not cancelled"); }
            catch (TaskCanceledException e) { Check.Equal(c.Token, e.CancellationToken); }
            Check.That(t.IsCanceled);
        });
        Suite.Case("cancel/task-run", () =>
        {
            using CancellationTokenSource c = new();
            Task never = Task.Run(() => { }, new CancellationToken(true));
            Check.That(Check.Throws<AggregateException>(never.Wait).InnerException is TaskCanceledException);
            Task t = Task.Run(() => { c.Cancel(); c.Token.ThrowIfCancellationRequested(); }, c.Token);
            AggregateException e = Check.Throws<AggregateException>(t.Wait);
            Check.That(e.InnerException is TaskCanceledException && t.IsCanceled);
        });
        Suite.Case("cancel/blocking-waits", () =>
        {
            using CancellationTokenSource c = new();
            using SemaphoreSlim s = new(0);
            using ManualResetEventSlim m = new();
            using CountdownEvent d = new(1);
            int cancelled = 0;
            Action<CancellationToken>[] waits = [s.Wait, m.Wait, d.Wait, t => Task.Delay(-1).Wait(t)];
            Thread[] threads = waits.Select(w => new Thread(() => { try { w(c.Token); } catch (OperationCanceledException) { Interlocked.Increment(ref cancelled); } })).ToArray();
            foreach (Thread t in threads) t.Start();
            c.Cancel();
            foreach (Thread t in threads) t.Join();
            Check.Equal(4, cancelled);
        });
        Suite.Case("cancel/async-waits", async () =>
        {
            using CancellationTokenSource c = new();
            using SemaphoreSlim s = new(0);
            Task[] all = [s.WaitAsync(c.Token), new TaskCompletionSource().Task.WaitAsync(c.Token), Task.Delay(-1, c.Token)];
            await c.CancelAsync();
            int cancelled = 0;
            foreach (Task t in all) try { await t; } catch (OperationCanceledException) { cancelled++; }
            Check.Equal(3, cancelled);
        });
        Suite.Case("cancel/parallel-loop", () =>
        {
            using CancellationTokenSource c = new();
            int ran = 0;
            Check.Throws<OperationCanceledException>(() => Parallel.For(0, 100_000, new ParallelOptions { CancellationToken = c.Token }, i => { if (Interlocked.Increment(ref ran) == 10) c.Cancel(); }));
            Check.That(ran < 100_000);
        });
        Suite.Case("cancel/unregister-waits-for-running-callback", () =>
        {
            using CancellationTokenSource c = new();
            using ManualResetEventSlim inside = new(), leave = new();
            bool finished = false;
            CancellationTokenRegistration r = c.Token.Register(() => { inside.Set(); leave.Wait(); finished = true; });
            Thread t = new(c.Cancel);
            t.Start();
            inside.Wait();
            Check.That(!r.Unregister());
            leave.Set();
            r.Dispose();
            Check.That(finished);
            t.Join();
        });
    }
}
