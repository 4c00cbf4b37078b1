// Weak references of every kind, ConditionalWeakTable, DependentHandle; what is dead must go.
using System.Runtime;
using System.Runtime.CompilerServices;
using Cermet.Testing;

internal static class Weak
{
    private sealed class Cycle { public Cycle? Other; public byte[] Pad = new byte[50]; }
    private sealed class Publisher { public event Action? Changed; public void Raise() => Changed?.Invoke(); }
    private sealed class Subscriber(Publisher p) { public int Seen; public void Subscribe() => p.Changed += () => Seen++; }
    private static object? s_root;

    [MethodImpl(MethodImplOptions.NoInlining)] private static WeakReference Dead() => new(new byte[100]);
    [MethodImpl(MethodImplOptions.NoInlining)] private static WeakReference<string> DeadText() => new("dead" + Heap.Hide(1));

    public static void All()
    {
        Suite.Case("weak/cleared-and-kept", () =>
        {
            WeakReference dead = Dead();
            byte[] alive = new byte[10];
            WeakReference kept = new(alive);
            Heap.Collect();
            Check.That(!dead.IsAlive && dead.Target is null);
            Check.That(kept.IsAlive && ReferenceEquals(kept.Target, alive));
            GC.KeepAlive(alive);
        });
        Suite.Case("weak/typed", () =>
        {
            WeakReference<string> dead = DeadText();
            string alive = "alive" + Heap.Hide(1);
            WeakReference<string> kept = new(alive);
            Heap.Collect();
            Check.That(!dead.TryGetTarget(out _));
            Check.That(kept.TryGetTarget(out string? got) && ReferenceEquals(got, alive));
            kept.SetTarget("other");
            Check.That(kept.TryGetTarget(out got) && got == "other");
            GC.KeepAlive(alive);
        });
        Suite.Case("weak/many", () =>
        {
            WeakReference[] all = new WeakReference[100];
            object[] keep = new object[100];
            Fill(all, keep);
            Heap.Collect();
            Check.Equal(50, all.Count(w => w.IsAlive));
            for (int i = 0; i < 100; i += 2) if (!ReferenceEquals(all[i].Target, keep[i])) Check.Fail("wrong target " + i);
            GC.KeepAlive(keep);
            [MethodImpl(MethodImplOptions.NoInlining)]
            static void Fill(WeakReference[] all, object[] keep)
            {
                for (int i = 0; i < all.Length; i++) { object o = new int[i + 1]; all[i] = new(o); if (i % 2 == 0) keep[i] = o; }
            }
        });
        Suite.Case("weak/static-set-to-null", () =>
        {
            WeakReference w = Set();
            Heap.Collect();
            Check.That(w.IsAlive);
            s_root = null;
            Heap.Collect();
            Check.That(!w.IsAlive);
            [MethodImpl(MethodImplOptions.NoInlining)] static WeakReference Set() { s_root = new Node(); return new(s_root); }
        });
        Suite.Case("weak/cycles-die", () =>
        {
            (WeakReference a, WeakReference b) = Make();
            Heap.Collect();
            Check.That(!a.IsAlive && !b.IsAlive);
            [MethodImpl(MethodImplOptions.NoInlining)]
            static (WeakReference, WeakReference) Make()
            {
                Cycle x = new(), y = new() { Other = x };
                x.Other = y;
                return (new(x), new(y));
            }
        });
        Suite.Case("weak/event-keeps-subscriber", () =>
        {
            Publisher p = new();
            WeakReference w = Subscribe(p);
            Heap.Collect();
            Check.That(w.IsAlive);
            p.Raise();
            Check.Equal(1, ((Subscriber)w.Target!).Seen);
            GC.KeepAlive(p);
            [MethodImpl(MethodImplOptions.NoInlining)] static WeakReference Subscribe(Publisher p) { Subscriber s = new(p); s.Subscribe(); return new(s); }
        });
        Suite.Case("weak/removed-from-collection", () =>
        {
            List<object> list = [];
            WeakReference w = Add(list);
            list.RemoveAt(1);
            Heap.Collect();
            Check.That(!w.IsAlive);
            Check.Equal(2, list.Count);
            [MethodImpl(MethodImplOptions.NoInlining)] static WeakReference Add(List<object> l) { l.Add(new Node()); l.Add(new Node()); l.Add(new Node()); return new(l[1]); }
        });
        Suite.Case("weak/table-with-dead-and-live-keys", () =>
        {
            ConditionalWeakTable<object, object> table = [];
            (WeakReference key, WeakReference value) = Add(table);
            object live = new();
            table.Add(live, new string('x', 5));
            Heap.Collect();
            Check.That(!key.IsAlive && !value.IsAlive);
            Check.That(table.TryGetValue(live, out object? v) && (string)v == "xxxxx");
            Check.Equal(1, table.Count());
            GC.KeepAlive(live);
            [MethodImpl(MethodImplOptions.NoInlining)]
            static (WeakReference, WeakReference) Add(ConditionalWeakTable<object, object> t) { object k = new(); byte[] v = new byte[10]; t.Add(k, v); return (new(k), new(v)); }
        });
        Suite.Case("weak/table-value-refers-to-its-key", () =>
        {
            ConditionalWeakTable<object, object[]> table = [];
            WeakReference w = Add(table);
            Heap.Collect();
            Check.That(!w.IsAlive);
            [MethodImpl(MethodImplOptions.NoInlining)] static WeakReference Add(ConditionalWeakTable<object, object[]> t) { object k = new(); t.Add(k, [k]); return new(k); }
        });
        Suite.Case("weak/table-chains", () =>
        {
            // Each value is the next key: all live while the first key lives, all die with it.
            ConditionalWeakTable<object, object> table = [];
            object? first = new();
            WeakReference last = Chain(table, first, 30);
            Heap.Collect();
            Check.That(last.IsAlive);
            Check.Equal(30, table.Count());
            GC.KeepAlive(first);
            Drop(ref first);
            Heap.Collect();
            Check.That(!last.IsAlive);
            [MethodImpl(MethodImplOptions.NoInlining)]
            static WeakReference Chain(ConditionalWeakTable<object, object> t, object k, int n) { for (int i = 0; i < n; i++) { object v = new(); t.Add(k, v); k = v; } return new(k); }
            [MethodImpl(MethodImplOptions.NoInlining)] static void Drop(ref object? o) => o = null;
        });
        Suite.Case("weak/table-get-value-and-remove", () =>
        {
            ConditionalWeakTable<string, List<int>> table = [];
            string key = "k" + Heap.Hide(1);
            table.GetValue(key, _ => [1]).Add(2);
            Heap.Collect();
            Check.Equal(2, table.GetOrCreateValue(key).Count);
            Check.That(table.Remove(key) && !table.TryGetValue(key, out _));
        });
        Suite.Case("weak/dependent-handle", () =>
        {
            object key = new();
            DependentHandle h = Make(key);
            Heap.Collect();
            Check.Equal("dependent1", (string)h.Dependent!);
            Check.That(ReferenceEquals(key, h.Target));
            h.Dispose();
            DependentHandle dead = Make(new object());
            Heap.Collect();
            Check.That(dead.IsAllocated && dead.Target is null && dead.Dependent is null);
            dead.Dispose();
            GC.KeepAlive(key);
            [MethodImpl(MethodImplOptions.NoInlining)] static DependentHandle Make(object key) => new(key, "dependent" + Heap.Hide(1));
        });
        Suite.Case("weak/cache-pattern", () =>
        {
            Dictionary<int, WeakReference<byte[]>> cache = [];
            byte[][] pinned = Fill(cache);
            Heap.Collect();
            Check.Equal(10, cache.Count(e => e.Value.TryGetTarget(out _)));
            Check.Equal((byte)7, pinned[7][0]);
            [MethodImpl(MethodImplOptions.NoInlining)]
            static byte[][] Fill(Dictionary<int, WeakReference<byte[]>> cache)
            {
                byte[][] keep = new byte[10][];
                for (int i = 0; i < 40; i++) { byte[] b = [(byte)i]; cache[i] = new(b); if (i < 10) keep[i] = b; }
                return keep;
            }
        });
        Suite.Case("weak/ended-threads-die", () =>
        {
            WeakReference w = Run();
            for (int i = 0; i < 20 && w.IsAlive; i++) { Thread.Sleep(5); Heap.Collect(); }
            Check.That(!w.IsAlive);
            [MethodImpl(MethodImplOptions.NoInlining)]
            static WeakReference Run() { object o = new(); WeakReference w = new(o); Thread t = new(() => GC.KeepAlive(o)); t.Start(); t.Join(); return w; }
        });
        Suite.Case("weak/thread-statics-die-with-the-thread", () =>
        {
            WeakReference? w = null;
            Thread t = new(() => w = Set());
            t.Start();
            t.Join();
            for (int i = 0; i < 20 && w!.IsAlive; i++) { Thread.Sleep(5); Heap.Collect(); }
            Check.That(!w!.IsAlive);
            [MethodImpl(MethodImplOptions.NoInlining)] static WeakReference Set() { t_own = new Node(); return new(t_own); }
        });
    }

    [ThreadStatic] private static Node? t_own;
}
