// Many threads starting and ending, handing over, throwing; nothing may be lost.
using Cermet.Testing;

internal static class Storms
{
    public static void All()
    {
        Suite.Case("storm/start-and-join-in-turn", () =>
        {
            int n = 0;
            for (int i = 0; i < 100; i++)
            {
                Thread t = new(() => { byte[] b = new byte[100]; b[5] = 1; n += b[5]; });
                t.Start();
                t.Join();
            }
            Check.Equal(100, n);
        });
        Suite.Case("storm/fifty-at-once", () =>
        {
            int n = 0;
            Run.Together(50, i => { GC.KeepAlive(new int[i * 10]); Interlocked.Increment(ref n); });
            Check.Equal(50, n);
        });
        Suite.Case("storm/threads-start-threads", () =>
        {
            int n = 0;
            void Spawn(int depth)
            {
                Interlocked.Increment(ref n);
                if (depth == 0) return;
                Thread a = new(() => Spawn(depth - 1)), b = new(() => Spawn(depth - 1));
                a.Start();
                b.Start();
                a.Join();
                b.Join();
            }
            Spawn(5);
            Check.Equal(63, n);
        });
        Suite.Case("storm/never-joined", () =>
        {
            using CountdownEvent done = new(40);
            for (int i = 0; i < 40; i++) new Thread(() => done.Signal()) { IsBackground = true }.Start();
            done.Wait();
            Check.That(done.IsSet);
        });
        Suite.Case("storm/exceptions-in-all", () =>
        {
            int caught = 0;
            Run.Together(8, i => { for (int k = 0; k < 20; k++) { try { if (k % 2 == 0) throw new InvalidOperationException(); _ = ((string)null!).Length; } catch (Exception) { Interlocked.Increment(ref caught); } } });
            Check.Equal(160, caught);
        });
        Suite.Case("storm/relay", () =>
        {
            // A token passes through 20 threads, five rounds.
            SemaphoreSlim[] turns = Enumerable.Range(0, 20).Select(_ => new SemaphoreSlim(0)).ToArray();
            List<int> visits = [];
            turns[0].Release();
            Run.Together(20, me => { for (int i = 0; i < 5; i++) { turns[me].Wait(); visits.Add(me); turns[(me + 1) % 20].Release(); } });
            Check.Sequence(Enumerable.Range(0, 100).Select(i => i % 20), visits);
        });
        Suite.Case("storm/pool-tasks-with-collections", async () =>
        {
            int sum = 0;
            await Task.WhenAll(Enumerable.Range(0, 40).Select(i => Task.Run(async () =>
            {
                string s = new('x', i);
                if (i % 10 == 0) GC.Collect();
                await Task.Yield();
                Interlocked.Add(ref sum, s.Length);
            })));
            Check.Equal(780, sum);
        });
        Suite.Case("storm/float-registers-survive-switches", () =>
        {
            int wrong = 0;
            Run.Together(6, me =>
            {
                double a = me + 0.5, b = me * 1.25, c = 1.0 / (me + 1), acc = 0;
                System.Numerics.Vector4 v = new(me, me + 1, me + 2, me + 3), total = default;
                for (int i = 0; i < 3000; i++) { acc += a * b - c; total += v; if (i % 500 == 0) Thread.Yield(); }
                double want = 0;
                for (int i = 0; i < 3000; i++) want += a * b - c;
                if (acc != want || total != v * 3000) Interlocked.Increment(ref wrong);
            });
            Check.Equal(0, wrong);
        });
        Suite.Case("storm/contended-start-up-of-a-type", () =>
        {
            string?[] got = new string?[6];
            Run.Together(6, me => got[me] = Slow.Text);
            Check.That(got.All(s => s == "ready"));
            Check.Equal(1, Slow.Runs);
        });
    }

    private static class Slow
    {
        public static int Runs;
        public static readonly string Text;
        static Slow() { Runs++; Thread.Sleep(20); Text = "ready"; }
    }
}
