// The figures that GC reports move the way they must.
using System.Runtime;
using Cermet.Testing;

internal static class Figures
{
    public static void All()
    {
        Suite.Case("figures/collection-count", () =>
        {
            int before = GC.CollectionCount(0);
            for (int i = 0; i < 5; i++) GC.Collect();
            Check.That(GC.CollectionCount(0) >= before + 5);
            int full = GC.CollectionCount(GC.MaxGeneration);
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true, compacting: true);
            Check.That(GC.CollectionCount(GC.MaxGeneration) > full);
            Check.Throws<ArgumentOutOfRangeException>(() => GC.CollectionCount(-1));
        });
        Suite.Case("figures/allocated-bytes", () =>
        {
            long total = GC.GetTotalAllocatedBytes(true), mine = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 100; i++) GC.KeepAlive(new byte[10_000]);
            Check.That(GC.GetTotalAllocatedBytes(true) - total >= 1_000_000);
            long grown = GC.GetAllocatedBytesForCurrentThread() - mine;
            Check.That(grown >= 1_000_000 && grown < 3_000_000);
        });
        Suite.Case("figures/allocated-bytes-are-per-thread", () =>
        {
            long mine = GC.GetAllocatedBytesForCurrentThread(), other = 0;
            Thread t = new(() => { long start = GC.GetAllocatedBytesForCurrentThread(); GC.KeepAlive(new byte[2_000_000]); other = GC.GetAllocatedBytesForCurrentThread() - start; });
            t.Start();
            t.Join();
            Check.That(other >= 2_000_000);
            Check.That(GC.GetAllocatedBytesForCurrentThread() - mine < 1_000_000);
        });
        Suite.Case("figures/total-memory-follows-the-live-set", () =>
        {
            long before = GC.GetTotalMemory(true);
            byte[] held = new byte[5_000_000];
            long with = GC.GetTotalMemory(false);
            Check.That(with - before >= 4_900_000);
            GC.KeepAlive(held);
        });
        Suite.Case("figures/memory-info", () =>
        {
            GC.Collect();
            GCMemoryInfo info = GC.GetGCMemoryInfo();
            Check.That(info.HeapSizeBytes > 0);
            Check.That(info.TotalAvailableMemoryBytes > 1_000_000);
            Check.That(info.TotalCommittedBytes > 0);
            Check.That(info.MemoryLoadBytes >= 0 && info.HighMemoryLoadThresholdBytes > 0);
            Check.That(info.Index > 0);
            Check.That(info.FinalizationPendingCount >= 0 && info.PinnedObjectsCount >= 0);
            long index = info.Index;
            GC.Collect();
            Check.That(GC.GetGCMemoryInfo(GCKind.Any).Index > index);
        });
        Suite.Case("figures/pause-durations", () =>
        {
            TimeSpan before = GC.GetTotalPauseDuration();
            for (int i = 0; i < 5; i++) GC.Collect();
            Check.That(GC.GetTotalPauseDuration() > before);
        });
        Suite.Case("figures/generations", () =>
        {
            object o = new();
            Check.That(GC.GetGeneration(o) >= 0 && GC.GetGeneration(o) <= GC.MaxGeneration);
            for (int i = 0; i < 3; i++) GC.Collect();
            Check.Equal(GC.MaxGeneration, GC.GetGeneration(o));
            Check.Equal(2, GC.MaxGeneration);
            GC.KeepAlive(o);
        });
        Suite.Case("figures/settings", () =>
        {
            Check.That(!GCSettings.IsServerGC);
            GCLatencyMode mode = GCSettings.LatencyMode;
            Check.That(mode is GCLatencyMode.Interactive or GCLatencyMode.Batch);
            GCSettings.LatencyMode = GCLatencyMode.Batch;
            Check.Equal(GCLatencyMode.Batch, GCSettings.LatencyMode);
            GCSettings.LatencyMode = mode;
            Check.Equal(GCLargeObjectHeapCompactionMode.Default, GCSettings.LargeObjectHeapCompactionMode);
        });
        Suite.Case("figures/collect-arguments", () =>
        {
            Check.Throws<ArgumentOutOfRangeException>(() => GC.Collect(-1));
            GC.Collect(0);
            GC.Collect(1, GCCollectionMode.Optimized);
            GC.Collect(2, GCCollectionMode.Aggressive, true, true);
            Check.That(true);
        });
    }
}
