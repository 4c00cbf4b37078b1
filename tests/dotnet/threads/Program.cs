// Suite: threads. Threads, locks, waits, the pool, tasks, async, cancellation, channels, timers, parallel loops.
//
// No case depends on how fast the machine is: waits are for events, and times are only ever bounded from below.
using Cermet.Testing;

return Suite.Run(args, Basics.All, Locks.All, Signals.All, Atomics.All, Tasks.All, Async.All, Cancel.All, Flow.All, Timers.All, Loops.All, Storms.All);

/// <summary>Short names for what every file does.</summary>
internal static class Run
{
    /// <summary>Starts <paramref name="count"/> threads on <paramref name="body"/> and waits for all of them.</summary>
    public static void Together(int count, Action<int> body)
    {
        Exception? failure = null;
        Thread[] threads = Enumerable.Range(0, count).Select(i => new Thread(() =>
        {
            try { body(i); }
            catch (Exception e) { failure = e; }
        })).ToArray();
        foreach (Thread t in threads) t.Start();
        foreach (Thread t in threads) t.Join();
        if (failure is not null) throw new InvalidOperationException("a thread failed", failure);
    }

    /// <summary>Waits until <paramref name="condition"/> holds; a hang is the runner's to notice.</summary>
    public static void Until(Func<bool> condition) { while (!condition()) Thread.Sleep(1); }
}
