// async and await: flow, exceptions, value tasks, streams, contexts, AsyncLocal, custom awaiters.
using System.Runtime.CompilerServices;
using System.Threading.Tasks.Sources;
using Cermet.Testing;

internal static class Async
{
    private static async Task<int> Fib(int n)
    {
        if (n < 2) { await Task.Yield(); return n; }
        return await Fib(n - 1) + await Fib(n - 2);
    }

    private static async IAsyncEnumerable<int> Count(int n, [EnumeratorCancellation] CancellationToken stop = default)
    {
        for (int i = 0; i < n; i++)
        {
            stop.ThrowIfCancellationRequested();
            if (i % 2 == 0) await Task.Yield();
            yield return i;
        }
    }

    public static void All()
    {
        Suite.Case("async/recursion", async () => Check.Equal(55, await Fib(10)));
        Suite.Case("async/order-of-effects", async () =>
        {
            List<string> log = [];
            async Task Step(string s) { log.Add(s + "1"); await Task.Yield(); log.Add(s + "2"); }
            await Step("a");
            Task b = Step("b");
            await b;
            Check.Equal("a1 a2 b1 b2", string.Join(' ', log));
        });
        Suite.Case("async/try-catch-finally", async () =>
        {
            List<string> log = [];
            async Task Fail(int n) { await Task.Yield(); try { if (n == 0) throw new InvalidOperationException("zero"); await Fail(n - 1); } finally { await Task.Yield(); log.Add("f" + n); } }
            try { await Fail(3); } catch (InvalidOperationException e) when (e.Message == "zero") { await Task.Yield(); log.Add("caught"); }
            Check.Equal("f0 f1 f2 f3 caught", string.Join(' ', log));
        });
        Suite.Case("async/await-in-catch-and-rethrow", async () =>
        {
            async Task Run() { try { await Task.Run(() => throw new FormatException("x")); } catch (FormatException) { await Task.Delay(1); throw; } }
            try { await Run(); Check.Fail("nothing thrown"); } catch (FormatException e) { Check.Equal("x", e.Message); }
        });
        Suite.Case("async/synchronous-completion", () =>
        {
            static async Task<int> Now() { await Task.CompletedTask; return 3; }
            Task<int> t = Now();
            Check.That(t.IsCompleted);
            Check.Equal(3, t.Result);
        });
        Suite.Case("async/value-task", async () =>
        {
            static async ValueTask<int> Maybe(bool slow) { if (slow) await Task.Yield(); return 4; }
            Check.Equal(8, await Maybe(false) + await Maybe(true));
            ValueTask<int> v = Maybe(true);
            Check.Equal(4, await v.AsTask());
            Check.Equal(9, await new ValueTask<int>(9));
            await ValueTask.CompletedTask;
        });
        Suite.Case("async/pooled-builder", async () =>
        {
            [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
            static async ValueTask<int> Pooled(int n) { await Task.Yield(); return n; }
            int sum = 0;
            for (int i = 0; i < 30; i++) sum += await Pooled(i);
            Check.Equal(435, sum);
        });
        Suite.Case("async/value-task-source", async () =>
        {
            Source s = new();
            ValueTask<string> t = new(s, s.Version);
            _ = Task.Run(() => s.Set("from source"));
            Check.Equal("from source", await t);
        });
        Suite.Case("async/streams", async () =>
        {
            int sum = 0;
            await foreach (int i in Count(20)) sum += i;
            Check.Equal(190, sum);
            sum = 0;
            await foreach (int i in Count(100).ConfigureAwait(false)) { if (i == 5) break; sum += i; }
            Check.Equal(10, sum);
        });
        Suite.Case("async/stream-cancelled-and-disposed", async () =>
        {
            using CancellationTokenSource stop = new();
            int seen = 0;
            try { await foreach (int i in Count(100).WithCancellation(stop.Token)) { if (++seen == 3) stop.Cancel(); } Check.Fail("not cancelled"); }
            catch (OperationCanceledException) { Check.Equal(3, seen); }
            bool disposed = false;
            async IAsyncEnumerable<int> Guarded() { try { yield return 1; await Task.Yield(); yield return 2; } finally { await Task.Yield(); disposed = true; } }
            await foreach (int i in Guarded()) break;
            Check.That(disposed);
        });
        Suite.Case("async/local-flows-down-not-up", async () =>
        {
            AsyncLocal<string> local = new() { Value = "outer" };
            string? inTask = null, after = null;
            async Task Change() { local.Value = "inner"; await Task.Yield(); after = local.Value; }
            await Task.Run(() => inTask = local.Value);
            await Change();
            Check.Equal("outer inner outer", inTask + " " + after + " " + local.Value);
            string? inThread = null;
            Thread t = new(() => inThread = local.Value);
            t.Start();
            t.Join();
            Check.Equal("outer", inThread);
        });
        Suite.Case("async/local-change-notification", () =>
        {
            int changes = 0;
            AsyncLocal<int> local = new(c => changes += c.ThreadContextChanged ? 100 : 1);
            local.Value = 1;
            local.Value = 2;
            Check.Equal(2, changes);
        });
        Suite.Case("async/suppressed-flow", async () =>
        {
            AsyncLocal<int> local = new() { Value = 5 };
            Task<int> t;
            using (ExecutionContext.SuppressFlow()) t = Task.Run(() => local.Value);
            Check.Equal(0, await t);
            Check.Equal(5, local.Value);
        });
        Suite.Case("async/custom-awaitable", async () =>
        {
            Check.Equal(42, await new Later(42));
        });
        Suite.Case("async/synchronization-context", () =>
        {
            Pump pump = new();
            int id = Environment.CurrentManagedThreadId, after = 0, free = 0;
            pump.Run(async () =>
            {
                await Task.Yield();
                after = Environment.CurrentManagedThreadId;
                await Task.Delay(1).ConfigureAwait(false);
                free = Thread.CurrentThread.IsThreadPoolThread ? 1 : 0;
            });
            Check.Equal(id, after);
            Check.Equal(1, free);
        });
        Suite.Case("async/configure-await-options", async () =>
        {
            Task bad = Task.FromException(new FormatException());
            await bad.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            Check.That(bad.IsFaulted);
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        });
        Suite.Case("async/void-with-context", () =>
        {
            using ManualResetEventSlim done = new();
            async void Fire() { await Task.Yield(); done.Set(); }
            Fire();
            done.Wait();
            Check.That(done.IsSet);
        });
        Suite.Case("async/lambdas-in-linq", async () =>
        {
            IEnumerable<Task<int>> all = new[] { 3, 1, 2 }.Select(async n => { for (int i = 0; i < n; i++) await Task.Yield(); return n * 10; });
            Check.Sequence([30, 10, 20], await Task.WhenAll(all));
        });
        Suite.Case("async/deep-chain-completes-without-overflow", async () =>
        {
            TaskCompletionSource gate = new();
            Task t = gate.Task;
            for (int i = 0; i < 2000; i++) t = Next(t);
            static async Task Next(Task before) => await before;
            gate.SetResult();
            await t;
            Check.That(t.IsCompletedSuccessfully);
        });
        Suite.Case("async/generic-methods", async () =>
        {
            static async Task<T[]> Twice<T>(Func<Task<T>> make) => [await make(), await make()];
            Check.Sequence(["x", "x"], await Twice(async () => { await Task.Yield(); return "x"; }));
            Check.Sequence([(1, 2.0), (1, 2.0)], await Twice(() => Task.FromResult((1, 2.0))));
        });
    }

    private sealed class Source : IValueTaskSource<string>
    {
        private ManualResetValueTaskSourceCore<string> _core = new() { RunContinuationsAsynchronously = true };
        public short Version => _core.Version;
        public void Set(string s) => _core.SetResult(s);
        public string GetResult(short token) => _core.GetResult(token);
        public ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);
        public void OnCompleted(Action<object?> c, object? s, short token, ValueTaskSourceOnCompletedFlags f) => _core.OnCompleted(c, s, token, f);
    }

    private readonly struct Later(int value)
    {
        public Awaiter GetAwaiter() => new(value);
        public readonly struct Awaiter(int value) : INotifyCompletion
        {
            public bool IsCompleted => false;
            public int GetResult() => value;
            public void OnCompleted(Action c) => ThreadPool.QueueUserWorkItem(_ => c());
        }
    }

    /// <summary>A context that runs everything on the thread that called Run.</summary>
    private sealed class Pump : SynchronizationContext
    {
        private readonly System.Collections.Concurrent.BlockingCollection<(SendOrPostCallback, object?)> _queue = [];
        public override void Post(SendOrPostCallback d, object? state) => _queue.Add((d, state));

        public void Run(Func<Task> main)
        {
            SynchronizationContext? before = Current;
            SetSynchronizationContext(this);
            try
            {
                Task t = main();
                t.ContinueWith(_ => _queue.CompleteAdding(), TaskScheduler.Default);
                foreach ((SendOrPostCallback d, object? s) in _queue.GetConsumingEnumerable()) d(s);
                t.GetAwaiter().GetResult();
            }
            finally { SetSynchronizationContext(before); }
        }
    }
}
