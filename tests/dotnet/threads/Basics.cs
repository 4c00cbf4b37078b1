// Thread: start, join, names, state, priority, stack size, interruption, thread-local storage of all kinds.
using Cermet.Testing;

internal static class Basics
{
    [ThreadStatic] private static int t_value;

    public static void All()
    {
        Suite.Case("thread/start-and-join", () =>
        {
            int x = 0;
            Thread t = new(() => { t_value = 7; x = 42 + t_value; });
            t.Start();
            t.Join();
            Check.Equal(49, x);
            Check.Equal(0, t_value);
        });
        Suite.Case("thread/parameter", () =>
        {
            object? got = null;
            Thread t = new(o => got = o);
            t.Start("parameter");
            t.Join();
            Check.Equal("parameter", (string)got!);
        });
        Suite.Case("thread/state-and-liveness", () =>
        {
            using ManualResetEventSlim go = new();
            Thread t = new(go.Wait);
            Check.That(!t.IsAlive && t.ThreadState.HasFlag(ThreadState.Unstarted));
            t.Start();
            Check.That(t.IsAlive);
            Check.That(!t.Join(1));
            go.Set();
            t.Join();
            Check.That(!t.IsAlive && t.ThreadState.HasFlag(ThreadState.Stopped));
            Check.That(t.Join(TimeSpan.Zero));
            Check.Throws<ThreadStateException>(t.Start);
        });
        Suite.Case("thread/name-and-id", () =>
        {
            string? name = null;
            int id = 0;
            Thread t = new(() => { name = Thread.CurrentThread.Name; id = Environment.CurrentManagedThreadId; }) { Name = "worker" };
            t.Start();
            t.Join();
            Check.Equal("worker", name);
            Check.Equal(t.ManagedThreadId, id);
            Check.That(id != Environment.CurrentManagedThreadId);
            Check.That(ReferenceEquals(Thread.CurrentThread, Thread.CurrentThread));
        });
        Suite.Case("thread/background-flag-and-priority", () =>
        {
            Thread t = new(() => { }) { IsBackground = true, Priority = ThreadPriority.BelowNormal };
            Check.That(t.IsBackground);
            Check.Equal(ThreadPriority.BelowNormal, t.Priority);
            t.Start();
            t.Join();
            Check.That(!Thread.CurrentThread.IsBackground);
            Check.That(!Thread.CurrentThread.IsThreadPoolThread);
        });
        Suite.Case("thread/own-stack-size", () =>
        {
            int depth = 0;
            static int Down(int n) { Span<byte> s = stackalloc byte[100]; s.Fill(1); return n == 0 ? 0 : Down(n - 1) + s[50]; }
            Thread t = new(() => depth = Down(3000), 4 << 20);
            t.Start();
            t.Join();
            Check.Equal(3000, depth);
        });
        Suite.Case("thread/sleep-and-yield", () =>
        {
            long start = Environment.TickCount64;
            Thread.Sleep(20);
            Check.That(Environment.TickCount64 - start >= 15);
            Thread.Sleep(0);
            Thread.Yield();
            Thread.SpinWait(10);
            Check.Throws<ArgumentOutOfRangeException>(() => Thread.Sleep(-2));
        });
        Suite.Case("thread/interrupt-sleep", () =>
        {
            using ManualResetEventSlim started = new();
            string got = "";
            Thread t = new(() => { started.Set(); try { Thread.Sleep(Timeout.Infinite); } catch (ThreadInterruptedException) { got = "interrupted"; } });
            t.Start();
            started.Wait();
            t.Interrupt();
            t.Join();
            Check.Equal("interrupted", got);
        });
        Suite.Case("thread/interrupt-wait-and-lock", () =>
        {
            object gate = new();
            string got = "";
            using ManualResetEventSlim started = new();
            Thread a = new(() => { lock (gate) { started.Set(); try { Monitor.Wait(gate); } catch (ThreadInterruptedException) { got += Monitor.IsEntered(gate) ? "wait" : "?"; } } });
            a.Start();
            started.Wait();
            lock (gate) a.Interrupt();
            a.Join();
            Thread b = new(() => { try { lock (gate) { } } catch (ThreadInterruptedException) { got += "lock"; } });
            lock (gate)
            {
                b.Start();
                Run.Until(() => b.ThreadState.HasFlag(ThreadState.WaitSleepJoin));
                b.Interrupt();
                b.Join();
            }
            Check.Equal("waitlock", got);
        });
        Suite.Case("thread/apartment-is-unknown", () =>
        {
            Check.Equal(ApartmentState.Unknown, Thread.CurrentThread.GetApartmentState());
        });
        Suite.Case("thread/thread-local", () =>
        {
            int made = 0;
            using ThreadLocal<int> local = new(() => Interlocked.Increment(ref made) * 10, trackAllValues: true);
            int mine = local.Value;
            local.Value++;
            int[] others = new int[3];
            Run.Together(3, i => { others[i] = local.Value + local.Value; });
            Check.Equal(mine + 1, local.Value);
            Check.Equal(4, made);
            Check.Sequence([20, 30, 40], others.Select(o => o / 2).Order());
            Check.Equal(4, local.Values.Count);
        });
        Suite.Case("thread/thread-local-of-references", () =>
        {
            using ThreadLocal<List<string>> local = new(() => []);
            int[] counts = new int[4];
            Run.Together(4, i => { for (int n = 0; n <= i; n++) local.Value!.Add("x"); GC.Collect(); counts[i] = local.Value!.Count; });
            Check.Sequence([1, 2, 3, 4], counts);
        });
        Suite.Case("thread/data-slots", () =>
        {
            LocalDataStoreSlot slot = Thread.AllocateDataSlot();
            Thread.SetData(slot, "mine");
            object? other = "?";
            Run.Together(1, _ => other = Thread.GetData(slot));
            Check.Equal(null, other);
            Check.Equal("mine", (string)Thread.GetData(slot)!);
        });
        Suite.Case("thread/exception-stays-inside", () =>
        {
            string got = "";
            Thread t = new(() => { try { throw new InvalidOperationException("own"); } catch (InvalidOperationException e) { got = e.Message; } });
            t.Start();
            t.Join();
            Check.Equal("own", got);
        });
        Suite.Case("thread/process-figures", () =>
        {
            Check.That(Environment.ProcessorCount >= 1);
            Check.That(Environment.ProcessId > 0);
            Check.That(Thread.GetCurrentProcessorId() >= 0);
        });
    }
}
