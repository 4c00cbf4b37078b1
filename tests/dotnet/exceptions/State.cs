// Registers, vectors, by-refs, spans and captured variables keep their values across throw, catch and finally.
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Cermet.Testing;

internal static class State
{
    public static void All()
    {
        Suite.Case("state/integer-registers", () => Check.Equal(Integers(3, false), Integers(3, true)));
        Suite.Case("state/float-registers", () => Check.Equal(Floats(1.25, false), Floats(1.25, true)));
        Suite.Case("state/vector-registers", () => Check.Equal(Vectors(false), Vectors(true)));
        Suite.Case("state/many-arguments", () => Check.Equal(78, Twelve(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)));
        Suite.Case("state/by-ref-and-out", () =>
        {
            int[] a = [1, 2, 3];
            static void Set(ref int slot, out string text)
            {
                text = "before";
                try { slot = 10; Throw.Number(1); } catch (Numbered) { slot += 5; text = "after"; } finally { slot++; }
            }
            Set(ref a[1], out string got);
            Check.Equal(16, a[1]);
            Check.Equal("after", got);
        });
        Suite.Case("state/span-over-stack", () =>
        {
            Span<int> s = stackalloc int[16];
            for (int i = 0; i < 4; i++)
            {
                try { s[i * 4] = i + 1; Throw.Deep(i, i); }
                catch (Numbered e) { s[i * 4 + 1] = e.Value + 10; }
            }
            int sum = 0;
            foreach (int x in s) sum += x;
            Check.Equal(1 + 2 + 3 + 4 + 10 + 11 + 12 + 13, sum);
        });
        Suite.Case("state/captured-variables", () =>
        {
            int count = 0;
            string text = "";
            Action act = () => { count++; text += "x"; Throw.Number(count); };
            for (int i = 0; i < 3; i++) try { act(); } catch (Numbered e) { text += e.Value; }
            Check.Equal("x1x2x3", text);
        });
        Suite.Case("state/large-struct", () =>
        {
            Matrix4x4 m = Matrix4x4.CreateTranslation(1, 2, 3);
            try { m.M11 = 5; Throw.Number(1); } catch (Numbered) { m.M22 = 6; } finally { m.M33 = 7; }
            Check.Equal(new Vector3(5 + 1, 6 + 2, 7 + 3), Vector3.Transform(Vector3.One, m));
        });
        Suite.Case("state/large-frame", () => Check.Equal(40_000, LargeFrame()));
        Suite.Case("state/dynamic-frame", () =>
        {
            static int Alloc(int n)
            {
                Span<byte> s = stackalloc byte[n];
                s.Fill(1);
                try { Throw.Number(n); } catch (Numbered e) { return e.Value + s[n - 1]; }
                return 0;
            }
            for (int n = 16; n < 3000; n = n * 3 + 1) Check.Equal(n + 1, Alloc(n));
        });
        Suite.Case("state/references-live-only-in-handler", () =>
        {
            string s = new('q', 20);
            List<string> list = [];
            try { Throw.Deep(10, 1); }
            catch (Numbered) { for (int i = 0; i < 50; i++) list.Add(s + i); }
            Check.Equal("qqqqqqqqqqqqqqqqqqqq49", list[^1]);
        });
        Suite.Case("state/exception-survives-collections", () =>
        {
            Numbered? kept = null;
            try { Throw.Deep(5, 9); }
            catch (Numbered e)
            {
                GC.Collect();
                for (int i = 0; i < 100; i++) GC.KeepAlive(new byte[1000]);
                GC.Collect();
                kept = e;
                Check.That(e.StackTrace!.Contains("Deep"));
            }
            Check.Equal(9, kept!.Value);
        });
        Suite.Case("state/collection-in-filter-and-finally", () =>
        {
            Log log = new();
            object alive = new();
            WeakReference weak = new(alive);
            static bool CollectAnd(bool answer) { GC.Collect(); return answer; }
            try
            {
                try { Throw.Number(1); }
                catch (Numbered) when (CollectAnd(false)) { log.Add("no"); }
                finally { GC.Collect(); log.Add("f" + weak.IsAlive); }
            }
            catch (Numbered e) when (CollectAnd(true)) { GC.Collect(); log.Add("c" + e.Value + weak.IsAlive); }
            GC.KeepAlive(alive);
            Check.Equal("fTrue c1True", log.ToString());
        });
        Suite.Case("state/pinned-array-across-throw", () =>
        {
            unsafe
            {
                byte[] bytes = new byte[64];
                fixed (byte* p = bytes)
                {
                    try { p[3] = 7; Throw.Number(1); } catch (Numbered) { GC.Collect(); p[4] = 8; }
                }
                Check.Equal(7 + 8, bytes[3] + bytes[4]);
            }
        });
        Suite.Case("state/locals-of-finally-during-unwind", () =>
        {
            static int Run()
            {
                int x = Throw.Opaque(5);
                int[] box = [0];
                try { try { x += 1; Throw.Number(1); } finally { x *= 10; box[0] = x; } }
                catch (Numbered) { return box[0] + x; }
                return -1;
            }
            Check.Equal(120, Run());
        });
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static long Integers(int n, bool fail)
    {
        long a = n, b = n + 1, c = n * 3, d = n * 5, e = n ^ 77, f = n << 4, sum = 0;
        for (int i = 0; i < 10; i++)
        {
            try { a++; b += a; if (fail && (i & 1) == 0) Throw.Number(i); c ^= b; d += c; }
            catch (Numbered x) { c ^= b; d += c; sum += x.Value - i; }
            finally { e += d; f ^= e; }
            sum += c + d + i;
        }
        return sum + a + b + c + d + e + f;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static double Floats(double x, bool fail)
    {
        double a = x, b = x * 2, c = x * 3, d = x * 4, e = x * 5, f = x * 6, g = x * 7, h = x * 8, i = x * 9, j = x * 10;
        for (int n = 0; n < 6; n++)
        {
            try { a += b; if (fail) Throw.Deep(3, n); c += d; }
            catch (Numbered) { c += d; }
            e += f; g += h; i += j;
        }
        return a + b + c + d + e + f + g + h + i + j;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Vector128<int> Vectors(bool fail)
    {
        Vector128<int> a = Vector128.Create(1, 2, 3, 4), b = a + a, c = b * a;
        for (int n = 0; n < 5; n++)
        {
            try { a += b; if (fail) Throw.Number(n); c ^= a; }
            catch (Numbered) { c ^= a; }
            b += Vector128.Create(n);
        }
        return a + b + c;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static long Twelve(int a, long b, short c, byte d, uint e, int f, long g, int h, sbyte i, int j, int k, long l)
    {
        try { Throw.Number(a); } catch (Numbered) { GC.KeepAlive(j); }
        return a + b + c + d + e + f + g + h + i + j + k + l;
    }

    [InlineArray(40_000)]
    private struct Big { private byte _first; }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int LargeFrame()
    {
        Big big = default;
        Span<byte> all = big;
        try { all.Fill(1); Throw.Number(1); }
        catch (Numbered) { int sum = 0; foreach (byte b in all) sum += b; return sum; }
        return 0;
    }
}
