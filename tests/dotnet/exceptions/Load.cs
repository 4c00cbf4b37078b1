// Many exceptions: deep stacks, repetition, several threads at once, large objects thrown.
using System.Runtime.CompilerServices;
using Cermet.Testing;

internal static class Load
{
    public static void All()
    {
        Suite.Case("load/two-thousand-frames", () => Check.Equal(1, Check.Throws<Numbered>(() => Throw.Deep(2000, 1)).Value));
        Suite.Case("load/finally-in-each-of-many-frames", () =>
        {
            int count = 0;
            void Down(int n) { try { if (n == 0) Throw.Number(1); Down(n - 1); } finally { count++; } }
            Check.Throws<Numbered>(() => Down(500));
            Check.Equal(501, count);
        });
        Suite.Case("load/thousand-throws", () =>
        {
            int sum = 0;
            for (int i = 0; i < 1000; i++) { try { Throw.Number(i); } catch (Numbered e) { sum += e.Value; } }
            Check.Equal(499_500, sum);
        });
        Suite.Case("load/rethrow-chain", () =>
        {
            static void Chain(int n)
            {
                try { if (n == 0) Throw.Number(3); else Chain(n - 1); }
                catch (Numbered) { throw; }
            }
            Check.Equal(3, Check.Throws<Numbered>(() => Chain(60)).Value);
        });
        Suite.Case("load/several-threads", () =>
        {
            int[] sums = new int[4];
            Thread[] threads = new Thread[4];
            for (int t = 0; t < threads.Length; t++)
            {
                int me = t;
                threads[t] = new Thread(() =>
                {
                    for (int i = 0; i < 100; i++)
                    {
                        try { if (i % 3 == 0) GC.KeepAlive(Throw.Opaque<string>(null!).Length); Throw.Deep(i % 7, i); }
                        catch (Numbered e) { sums[me] += e.Value; }
                        catch (NullReferenceException) { sums[me] += i; }
                        finally { sums[me]++; }
                    }
                });
                threads[t].Start();
            }
            foreach (Thread t in threads) t.Join();
            Check.Sequence([5050, 5050, 5050, 5050], sums);
        });
        Suite.Case("load/exception-with-large-payload", () =>
        {
            Fat e = Check.Throws<Fat>(() => throw new Fat());
            Check.Equal(100_000, e.Payload.Length);
        });
        Suite.Case("load/many-clauses", () =>
        {
            static int Pick(int n)
            {
                try
                {
                    throw n switch { 0 => new ArgumentNullException(), 1 => new ArgumentOutOfRangeException(), 2 => new FormatException(), 3 => new TimeoutException(), 4 => new IOException(), _ => new Numbered(n) };
                }
                catch (ArgumentNullException) { return 10; }
                catch (ArgumentOutOfRangeException) { return 11; }
                catch (FormatException) { return 12; }
                catch (TimeoutException) { return 13; }
                catch (IOException) { return 14; }
                catch (Numbered e) when (e.Value == 5) { return 15; }
                catch (Numbered) { return 16; }
            }
            Check.Sequence([10, 11, 12, 13, 14, 15, 16], Enumerable.Range(0, 7).Select(Pick));
        });
        Suite.Case("load/memory-exhausted-by-one-array", () =>
        {
            // Larger than any heap here: fails at once, and the next allocation works.
            long size = Throw.Opaque(2_000_000_000L);
            List<long[]> kept = [];
            Check.Throws<OutOfMemoryException>(() => { for (int i = 0; i < 100_000; i++) kept.Add(new long[size]); });
            kept.Clear();
            Check.Equal(10, new int[10].Length);
        });
    }

    private sealed class Fat : Exception
    {
        public byte[] Payload { get; } = new byte[100_000];
    }
}
