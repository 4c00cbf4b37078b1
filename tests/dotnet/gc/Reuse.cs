// Memory: reused and zeroed, collected without being asked, large objects, exhaustion that is caught.
using System.Runtime.CompilerServices;
using Cermet.Testing;

internal static class Reuse
{
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Dirty(int size, int count)
    {
        for (int i = 0; i < count; i++) new byte[size].AsSpan().Fill(0xEE);
    }

    public static void All()
    {
        Suite.Case("reuse/new-memory-is-zero", () =>
        {
            foreach (int size in new[] { 1, 8, 24, 100, 1000, 5000, 40_000, 90_000, 300_000 })
            {
                Dirty(size, 10);
                Heap.Collect();
                for (int i = 0; i < 12; i++)
                {
                    if (new byte[size].AsSpan().IndexOfAnyExcept((byte)0) >= 0) Check.Fail("dirty byte[" + size + "]");
                    if (new string?[size / 8 + 1].AsSpan().IndexOfAnyExcept((string?)null) >= 0) Check.Fail("dirty string[] of " + size);
                }
                Check.That(new Node().Left is null);
            }
        });
        Suite.Case("reuse/automatic-collection", () =>
        {
            int before = GC.CollectionCount(0);
            // 400 MB of garbage in 1 MB pieces: more than any heap here, so only the automatic trigger can make room.
            for (int i = 0; i < 400; i++) { byte[] b = new byte[1 << 20]; b[12345] = 1; GC.KeepAlive(b); }
            Check.That(GC.CollectionCount(0) > before);
        });
        Suite.Case("reuse/automatic-collection-of-small-objects", () =>
        {
            int before = GC.CollectionCount(0);
            List<byte[]> window = [];
            // Garbage of mixed sizes with a sliding window that stays alive.
            for (int round = 0; round < 2000 && GC.CollectionCount(0) == before; round++)
            {
                for (int i = 0; i < 40; i++)
                {
                    byte[] b = new byte[100 + i * 997];
                    b[^1] = (byte)i;
                    window.Add(b);
                    if (window.Count > 60) window.RemoveAt(0);
                }
            }
            Check.That(GC.CollectionCount(0) > before);
            Check.That(window.All(b => b[^1] < 40 && b.Length == 100 + b[^1] * 997));
        });
        Suite.Case("reuse/large-objects-keep-their-content", () =>
        {
            List<byte[]> kept = [];
            for (int i = 0; i < 12; i++)
            {
                byte[] b = new byte[1 << 20];
                b[1234] = (byte)i;
                b[^1] = (byte)(i + 1);
                kept.Add(b);
                GC.KeepAlive(new byte[(1 << 19) + i * 5000]);
            }
            kept.RemoveAll(b => b[1234] % 3 == 0);
            Heap.Collect();
            for (int i = 0; i < 8; i++) GC.KeepAlive(new byte[3 << 18]);
            Check.That(kept.All(b => b[^1] == b[1234] + 1));
            Check.Equal(8, kept.Count);
        });
        Suite.Case("reuse/large-reference-arrays", () =>
        {
            object[] big = new object[50_000];
            for (int i = 0; i < big.Length; i += 97) big[i] = "b" + i;
            Heap.Collect();
            for (int i = 0; i < big.Length; i += 97) if ((string)big[i] != "b" + i) Check.Fail("lost " + i);
            Check.That(big[1] is null);
        });
        Suite.Case("reuse/memory-goes-down", () =>
        {
            long with = Hold(), without = GC.GetTotalMemory(true);
            Check.That(with - without > 3_000_000);
            [MethodImpl(MethodImplOptions.NoInlining)] static long Hold() { byte[][] all = Enumerable.Range(0, 50).Select(_ => new byte[100_000]).ToArray(); long m = GC.GetTotalMemory(true); GC.KeepAlive(all); return m; }
        });
        Suite.Case("reuse/strings-and-arrays-of-every-small-size", () =>
        {
            string[] strings = new string[200];
            byte[][] bytes = new byte[200][];
            for (int i = 0; i < 200; i++) { strings[i] = new string((char)('a' + i % 26), i); bytes[i] = new byte[i]; bytes[i].AsSpan().Fill((byte)i); }
            Heap.Collect();
            for (int i = 0; i < 200; i++)
            {
                if (strings[i].Length != i || strings[i].AsSpan().IndexOfAnyExcept((char)('a' + i % 26)) >= 0) Check.Fail("string " + i);
                if (bytes[i].Length != i || bytes[i].AsSpan().IndexOfAnyExcept((byte)i) >= 0) Check.Fail("bytes " + i);
            }
            Check.Equal("ccc", strings[3].Replace('d', 'c'));
        });
        Suite.Case("reuse/hashes-and-locks-survive", () =>
        {
            object[] all = Enumerable.Range(0, 100).Select(_ => new object()).ToArray();
            int[] hashes = all.Select(RuntimeHelpers.GetHashCode).ToArray();
            lock (all[5])
            {
                lock (all[6])
                {
                    Heap.Collect();
                    Check.That(Monitor.IsEntered(all[5]) && Monitor.IsEntered(all[6]) && !Monitor.IsEntered(all[7]));
                }
            }
            Heap.Collect();
            Check.Sequence(hashes, all.Select(RuntimeHelpers.GetHashCode));
            Check.That(hashes.Distinct().Count() > 90);
        });
        Suite.Case("reuse/exhaustion-by-huge-arrays-is-caught", () =>
        {
            for (int round = 0; round < 3; round++)
            {
                Check.Throws<OutOfMemoryException>(Exhaust);
                Heap.Collect();
                Check.Equal(1000, new byte[1000].Length);
            }
            // 16 GB each: a handful is more than the address space any heap here reserves.
            [MethodImpl(MethodImplOptions.NoInlining)]
            static void Exhaust() { List<long[]> kept = []; for (int i = 0; i < 10_000; i++) kept.Add(GC.AllocateUninitializedArray<long>(2_000_000_000)); }
        });
        Suite.Case("reuse/no-gc-region", () =>
        {
            Check.That(GC.TryStartNoGCRegion(1 << 20));
            int before = GC.CollectionCount(0);
            for (int i = 0; i < 100; i++) GC.KeepAlive(new byte[1000]);
            Check.Equal(before, GC.CollectionCount(0));
            GC.EndNoGCRegion();
            Heap.Collect();
        });
        Suite.Case("reuse/memory-pressure", () =>
        {
            GC.AddMemoryPressure(1 << 20);
            GC.RemoveMemoryPressure(1 << 20);
            Check.Throws<ArgumentOutOfRangeException>(() => GC.AddMemoryPressure(0));
        });
    }
}
