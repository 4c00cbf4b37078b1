// Filters, catches and finallys of one exception run in the order of the two passes.
using Cermet.Testing;

internal static class Order
{
    public static void All()
    {
        Suite.Case("order/catch-gets-the-object", () =>
        {
            Numbered thrown = new(4);
            try { throw thrown; }
            catch (Numbered e) { Check.That(ReferenceEquals(thrown, e)); }
        });
        Suite.Case("order/filters-before-finallys", FiltersFirst);
        Suite.Case("order/first-matching-clause-wins", () =>
        {
            Log log = new();
            try { Throw.Special(1); }
            catch (InvalidOperationException) { log.Add("wrong"); }
            catch (Numbered) { log.Add("base"); }
            catch (Exception) { log.Add("any"); }
            Check.Equal("base", log.ToString());
        });
        Suite.Case("order/inner-try-does-not-match", () =>
        {
            Log log = new();
            try
            {
                try { Throw.Number(1); }
                catch (ArgumentException) { log.Add("wrong"); }
                finally { log.Add("inner"); }
            }
            catch (Numbered) { log.Add("outer"); }
            Check.Equal("inner outer", log.ToString());
        });
        Suite.Case("order/finally-without-exception", () =>
        {
            Log log = new();
            try { log.Add("body"); } finally { log.Add("finally"); }
            Check.Equal("body finally", log.ToString());
        });
        Suite.Case("order/return-through-finallys", () =>
        {
            Log log = new();
            Check.Equal(7, ReturnThrough(log));
            Check.Equal("inner outer", log.ToString());
        });
        Suite.Case("order/return-value-is-taken-before-finally", () => Check.Equal(1, ReturnBeforeFinally()));
        Suite.Case("order/loop-leaves-through-finally", LoopLeaves);
        Suite.Case("order/goto-out-of-try", () =>
        {
            Log log = new();
            try { log.Add("try"); goto done; }
            finally { log.Add("finally"); }
        done:
            log.Add("done");
            Check.Equal("try finally done", log.ToString());
        });
        Suite.Case("order/using-disposes-in-reverse", () =>
        {
            Log log = new();
            try
            {
                using Scope a = new(log, "a");
                using Scope b = new(log, "b");
                Throw.Number(3);
            }
            catch (Numbered e) { log.Add("caught" + e.Value); }
            Check.Equal("-b -a caught3", log.ToString());
        });
        Suite.Case("order/foreach-disposes-enumerator", () =>
        {
            Log log = new();
            try { foreach (int i in Items(log)) if (i == 2) Throw.Number(i); }
            catch (Numbered) { log.Add("caught"); }
            Check.Equal("1 2 end caught", log.ToString());
        });
        Suite.Case("order/exception-inside-iterator", () =>
        {
            Log log = new();
            try { foreach (int i in Broken(log)) log.Add("got" + i); }
            catch (Numbered e) { log.Add("caught" + e.Value); }
            Check.Equal("got1 end caught5", log.ToString());
        });
        Suite.Case("order/lock-is-released", () =>
        {
            object gate = new();
            try { lock (gate) Throw.Number(1); }
            catch (Numbered) { Check.That(!Monitor.IsEntered(gate)); }
            bool entered = false;
            Thread t = new(() => entered = Monitor.TryEnter(gate));
            t.Start();
            t.Join();
            Check.That(entered);
        });
        Suite.Case("order/filter-sees-state-before-finally", () =>
        {
            int state = 1, seen = 0;
            try
            {
                try { state = 2; Throw.Number(1); }
                finally { state = 3; }
            }
            catch (Numbered) when ((seen = state) == 2) { }
            Check.Equal(2, seen);
            Check.Equal(3, state);
        });
        Suite.Case("order/all-filters-false-goes-on", () =>
        {
            Log log = new();
            try
            {
                try { Throw.Number(1); }
                catch (Numbered) when (log.Filter("a", false)) { log.Add("no"); }
                catch (Numbered) when (log.Filter("b", false)) { log.Add("no"); }
            }
            catch (Numbered) when (log.Filter("c", true)) { log.Add("yes"); }
            Check.Equal("a b c yes", log.ToString());
        });
        Suite.Case("order/filter-with-pattern", () =>
        {
            string got = "";
            try { throw new ArgumentException("text", "param", new Numbered(9)); }
            catch (ArgumentException e) when (e is { InnerException: Numbered { Value: 9 } n, ParamName: "param" }) { got = n.Message; }
            Check.Equal("number 9", got);
        });
        Suite.Case("order/catch-all-without-variable", () =>
        {
            bool caught = false;
            try { Throw.Number(1); } catch { caught = true; }
            Check.That(caught);
        });
        Suite.Case("order/deep-frames-run-every-finally", () =>
        {
            Log log = new();
            try { Frames(5, log); } catch (Numbered) { log.Add("caught"); }
            Check.Equal("1 2 3 4 5 caught", log.ToString());
        });
        Suite.Case("order/try-inside-finally-of-normal-flow", () =>
        {
            Log log = new();
            try { log.Add("body"); }
            finally { try { Throw.Number(1); } catch (Numbered) { log.Add("inner"); } log.Add("rest"); }
            Check.Equal("body inner rest", log.ToString());
        });
        Suite.Case("order/switch-and-conditional-throw", () =>
        {
            static int Parse(string? s) => s switch { null => throw new ArgumentNullException(nameof(s)), "one" => 1, _ => throw new Numbered(s.Length) };
            Check.Equal(1, Parse("one"));
            Check.Equal(4, Check.Throws<Numbered>(() => Parse("four")).Value);
            Check.Equal("s", Check.Throws<ArgumentNullException>(() => Parse(null)).ParamName);
            string? missing = Throw.Opaque<string?>(null);
            Check.Equal(2, Check.Throws<Numbered>(() => _ = missing ?? throw new Numbered(2)).Value);
        });
    }

    private static void FiltersFirst()
    {
        Log log = new();
        try
        {
            try { try { Throw.Number(1); } finally { log.Add("f1"); } }
            catch (InvalidOperationException) { log.Add("wrong"); }
            finally { log.Add("f2"); }
        }
        catch (Numbered e) when (log.Filter("w1", false)) { log.Add("no" + e.Value); }
        catch (Numbered e) when (log.Filter("w2", true)) { log.Add("c" + e.Value); }
        Check.Equal("w1 w2 f1 f2 c1", log.ToString());
    }

    private static int ReturnThrough(Log log)
    {
        try { try { return 7; } finally { log.Add("inner"); } }
        finally { log.Add("outer"); }
    }

    private static int ReturnBeforeFinally()
    {
        int x = 1;
        try { return x; } finally { x = 2; GC.KeepAlive(x); }
    }

    private static void LoopLeaves()
    {
        Log log = new();
        for (int i = 0; i < 5; i++)
        {
            try
            {
                if (i == 1) continue;
                if (i == 3) break;
                log.Add("b" + i);
            }
            finally { log.Add("f" + i); }
        }
        Check.Equal("b0 f0 f1 b2 f2 f3", log.ToString());
    }

    private static void Frames(int depth, Log log)
    {
        try { if (depth == 0) Throw.Number(0); else Frames(depth - 1, log); }
        finally { if (depth > 0) log.Add(depth.ToString()); }
    }

    private static IEnumerable<int> Items(Log log)
    {
        try { for (int i = 1; ; i++) { log.Add(i.ToString()); yield return i; } }
        finally { log.Add("end"); }
    }

    private static IEnumerable<int> Broken(Log log)
    {
        try { yield return 1; Throw.Number(5); yield return 2; }
        finally { log.Add("end"); }
    }

    private sealed class Scope(Log log, string name) : IDisposable
    {
        public void Dispose() => log.Add("-" + name);
    }
}
