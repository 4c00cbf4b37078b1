// Mutual exclusion: Monitor, Lock, SpinLock, ReaderWriterLock(Slim), Mutex.
using Cermet.Testing;

internal static class Locks
{
    public static void All()
    {
        Suite.Case("lock/monitor-counts", () =>
        {
            object gate = new();
            int n = 0;
            Run.Together(4, _ => { for (int i = 0; i < 2000; i++) lock (gate) n++; });
            Check.Equal(8000, n);
        });
        Suite.Case("lock/recursion", () =>
        {
            object gate = new();
            lock (gate) lock (gate) lock (gate) Check.That(Monitor.IsEntered(gate));
            Check.That(!Monitor.IsEntered(gate));
            Monitor.Enter(gate);
            Monitor.Enter(gate);
            Monitor.Exit(gate);
            bool other = true;
            Run.Together(1, _ => other = Monitor.TryEnter(gate));
            Check.That(!other);
            Monitor.Exit(gate);
            Run.Together(1, _ => { other = Monitor.TryEnter(gate); Monitor.Exit(gate); });
            Check.That(other);
        });
        Suite.Case("lock/misuse", () =>
        {
            object gate = new();
            Check.Throws<SynchronizationLockException>(() => Monitor.Exit(gate));
            Check.Throws<SynchronizationLockException>(() => Monitor.Wait(gate));
            Check.Throws<SynchronizationLockException>(() => Monitor.Pulse(gate));
            Check.Throws<ArgumentNullException>(() => Monitor.Enter(null!));
        });
        Suite.Case("lock/try-enter-with-timeout", () =>
        {
            object gate = new();
            bool got = true;
            lock (gate) Run.Together(1, _ => got = Monitor.TryEnter(gate, 20));
            Check.That(!got);
            bool taken = false;
            Monitor.TryEnter(gate, 0, ref taken);
            Check.That(taken);
            Monitor.Exit(gate);
        });
        Suite.Case("lock/wait-and-pulse", () =>
        {
            object gate = new();
            bool ready = false;
            int woken = 0;
            Thread[] waiters = Enumerable.Range(0, 3).Select(_ => new Thread(() => { lock (gate) { while (!ready) Monitor.Wait(gate); woken++; } })).ToArray();
            foreach (Thread t in waiters) t.Start();
            lock (gate) { ready = true; Monitor.PulseAll(gate); }
            foreach (Thread t in waiters) t.Join();
            Check.Equal(3, woken);
        });
        Suite.Case("lock/wait-times-out-and-reacquires", () =>
        {
            object gate = new();
            lock (gate)
            {
                lock (gate)
                {
                    Check.That(!Monitor.Wait(gate, 10));
                    Check.That(Monitor.IsEntered(gate));
                }
                Check.That(Monitor.IsEntered(gate));
            }
        });
        Suite.Case("lock/ping-pong", () =>
        {
            object gate = new();
            int turn = 0, rounds = 0;
            Run.Together(2, me =>
            {
                for (int i = 0; i < 100; i++)
                {
                    lock (gate)
                    {
                        while (turn != me) Monitor.Wait(gate);
                        turn = 1 - me;
                        rounds++;
                        Monitor.Pulse(gate);
                    }
                }
            });
            Check.Equal(200, rounds);
        });
        Suite.Case("lock/bounded-buffer", () =>
        {
            object gate = new();
            Queue<int> buffer = new();
            long sum = 0;
            Run.Together(4, me =>
            {
                for (int i = 0; i < 100; i++)
                {
                    lock (gate)
                    {
                        if (me < 2)
                        {
                            while (buffer.Count == 4) Monitor.Wait(gate);
                            buffer.Enqueue(i);
                        }
                        else
                        {
                            while (buffer.Count == 0) Monitor.Wait(gate);
                            sum += buffer.Dequeue();
                        }
                        Monitor.PulseAll(gate);
                    }
                }
            });
            Check.Equal(2 * 4950L, sum);
        });
        Suite.Case("lock/hash-and-lock-on-one-object", () =>
        {
            object o = new();
            int hash = o.GetHashCode();
            lock (o) Check.Equal(hash, o.GetHashCode());
            object p = new();
            lock (p) { hash = p.GetHashCode(); GC.Collect(); }
            Check.Equal(hash, p.GetHashCode());
        });
        Suite.Case("lock/many-objects-contended", () =>
        {
            object[] gates = Enumerable.Range(0, 20).Select(_ => new object()).ToArray();
            int[] counts = new int[20];
            Run.Together(4, me => { for (int i = 0; i < 400; i++) { int k = (i * 7 + me) % 20; lock (gates[k]) counts[k]++; } });
            Check.Equal(1600, counts.Sum());
        });
        Suite.Case("lock/system-threading-lock", () =>
        {
            Lock gate = new();
            int n = 0;
            Run.Together(4, _ => { for (int i = 0; i < 500; i++) lock (gate) n++; });
            Check.Equal(2000, n);
            using (gate.EnterScope()) Check.That(gate.IsHeldByCurrentThread);
            Check.That(!gate.IsHeldByCurrentThread);
            bool other = true;
            gate.Enter();
            Run.Together(1, _ => other = gate.TryEnter(5));
            gate.Exit();
            Check.That(!other);
            Check.Throws<SynchronizationLockException>(gate.Exit);
        });
        Suite.Case("lock/spin-lock", () =>
        {
            SpinLock gate = new(false);
            int n = 0;
            Run.Together(3, _ => { for (int i = 0; i < 300; i++) { bool taken = false; try { gate.Enter(ref taken); n++; } finally { if (taken) gate.Exit(); } } });
            Check.Equal(900, n);
        });
        Suite.Case("lock/reader-writer-slim", () =>
        {
            using ReaderWriterLockSlim gate = new(LockRecursionPolicy.NoRecursion);
            int value = 0, torn = 0, other = 0;
            Run.Together(4, me =>
            {
                for (int i = 0; i < 100; i++)
                {
                    if (me == 0) { gate.EnterWriteLock(); value++; other++; gate.ExitWriteLock(); }
                    else { gate.EnterReadLock(); if (value != other) Interlocked.Increment(ref torn); gate.ExitReadLock(); }
                }
            });
            Check.Equal(0, torn);
            Check.Equal(100, value);
            gate.EnterUpgradeableReadLock();
            gate.EnterWriteLock();
            Check.That(gate.IsWriteLockHeld && gate.IsUpgradeableReadLockHeld);
            gate.ExitWriteLock();
            gate.ExitUpgradeableReadLock();
            gate.EnterReadLock();
            Check.Throws<LockRecursionException>(gate.EnterReadLock);
            bool writer = true;
            Run.Together(1, _ => writer = gate.TryEnterWriteLock(5));
            Check.That(!writer);
            gate.ExitReadLock();
        });
        Suite.Case("lock/reader-writer-old", () =>
        {
            ReaderWriterLock gate = new();
            gate.AcquireReaderLock(Timeout.Infinite);
            LockCookie cookie = gate.UpgradeToWriterLock(Timeout.Infinite);
            Check.That(gate.IsWriterLockHeld);
            gate.DowngradeFromWriterLock(ref cookie);
            gate.ReleaseReaderLock();
            Check.That(!gate.IsReaderLockHeld);
        });
        Suite.Case("lock/mutex", () =>
        {
            using Mutex mutex = new();
            bool other = true;
            mutex.WaitOne();
            mutex.WaitOne();
            mutex.ReleaseMutex();
            Run.Together(1, _ => other = mutex.WaitOne(10));
            Check.That(!other);
            mutex.ReleaseMutex();
            Run.Together(1, _ => { other = mutex.WaitOne(); mutex.ReleaseMutex(); });
            Check.That(other);
            Check.Throws<ApplicationException>(mutex.ReleaseMutex);
        });
        Suite.Case("lock/abandoned-mutex", () =>
        {
            using Mutex mutex = new();
            Run.Together(1, _ => mutex.WaitOne());
            Check.Throws<AbandonedMutexException>(() => mutex.WaitOne());
            mutex.ReleaseMutex();
        });
        Suite.Case("lock/dining-philosophers", () =>
        {
            object[] forks = Enumerable.Range(0, 5).Select(_ => new object()).ToArray();
            int meals = 0;
            Run.Together(5, me =>
            {
                object first = forks[Math.Min(me, (me + 1) % 5)], second = forks[Math.Max(me, (me + 1) % 5)];
                for (int i = 0; i < 40; i++) lock (first) lock (second) Interlocked.Increment(ref meals);
            });
            Check.Equal(200, meals);
        });
    }
}
