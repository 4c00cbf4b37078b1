// Boxing, structs, layouts, enums, nullable values, records, tuples, by-ref locals and returns.
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Cermet.Testing;

internal static class Values
{
    private enum Color { Red = 1, Green = 2, Blue = 4 }
    [Flags] private enum Access : long { None = 0, Read = 1, Write = 2, All = Read | Write, Far = 1L << 40 }
    private enum Tiny : sbyte { Low = -128, High = 127 }

    private struct Pair { public int A; public string? B; public readonly int Length => B?.Length ?? 0; }
    private struct Outer { public Pair First, Second; public long Tail; }
    private readonly struct Frozen(int x) { public int X { get; } = x; public Frozen With(int x) => new(x); }
    private readonly record struct Pos(int X, int Y) { public double Norm => Math.Sqrt(X * X + Y * Y); }
    private record Person(string Name, int Age) { public List<string> Tags { get; init; } = []; }
    private sealed record Worker(string Name, int Age, string Job) : Person(Name, Age);
    private ref struct Cursor(Span<int> items) { private readonly Span<int> _items = items; public int At; public ref int Current => ref _items[At]; public bool Next() => ++At < _items.Length; }

    [StructLayout(LayoutKind.Explicit)]
    private struct Union { [FieldOffset(0)] public uint Whole; [FieldOffset(0)] public float Real; [FieldOffset(0)] public byte B0; [FieldOffset(3)] public byte B3; }

    [StructLayout(LayoutKind.Sequential, Pack = 1)]
    private struct Packed { public byte A; public long B; public short C; }

    [InlineArray(5)] private struct Five<T> { private T _first; }

    private static ref int Largest(int[] a)
    {
        int best = 0;
        for (int i = 1; i < a.Length; i++) if (a[i] > a[best]) best = i;
        return ref a[best];
    }

    public static void All()
    {
        Boxes();
        Enums();
        Suite.Case("struct/copies-are-independent", () =>
        {
            Outer a = new() { First = { A = 1, B = "one" }, Tail = 9 }, b = a;
            b.First.A = 2;
            b.First.B = "changed";
            Check.Equal(1, a.First.A);
            Check.Equal("one", a.First.B);
            Check.Equal(9L, b.Tail);
        });
        Suite.Case("struct/arrays-of-structs", () =>
        {
            Outer[] all = new Outer[10];
            for (int i = 0; i < all.Length; i++) { all[i].Second.A = i; all[i].Second.B = "s" + i; }
            ref Outer r = ref all[7];
            r.Second.A = 70;
            Check.Equal(70, all[7].Second.A);
            Check.Equal("s9", all[9].Second.B);
            Outer[] copy = (Outer[])all.Clone();
            copy[7].Second.B = "x";
            Check.Equal("s7", all[7].Second.B);
        });
        Suite.Case("struct/by-value-in-and-ref", () =>
        {
            static int Sum(in Outer o) => o.First.A + o.Second.A;
            static void Set(ref Outer o) => o.First.A = 50;
            static Outer Swap(Outer o) => o with { First = o.Second, Second = o.First };
            Outer x = new() { First = { A = 1 }, Second = { A = 2 } };
            Check.Equal(3, Sum(x));
            Outer y = Swap(x);
            Check.Equal(2, y.First.A);
            Set(ref x);
            Check.Equal(52, Sum(in x));
        });
        Suite.Case("struct/readonly", () => Check.Equal(5, new Frozen(3).With(5).X));
        Suite.Case("struct/explicit-layout", () =>
        {
            Union u = new() { Real = 1f };
            Check.Equal(0x3F800000u, u.Whole);
            Check.Equal((byte)0x3F, u.B3);
            u.B0 = 1;
            Check.Equal(0x3F800001u, u.Whole);
            Check.Equal(4, Unsafe.SizeOf<Union>());
        });
        Suite.Case("struct/packed-layout", () =>
        {
            Check.Equal(11, Unsafe.SizeOf<Packed>());
            Packed p = new() { A = 1, B = long.MaxValue, C = 3 };
            Span<byte> bytes = MemoryMarshal.AsBytes(new Span<Packed>(ref p));
            Check.Equal((byte)1, bytes[0]);
            Check.Equal((byte)3, bytes[9]);
        });
        Suite.Case("struct/inline-array", () =>
        {
            Five<int> five = default;
            for (int i = 0; i < 5; i++) five[i] = i * i;
            int sum = 0;
            foreach (int x in five) sum += x;
            Check.Equal(30, sum);
            Five<string> texts = default;
            texts[4] = "last";
            ReadOnlySpan<string> span = texts;
            Check.Equal("last", span[4]);
        });
        Suite.Case("struct/ref-struct", () =>
        {
            Cursor c = new(stackalloc int[] { 1, 2, 3 });
            do c.Current *= 10; while (c.Next());
            c.At = 1;
            Check.Equal(20, c.Current);
        });
        Suite.Case("struct/default-and-constructor", () =>
        {
            Check.Equal(0, default(WithConstructor).X);
            Check.Equal(7, new WithConstructor().X);
            Check.Equal(0, (new WithConstructor[1])[0].X);
        });
        Suite.Case("ref/return-into-array", () =>
        {
            int[] a = [3, 9, 2];
            ref int r = ref Largest(a);
            r = 0;
            Largest(a)++;
            Check.Sequence([4, 0, 2], a);
        });
        Suite.Case("ref/reassign-and-ternary", () =>
        {
            int x = 1, y = 2;
            ref int r = ref x;
            r = 10;
            r = ref y;
            r = 20;
            (Hide.Value(true) ? ref x : ref y)++;
            Check.Equal((11, 20), (x, y));
        });
        Suite.Case("ref/field-of-class-kept-alive", () =>
        {
            ref int r = ref new Holder { N = 5 }.N;
            GC.Collect();
            byte[] noise = new byte[1000];
            Check.Equal(5, r + noise[0]);
        });
        Suite.Case("record/equality-and-text", () =>
        {
            Person a = new("Ann", 33), b = new("Ann", 33) { Tags = a.Tags };
            Check.That(a == b && !ReferenceEquals(a, b) && a.GetHashCode() == b.GetHashCode());
            Check.That(a != a with { Age = 34 });
            Check.Equal("Pos { X = 3, Y = 4, Norm = 5 }", new Pos(3, 4).ToString());
            Check.Equal("Worker { Name = Bo, Age = 5, Tags = System.Collections.Generic.List`1[System.String], Job = cook }", new Worker("Bo", 5, "cook").ToString());
        });
        Suite.Case("record/inheritance", () =>
        {
            Person w = new Worker("Bo", 5, "cook"), p = new("Bo", 5);
            Check.That(w != p && p != w);
            Person copy = w with { Age = 6 };
            Check.That(copy is Worker { Job: "cook", Age: 6 });
            (string name, int age) = p;
            Check.Equal("Bo5", name + age);
        });
        Suite.Case("nullable/lifted-operators", () =>
        {
            int? a = Hide.Value<int?>(5), none = Hide.Value<int?>(null);
            Check.Equal(8, a + 3);
            Check.Equal(null, a + none);
            Check.That(!(none > 1) && !(none <= 1) && none != a);
            Check.Equal(7, none ?? 7);
            Check.Equal(0, none.GetValueOrDefault());
            Check.Equal("", none.ToString());
            Check.Equal(0, none.GetHashCode());
            bool? yes = true, unknown = null;
            Check.Equal(true, yes | unknown);
            Check.Equal(null, yes & unknown);
            Check.Equal(false, unknown & false);
        });
        Suite.Case("tuple/names-equality-and-deconstruction", () =>
        {
            (int a, string b, double c) t = (1, "two", 3.0);
            Check.Equal("(1, two, 3)", t.ToString());
            Check.That(t == (1, "two", 3.0) && t.Equals((1, "two", 3.0)));
            (int x, _, double z) = t;
            Check.Equal(4.0, x + z);
            (x, int y) = (2, x);
            Check.Equal((2, 1), (x, y));
            Check.That((1, 5).CompareTo((1, 6)) < 0);
        });
        Suite.Case("tuple/as-keys", () =>
        {
            HashSet<(int, string)> set = [(1, "a"), (2, "b"), (1, "a")];
            Check.Equal(2, set.Count);
            Check.That(set.Contains((2, new string('b', 1))));
        });
        Suite.Case("anonymous/types", () =>
        {
            var a = new { X = 1, Y = "b" };
            Check.Equal("{ X = 1, Y = b }", a.ToString());
            Check.That(a.Equals(new { X = 1, Y = "b" }));
            Check.Equal(a.GetHashCode(), new { X = 1, Y = "b" }.GetHashCode());
        });
    }

    private static void Boxes()
    {
        Suite.Case("box/round-trip", () =>
        {
            object[] boxed = [(byte)1, (sbyte)-1, (short)-2, (ushort)2, -3, 3u, -4L, 4ul, 1.5f, 2.5, 3.5m, 'x', true, Guid.Empty, DateTime.UnixEpoch];
            Check.Equal((byte)1, (byte)boxed[0]);
            Check.Equal((sbyte)-1, (sbyte)boxed[1]);
            Check.Equal((ushort)2, (ushort)boxed[3]);
            Check.Equal(-4L, (long)boxed[6]);
            Check.Equal(1.5f, (float)boxed[8]);
            Check.Equal(3.5m, (decimal)boxed[10]);
            Check.Equal('x', (char)boxed[11]);
            Check.That((bool)boxed[12]);
            Check.Equal(DateTime.UnixEpoch, (DateTime)boxed[14]);
        });
        Suite.Case("box/equality", () =>
        {
            object a = Hide.Value<object>(5), b = Hide.Value<object>(5);
            Check.That(a.Equals(b) && !ReferenceEquals(a, b) && Equals(a, b));
            Check.That(!a.Equals(5L));
        });
        Suite.Case("box/is-a-copy", () =>
        {
            Pair p = new() { A = 1, B = "x" };
            object o = p;
            p.A = 2;
            Check.Equal(1, ((Pair)o).A);
            ref Pair inside = ref Unsafe.Unbox<Pair>(o);
            inside.A = 9;
            Check.Equal(9, ((Pair)o).A);
        });
        Suite.Case("box/struct-with-references-survives-collection", () =>
        {
            object[] boxes = new object[50];
            for (int i = 0; i < boxes.Length; i++) boxes[i] = new Outer { First = { A = i, B = "b" + i }, Second = { B = new string('z', i) } };
            GC.Collect();
            int sum = 0;
            foreach (object o in boxes) { Outer x = (Outer)o; sum += x.First.A + x.Second.Length + x.First.B!.Length; }
            Check.Equal(1225 + 1225 + 10 * 2 + 40 * 3, sum);
        });
        Suite.Case("box/nullable", () =>
        {
            object? none = Hide.Value<int?>(null), some = Hide.Value<int?>(3);
            Check.That(none is null && some is 3);
            Check.Equal(typeof(int), some!.GetType());
        });
        Suite.Case("box/hash-codes", () =>
        {
            Check.Equal(42, ((object)42).GetHashCode());
            Check.Equal('a' | ('a' << 16), ((object)'a').GetHashCode());
            Check.Equal(1, ((object)true).GetHashCode());
            object o = new();
            Check.Equal(o.GetHashCode(), o.GetHashCode());
            Check.Equal(RuntimeHelpers.GetHashCode(o), o.GetHashCode());
        });
    }

    private static void Enums()
    {
        Suite.Case("enum/to-string", () =>
        {
            Check.Equal("Green", Hide.Value(Color.Green).ToString());
            Check.Equal("3", ((Color)3).ToString());
            Check.Equal("Read, Far", (Access.Read | Access.Far).ToString());
            Check.Equal("All", (Access.Read | Access.Write).ToString());
            Check.Equal("None", default(Access).ToString());
            Check.Equal("00000004", Color.Blue.ToString("X"));
            Check.Equal("4", Color.Blue.ToString("D"));
            Check.Equal("Low", Tiny.Low.ToString());
            Check.Equal("5|Blue", $"{(Color)5}|{Color.Blue:G}");
        });
        Suite.Case("enum/parse", () =>
        {
            Check.Equal(Color.Blue, Enum.Parse<Color>("Blue"));
            Check.Equal(Access.All, Enum.Parse<Access>("read, WRITE", true));
            Check.That(Enum.TryParse("4", out Color four) && four == Color.Blue);
            Check.That(!Enum.TryParse("Purple", out Color _));
            Check.Throws<ArgumentException>(() => Enum.Parse<Color>("Purple"));
        });
        Suite.Case("enum/values-and-names", () =>
        {
            Check.Sequence([Color.Red, Color.Green, Color.Blue], Enum.GetValues<Color>());
            Check.Sequence(["None", "Read", "Write", "All", "Far"], Enum.GetNames<Access>());
            Check.That(Enum.IsDefined(Color.Red) && !Enum.IsDefined((Color)3));
            Check.Equal(typeof(long), Enum.GetUnderlyingType(typeof(Access)));
            Check.Equal("Write", Enum.GetName(Access.Write));
        });
        Suite.Case("enum/operators", () =>
        {
            Access a = Hide.Value(Access.All);
            Check.That(a.HasFlag(Access.Write) && !a.HasFlag(Access.Far));
            Check.Equal(Access.Read, a & ~Access.Write);
            Check.Equal(1L << 40, (long)Access.Far);
            Check.Equal((Tiny)(-127), Tiny.Low + 1);
            Check.That(Color.Red < Color.Blue && Color.Blue.CompareTo(Color.Red) > 0);
        });
        Suite.Case("enum/as-dictionary-key", () =>
        {
            Dictionary<Color, string> d = new() { [Color.Red] = "r", [Color.Blue] = "b" };
            Check.Equal("b", d[Color.Blue]);
            Check.That(!d.ContainsKey(Color.Green));
        });
    }

    private struct WithConstructor { public int X; public WithConstructor() => X = 7; }
    private sealed class Holder { public int N; }
}
