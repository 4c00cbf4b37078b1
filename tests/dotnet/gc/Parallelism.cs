// Several threads allocate, block, spin, start and end while collections stop them.
using System.Collections.Concurrent;
using Cermet.Testing;

internal static class Parallelism
{
    public static void All()
    {
        Suite.Case("parallel/allocate-while-one-collects", () =>
        {
            int good = 0;
            Thread[] workers = Enumerable.Range(0, 4).Select(k => new Thread(() =>
            {
                Node mine = Heap.Tree(5);
                Dictionary<int, string> map = [];
                Random random = new(k);
                for (int i = 0; i < 800; i++)
                {
                    map[random.Next(100)] = "v" + i;
                    if (map.Count > 80) map.Clear();
                }
                if (mine.Count() == 63 && map.Values.All(v => v[0] == 'v')) Interlocked.Increment(ref good);
            })).ToArray();
            foreach (Thread t in workers) t.Start();
            for (int i = 0; i < 10; i++) Heap.Collect();
            foreach (Thread t in workers) t.Join();
            Check.Equal(4, good);
        });
        Suite.Case("parallel/everybody-collects", () =>
        {
            int before = GC.CollectionCount(0), good = 0;
            Thread[] workers = Enumerable.Range(0, 4).Select(k => new Thread(() =>
            {
                for (int i = 0; i < 5; i++) { string own = "k" + k + i; GC.Collect(); if (own == "k" + k + i) Interlocked.Increment(ref good); }
            })).ToArray();
            foreach (Thread t in workers) t.Start();
            foreach (Thread t in workers) t.Join();
            Check.Equal(20, good);
            Check.That(GC.CollectionCount(0) > before);
        });
        Suite.Case("parallel/loop-without-calls-is-stopped", () =>
        {
            bool stop = false;
            long spins = 0;
            Thread t = new(() => { long n = 0; while (!Volatile.Read(ref stop)) n++; spins = n; });
            t.Start();
            Thread.Sleep(5);
            for (int i = 0; i < 5; i++) Heap.Collect();
            Volatile.Write(ref stop, true);
            t.Join();
            Check.That(spins >= 0);
        });
        Suite.Case("parallel/long-native-helpers-are-stopped", () =>
        {
            bool stop = false;
            object[] from = new object[2000], to = new object[2000];
            Array.Fill(from, "x");
            Thread t = new(() => { while (!Volatile.Read(ref stop)) Array.Copy(from, to, from.Length); });
            t.Start();
            for (int i = 0; i < 5; i++) Heap.Collect();
            Volatile.Write(ref stop, true);
            t.Join();
            Check.That(from.All(s => (string)s == "x"));
        });
        Suite.Case("parallel/sleeping-and-waiting-threads", () =>
        {
            using ManualResetEventSlim go = new();
            object gate = new();
            int good = 0;
            Thread[] all =
            [
                new(() => { string s = "a" + 1; go.Wait(); if (s == "a1") Interlocked.Increment(ref good); }),
                new(() => { string s = "b" + 1; lock (gate) { } if (s == "b1") Interlocked.Increment(ref good); }),
                new(() => { string s = "c" + 1; Thread.Sleep(50); if (s == "c1") Interlocked.Increment(ref good); }),
                new(() => { string s = "d" + 1; Task.Delay(40).Wait(); if (s == "d1") Interlocked.Increment(ref good); }),
            ];
            lock (gate)
            {
                foreach (Thread t in all) t.Start();
                for (int i = 0; i < 3; i++) { Heap.Collect(); Thread.Sleep(5); }
            }
            go.Set();
            foreach (Thread t in all) t.Join();
            Check.Equal(4, good);
        });
        Suite.Case("parallel/threads-come-and-go", () =>
        {
            bool stop = false;
            int collections = 0, done = 0;
            Thread collector = new(() => { while (!Volatile.Read(ref stop)) { GC.Collect(); collections++; } });
            collector.Start();
            for (int round = 0; round < 10; round++)
            {
                Thread[] batch = Enumerable.Range(0, 4).Select(_ => new Thread(() => { int[] a = new int[100]; a[5] = 1; if (Heap.Tree(2).Count() == 7) Interlocked.Add(ref done, a[5]); })).ToArray();
                foreach (Thread t in batch) t.Start();
                foreach (Thread t in batch) t.Join();
            }
            Volatile.Write(ref stop, true);
            collector.Join();
            Check.Equal(40, done);
            Check.That(collections > 0);
        });
        Suite.Case("parallel/tasks-and-awaits", () =>
        {
            Task<int>[] tasks = Enumerable.Range(0, 4).Select(k => Task.Run(async () =>
            {
                int sum = 0;
                for (int i = 0; i < 10; i++)
                {
                    List<string> l = [];
                    for (int j = 0; j < 20; j++) l.Add((j * k).ToString());
                    await Task.Yield();
                    sum += l.Sum(int.Parse);
                }
                return sum;
            })).ToArray();
            while (!Task.WhenAll(tasks).IsCompleted) Heap.Collect();
            Check.Sequence([0, 1900, 3800, 5700], tasks.Select(t => t.Result));
        });
        Suite.Case("parallel/producer-consumer-of-objects", () =>
        {
            using BlockingCollection<Node> queue = new(8);
            Thread producer = new(() => { for (int i = 0; i < 200; i++) queue.Add(new Node { Value = i, Left = new Node { Value = i } }); queue.CompleteAdding(); });
            producer.Start();
            int sum = 0, seen = 0;
            foreach (Node n in queue.GetConsumingEnumerable())
            {
                if (++seen % 50 == 0) Heap.Collect();
                sum += n.Value + n.Left!.Value;
            }
            producer.Join();
            Check.Equal(199 * 200, sum);
        });
        Suite.Case("parallel/exchange-of-references", () =>
        {
            Node slot = new() { Value = 1000 };
            bool stop = false;
            int bad = 0;
            Thread[] swappers = Enumerable.Range(0, 3).Select(_ => new Thread(() =>
            {
                Node own = new() { Value = 1000 };
                while (!Volatile.Read(ref stop))
                {
                    own = Interlocked.Exchange(ref slot, new Node { Value = own.Value });
                    if (own.Value != 1000 || own.Pad.Length != 16) Interlocked.Increment(ref bad);
                    Thread.Yield();
                }
            })).ToArray();
            foreach (Thread t in swappers) t.Start();
            for (int i = 0; i < 8; i++) Heap.Collect();
            Volatile.Write(ref stop, true);
            foreach (Thread t in swappers) t.Join();
            Check.Equal(0, bad);
        });
    }
}
