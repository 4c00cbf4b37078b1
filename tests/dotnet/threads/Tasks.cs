// The pool and Task: running, waiting, continuing, failing, combining.
using Cermet.Testing;

internal static class Tasks
{
    public static void All()
    {
        Suite.Case("pool/queue", () =>
        {
            using CountdownEvent done = new(50);
            int pool = 0;
            for (int i = 0; i < 50; i++) ThreadPool.QueueUserWorkItem(_ => { if (Thread.CurrentThread.IsThreadPoolThread) Interlocked.Increment(ref pool); done.Signal(); });
            done.Wait();
            Check.Equal(50, pool);
        });
        Suite.Case("pool/queue-with-state", () =>
        {
            using ManualResetEventSlim done = new();
            (int, string) got = default;
            ThreadPool.QueueUserWorkItem(s => { got = s; done.Set(); }, (5, "x"), preferLocal: true);
            done.Wait();
            Check.Equal((5, "x"), got);
        });
        Suite.Case("pool/limits", () =>
        {
            ThreadPool.GetMinThreads(out int min, out int _);
            ThreadPool.GetMaxThreads(out int max, out int _);
            Check.That(min >= 1 && max >= min);
            Check.That(ThreadPool.SetMinThreads(min, 1));
            Check.That(ThreadPool.ThreadCount >= 0 && ThreadPool.PendingWorkItemCount >= 0 && ThreadPool.CompletedWorkItemCount > 0);
        });
        Suite.Case("pool/blocked-workers-do-not-starve-it", () =>
        {
            // More blocked items than processors: the pool must add threads for the one that releases them.
            int n = Environment.ProcessorCount + 3;
            using ManualResetEventSlim go = new();
            using CountdownEvent done = new(n);
            for (int i = 0; i < n; i++) ThreadPool.QueueUserWorkItem(_ => { go.Wait(); done.Signal(); });
            ThreadPool.QueueUserWorkItem(_ => go.Set());
            done.Wait();
            Check.That(go.IsSet);
        });
        Suite.Case("task/run-and-result", () =>
        {
            Check.Equal(5, Task.Run(() => 5).Result);
            Task t = Task.Run(() => { });
            t.Wait();
            Check.That(t.IsCompletedSuccessfully && t.Status == TaskStatus.RanToCompletion);
            Check.Equal(7, Task.Run(async () => { await Task.Yield(); return 7; }).Result);
        });
        Suite.Case("task/cold-start", () =>
        {
            Task<int> t = new(() => 3);
            Check.Equal(TaskStatus.Created, t.Status);
            t.Start();
            Check.Equal(3, t.Result);
            Task<int> s = new(() => Environment.CurrentManagedThreadId);
            s.RunSynchronously();
            Check.Equal(Environment.CurrentManagedThreadId, s.Result);
            Check.Throws<InvalidOperationException>(s.Start);
        });
        Suite.Case("task/exceptions", () =>
        {
            Task t = Task.Run(() => throw new InvalidOperationException("boom"));
            AggregateException e = Check.Throws<AggregateException>(t.Wait);
            Check.Equal("boom", e.InnerException!.Message);
            Check.That(t.IsFaulted && t.Exception!.InnerExceptions.Count == 1);
            Check.Throws<InvalidOperationException>(() => t.GetAwaiter().GetResult());
        });
        Suite.Case("task/continuations", () =>
        {
            Task<int> t = Task.Run(() => 4);
            Check.Equal("8!", t.ContinueWith(x => x.Result * 2).ContinueWith(x => x.Result + "!").Result);
            Task bad = Task.Run(() => throw new FormatException("f"));
            Check.Equal("f", bad.ContinueWith(x => x.Exception!.InnerException!.Message, TaskContinuationOptions.OnlyOnFaulted).Result);
            Task skipped = bad.ContinueWith(_ => { }, TaskContinuationOptions.OnlyOnRanToCompletion);
            Check.Throws<AggregateException>(skipped.Wait);
            Check.That(skipped.IsCanceled);
        });
        Suite.Case("task/when-all", async () =>
        {
            int[] r = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => Task.Run(() => i * i)));
            Check.Equal(2470, r.Sum());
            Task all = Task.WhenAll(Task.Run(() => throw new FormatException()), Task.Run(() => throw new TimeoutException()), Task.CompletedTask);
            try { await all; Check.Fail("nothing thrown"); } catch (Exception e) when (e is FormatException or TimeoutException) { }
            Check.Equal(2, all.Exception!.InnerExceptions.Count);
        });
        Suite.Case("task/when-any-and-each", async () =>
        {
            TaskCompletionSource<int> never = new();
            Task<int> first = await Task.WhenAny(never.Task, Task.Run(() => 9));
            Check.Equal(9, first.Result);
            List<int> order = [];
            await foreach (Task<int> t in Task.WhenEach(Task.FromResult(1), Task.Run(() => 2))) order.Add(await t);
            Check.Sequence([1, 2], order.Order());
            never.SetResult(0);
        });
        Suite.Case("task/wait-all-and-any", () =>
        {
            Task<int>[] tasks = Enumerable.Range(0, 5).Select(i => Task.Run(() => i)).ToArray();
            Task.WaitAll(tasks);
            Check.Equal(10, tasks.Sum(t => t.Result));
            Check.That(Task.WaitAny(tasks) is >= 0 and < 5);
            TaskCompletionSource tcs = new();
            Check.That(!tcs.Task.Wait(5));
            Check.Equal(-1, Task.WaitAny([tcs.Task], 5));
            tcs.SetResult();
        });
        Suite.Case("task/completion-source", () =>
        {
            TaskCompletionSource<string> a = new(TaskCreationOptions.RunContinuationsAsynchronously);
            Task<string> waiter = Task.Run(async () => await a.Task + "!");
            a.SetResult("r");
            Check.Equal("r!", waiter.Result);
            Check.That(!a.TrySetException(new FormatException()));
            Check.Throws<InvalidOperationException>(() => a.SetResult("x"));
            TaskCompletionSource<int> b = new();
            b.SetException([new FormatException(), new TimeoutException()]);
            Check.Equal(2, b.Task.Exception!.InnerExceptions.Count);
            TaskCompletionSource<int> c = new();
            c.SetCanceled();
            Check.That(c.Task.IsCanceled);
        });
        Suite.Case("task/children-attached", () =>
        {
            int n = 0;
            Task parent = Task.Factory.StartNew(() =>
            {
                for (int i = 0; i < 5; i++) Task.Factory.StartNew(() => Interlocked.Increment(ref n), CancellationToken.None, TaskCreationOptions.AttachedToParent, TaskScheduler.Default);
            }, CancellationToken.None, TaskCreationOptions.None, TaskScheduler.Default);
            parent.Wait();
            Check.Equal(5, n);
        });
        Suite.Case("task/long-running-has-its-own-thread", () =>
        {
            bool pool = Task.Factory.StartNew(() => Thread.CurrentThread.IsThreadPoolThread, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).Result;
            Check.That(!pool);
        });
        Suite.Case("task/own-scheduler", () =>
        {
            Inline scheduler = new();
            int id = Task.Factory.StartNew(() => Environment.CurrentManagedThreadId, CancellationToken.None, TaskCreationOptions.None, scheduler).Result;
            Check.Equal(Environment.CurrentManagedThreadId, id);
            Check.Equal(1, scheduler.Ran);
        });
        Suite.Case("task/delay", async () =>
        {
            long start = Environment.TickCount64;
            await Task.Delay(20);
            Check.That(Environment.TickCount64 - start >= 15);
            await Task.Delay(0);
            Check.That(Task.Delay(0).IsCompleted);
        });
        Suite.Case("task/wait-async", async () =>
        {
            TaskCompletionSource<int> tcs = new();
            try { await tcs.Task.WaitAsync(TimeSpan.FromMilliseconds(5)); Check.Fail("nothing thrown"); } catch (TimeoutException) { Check.That(true); }
            tcs.SetResult(3);
            Check.Equal(3, await tcs.Task.WaitAsync(TimeSpan.FromMinutes(5)));
        });
        Suite.Case("task/from-results", () =>
        {
            Check.Equal(1, Task.FromResult(1).Result);
            Check.That(Task.FromException(new FormatException()).IsFaulted);
            Check.That(Task.FromCanceled(new CancellationToken(true)).IsCanceled);
        });
        Suite.Case("task/many-small", () =>
        {
            int n = 0;
            Task.WaitAll(Enumerable.Range(0, 300).Select(_ => Task.Run(() => Interlocked.Increment(ref n))).ToArray<Task>());
            Check.Equal(300, n);
        });
        Suite.Case("task/recursive-fork-join", () =>
        {
            static int Fib(int n) { if (n < 8) return n < 2 ? n : Fib(n - 1) + Fib(n - 2); Task<int> left = Task.Run(() => Fib(n - 1)); return Fib(n - 2) + left.Result; }
            Check.Equal(377, Fib(14));
        });
    }

    private sealed class Inline : TaskScheduler
    {
        public int Ran;
        protected override IEnumerable<Task> GetScheduledTasks() => [];
        protected override void QueueTask(Task task) { Ran++; TryExecuteTask(task); }
        protected override bool TryExecuteTaskInline(Task task, bool queued) => TryExecuteTask(task);
    }
}
