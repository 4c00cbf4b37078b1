// What the compiler builds: patterns, switches, iterators, interpolation, operators, primary constructors, collection expressions.
using System.Globalization;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Text;
using Cermet.Testing;

internal static class Language
{
    private abstract record Expr;
    private sealed record Num(double V) : Expr;
    private sealed record Add(Expr L, Expr R) : Expr;
    private sealed record Mul(Expr L, Expr R) : Expr;
    private sealed record Neg(Expr E) : Expr;

    private static double Eval(Expr e) => e switch
    {
        Num(var v) => v,
        Add(Num(0), var x) => Eval(x),
        Add(var l, var r) => Eval(l) + Eval(r),
        Mul(Num { V: 0 }, _) or Mul(_, Num { V: 0 }) => 0,
        Mul(var l, var r) => Eval(l) * Eval(r),
        Neg(var x) => -Eval(x),
        _ => throw new InvalidOperationException(),
    };

    private static string Kind(object? o) => o switch
    {
        null => "null",
        int and < 0 => "negative",
        int n when n % 2 == 0 => "even",
        int => "odd",
        string { Length: 0 } => "empty",
        string { Length: > 3 } s => "long " + s[..3],
        string => "short",
        (int x, int y) => $"pair {x + y}",
        int[] and [1, .., 9] => "one to nine",
        int[] and [var first, .. var rest] => $"{first} and {rest.Length}",
        int[] => "no ints",
        DayOfWeek.Saturday or DayOfWeek.Sunday => "weekend",
        DayOfWeek => "weekday",
        IEnumerable<object> => "objects",
        _ => "other",
    };

    public static void All()
    {
        Suite.Case("pattern/recursive", () =>
        {
            Expr e = new Add(new Mul(new Num(3), new Num(4)), new Neg(new Add(new Num(0), new Num(2))));
            Check.Equal(10.0, Eval(e));
            Check.Equal(0.0, Eval(new Mul(new Neg(new Num(1)), new Num(0))));
            Check.Equal("Add { L = Num { V = 1 }, R = Neg { E = Num { V = 2 } } }", new Add(new Num(1), new Neg(new Num(2))).ToString());
            Check.Equal(new Add(new Num(1), new Num(2)), new Add(new Num(1), new Num(2)));
        });
        Suite.Case("pattern/all-kinds", () =>
        {
            object?[] inputs = [null, -5, 4, 5, "", "hello", "abc", (3, 4), new[] { 1, 5, 9 }, new[] { 2, 3 }, Array.Empty<int>(), DayOfWeek.Sunday, DayOfWeek.Monday, new List<string>(), 1.5];
            string[] want = ["null", "negative", "even", "odd", "empty", "long hel", "short", "pair 7", "one to nine", "2 and 1", "no ints", "weekend", "weekday", "objects", "other"];
            Check.Sequence(want, inputs.Select(Kind));
        });
        Suite.Case("switch/strings-and-sparse-ints", () =>
        {
            static int Code(string s) => s switch { "alpha" => 1, "beta" => 2, "gamma" => 3, "delta" => 4, "epsilon" => 5, "zeta" => 6, "eta" => 7, "theta" => 8, _ => -1 };
            Check.Sequence([1, 5, 8, -1, -1], new[] { "alpha", "epsilon", "theta", "Alpha", "" }.Select(Code));
            static string Sparse(long n) => n switch { 1 => "a", 1000 => "b", 1_000_000 => "c", long.MinValue => "d", _ => "?" };
            Check.Equal("abcd?", Sparse(1) + Sparse(1000) + Sparse(1_000_000) + Sparse(long.MinValue) + Sparse(5));
            static string Dense(int n) => n switch { 0 => "0", 1 => "1", 2 => "2", 3 => "3", 4 => "4", 5 => "5", 6 => "6", 7 => "7", _ => "x" };
            Check.Equal("01234567x", string.Concat(Enumerable.Range(0, 9).Select(Dense)));
        });
        Suite.Case("iterator/lazy-and-resumable", () =>
        {
            int produced = 0;
            IEnumerable<int> Count() { for (int i = 0; ; i++) { produced++; yield return i; } }
            Check.Sequence([0, 1, 2], Count().Take(3));
            Check.Equal(3, produced);
            IEnumerable<int> c = Count().Where(i => i % 2 == 1);
            Check.Equal(1, c.First());
            Check.Equal(1, c.First());
        });
        Suite.Case("iterator/tree-walk", () =>
        {
            static IEnumerable<int> Walk(int lo, int hi)
            {
                if (lo > hi) yield break;
                int mid = (lo + hi) / 2;
                foreach (int x in Walk(lo, mid - 1)) yield return x;
                yield return mid;
                foreach (int x in Walk(mid + 1, hi)) yield return x;
            }
            Check.Sequence(Enumerable.Range(0, 50), Walk(0, 49));
        });
        Suite.Case("interpolation/formats", () =>
        {
            int n = 255;
            double d = 1.5;
            Check.Equal("n=255 x=00FF d=  1.50|left  |", string.Create(CultureInfo.InvariantCulture, $"n={n} x={n:X4} d={d,6:F2}|{"left",-6}|"));
            Check.Equal("{255}", $"{{{n}}}");
            Check.Equal("""a "quoted" 255""", $"""a "quoted" {n}""");
            Check.Equal("null:", $"null:{(string?)null}");
        });
        Suite.Case("interpolation/custom-handler", () =>
        {
            Check.Equal("2 holes", Count($"{1} and {"x"}"));
            static string Count(HoleCounter h) => h.Holes + " holes";
        });
        Suite.Case("operators/overloaded", () =>
        {
            Frac half = new(1, 2), third = new(1, 3);
            Check.Equal(new Frac(5, 6), half + third);
            Check.Equal(new Frac(1, 6), half * third);
            Check.That(half > third && third < half && half != third);
            Frac x = half;
            x += third;
            x++;
            Check.Equal(new Frac(11, 6), x);
            Check.Equal(new Frac(-1, 2), -half);
            Check.That(half ? true : false);
        });
        Suite.Case("operators/checked-overloads", () =>
        {
            Wrap max = new(byte.MaxValue);
            Check.Equal((byte)0, unchecked(max + new Wrap(1)).V);
            Check.Throws<OverflowException>(() => _ = checked(max + new Wrap(1)));
        });
        Suite.Case("operators/shifts-and-bits", () =>
        {
            int minus = Hide.Value(-16), by = Hide.Value(34);
            Check.Equal(-4, minus >> by);
            Check.Equal(0x3FFFFFFC, minus >>> by);
            Check.Equal(-64, minus << by);
            Check.Equal(1L << 34, 1L << by);
            uint rotate = BitOperations.RotateLeft(0x80000001u, 1);
            Check.Equal(3u, rotate);
        });
        Suite.Case("collections/expressions-and-spreads", () =>
        {
            List<int> list = [1, 2];
            HashSet<int> set = [.. list, 2, 3];
            int[] all = [0, .. list, .. set, 9];
            Check.Sequence([0, 1, 2, 1, 2, 3, 9], all);
            ReadOnlySpan<string> span = ["x", "y"];
            Check.Equal(2, span.Length);
            Bag bag = [5, 6];
            Check.Equal(11, bag.Sum());
            Dictionary<string, int> d = new() { ["a"] = 1, ["b"] = 2 };
            Check.Equal(3, d.Values.Sum());
        });
        Suite.Case("classes/primary-constructors-and-required", () =>
        {
            Account a = new("me", 10) { Note = "n" };
            a.Deposit(5);
            Check.Equal("me:15:n", a.ToString());
        });
        Suite.Case("classes/initialisation-order", () =>
        {
            List<string> log = [];
            Order.Log = log;
            _ = new DerivedOrder();
            Check.Equal("derived-field base-field base-ctor virtual derived-ctor", string.Join(' ', log));
        });
        Suite.Case("classes/indexers-and-deconstruct", () =>
        {
            Matrix m = new() { [0, 1] = 5, ["x"] = 6 };
            (int a, int b) = m;
            Check.Equal(11, a + b);
            Check.Equal(5, m[0, 1]);
        });
        Suite.Case("expressions/evaluation-order", () =>
        {
            StringBuilder log = new();
            int F(int n) { log.Append(n); return n; }
            int[] a = new int[5];
            a[F(1)] += F(2) * F(3) + F(4);
            Check.Equal("1234", log.ToString());
            Check.Equal(10, a[1]);
            int i = 1;
            i = i++ + ++i;
            Check.Equal(4, i);
            string? none = Hide.Value<string?>(null);
            Check.Equal(null, none?.Substring(F(9)));
            Check.Equal("1234", log.ToString());
        });
        Suite.Case("expressions/params-defaults-and-names", () =>
        {
            static string Show(int a, int b = 2, params ReadOnlySpan<string> rest) => $"{a}{b}{string.Join("", rest!)}";
            Check.Equal("12", Show(1));
            Check.Equal("15xy", Show(1, 5, "x", "y"));
            Check.Equal("31", Show(b: 1, a: 3));
            Check.Equal("7" + nameof(Show), 7 + nameof(Show));
            static string Caller([CallerMemberName] string name = "", [CallerArgumentExpression(nameof(name))] string e = "") => name;
            Check.Equal("All", Caller());
        });
        Suite.Case("expressions/nullable-flow", () =>
        {
            string? s = null;
            s ??= "set";
            s ??= "not again";
            Check.Equal("set", s);
            Check.Equal(3, s?.Length);
            int[]? a = Hide.Value<int[]?>(null);
            Check.Equal(null, a?[0]);
        });
        Suite.Case("expressions/goto-and-labels", () =>
        {
            int n = 0;
        again:
            n++;
            if (n < 5) goto again;
            switch (n) { case 5: n = 50; goto case 50; case 50: n++; goto default; default: n += 2; break; }
            Check.Equal(53, n);
        });
        Suite.Case("strings/literals", () =>
        {
            Check.Equal(11, "hello world"u8.Length);
            Check.Equal("a\\b\"c", @"a\b""c");
            Check.Equal("\t\u00e9\U0001F40E\x41\e", "\té🐎A\u001b");
            Check.Equal("line1\n  line2", """
                line1
                  line2
                """.ReplaceLineEndings("\n"));
            Check.That(ReferenceEquals("same", "sa" + "me"));
            Check.That(ReferenceEquals(string.Intern(new string("interned")), string.Intern("interned")));
        });
        Suite.Case("dispose/await-foreach-and-using", async () =>
        {
            List<string> log = [];
            await using (Res r = new(log)) log.Add("body");
            using (new Res(log)) log.Add("sync");
            await foreach (int i in Numbers(3)) log.Add(i.ToString());
            Check.Equal("body async sync dispose 0 1 2", string.Join(' ', log));
            static async IAsyncEnumerable<int> Numbers(int n) { for (int i = 0; i < n; i++) { await Task.Yield(); yield return i; } }
        });
    }

    private readonly record struct Frac
    {
        public readonly int N, D;
        public Frac(int n, int d) { int g = (int)BigInteger.GreatestCommonDivisor(n, d); N = n / g; D = d / g; }
        public static Frac operator +(Frac a, Frac b) => new(a.N * b.D + b.N * a.D, a.D * b.D);
        public static Frac operator *(Frac a, Frac b) => new(a.N * b.N, a.D * b.D);
        public static Frac operator -(Frac a) => new(-a.N, a.D);
        public static Frac operator ++(Frac a) => new(a.N + a.D, a.D);
        public static bool operator <(Frac a, Frac b) => a.N * b.D < b.N * a.D;
        public static bool operator >(Frac a, Frac b) => b < a;
        public static bool operator true(Frac a) => a.N != 0;
        public static bool operator false(Frac a) => a.N == 0;
    }

    private readonly record struct Wrap(byte V)
    {
        public static Wrap operator +(Wrap a, Wrap b) => new(unchecked((byte)(a.V + b.V)));
        public static Wrap operator checked +(Wrap a, Wrap b) => new(checked((byte)(a.V + b.V)));
    }

    [InterpolatedStringHandler]
    private ref struct HoleCounter(int literal, int holes)
    {
        public readonly int Holes = holes;
        private int _seen = literal - literal;
        public readonly void AppendLiteral(string _) { }
        public void AppendFormatted<T>(T _) => _seen++;
    }

    [CollectionBuilder(typeof(Bag), nameof(Create))]
    private sealed class Bag(int[] items) : List<int>(items)
    {
        public static Bag Create(ReadOnlySpan<int> items) => new(items.ToArray());
    }

    private sealed class Account(string owner, decimal balance)
    {
        public required string Note { get; init; }
        public void Deposit(decimal amount) => balance += amount;
        public override string ToString() => $"{owner}:{balance}:{Note}";
    }

    private class Order
    {
        public static List<string> Log = [];
        protected static int Note(string s) { Log.Add(s); return 0; }
        private readonly int _field = Note("base-field");
        protected Order() { Note("base-ctor"); Hook(_field); }
        protected virtual void Hook(int n) => Note("wrong" + n);
    }

    private sealed class DerivedOrder : Order
    {
        private readonly int _field = Note("derived-field");
        public DerivedOrder() => Note("derived-ctor");
        protected override void Hook(int n) => Note(_field == n ? "virtual" : "?");
    }

    private sealed class Matrix
    {
        private int _a, _b;
        public int this[int x, int y] { get => x + y == 1 ? _a : 0; set => _a = value; }
        public int this[string _] { set => this._b = value; }
        public void Deconstruct(out int a, out int b) => (a, b) = (_a, _b);
    }

    private sealed class Res(List<string> log) : IDisposable, IAsyncDisposable
    {
        public void Dispose() => log.Add("dispose");
        public async ValueTask DisposeAsync() { await Task.Yield(); log.Add("async"); }
    }
}
