// is, as, casts and type tests over classes, interfaces, arrays, generics, enums and boxed values.
using System.Collections;
using Cermet.Testing;

internal static class Casting
{
    private class A : ICloneable { public object Clone() => this; }
    private class B : A;
    private sealed class C : B, IDisposable { public void Dispose() { } }
    private interface IDeep<T> : IEnumerable<T>;
    private sealed class Deep : List<string>, IDeep<string>;
    private enum Small : byte { One = 1 }
    private enum Other : byte { Uno = 1 }

    public static void All()
    {
        Suite.Case("cast/class-hierarchy", () =>
        {
            object c = Hide.Value<object>(new C()), a = Hide.Value<object>(new A());
            Check.That(c is A && c is B && c is C);
            Check.That(a is A && a is not B);
            Check.That((a as B) is null && (c as B) is not null);
            Check.That(ReferenceEquals(c, (A)c));
        });
        Suite.Case("cast/interfaces", () =>
        {
            object c = Hide.Value<object>(new C());
            Check.That(c is ICloneable && c is IDisposable && c is not IEnumerable);
            Check.That(ReferenceEquals(c, ((ICloneable)c).Clone()));
            object d = Hide.Value<object>(new Deep { "x" });
            Check.That(d is IDeep<string> && d is IEnumerable<object> && d is not IDeep<object>);
        });
        Suite.Case("cast/null", () =>
        {
            object? n = Hide.Value<object?>(null);
            Check.That(n is not A && (n as string) is null && (string?)n is null && (int?)n is null);
        });
        Suite.Case("cast/arrays-covariant", () =>
        {
            object s = Hide.Value<object>(new string[] { "a" });
            // One test per statement: joined by &&, ILC 9.0.22 compiles them into an endless loop.
            Check.That(s is object[]);
            Check.That(s is IComparable[]);
            Check.That(s is string[]);
            Check.That(s is not int[]);
            Check.That(s is IEnumerable<object> && s is IList<string> && s is IReadOnlyCollection<object> && s is ICollection);
            Check.That(Hide.Value<object>(new B[1]) is A[] && Hide.Value<object>(new A[1]) is not B[]);
        });
        Suite.Case("cast/arrays-of-values", () =>
        {
            object ints = Hide.Value<object>(new int[] { -1 });
            Check.That(ints is int[] && ints is not object[] && ints is uint[] && ints is not long[]);
            Check.Equal(uint.MaxValue, ((uint[])ints)[0]);
            Check.That(Hide.Value<object>(new Small[1]) is byte[] && Hide.Value<object>(new Small[1]) is not short[]);
            Check.That(ints is IEnumerable<int> && ints is IList<int> && ints is not IEnumerable<long>);
        });
        Suite.Case("cast/multi-dimensional", () =>
        {
            object m = Hide.Value<object>(new string[1, 1]);
            Check.That(m is object[,] && m is not object[] && m is string[,] && m is Array && m is not object[,,]);
        });
        Suite.Case("cast/jagged", () =>
        {
            object j = Hide.Value<object>(new string[1][]);
            Check.That(j is object[] && j is object[][] && j is IEnumerable<object>[] && j is IEnumerable<IEnumerable<object>>);
        });
        Suite.Case("cast/unbox-enum-and-underlying", () =>
        {
            object one = Hide.Value<object>(Small.One);
            Check.Equal((byte)1, (byte)one);
            Check.Equal(Other.Uno, (Other)one);
            Check.That(one is Small && one is not Other && one is Enum && one is IComparable && one is not byte);
        });
        Suite.Case("cast/nullable", () =>
        {
            object five = Hide.Value<object>((int?)5)!;
            Check.That(five is int && five is int?);
            Check.Equal(5, (int?)five);
            Check.Equal(typeof(int), five.GetType());
            Check.That((object?)Hide.Value<int?>(null) is null);
            Check.That(Hide.Value<object>("x") as int? is null);
        });
        Suite.Case("cast/boxed-to-interface", () =>
        {
            object n = Hide.Value<object>(42);
            Check.That(n is IComparable && n is IComparable<int> && n is IFormattable && n is not IComparable<long> && n is ValueType);
            Check.Equal(0, ((IComparable<int>)n).CompareTo(42));
        });
        Suite.Case("cast/delegates-variant", () =>
        {
            Func<string> text = () => "x";
            Func<object> any = text;
            Check.Equal("x", (string)any());
            Action<object> act = _ => { };
            Action<string> narrow = act;
            Check.That(ReferenceEquals(act, narrow));
            Check.That(Hide.Value<object>(text) is Func<object> && Hide.Value<object>(text) is not Func<int>);
        });
        Suite.Case("cast/type-tests-at-run-time", () =>
        {
            Check.That(typeof(A).IsAssignableFrom(typeof(C)) && !typeof(C).IsAssignableFrom(typeof(A)));
            Check.That(typeof(IEnumerable<object>).IsAssignableFrom(typeof(List<string>)));
            Check.That(typeof(Enum).IsAssignableFrom(typeof(Small)) && typeof(object).IsAssignableFrom(typeof(int)));
            Check.That(typeof(ICloneable).IsInstanceOfType(new B()));
            Check.That(typeof(C).IsSubclassOf(typeof(A)));
        });
        Suite.Case("cast/many-different-pairs", () =>
        {
            object[] things = ["s", 1, 2L, 3.0, 'c', true, new int[1], new object[1], new List<int>(), new A(), new C(), Small.One, Guid.Empty, (1, 2), new Deep()];
            int strings = 0, comparables = 0, lists = 0, values = 0, enumerables = 0, arrays = 0;
            for (int round = 0; round < 50; round++)
            {
                foreach (object t in things)
                {
                    if (t is string) strings++;
                    if (t is IComparable) comparables++;
                    if (t is IList) lists++;
                    if (t is ValueType) values++;
                    if (t is IEnumerable) enumerables++;
                    if (t is Array) arrays++;
                }
            }
            Check.Sequence([50, 450, 200, 400, 250, 100], [strings, comparables, lists, values, enumerables, arrays]);
        });
        Suite.Case("cast/enumerable-cast-and-of-type", () =>
        {
            object[] mixed = ["a", 1, "b", 2, null!];
            Check.Equal("ab", string.Concat(mixed.OfType<string>()));
            Check.Equal(3, mixed.OfType<int>().Sum());
            Check.Equal(3, new object[] { 1, 2 }.Cast<int>().Sum());
        });
        Suite.Case("cast/user-defined-conversions", () =>
        {
            Celsius c = 20.5;
            double d = c;
            Check.Equal(20.5, d);
            Check.Equal(20, (int)c);
            Check.Equal("20.5C", (string)c);
        });
        Suite.Case("cast/numeric-matrix", () =>
        {
            int minus = Hide.Value(-1);
            double big = Hide.Value(4294967295.0), half = Hide.Value(2.5);
            Check.Equal(uint.MaxValue, (uint)minus);
            Check.Equal((byte)255, (byte)minus);
            Check.Equal(ulong.MaxValue, (ulong)minus);
            Check.Equal('\uffff', (char)minus);
            Check.Equal(uint.MaxValue, (uint)big);
            Check.Equal(4294967295L, (long)big);
            Check.Equal(2, (int)half);
            Check.Equal(-2, (int)-half);
            Check.Equal(16777216f, (float)Hide.Value(16777217));
            Check.Equal(9007199254740992.0, (double)Hide.Value(9007199254740993L));
            Check.Equal(18446744073709551616.0, (double)Hide.Value(ulong.MaxValue));
            Check.Equal(2.5m, (decimal)half);
            Check.Equal(1e10f, (float)Hide.Value(1e10));
            Check.That(float.IsPositiveInfinity((float)Hide.Value(1e300)));
        });
    }

    private readonly struct Celsius(double degrees)
    {
        private readonly double _degrees = degrees;
        public static implicit operator Celsius(double d) => new(d);
        public static implicit operator double(Celsius c) => c._degrees;
        public static explicit operator int(Celsius c) => (int)c._degrees;
        public static explicit operator string(Celsius c) => c._degrees.ToString(System.Globalization.CultureInfo.InvariantCulture) + "C";
    }
}
