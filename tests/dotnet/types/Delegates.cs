// Delegates: static, instance, virtual, interface, struct, open, closed, generic, multicast, function pointers.
using Cermet.Testing;

internal static class Delegates
{
    private class Base { public virtual string Who() => "base"; public string Call(string s) => s + "1"; }
    private sealed class Derived : Base { public override string Who() => "derived"; }
    private interface INamed { string Name(); }
    private struct Value(int n) : INamed { private readonly int _n = n; public readonly string Name() => "value" + _n; public readonly int Add(int x) => _n + x; }
    private sealed class Class : INamed { public string Name() => "class"; }
    private delegate int Op(int a, int b);
    private delegate void RefAct(ref int x, out string s);
    private delegate T Maker<out T>(params string[] parts);

    private static int Plus(int a, int b) => a + b;
    private static int Times(int a, int b) => a * b;
    private static string Kind<T>(T v) => typeof(T).Name + v;

    public static void All()
    {
        Suite.Case("delegate/static", () =>
        {
            Op op = Hide.Value(true) ? Plus : Times;
            Check.Equal(7, op(3, 4));
            op = Times;
            Check.Equal(12, op(3, 4));
            Check.Equal(12, op.Invoke(3, 4));
        });
        Suite.Case("delegate/virtual-instance", () =>
        {
            Base b = Hide.Value<Base>(new Derived());
            Func<string> who = b.Who;
            Check.Equal("derived", who());
            Check.That(ReferenceEquals(b, who.Target));
        });
        Suite.Case("delegate/interface-method", () =>
        {
            foreach (INamed n in new INamed[] { new Class(), new Value(3) })
            {
                Func<string> f = n.Name;
                Check.Equal(n.Name(), f());
            }
        });
        Suite.Case("delegate/struct-method-boxes", () =>
        {
            Value v = new(5);
            Func<int, int> add = v.Add;
            v = new(100);
            Check.Equal(7, add(2));
            Check.Equal(102, v.Add(2));
        });
        Suite.Case("delegate/generic-method", () =>
        {
            Func<int, string> a = Kind<int>;
            Func<string, string> b = Kind<string>;
            Check.Equal("Int321Stringx", a(1) + b("x"));
        });
        Suite.Case("delegate/extension-method-closed", () =>
        {
            Func<bool> any = new List<int> { 1 }.Any;
            Check.That(any());
        });
        Suite.Case("delegate/multicast-order-and-result", () =>
        {
            string log = "";
            Func<int, int> f = x => { log += "a"; return x + 1; };
            f += x => { log += "b"; return x * 10; };
            Check.Equal(40, f(4));
            Check.Equal("ab", log);
            Check.Equal(2, f.GetInvocationList().Length);
            Check.Sequence([5, 40], f.GetInvocationList().Select(d => ((Func<int, int>)d)(4)));
        });
        Suite.Case("delegate/combine-and-remove", () =>
        {
            string log = "";
            Action a = () => log += "a", b = () => log += "b", c = () => log += "c";
            Action? all = a + b + c + b;
            all -= b;
            all!();
            Check.Equal("abc", log);
            all -= b + c;
            log = "";
            all!();
            Check.Equal("a", log);
            all -= a;
            Check.That(all is null);
            Check.That((a + b) - c == a + b);
        });
        Suite.Case("delegate/equality", () =>
        {
            Base x = new(), y = new();
            Func<string, string> a = x.Call, b = x.Call, c = y.Call;
            Check.That(a == b && a.Equals(b) && a.GetHashCode() == b.GetHashCode());
            Check.That(a != c);
            Op p = Plus, q = Plus;
            Check.That(p == q && p != Times);
        });
        Suite.Case("delegate/exception-stops-multicast", () =>
        {
            string log = "";
            Action a = () => log += "a";
            a += () => throw new InvalidOperationException();
            a += () => log += "c";
            Check.Throws<InvalidOperationException>(a);
            Check.Equal("a", log);
        });
        Suite.Case("delegate/closures-share-variables", () =>
        {
            int n = 0;
            Action inc = () => n++;
            Func<int> get = () => n;
            inc(); inc();
            Check.Equal(2, get());
            List<Func<int>> captured = [];
            for (int i = 0; i < 3; i++) { int copy = i; captured.Add(() => copy * 10); }
            Check.Sequence([0, 10, 20], captured.Select(f => f()));
            captured.Clear();
            foreach (int i in new[] { 1, 2 }) captured.Add(() => i);
            Check.Sequence([1, 2], captured.Select(f => f()));
        });
        Suite.Case("delegate/nested-closures", () =>
        {
            Func<int, Func<int, Func<int, int>>> curried = a => b => c => a * 100 + b * 10 + c;
            Check.Equal(123, curried(1)(2)(3));
        });
        Suite.Case("delegate/recursion", () =>
        {
            Func<int, int> fib = null!;
            fib = n => n < 2 ? n : fib(n - 1) + fib(n - 2);
            Check.Equal(144, fib(12));
        });
        Suite.Case("delegate/ref-and-out", () =>
        {
            RefAct act = (ref int x, out string s) => { x *= 2; s = "got" + x; };
            int n = 21;
            act(ref n, out string text);
            Check.Equal(42, n);
            Check.Equal("got42", text);
        });
        Suite.Case("delegate/params-and-variance", () =>
        {
            Maker<string> join = parts => string.Join("-", parts);
            Maker<object> any = join;
            Check.Equal("a-b", (string)any("a", "b"));
        });
        Suite.Case("delegate/large-struct-argument-and-result", () =>
        {
            Func<(long, long, long, string), (long, long, long, string)> f = t => (t.Item3, t.Item2, t.Item1, t.Item4 + "!");
            Check.Equal((3, 2, 1, "x!"), f((1, 2, 3, "x")));
        });
        Suite.Case("delegate/many-arguments", () =>
        {
            Func<int, double, string, long, float, byte, char, decimal, object, string> f = (a, b, c, d, e, g, h, i, j) => FormattableString.Invariant($"{a}{b}{c}{d}{e}{g}{h}{i}{j}");
            Check.Equal("12.5s3.5".Replace("3.5", "31.55h7.0o"), f(1, 2.5, "s", 3, 1.5f, 5, 'h', 7.0m, "o"));
        });
        Suite.Case("delegate/dynamic-invoke", () =>
        {
            Op op = Plus;
            Check.Equal(9, (int)op.DynamicInvoke(4, 5)!);
            Func<string, int> length = s => s.Length;
            Check.Equal(3, (int)length.DynamicInvoke("abc")!);
        });
        Suite.Case("delegate/function-pointers", () =>
        {
            unsafe
            {
                delegate*<int, int, int> p = &Plus;
                Check.Equal(5, p(2, 3));
                delegate*<string, string> k = &Kind<string>;
                Check.Equal("Stringz", k("z"));
                delegate*<int, int, int>[] table = [&Plus, &Times];
                Check.Equal(6 + 9, table[1](2, 3) + table[0](4, 5));
            }
        });
        Suite.Case("delegate/local-functions", () =>
        {
            int calls = 0;
            int Count(int n) { calls++; return n == 0 ? calls : Count(n - 1); }
            Check.Equal(6, Count(5));
            static int Static(int x) => x * 2;
            Check.Equal(8, Static(4));
        });
        Suite.Case("delegate/method-name", () =>
        {
            Op op = Plus;
            Check.That(op.Target is null);
            Check.Equal("Plus", System.Diagnostics.DiagnosticMethodInfo.Create(op)?.Name);
        });
    }
}
