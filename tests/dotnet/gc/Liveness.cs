// Everything that is reachable stays, however it is reached.
using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Cermet.Testing;

internal static class Liveness
{
    private static Node? s_tree;
    private static readonly List<string> s_list = [];
    private static (int, string?, object?) s_struct;
    [ThreadStatic] private static Node? t_tree;
    private struct Pair { public object A; public int X; public string B; }
    private struct Wide { public long N0; public string S1; public double N2; public Pair P3; public string S4; public object? O5; }
    private sealed class Link { public Link? Next; public int N; }
    private static class Holder<T> { public static T? Value; }

    private sealed class Alone
    {
        private readonly string _text = "own" + 1;

        [MethodImpl(MethodImplOptions.NoInlining)]
        public string Use() { Heap.Collect(); return _text; }
    }

    public static void All()
    {
        Suite.Case("live/statics-locals-and-thread-statics", () =>
        {
            s_tree = Heap.Tree(8);
            t_tree = Heap.Tree(6);
            Node local = Heap.Tree(7);
            for (int i = 0; i < 300; i++) s_list.Add("item" + i);
            s_struct = (1, "text" + 2, new object());
            Heap.Collect();
            Check.Equal(511, s_tree.Count());
            Check.Equal(127, t_tree.Count());
            Check.Equal(255, local.Count());
            Check.Equal("item299", s_list[299]);
            Check.Equal("text2", s_struct.Item2);
            s_tree = t_tree = null;
            s_list.Clear();
        });
        Suite.Case("live/generic-statics", () =>
        {
            Holder<string>.Value = "s" + 1;
            Holder<int[]>.Value = [1, 2, 3];
            Holder<(string, object)>.Value = ("t" + 2, new int[] { 4 });
            Heap.Collect();
            Check.Equal("s1", Holder<string>.Value);
            Check.Equal(3, Holder<int[]>.Value![2]);
            Check.Equal("t2", Holder<(string, object)>.Value.Item1);
            Check.Equal(4, ((int[])Holder<(string, object)>.Value.Item2)[0]);
        });
        Suite.Case("live/this-and-arguments", () =>
        {
            Check.Equal("own1", new Alone().Use());
            Check.Equal("ab12", Join("a" + Heap.Hide("b"), 1.5, new int[] { 1, 2 }));
            [MethodImpl(MethodImplOptions.NoInlining)]
            static string Join(string s, double d, int[] a) { Heap.Collect(); return s + a[0] + (a[1] + (int)d - 1); }
        });
        Suite.Case("live/many-locals-in-registers-and-slots", () =>
        {
            string a = N(1), b = N(2), c = N(3), d = N(4), e = N(5), f = N(6), g = N(7), h = N(8), i = N(9), j = N(10);
            Heap.Collect();
            string all = a + b + c + d + e + f + g + h + i + j;
            Heap.Collect();
            Check.Equal("n1n2n3n4n5n6n7n8n9n10", all);
            Check.Equal(all, a + b + c + d + e + f + g + h + i + j);
            static string N(int n) => "n" + n;
        });
        Suite.Case("live/deep-recursion", () =>
        {
            static int Down(int n)
            {
                string own = "f" + n;
                if (n == 0) { Heap.Collect(); return 0; }
                int below = Down(n - 1);
                return below + (own == "f" + n ? 1 : 0);
            }
            Check.Equal(400, Down(400));
        });
        Suite.Case("live/long-list-does-not-overflow-the-marker", () =>
        {
            Link? head = null;
            for (int i = 0; i < 30_000; i++) head = new Link { Next = head, N = i };
            Heap.Collect();
            long sum = 0;
            for (Link? l = head; l is not null; l = l.Next) sum += l.N;
            Check.Equal(30_000L * 29_999 / 2, sum);
        });
        Suite.Case("live/array-graph", () =>
        {
            object[] root = new object[64];
            object[] level = root;
            for (int d = 0; d < 6; d++)
            {
                for (int i = 0; i < level.Length; i++) level[i] = "d" + d + "i" + i;
                object[] next = new object[32];
                level[^1] = next;
                level = next;
            }
            Heap.Collect();
            level = root;
            for (int d = 0; d < 6; d++)
            {
                Check.Equal("d" + d + "i3", (string)level[3]);
                level = (object[])level[^1];
            }
        });
        Suite.Case("live/array-of-structs", () =>
        {
            Wide[] all = new Wide[200];
            for (int i = 0; i < all.Length; i++) all[i] = new Wide { N0 = i, S1 = "a" + i, P3 = new Pair { A = i, B = "b" + i }, S4 = "c" + i, O5 = i % 2 == 0 ? null : new int[] { i } };
            Heap.Collect();
            for (int i = 0; i < all.Length; i++)
            {
                if (all[i].S1 != "a" + i || all[i].P3.B != "b" + i || (int)all[i].P3.A != i || all[i].S4 != "c" + i || (i % 2 == 1 && ((int[])all[i].O5!)[0] != i)) Check.Fail("struct " + i);
            }
            Check.Equal(199L, all[199].N0);
        });
        Suite.Case("live/dictionary-and-sets", () =>
        {
            Dictionary<string, Node> d = [];
            HashSet<(string, int)> set = [];
            SortedDictionary<int, string> sorted = [];
            for (int i = 0; i < 200; i++)
            {
                d["k" + i] = new Node { Value = i };
                set.Add(("s" + i, i));
                sorted[i] = "v" + i;
            }
            Heap.Collect();
            Check.That(Enumerable.Range(0, 200).All(i => d["k" + i].Value == i && set.Contains(("s" + i, i)) && sorted[i] == "v" + i));
        });
        Suite.Case("live/multi-dimensional-and-jagged", () =>
        {
            string[,] m = new string[10, 10];
            string[][] j = new string[10][];
            for (int i = 0; i < 100; i++) { m[i / 10, i % 10] = "m" + i; (j[i / 10] ??= new string[10])[i % 10] = "j" + i; }
            Heap.Collect();
            Check.Equal("m99", m[9, 9]);
            Check.Equal("m1", m[0, 1]);
            Check.Equal("j57", j[5][7]);
        });
        Suite.Case("live/closures-and-delegates", () =>
        {
            Func<int> f = Make(5);
            Action<string>? multi = null;
            List<string> got = [];
            for (int i = 0; i < 10; i++) { string own = "c" + i; multi += s => got.Add(own + s); }
            Heap.Collect();
            Check.Equal(5 + 63, f());
            multi!("!");
            Check.Equal("c9!", got[9]);
            static Func<int> Make(int a) { Node n = Heap.Tree(5); return () => a + n.Count(); }
        });
        Suite.Case("live/iterator-and-async-state", async () =>
        {
            static IEnumerable<string> Items() { string s = "it" + 1; yield return s; Heap.Collect(); yield return s + "2"; }
            Check.Equal("it1it12", string.Concat(Items()));
            static async Task<string> Work(string text) { string own = text + "3"; await Task.Yield(); Heap.Collect(); await Task.Delay(1); return own + text; }
            Check.Equal("as3as", await Work("a" + Heap.Hide("s")));
        });
        Suite.Case("live/boxed-and-interface", () =>
        {
            IComparable[] boxed = new IComparable[100];
            for (int i = 0; i < 100; i++) boxed[i] = i % 3 == 0 ? i : i % 3 == 1 ? "s" + i : (double)i;
            Heap.Collect();
            Check.Equal(99, (int)boxed[99]);
            Check.Equal("s97", (string)boxed[97]);
            Check.Equal(98.0, (double)boxed[98]);
        });
        Suite.Case("live/on-blocked-thread", () =>
        {
            using SemaphoreSlim ready = new(0), go = new(0);
            string? got = null;
            Thread t = new(() => { string own = "blocked" + Environment.ProcessorCount; int[] a = [1, 2, 3]; ready.Release(); go.Wait(); got = own + a[2]; });
            t.Start();
            ready.Wait();
            Heap.Collect();
            Heap.Collect();
            go.Release();
            t.Join();
            Check.Equal("blocked" + Environment.ProcessorCount + "3", got);
        });
        Suite.Case("live/queued-work-and-timers", () =>
        {
            using CountdownEvent done = new(20);
            ConcurrentBag<int> got = [];
            for (int i = 0; i < 20; i++) { Node n = Heap.Tree(3); ThreadPool.QueueUserWorkItem(_ => { got.Add(n.Count()); done.Signal(); }); }
            Heap.Collect();
            done.Wait();
            Check.Equal(20 * 15, got.Sum());
            using ManualResetEventSlim fired = new();
            using Timer timer = new(state => { if (((string)state!).EndsWith("state", StringComparison.Ordinal)) fired.Set(); }, "timer" + Heap.Hide("state"), 20, Timeout.Infinite);
            Heap.Collect();
            fired.Wait();
            Check.That(fired.IsSet);
        });
        Suite.Case("live/through-handlers", () =>
        {
            int caught = 0;
            for (int i = 0; i < 10; i++)
            {
                string own = "h" + i;
                try
                {
                    try { if (i % 3 == 0) Heap.Collect(); throw new InvalidOperationException("e" + i); }
                    finally { if (i % 2 == 0) Heap.Collect(); }
                }
                catch (Exception e) when (Filter(i))
                {
                    if (i % 5 == 0) Heap.Collect();
                    if (e.Message == "e" + i && own == "h" + i) caught++;
                }
            }
            Check.Equal(10, caught);
            static bool Filter(int i) { if (i % 4 == 0) Heap.Collect(); return true; }
        });
        Suite.Case("live/stored-during-and-between-collections", () =>
        {
            Node old = Heap.Tree(4);
            Heap.Collect();
            Heap.Collect();
            // References from objects that have survived into new ones.
            for (Node? n = old; n is not null; n = n.Left) n.Pad = [7, .. new byte[20]];
            old.Right = Heap.Tree(3);
            Heap.Collect();
            int pads = 0;
            for (Node? n = old; n is not null; n = n.Left) pads += n.Pad[0];
            Check.Equal(5 * 7, pads);
            Check.Equal(1 + 15 + 15, old.Count());
        });
        Suite.Case("live/interlocked-and-volatile-stores", () =>
        {
            Node a = new(), b = new();
            Interlocked.Exchange(ref a.Left, new Node { Value = 5 });
            Interlocked.CompareExchange(ref b.Left, a.Left, null);
            Volatile.Write(ref b.Right, new Node { Value = 7 });
            Heap.Collect();
            Check.That(ReferenceEquals(a.Left, b.Left));
            Check.Equal(5 + 7, b.Left!.Value + b.Right!.Value);
        });
        Suite.Case("live/span-helpers-that-move-references", () =>
        {
            string[] a = new string[300];
            for (int i = 0; i < a.Length; i++) a[i] = "r" + i;
            string[] b = new string[300];
            a.AsSpan(0, 200).CopyTo(b.AsSpan(50));
            Array.Copy(a, 0, a, 100, 200);
            (b[0], b[1]) = (a[299], a[0]);
            a.AsSpan(0, 50).Clear();
            Heap.Collect();
            Check.Equal("r199r0r0r199", b[0] + b[1] + b[50] + a[299]);
            Check.That(a[10] is null);
        });
        Suite.Case("live/cloned-objects", () =>
        {
            int[][] a = [[1], [2, 3]];
            int[][] c = (int[][])a.Clone();
            a = null!;
            Heap.Collect();
            Check.Equal(3, c[1][1]);
        });
    }
}
