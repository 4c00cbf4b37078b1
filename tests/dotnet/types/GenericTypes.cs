// Generic types and methods over references, values, nested instantiations and constraints; variance.
using System.Runtime.CompilerServices;
using Cermet.Testing;

internal static class GenericTypes
{
    private sealed class Node<T>(T value, Node<T>? next = null)
    {
        public T Value { get; } = value;
        public Node<T>? Next { get; } = next;
        public static int Made;
        public static Type Type => typeof(T);
    }

    private class Base<T> { public virtual string Who() => "Base " + typeof(T).Name; public class Inner<U> { public string Both => typeof(T).Name + "," + typeof(U).Name; } }
    private sealed class Derived<T> : Base<List<T>> { public override string Who() => "Derived/" + base.Who(); }
    private sealed class Fixed : Base<int>;

    private struct Maybe<T> { public bool Has; public T? Value; public static implicit operator Maybe<T>(T v) => new() { Has = true, Value = v }; }
    private sealed class Cache<TKey, TValue> where TKey : notnull where TValue : new()
    {
        private readonly Dictionary<TKey, TValue> _items = [];
        public TValue this[TKey key] => _items.TryGetValue(key, out TValue? v) ? v : _items[key] = new TValue();
        public int Count => _items.Count;
    }

    private interface IOut<out T> { T Get(); }
    private interface IIn<in T> { string Put(T v); }
    private sealed class Giver<T>(T v) : IOut<T> { public T Get() => v; }
    private sealed class Taker<T> : IIn<T> { public string Put(T v) => typeof(T).Name + ":" + v; }

    private static class Counter<T> { public static int N; }
    private static string Name<T>() => typeof(T).ToString();
    private static bool IsDefault<T>(T v) => EqualityComparer<T>.Default.Equals(v, default);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Depth<T>(int n, T v) => n == 0 ? 0 : 1 + Depth(n - 1, v);

    private static T[] Repeat<T>(T v, int n) { T[] a = new T[n]; Array.Fill(a, v); return a; }
    private static T Make<T>() where T : new() => new();
    private static unsafe int SizeOf<T>() where T : unmanaged => sizeof(T);
    private static TTo Convert<TFrom, TTo>(TFrom v, Func<TFrom, TTo> f) => f(v);
    private static string Describe<T>(T v) where T : struct, Enum => $"{typeof(T).Name}.{v}";

    public static void All()
    {
        Suite.Case("generic/statics-per-instantiation", () =>
        {
            Node<int>.Made = 1;
            Node<string>.Made = 2;
            Node<object>.Made = 3;
            Node<List<int>>.Made = 4;
            Check.Sequence([1, 2, 3, 4], [Node<int>.Made, Node<string>.Made, Node<object>.Made, Node<List<int>>.Made]);
            Check.Equal(typeof(string), Node<string>.Type);
            Counter<string>.N++;
            Counter<object>.N += 5;
            Check.Equal(1, Counter<string>.N);
        });
        Suite.Case("generic/linked-nodes", () =>
        {
            Node<(int, string)>? list = null;
            for (int i = 0; i < 20; i++) list = new((i, "n" + i), list);
            int sum = 0;
            for (Node<(int, string)>? n = list; n is not null; n = n.Next) sum += n.Value.Item1 + n.Value.Item2.Length;
            Check.Equal(190 + 10 * 2 + 10 * 3, sum);
        });
        Suite.Case("generic/base-with-other-argument", () =>
        {
            Check.Equal("Derived/Base List`1", new Derived<int>().Who());
            Check.Equal("Base Int32", new Fixed().Who());
            Check.That(new Derived<string>() is Base<List<string>>);
        });
        Suite.Case("generic/nested", () =>
        {
            Check.Equal("String,Int32", new Base<string>.Inner<int>().Both);
            Check.Equal("Int32,Maybe`1", new Base<int>.Inner<Maybe<string>>().Both);
        });
        Suite.Case("generic/shared-code-knows-its-type", () =>
        {
            Check.Equal("System.String", Name<string>());
            Check.Equal("System.Collections.Generic.Dictionary`2[System.String,System.Int32[]]", Name<Dictionary<string, int[]>>());
            Check.Equal("System.ValueTuple`2[System.Int32,System.Object]", Name<(int, object)>());
        });
        Suite.Case("generic/default-values", () =>
        {
            Check.That(IsDefault(0) && IsDefault<string?>(null) && IsDefault(Guid.Empty) && IsDefault(default(Maybe<int>)));
            Check.That(!IsDefault(1) && !IsDefault(""));
        });
        Suite.Case("generic/struct-over-reference-and-value", () =>
        {
            Maybe<string> s = "x";
            Maybe<Guid> g = Guid.Empty;
            Maybe<Maybe<int>> nested = new Maybe<int> { Has = true, Value = 3 };
            Check.That(s.Has && g.Has && nested.Has && nested.Value.Has);
            Check.Equal(3, nested.Value.Value);
        });
        Suite.Case("generic/constraint-new", () =>
        {
            Cache<string, List<int>> cache = new();
            cache["a"].Add(1);
            cache["a"].Add(2);
            cache["b"].Add(3);
            Check.Equal(2, cache.Count);
            Check.Equal(2, cache["a"].Count);
            Check.Equal(0, Make<int>());
            Check.Equal(0, Make<List<string>>().Count);
        });
        Suite.Case("generic/unmanaged-size", () =>
        {
            Check.Equal(1, SizeOf<byte>());
            Check.Equal(16, SizeOf<Guid>());
            Check.Equal(16, SizeOf<decimal>());
            Check.Equal(24, SizeOf<(long, byte, long)>());
            Check.Equal(16, Unsafe.SizeOf<Maybe<object>>());
        });
        Suite.Case("generic/arrays-of-t", () =>
        {
            Check.Equal("[[[]", string.Concat(Repeat("[", 3)) + "]");
            Check.Equal(10, Repeat(5, 2).Sum());
            Check.Equal(typeof(string[][]), Repeat(Array.Empty<string>(), 2).GetType());
            Check.Equal(typeof((int, string)[]), Repeat((1, "a"), 2).GetType());
        });
        Suite.Case("generic/recursion", () => Check.Equal(300, Depth(300, "v") + Depth(0, 1)));
        Suite.Case("generic/two-parameters-inferred", () => Check.Equal("5!", Convert(5, n => n + "!")));
        Suite.Case("generic/enum-constraint", () => Check.Equal("DayOfWeek.Monday", Describe(DayOfWeek.Monday)));
        Suite.Case("generic/covariance", () =>
        {
            IOut<string> s = new Giver<string>("text");
            IOut<object> o = s;
            Check.Equal("text", (string)o.Get());
            Check.That(Hide.Value<object>(s) is IOut<IComparable<string>>);
            Check.That(Hide.Value<object>(new Giver<int>(1)) is not IOut<object>);
        });
        Suite.Case("generic/contravariance", () =>
        {
            IIn<object> any = new Taker<object>();
            IIn<string> s = any;
            Check.Equal("Object:x", s.Put("x"));
            Check.That(Hide.Value<object>(new Taker<string>()) is not IIn<object>);
        });
        Suite.Case("generic/variance-of-enumerables", () =>
        {
            object list = Hide.Value<object>(new List<string> { "a" });
            Check.That(list is IEnumerable<object> e && (string)e.First() == "a");
            Check.That(list is IReadOnlyList<object> r && r.Count == 1);
            Check.That(list is not IEnumerable<int> && list is not IList<object> && list is System.Collections.IList);
            IEnumerable<IEnumerable<object>> nested = new List<List<string>> { new() { "q" } };
            Check.Equal("q", (string)nested.First().First());
            IComparer<object> byText = Comparer<object>.Create((a, b) => string.CompareOrdinal(a.ToString(), b.ToString()));
            List<string> names = ["c", "a", "b"];
            names.Sort(byText);
            Check.Equal("abc", string.Concat(names));
        });
        Suite.Case("generic/virtual-on-generic-class", () =>
        {
            Base<object> b = Hide.Value<Base<object>>(new Base<object>());
            Check.Equal("Base Object", b.Who());
        });
        Suite.Case("generic/lambda-captures-type-parameter", () =>
        {
            static Func<object, string> Tester<T>() => o => o is T ? typeof(T).Name : "not";
            Check.Equal("String", Tester<string>()("x"));
            Check.Equal("not", Tester<string>()(1));
            Check.Equal("Int32", Tester<int>()(1));
            Check.Equal("IComparable`1", Tester<IComparable<int>>()(1));
        });
        Suite.Case("generic/iterator-of-t", () =>
        {
            static IEnumerable<T> Interleave<T>(IEnumerable<T> a, IEnumerable<T> b)
            {
                using IEnumerator<T> x = a.GetEnumerator(), y = b.GetEnumerator();
                while (x.MoveNext() && y.MoveNext()) { yield return x.Current; yield return y.Current; }
            }
            Check.Equal("a1b2", string.Concat(Interleave(["a", "b"], ["1", "2"])));
            Check.Sequence([1, 3, 2, 4], Interleave([1, 2], [3, 4]));
        });
        Suite.Case("generic/comparers", () =>
        {
            Check.That(Comparer<string>.Default.Compare("a", "b") < 0);
            Check.That(Comparer<(int, string)>.Default.Compare((1, "z"), (2, "a")) < 0);
            Check.That(EqualityComparer<(int, string?)>.Default.Equals((1, null), (1, null)));
            Check.That(EqualityComparer<DayOfWeek>.Default.Equals(DayOfWeek.Friday, DayOfWeek.Friday));
            Check.That(Comparer<int?>.Default.Compare(null, 1) < 0);
            Check.That(EqualityComparer<int[]>.Default.Equals([1], [1]) == false);
        });
        Suite.Case("generic/allows-ref-struct", () =>
        {
            static int Len<T>(T v, Func<int> f) where T : allows ref struct => f();
            Check.Equal(7, Len(stackalloc int[3], () => 7));
        });
        Suite.Case("generic/many-instantiations", () =>
        {
            int sum = Use<byte>() + Use<short>() + Use<int>() + Use<long>() + Use<float>() + Use<double>() + Use<decimal>() + Use<char>() + Use<bool>() + Use<string>() + Use<DateTime>() + Use<(int, int)>();
            Check.Equal(12, sum);
            static int Use<T>() { Dictionary<int, List<T?>> d = new() { [1] = [default] }; return d[1].Count; }
        });
        Suite.Case("generic/value-tuple-long", () =>
        {
            var t = (1, 2, 3, 4, 5, 6, 7, 8, 9, "ten");
            Check.Equal("ten", t.Item10);
            Check.Equal("(1, 2, 3, 4, 5, 6, 7, 8, 9, ten)", t.ToString());
            Check.Equal(10, ((ITuple)t).Length);
            Check.Equal(t, (1, 2, 3, 4, 5, 6, 7, 8, 9, "ten"));
        });
    }
}
