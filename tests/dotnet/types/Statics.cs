// Static constructors, lazy initialisation, statics and thread statics of all kinds.
using Cermet.Testing;

internal static class Statics
{
    private static int s_ran;

    private static class Explicit { public static readonly string Value; static Explicit() { s_ran++; Value = "ran" + s_ran; } }
    private static class Chain1 { public static readonly int V = Chain2.V + 1; static Chain1() { } }
    private static class Chain2 { public static readonly int V = Chain3.V * 10; static Chain2() { } }
    private static class Chain3 { public static readonly int V = int.Parse("4"); static Chain3() { } }
    private static class CycleA { public static readonly int X = CycleB.Y + 1; static CycleA() { } }
    private static class CycleB { public static readonly int Y = CycleA.X + 1; static CycleB() { } }
    private static class PerType<T> { public static readonly string Name = typeof(T).Name + ++s_count; public static List<T> Items = []; }
    private static int s_count;

    private sealed class Big { public static readonly int[] Table = Enumerable.Range(0, 100).Select(i => i * i).ToArray(); public static readonly Dictionary<string, int> Map = new() { ["x"] = 1 }; }
    private static (int, string, Guid) s_struct = (1, "s", Guid.Empty);

    [ThreadStatic] private static int t_number;
    [ThreadStatic] private static string? t_text;
    [ThreadStatic] private static (int, object?) t_pair;

    private static class Slow
    {
        public static int Runs;
        public static readonly int Value;
        static Slow() { Runs++; Thread.Sleep(30); Value = 77; }
    }

    public static void All()
    {
        Suite.Case("static/constructor-runs-once-and-late", () =>
        {
            Check.Equal(0, s_ran);
            Check.Equal("ran1", Explicit.Value);
            Check.Equal("ran1", Explicit.Value);
            Check.Equal(1, s_ran);
        });
        Suite.Case("static/chains-and-cycles", () =>
        {
            Check.Equal(41, Chain1.V);
            Check.Equal((2, 1), (CycleA.X, CycleB.Y));
        });
        Suite.Case("static/per-instantiation", () =>
        {
            string a = PerType<int>.Name, b = PerType<string>.Name;
            Check.That(a.StartsWith("Int32", StringComparison.Ordinal) && b.StartsWith("String", StringComparison.Ordinal) && a[^1] != b[^1]);
            PerType<string>.Items.Add("x");
            Check.Equal(0, PerType<object>.Items.Count);
            Check.Equal(1, PerType<string>.Items.Count);
        });
        Suite.Case("static/objects-survive-collections", () =>
        {
            GC.Collect();
            Check.Equal(81, Big.Table[9]);
            Check.Equal(1, Big.Map["x"]);
            s_struct.Item2 = "changed" + 1;
            GC.Collect();
            Check.Equal("changed1", s_struct.Item2);
        });
        Suite.Case("static/thread-statics-are-apart", () =>
        {
            t_number = 5;
            t_text = "main";
            t_pair = (1, new object());
            string seen = "";
            Thread t = new(() =>
            {
                seen = $"{t_number}{t_text ?? "null"}{t_pair.Item2 is null}";
                t_number = 6;
                t_text = "other";
                GC.Collect();
                seen += t_text;
            });
            t.Start();
            t.Join();
            Check.Equal("0nullTrueother", seen);
            Check.Equal("5main", t_number + t_text);
            GC.Collect();
            Check.That(t_pair.Item2 is not null);
        });
        Suite.Case("static/constructor-blocks-other-threads", () =>
        {
            int[] got = new int[4];
            Thread[] threads = Enumerable.Range(0, 4).Select(i => new Thread(() => got[i] = Slow.Value)).ToArray();
            foreach (Thread t in threads) t.Start();
            foreach (Thread t in threads) t.Join();
            Check.Sequence([77, 77, 77, 77], got);
            Check.Equal(1, Slow.Runs);
        });
        Suite.Case("static/lazy", () =>
        {
            int made = 0;
            Lazy<string> lazy = new(() => { made++; return "v"; });
            Check.That(!lazy.IsValueCreated);
            Check.Equal("vv", lazy.Value + lazy.Value);
            Check.Equal(1, made);
            Lazy<int> bad = new(() => throw new FormatException("again"));
            Check.Throws<FormatException>(() => _ = bad.Value);
            Check.Throws<FormatException>(() => _ = bad.Value);
        });
        Suite.Case("static/readonly-spans-of-data", () =>
        {
            ReadOnlySpan<int> data = [10, 20, 30];
            Check.Equal(60, data[0] + data[1] + data[2]);
            ReadOnlySpan<byte> bytes = [1, 2, 3, 4, 5, 6, 7, 8];
            Check.Equal(8, bytes.Length);
        });
        Suite.Case("static/module-initialiser", () => Check.Equal("initialised", Initialised.By));
    }

}

/// <summary>Set before Main by the module initialiser.</summary>
internal static class Initialised
{
    public static string? By;
    [System.Runtime.CompilerServices.ModuleInitializer] internal static void Init() => By = "initialised";
}
