// Faults of the processor and of generated checks that must arrive as managed exceptions.
using System.Runtime.CompilerServices;
using Cermet.Testing;

internal static class Faults
{
    private class Box
    {
        public int Number;
        public object? Reference;
        public Guid Wide;
        public readonly int[] Numbers = new int[4];
        public virtual int Virtual() => 1;
        public int Plain() => Number;
    }

    private sealed class Derived : Box { public override int Virtual() => 2; }

    private interface IRun { int Run(); T Echo<T>(T value); }
    private sealed class Runner : IRun { public int Run() => 3; public T Echo<T>(T value) => value; }
    private struct Pair { public object? A; public string? B; }
    private sealed class PairHolder { public Pair Value; public long[] Pad = []; }

    [MethodImpl(MethodImplOptions.NoInlining)] private static int Load(Box b) => b.Number;
    [MethodImpl(MethodImplOptions.NoInlining)] private static void Store(Box b) => b.Number = 1;
    [MethodImpl(MethodImplOptions.NoInlining)] private static void StoreRef(Box b, object v) => b.Reference = v;
    [MethodImpl(MethodImplOptions.NoInlining)] private static Guid LoadWide(Box b) => b.Wide;
    [MethodImpl(MethodImplOptions.NoInlining)] private static void StoreWide(Box b, Guid v) => b.Wide = v;
    [MethodImpl(MethodImplOptions.NoInlining)] private static int CallVirtual(Box b) => b.Virtual();
    [MethodImpl(MethodImplOptions.NoInlining)] private static int CallPlain(Box b) => b.Plain();
    [MethodImpl(MethodImplOptions.NoInlining)] private static int CallInterface(IRun r) => r.Run();
    [MethodImpl(MethodImplOptions.NoInlining)] private static int CallGeneric(IRun r) => r.Echo(5);
    [MethodImpl(MethodImplOptions.NoInlining)] private static int Length(int[] a) => a.Length;
    [MethodImpl(MethodImplOptions.NoInlining)] private static int Element(int[] a, int i) => a[i];
    [MethodImpl(MethodImplOptions.NoInlining)] private static void StoreElement(object[] a, int i, object? v) => a[i] = v!;
    [MethodImpl(MethodImplOptions.NoInlining)] private static void CopyPair(PairHolder to, in Pair from) => to.Value = from;
    [MethodImpl(MethodImplOptions.NoInlining)] private static int Div(int a, int b) => a / b;
    [MethodImpl(MethodImplOptions.NoInlining)] private static int Mod(int a, int b) => a % b;
    [MethodImpl(MethodImplOptions.NoInlining)] private static uint DivU(uint a, uint b) => a / b;
    [MethodImpl(MethodImplOptions.NoInlining)] private static long DivL(long a, long b) => a / b;
    [MethodImpl(MethodImplOptions.NoInlining)] private static ulong ModUL(ulong a, ulong b) => a % b;

    private static readonly Box s_null = Throw.Opaque<Box>(null!);

    public static void All()
    {
        NullReferences();
        Arithmetic();
        Ranges();
        Casts();
        Suite.Case("fault/caught-value-of-locals", LocalsAtFault);
        Suite.Case("fault/finally-runs-on-fault", () =>
        {
            Log log = new();
            try { try { Load(s_null); } finally { log.Add("f"); } }
            catch (NullReferenceException) { log.Add("c"); }
            Check.Equal("f c", log.ToString());
        });
        Suite.Case("fault/filter-runs-on-fault", () =>
        {
            Log log = new();
            try { Div(1, Throw.Opaque(0)); }
            catch (DivideByZeroException) when (log.Filter("w", true)) { log.Add("c"); }
            Check.Equal("w c", log.ToString());
        });
        Suite.Case("fault/inside-catch-and-finally", () =>
        {
            Log log = new();
            try
            {
                try { Load(s_null); }
                catch (NullReferenceException) { log.Add("n"); Div(1, Throw.Opaque(0)); }
                finally { try { CallInterface(null!); } catch (NullReferenceException) { log.Add("i"); } }
            }
            catch (DivideByZeroException) { log.Add("d"); }
            Check.Equal("n i d", log.ToString());
        });
        Suite.Case("fault/rethrown", () =>
        {
            Check.Throws<NullReferenceException>(() => { try { Load(s_null); } catch (NullReferenceException) { throw; } });
        });
        Suite.Case("fault/hundreds-in-a-row", () =>
        {
            int caught = 0;
            for (int i = 0; i < 200; i++)
            {
                try { if ((i & 1) == 0) Load(s_null); else Div(i, Throw.Opaque(0)); }
                catch (NullReferenceException) { caught++; }
                catch (DivideByZeroException) { caught += 1000; }
            }
            Check.Equal(100 + 100_000, caught);
        });
        Suite.Case("fault/on-a-second-thread", () =>
        {
            string? got = null;
            Thread t = new(() => { try { Load(s_null); } catch (NullReferenceException e) { got = e.GetType().Name; } });
            t.Start();
            t.Join();
            Check.Equal("NullReferenceException", got);
        });
    }

    private static void NullReferences()
    {
        Suite.Case("null/field-load", () => Check.Throws<NullReferenceException>(() => Load(s_null)));
        Suite.Case("null/field-store", () => Check.Throws<NullReferenceException>(() => Store(s_null)));
        Suite.Case("null/reference-store", () => Check.Throws<NullReferenceException>(() => StoreRef(s_null, "x")));
        Suite.Case("null/wide-load", () => Check.Throws<NullReferenceException>(() => LoadWide(s_null)));
        Suite.Case("null/wide-store", () => Check.Throws<NullReferenceException>(() => StoreWide(s_null, Guid.Empty)));
        Suite.Case("null/struct-with-references", () => Check.Throws<NullReferenceException>(() => CopyPair(null!, new Pair { A = "a", B = "b" })));
        Suite.Case("null/virtual-call", () =>
        {
            Check.Throws<NullReferenceException>(() => CallVirtual(s_null));
            Check.Equal(2, CallVirtual(new Derived()));
        });
        Suite.Case("null/plain-call", () => Check.Throws<NullReferenceException>(() => CallPlain(s_null)));
        Suite.Case("null/interface-call", () =>
        {
            Check.Throws<NullReferenceException>(() => CallInterface(null!));
            Check.Equal(3, CallInterface(new Runner()));
        });
        Suite.Case("null/generic-virtual-call", () =>
        {
            Check.Throws<NullReferenceException>(() => CallGeneric(null!));
            Check.Equal(5, CallGeneric(new Runner()));
        });
        Suite.Case("null/array-length", () => Check.Throws<NullReferenceException>(() => Length(null!)));
        Suite.Case("null/array-element", () => Check.Throws<NullReferenceException>(() => Element(null!, 0)));
        Suite.Case("null/array-store", () => Check.Throws<NullReferenceException>(() => StoreElement(null!, 0, "x")));
        Suite.Case("null/string-length", () => Check.Throws<NullReferenceException>(() => GC.KeepAlive(Throw.Opaque<string>(null!).Length)));
        Suite.Case("null/delegate-call", () => Check.Throws<NullReferenceException>(() => Throw.Opaque<Action>(null!)()));
        Suite.Case("null/get-type", () => Check.Throws<NullReferenceException>(() => GC.KeepAlive(Throw.Opaque<object>(null!).GetType())));
        Suite.Case("null/unbox", () => Check.Throws<NullReferenceException>(() => GC.KeepAlive((int)Throw.Opaque<object>(null!))));
        Suite.Case("null/throw-null", () => Check.Throws<NullReferenceException>(() => throw Throw.Opaque<Exception>(null!)));
        Suite.Case("null/lock", () => Check.Throws<ArgumentNullException>(() => { lock (Throw.Opaque<object>(null!)) { } }));
        Suite.Case("null/foreach", () => Check.Throws<NullReferenceException>(() => { foreach (int i in Throw.Opaque<List<int>>(null!)) GC.KeepAlive(i); }));
        Suite.Case("null/ref-field", () => Check.Throws<NullReferenceException>(() => { ref int r = ref s_null.Number; r = 1; }));
        Suite.Case("null/delegate-from-null-instance", () => Check.Throws<ArgumentException>(() => { Func<int> f = Throw.Opaque<Runner>(null!).Run; GC.KeepAlive(f); }));
        Suite.Case("null/nullable-value", () => Check.Throws<InvalidOperationException>(() => GC.KeepAlive(Throw.Opaque<int?>(null)!.Value)));
        Suite.Case("null/message", () => Check.Equal("Object reference not set to an instance of an object.", Check.Throws<NullReferenceException>(() => Load(s_null)).Message));
    }

    private static void Arithmetic()
    {
        Suite.Case("arithmetic/div-zero-int", () => Check.Equal("Attempted to divide by zero.", Check.Throws<DivideByZeroException>(() => Div(1, 0)).Message));
        Suite.Case("arithmetic/mod-zero-int", () => Check.Throws<DivideByZeroException>(() => Mod(1, 0)));
        Suite.Case("arithmetic/div-zero-uint", () => Check.Throws<DivideByZeroException>(() => DivU(1, 0)));
        Suite.Case("arithmetic/div-zero-long", () => Check.Throws<DivideByZeroException>(() => DivL(1, 0)));
        Suite.Case("arithmetic/mod-zero-ulong", () => Check.Throws<DivideByZeroException>(() => ModUL(1, 0)));
        Suite.Case("arithmetic/div-overflow-int", () => Check.Equal("Arithmetic operation resulted in an overflow.", Check.Throws<OverflowException>(() => Div(int.MinValue, -1)).Message));
        Suite.Case("arithmetic/mod-overflow-int", () => Check.Throws<OverflowException>(() => Mod(int.MinValue, -1)));
        Suite.Case("arithmetic/div-overflow-long", () => Check.Throws<OverflowException>(() => DivL(long.MinValue, -1)));
        Suite.Case("arithmetic/div-works", () =>
        {
            Check.Equal(-3, Div(-7, 2));
            Check.Equal(-1, Mod(-7, 2));
            Check.Equal(0x7FFFFFFFu, DivU(uint.MaxValue, 2));
            Check.Equal(long.MinValue, DivL(long.MinValue, 1));
            Check.Equal(5ul, ModUL(ulong.MaxValue, 10));
        });
        Suite.Case("arithmetic/checked-int", () =>
        {
            int max = Throw.Opaque(int.MaxValue), min = Throw.Opaque(int.MinValue);
            Check.Throws<OverflowException>(() => GC.KeepAlive(checked(max + 1)));
            Check.Throws<OverflowException>(() => GC.KeepAlive(checked(min - 1)));
            Check.Throws<OverflowException>(() => GC.KeepAlive(checked(max * 2)));
            Check.Throws<OverflowException>(() => GC.KeepAlive(checked(-min)));
            Check.Equal(min, unchecked(max + 1));
        });
        Suite.Case("arithmetic/checked-long", () =>
        {
            long max = Throw.Opaque(long.MaxValue);
            ulong umax = Throw.Opaque(ulong.MaxValue);
            Check.Throws<OverflowException>(() => GC.KeepAlive(checked(max + 1)));
            Check.Throws<OverflowException>(() => GC.KeepAlive(checked(max * 3)));
            Check.Throws<OverflowException>(() => GC.KeepAlive(checked(umax * 2)));
            Check.Throws<OverflowException>(() => GC.KeepAlive(checked(umax + 1)));
        });
        Suite.Case("arithmetic/checked-conversions", () =>
        {
            int big = Throw.Opaque(300), negative = Throw.Opaque(-1);
            double huge = Throw.Opaque(1e20), nan = Throw.Opaque(double.NaN);
            Check.Throws<OverflowException>(() => GC.KeepAlive(checked((byte)big)));
            Check.Throws<OverflowException>(() => GC.KeepAlive(checked((uint)negative)));
            Check.Throws<OverflowException>(() => GC.KeepAlive(checked((ulong)negative)));
            Check.Throws<OverflowException>(() => GC.KeepAlive(checked((int)huge)));
            Check.Throws<OverflowException>(() => GC.KeepAlive(checked((long)huge)));
            Check.Throws<OverflowException>(() => GC.KeepAlive(checked((ulong)huge)));
            Check.Throws<OverflowException>(() => GC.KeepAlive(checked((int)nan)));
            Check.Equal(44, unchecked((byte)big));
        });
        Suite.Case("arithmetic/saturating-conversions", () =>
        {
            double huge = Throw.Opaque(1e20), nan = Throw.Opaque(double.NaN), low = Throw.Opaque(-1e20);
            Check.Equal(int.MaxValue, (int)huge);
            Check.Equal(long.MaxValue, (long)huge);
            Check.Equal(uint.MaxValue, (uint)huge);
            Check.Equal(ulong.MaxValue, (ulong)huge);
            Check.Equal(int.MinValue, (int)low);
            Check.Equal(0u, (uint)low);
            Check.Equal(0ul, (ulong)low);
            Check.Equal(0, (int)nan);
            Check.Equal(0L, (long)nan);
        });
        Suite.Case("arithmetic/decimal", () =>
        {
            decimal max = Throw.Opaque(decimal.MaxValue), zero = Throw.Opaque(0m);
            Check.Throws<OverflowException>(() => GC.KeepAlive(max + 1));
            Check.Throws<DivideByZeroException>(() => GC.KeepAlive(1m / zero));
            Check.Throws<OverflowException>(() => GC.KeepAlive((int)max));
        });
        Suite.Case("arithmetic/floats-do-not-throw", () =>
        {
            double zero = Throw.Opaque(0.0);
            Check.That(double.IsPositiveInfinity(1 / zero));
            Check.That(double.IsNaN(zero / zero));
            Check.That(double.IsNaN(1 % zero));
        });
    }

    private static void Ranges()
    {
        Suite.Case("range/array-index", () =>
        {
            int[] a = new int[3];
            Check.Equal("Index was outside the bounds of the array.", Check.Throws<IndexOutOfRangeException>(() => Element(a, 3)).Message);
            Check.Throws<IndexOutOfRangeException>(() => Element(a, -1));
            Check.Throws<IndexOutOfRangeException>(() => Element(a, int.MinValue));
            Check.Throws<IndexOutOfRangeException>(() => Element([], 0));
        });
        Suite.Case("range/array-negative-size", () =>
        {
            int n = Throw.Opaque(-1);
            Check.Throws<OverflowException>(() => GC.KeepAlive(new int[n]));
            Check.Throws<OverflowException>(() => GC.KeepAlive(new string[n]));
            Check.Throws<OverflowException>(() => GC.KeepAlive(new int[2, n]));
        });
        Suite.Case("range/array-too-large", () =>
        {
            int n = Throw.Opaque(int.MaxValue);
            Check.Throws<OutOfMemoryException>(() => GC.KeepAlive(new byte[n]));
            Check.Throws<OutOfMemoryException>(() => GC.KeepAlive(new long[n]));
            Check.Throws<OutOfMemoryException>(() => GC.KeepAlive(new string('x', n)));
        });
        Suite.Case("range/multi-dimensional", () =>
        {
            int[,] m = new int[2, 3];
            int one = Throw.Opaque(1), three = Throw.Opaque(3);
            Check.Throws<IndexOutOfRangeException>(() => m[one, three] = 1);
            Check.Throws<IndexOutOfRangeException>(() => m[three, one] = 1);
        });
        Suite.Case("range/span", () =>
        {
            int[] a = new int[3];
            int five = Throw.Opaque(5);
            Check.Throws<IndexOutOfRangeException>(() => a.AsSpan()[five] = 1);
            Check.Throws<ArgumentOutOfRangeException>(() => a.AsSpan(five));
            Check.Throws<ArgumentOutOfRangeException>(() => a.AsSpan().Slice(1, five));
            Check.Throws<IndexOutOfRangeException>(() => { Span<int> s = stackalloc int[2]; s[five] = 1; });
        });
        Suite.Case("range/string-and-list", () =>
        {
            int nine = Throw.Opaque(9);
            Check.Throws<IndexOutOfRangeException>(() => GC.KeepAlive("text"[nine]));
            Check.Throws<ArgumentOutOfRangeException>(() => "text".Substring(nine));
            Check.Throws<ArgumentOutOfRangeException>(() => GC.KeepAlive(new List<int> { 1 }[nine]));
            Check.Throws<ArgumentOutOfRangeException>(() => GC.KeepAlive("text"[2..nine]));
        });
    }

    private static void Casts()
    {
        Suite.Case("cast/class", () =>
        {
            object o = Throw.Opaque<object>("text");
            Check.Throws<InvalidCastException>(() => GC.KeepAlive((List<int>)o));
            Check.Equal("text", (string)o);
        });
        Suite.Case("cast/interface", () => Check.Throws<InvalidCastException>(() => GC.KeepAlive((IDisposable)Throw.Opaque<object>("text"))));
        Suite.Case("cast/array", () => Check.Throws<InvalidCastException>(() => GC.KeepAlive((int[])Throw.Opaque<object>(new long[1]))));
        Suite.Case("cast/unbox-wrong-type", () =>
        {
            object o = Throw.Opaque<object>(42);
            Check.Throws<InvalidCastException>(() => GC.KeepAlive((long)o));
            Check.Throws<InvalidCastException>(() => GC.KeepAlive((DayOfWeek?)Throw.Opaque<object>(1L)));
            Check.Equal(42, (int)o);
            Check.Equal((DayOfWeek)42, (DayOfWeek)o);
        });
        Suite.Case("cast/array-store", () =>
        {
            object[] strings = Throw.Opaque<object[]>(new string[2]);
            Check.Throws<ArrayTypeMismatchException>(() => StoreElement(strings, 0, new object()));
            StoreElement(strings, 1, "fits");
            StoreElement(strings, 0, null);
            Check.Equal("fits", strings[1]);
            Check.Throws<IndexOutOfRangeException>(() => StoreElement(strings, 2, new object()));
        });
        Suite.Case("cast/array-element-address", () => Check.Throws<ArrayTypeMismatchException>(() => { object[] s = Throw.Opaque<object[]>(new string[1]); ref object r = ref s[0]; r = 1; }));
        Suite.Case("cast/generic", () =>
        {
            static T To<T>(object o) => (T)o;
            Check.Throws<InvalidCastException>(() => To<string>(1));
            Check.Throws<InvalidCastException>(() => To<int>("1"));
            Check.Throws<InvalidCastException>(() => To<List<string>>(new List<object>()));
            Check.Equal("ok", To<string>("ok"));
        });
        Suite.Case("cast/failed-enumeration", () => Check.Throws<InvalidCastException>(() => { foreach (string s in (object[])["a", 1]) GC.KeepAlive(s); }));
    }

    private static void LocalsAtFault()
    {
        int a = Throw.Opaque(1), b = Throw.Opaque(2);
        double d = Throw.Opaque(1.5);
        string s = Throw.Opaque("text");
        try { a += 10; b += a; Load(s_null); a = -1; }
        catch (NullReferenceException) { b += 100; d *= 2; }
        Check.Equal(11, a);
        Check.Equal(113, b);
        Check.Equal(3.0, d);
        Check.Equal("text", s);
    }
}
