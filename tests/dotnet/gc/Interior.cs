// References into the middle of objects keep the whole object: by-refs, spans, memories, pinned pointers, alone on a stack.
using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Cermet.Testing;

internal static class Interior
{
    private sealed class Fat { public long A, B, C; public string Text = "fat" + 1; public int Last = 9; public Inline Inner; }
    private struct Inline { public int X; public string? Y; }
    private ref struct View(Span<string> items, ref int count) { public readonly Span<string> Items = items; public ref int Count = ref count; }

    [MethodImpl(MethodImplOptions.NoInlining)] private static ref int Element(int n) { int[] a = new int[n]; a[n - 1] = 77; return ref a[n - 1]; }
    [MethodImpl(MethodImplOptions.NoInlining)] private static ref int Field() => ref new Fat().Last;
    [MethodImpl(MethodImplOptions.NoInlining)] private static ref string? Nested() { Fat f = new(); f.Inner.Y = "nested" + 2; return ref f.Inner.Y; }
    [MethodImpl(MethodImplOptions.NoInlining)] private static Span<int> Slice(int n) { int[] a = new int[n]; a.AsSpan().Fill(5); return a.AsSpan(n / 2); }
    [MethodImpl(MethodImplOptions.NoInlining)] private static ref int Multi() { int[,] m = new int[20, 20]; m[19, 19] = 66; return ref m[19, 19]; }

    public static void All()
    {
        Suite.Case("interior/array-element", () =>
        {
            ref int r = ref Element(1000);
            Heap.Collect();
            GC.KeepAlive(new int[1000]);
            Check.Equal(77, r);
        });
        Suite.Case("interior/large-array-element", () =>
        {
            ref int r = ref Element(100_000);
            Heap.Collect();
            int[] other = new int[100_000];
            Check.Equal(77, r);
            Check.Equal(0, other[99_999]);
        });
        Suite.Case("interior/field", () =>
        {
            ref int r = ref Field();
            ref string? s = ref Nested();
            Heap.Collect();
            Churn();
            Check.Equal(9, r);
            Check.Equal("nested2", s);
            s = "new" + 1;
            Heap.Collect();
            Check.Equal("new1", s);
        });
        Suite.Case("interior/span-slice", () =>
        {
            Span<int> s = Slice(5000);
            Heap.Collect();
            Churn();
            Check.Equal(2500, s.Length);
            Check.That(s.IndexOfAnyExcept(5) < 0);
        });
        Suite.Case("interior/empty-span-at-the-end", () =>
        {
            // Points just past the last element; must neither crash nor keep the wrong neighbour's bytes alive wrongly.
            Span<int> s = Slice(100)[50..];
            int[] next = [1, 2, 3];
            Heap.Collect();
            Check.Equal(0, s.Length);
            Check.Equal(3, next[2]);
        });
        Suite.Case("interior/multi-dimensional-element", () =>
        {
            ref int r = ref Multi();
            Heap.Collect();
            Churn();
            Check.Equal(66, r);
        });
        Suite.Case("interior/ref-struct-fields", () =>
        {
            int[] counts = [0];
            View v = new(new string[50].AsSpan(10, 20), ref counts[0]);
            for (int i = 0; i < 20; i++) { v.Items[i] = "v" + i; v.Count++; }
            Heap.Collect();
            Churn();
            Check.Equal("v19", v.Items[19]);
            Check.Equal(20, counts[0]);
        });
        Suite.Case("interior/memory-and-sequence", () =>
        {
            static Memory<char> Make() => ("memory" + Heap.Hide(" text")).ToCharArray().AsMemory(7);
            Memory<char> m = Make();
            ReadOnlyMemory<char> s = ("string" + Heap.Hide("!")).AsMemory(3);
            ReadOnlySequence<byte> seq = new(new byte[100].AsMemory(50));
            Heap.Collect();
            Churn();
            Check.Equal("text", m.ToString());
            Check.Equal("ing!", s.ToString());
            Check.Equal(50L, seq.Length);
        });
        Suite.Case("interior/fixed-pointer", () =>
        {
            unsafe
            {
                fixed (byte* p = new byte[200])
                {
                    p[100] = 3;
                    Heap.Collect();
                    Churn();
                    Check.Equal((byte)3, p[100]);
                    p[101] = 4;
                    Check.Equal((byte)4, p[101]);
                }
                fixed (char* c = "fixed" + Heap.Hide("!"))
                {
                    Heap.Collect();
                    Check.Equal('!', c[5]);
                }
            }
        });
        Suite.Case("interior/ref-through-calls", () =>
        {
            static int Deep(ref int r, int n) { if (n == 0) { Heap.Collect(); return r; } int mine = n; return Deep(ref r, n - 1) + mine - n; }
            Check.Equal(77, Deep(ref Element(10), 30));
            static ref int Pass(ref int r) { Heap.Collect(); return ref r; }
            Check.Equal(77, Pass(ref Pass(ref Element(20))));
        });
        Suite.Case("interior/ref-of-array-data", () =>
        {
            ref byte first = ref MemoryMarshal.GetArrayDataReference(Heap.Hide(new byte[300]));
            Unsafe.Add(ref first, 299) = 8;
            Heap.Collect();
            Churn();
            Check.Equal((byte)8, Unsafe.Add(ref first, 299));
        });
        Suite.Case("interior/unmanaged-memory-is-not-looked-at", () =>
        {
            unsafe
            {
                // Memory that looks like references to dead objects must not disturb the collector.
                nint* raw = (nint*)NativeMemory.Alloc(1000, (nuint)sizeof(nint));
                for (int i = 0; i < 1000; i++) raw[i] = (nint)raw + i * 8;
                Heap.Collect();
                Check.Equal((nint)raw + 8, raw[1]);
                NativeMemory.Free(raw);
                Span<nint> stack = stackalloc nint[64];
                stack.Fill(0x10);
                Heap.Collect();
                Check.Equal((nint)0x10, stack[63]);
            }
        });
    }

    /// <summary>Allocates over whatever was freed.</summary>
    private static void Churn()
    {
        for (int i = 0; i < 100; i++) GC.KeepAlive(new byte[i * 8]);
        GC.KeepAlive(new int[5000]);
    }
}
