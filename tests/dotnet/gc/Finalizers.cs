// Finalizers: they run, once, on their own thread, after the object died; resurrection, suppression, ordering with weak references.
using System.Runtime.CompilerServices;
using System.Runtime.ConstrainedExecution;
using System.Runtime.InteropServices;
using Cermet.Testing;

internal static class Finalizers
{
    private class Counted { public static int Runs; ~Counted() => Interlocked.Increment(ref Runs); }
    private sealed class Reborn { public static Reborn? Saved; public int Runs; ~Reborn() { Runs++; Saved = this; } }
    private sealed class Owner(int n) { public static int Sum; private readonly List<int> _items = [n, n + 1]; ~Owner() => Interlocked.Add(ref Sum, _items.Sum()); }
    private sealed class Failed { public static int Runs; public Failed() => throw new InvalidOperationException(); ~Failed() => Runs++; }
    private sealed class Thrower { public static string? Caught; ~Thrower() { try { throw new InvalidOperationException("inside"); } catch (InvalidOperationException e) { Caught = e.Message; } } }
    private sealed class Allocator { public static int Sum; ~Allocator() { List<string> l = []; for (int i = 0; i < 20; i++) l.Add("f" + i); GC.Collect(); Sum += l.Count; } }
    private sealed class Spawner(int n) { public static int Runs; ~Spawner() { Runs++; if (n > 0) GC.KeepAlive(new Spawner(n - 1)); } }
    private sealed class OnThread { public static int Id; public static string? Name; ~OnThread() { Id = Environment.CurrentManagedThreadId; Name = Thread.CurrentThread.IsBackground ? "background" : "foreground"; } }
    private sealed class Chain(Chain? next) { public static int Runs; public static int Sane; private readonly int _tag = 77; ~Chain() { Runs++; if (next is null || next._tag == 77) Sane++; } }
    private class Parent { public static string Log = ""; ~Parent() => Log += "parent"; }
    private sealed class Child : Parent { ~Child() => Log += "child,"; }
    private sealed class Critical : CriticalFinalizerObject { public static int Runs; ~Critical() => Runs++; }
    private sealed class Safe() : SafeHandle(new IntPtr(5), true) { public static int Released; public override bool IsInvalid => handle == IntPtr.Zero; protected override bool ReleaseHandle() { Released++; return true; } }
    private sealed class Disposable : IDisposable { public static int Disposed, Finalized; public void Dispose() { Disposed++; GC.SuppressFinalize(this); } ~Disposable() => Finalized++; }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Drop<T>(Func<T> make, int n = 1) { for (int i = 0; i < n; i++) GC.KeepAlive(make()); }

    public static void All()
    {
        Suite.Case("finalizer/runs-for-each", () =>
        {
            int before = Counted.Runs;
            Drop(() => new Counted(), 20);
            Heap.Collect();
            Check.Equal(before + 20, Counted.Runs);
            Heap.Collect();
            Check.Equal(before + 20, Counted.Runs);
        });
        Suite.Case("finalizer/not-while-reachable", () =>
        {
            int before = Counted.Runs;
            Counted alive = new();
            Heap.Collect();
            Check.Equal(before, Counted.Runs);
            GC.KeepAlive(alive);
        });
        Suite.Case("finalizer/resurrection-and-reregister", () =>
        {
            Drop(() => new Reborn());
            Heap.Collect();
            Check.That(Reborn.Saved is not null);
            Check.Equal(1, Reborn.Saved!.Runs);
            WeakReference again = Again();
            Heap.Collect();
            Check.Equal(2, Reborn.Saved!.Runs);
            Reborn.Saved = null;
            Heap.Collect();
            // Not registered a third time: gone without another run.
            Check.That(Reborn.Saved is null);
            Heap.Collect();
            Check.That(!again.IsAlive);
            [MethodImpl(MethodImplOptions.NoInlining)] static WeakReference Again() { Reborn r = Reborn.Saved!; GC.ReRegisterForFinalize(r); Reborn.Saved = null; return new(r, trackResurrection: true); }
        });
        Suite.Case("finalizer/suppressed", () =>
        {
            Drop(() => { Disposable d = new(); d.Dispose(); return d; }, 3);
            Drop(() => new Disposable(), 2);
            Heap.Collect();
            Check.Equal(3, Disposable.Disposed);
            Check.Equal(2, Disposable.Finalized);
        });
        Suite.Case("finalizer/sees-its-fields", () =>
        {
            Drop(() => new Owner(10), 5);
            Heap.Collect();
            Check.Equal(5 * 21, Owner.Sum);
        });
        Suite.Case("finalizer/chain-of-finalizable-objects", () =>
        {
            Drop(() => { Chain? c = null; for (int i = 0; i < 10; i++) c = new Chain(c); return c; });
            Heap.Collect();
            Check.Equal(10, Chain.Runs);
            Check.Equal(10, Chain.Sane);
        });
        Suite.Case("finalizer/after-failed-constructor", () =>
        {
            Try();
            Heap.Collect();
            Check.Equal(1, Failed.Runs);
            [MethodImpl(MethodImplOptions.NoInlining)] static void Try() { try { GC.KeepAlive(new Failed()); } catch (InvalidOperationException) { } }
        });
        Suite.Case("finalizer/catches-its-own-exception", () =>
        {
            Drop(() => new Thrower());
            Heap.Collect();
            Check.Equal("inside", Thrower.Caught);
        });
        Suite.Case("finalizer/allocates-and-collects", () =>
        {
            Drop(() => new Allocator(), 3);
            Heap.Collect();
            Check.Equal(60, Allocator.Sum);
        });
        Suite.Case("finalizer/makes-new-finalizable-objects", () =>
        {
            Drop(() => new Spawner(3));
            for (int i = 0; i < 10 && Spawner.Runs < 4; i++) Heap.Collect();
            Check.Equal(4, Spawner.Runs);
        });
        Suite.Case("finalizer/own-thread", () =>
        {
            Drop(() => new OnThread());
            Heap.Collect();
            Check.That(OnThread.Id != 0 && OnThread.Id != Environment.CurrentManagedThreadId);
            Check.Equal("background", OnThread.Name);
        });
        Suite.Case("finalizer/derived-then-base", () =>
        {
            Drop(() => new Child());
            Heap.Collect();
            Check.Equal("child,parent", Parent.Log);
        });
        Suite.Case("finalizer/critical-and-safe-handle", () =>
        {
            Drop(() => new Critical(), 2);
            Drop(() => new Safe(), 2);
            using (new Safe()) { }
            Heap.Collect();
            Check.Equal(2, Critical.Runs);
            Check.Equal(3, Safe.Released);
        });
        Suite.Case("finalizer/weak-cleared-before-it-runs", () =>
        {
            WeakReference shorter = null!, longer = null!;
            Drop(() => { Reborn r = new(); shorter = new(r); longer = new(r, true); return r; });
            Heap.Collect();
            Check.That(!shorter.IsAlive);
            Check.That(ReferenceEquals(longer.Target, Reborn.Saved) && Reborn.Saved is not null);
            Reborn.Saved = null;
        });
        Suite.Case("finalizer/wait-without-work-returns", () =>
        {
            GC.WaitForPendingFinalizers();
            GC.WaitForPendingFinalizers();
            Check.That(true);
        });
        Suite.Case("finalizer/from-many-threads", () =>
        {
            int before = Counted.Runs;
            Thread[] threads = Enumerable.Range(0, 4).Select(_ => new Thread(() => Drop(() => new Counted(), 25))).ToArray();
            foreach (Thread t in threads) t.Start();
            foreach (Thread t in threads) t.Join();
            Heap.Collect();
            Check.Equal(before + 100, Counted.Runs);
        });
    }
}
