// Exceptions while another exception is being handled: in catches, finallys, filters, constructors and disposers.
using System.Runtime.ExceptionServices;
using Cermet.Testing;

internal static class Nesting
{
    public static void All()
    {
        Suite.Case("nesting/throw-in-catch", ThrowInCatch);
        Suite.Case("nesting/throw-in-finally-replaces", ThrowInFinally);
        Suite.Case("nesting/handled-inside-finally", HandledInFinally);
        Suite.Case("nesting/throw-in-filter-is-false", ThrowInFilter);
        Suite.Case("nesting/try-inside-filter", () =>
        {
            Log log = new();
            try { Throw.Number(1); }
            catch (Numbered) when (Inner(log)) { log.Add("caught"); }
            Check.Equal("in2 out caught", log.ToString());
            static bool Inner(Log log)
            {
                try { Throw.Number(2); } catch (Numbered e) { log.Add("in" + e.Value); } finally { log.Add("out"); }
                return true;
            }
        });
        Suite.Case("nesting/rethrow-keeps-the-object", () =>
        {
            Numbered thrown = new(9);
            Exception? got = null;
            try { try { throw thrown; } catch (Exception) { throw; } }
            catch (Numbered e) { got = e; }
            Check.That(ReferenceEquals(thrown, got));
        });
        Suite.Case("nesting/rethrow-runs-outer-clauses", () =>
        {
            Log log = new();
            try
            {
                try { Throw.Number(9); }
                catch (Numbered) { log.Add("c"); throw; }
                catch (Exception) { log.Add("never"); }
                finally { log.Add("f"); }
            }
            catch (Exception e) { log.Add(e.Message); }
            Check.Equal("c f number 9", log.ToString());
        });
        Suite.Case("nesting/rethrow-after-inner-exception", () =>
        {
            Log log = new();
            try
            {
                try { Throw.Number(1); }
                catch (Numbered)
                {
                    try { Throw.Number(2); } catch (Numbered e) { log.Add("i" + e.Value); }
                    throw;
                }
            }
            catch (Numbered e) { log.Add("o" + e.Value); }
            Check.Equal("i2 o1", log.ToString());
        });
        Suite.Case("nesting/rethrow-from-nested-catch", () =>
        {
            Log log = new();
            try
            {
                try { Throw.Number(1); }
                catch (Numbered)
                {
                    try { Throw.Number(2); } catch (Numbered) { throw; }
                }
            }
            catch (Numbered e) { log.Add("o" + e.Value); }
            Check.Equal("o2", log.ToString());
        });
        Suite.Case("nesting/catches-ten-deep", () =>
        {
            static int Depth(int n)
            {
                try { Throw.Number(n); return -1; }
                catch (Numbered e) when (e.Value == n) { return n == 0 ? 0 : Depth(n - 1) + 1; }
            }
            Check.Equal(10, Depth(10));
        });
        Suite.Case("nesting/each-catch-throws-the-next", () =>
        {
            static void Step(int n)
            {
                try { if (n == 0) Throw.Number(0); else Step(n - 1); }
                catch (Numbered e) { throw new Numbered(e.Value + 1); }
            }
            Check.Equal(51, Check.Throws<Numbered>(() => Step(50)).Value);
        });
        Suite.Case("nesting/each-finally-throws-the-next", () =>
        {
            static void Step(int n)
            {
                try { if (n == 0) Throw.Number(0); else Step(n - 1); }
                finally { if (n > 0) Throw.Number(n); }
            }
            Check.Equal(20, Check.Throws<Numbered>(() => Step(20)).Value);
        });
        Suite.Case("nesting/dispose-throws-over-body", () =>
        {
            static void Body() { using Thrower t = new(); Throw.Number(1); }
            Check.Equal(2, Check.Throws<Numbered>(Body).Value);
        });
        Suite.Case("nesting/constructor-throws", () =>
        {
            Half.Made = 0;
            Check.Equal(1, Check.Throws<Numbered>(() => GC.KeepAlive(new Whole())).Value);
            Check.Equal(1, Half.Made);
        });
        Suite.Case("nesting/field-initialiser-throws", () => Check.Equal(6, Check.Throws<Numbered>(() => GC.KeepAlive(new BadField())).Value));
        Suite.Case("nesting/static-constructor-throws-twice-the-same", () =>
        {
            TypeInitializationException a = Check.Throws<TypeInitializationException>(() => GC.KeepAlive(BadStatic.Value));
            TypeInitializationException b = Check.Throws<TypeInitializationException>(() => GC.KeepAlive(BadStatic.Value));
            Check.Equal(3, ((Numbered)a.InnerException!).Value);
            Check.That(ReferenceEquals(a.InnerException, b.InnerException));
        });
        Suite.Case("nesting/static-constructor-throws-through-another", () =>
        {
            TypeInitializationException e = Check.Throws<TypeInitializationException>(() => GC.KeepAlive(OuterStatic.Value));
            Check.That(e.InnerException is TypeInitializationException { InnerException: Numbered { Value: 8 } });
        });
        Suite.Case("nesting/dispatch-info-rethrows-elsewhere", () =>
        {
            ExceptionDispatchInfo? info = null;
            try { Throw.Deep(3, 12); } catch (Numbered e) { info = ExceptionDispatchInfo.Capture(e); }
            Exception? from = null;
            Thread t = new(() => { try { info!.Throw(); } catch (Numbered e) { from = e; } });
            t.Start();
            t.Join();
            Check.That(ReferenceEquals(info!.SourceException, from));
            Check.That(from!.StackTrace!.Contains("Deep"));
            Check.That(from.StackTrace!.Contains("--- End of stack trace from previous location ---"));
        });
        Suite.Case("nesting/two-exceptions-alive-at-once", () =>
        {
            Exception? outer = null, inner = null;
            try { Throw.Number(1); }
            catch (Numbered e)
            {
                outer = e;
                try { Throw.Number(2); } catch (Numbered f) { inner = f; }
                Check.That(e.Value == 1 && !ReferenceEquals(outer, inner));
            }
            Check.That(outer is Numbered { Value: 1 } && inner is Numbered { Value: 2 });
        });
        Suite.Case("nesting/finally-inside-catch-inside-finally", () =>
        {
            Log log = new();
            try
            {
                try { log.Add("1"); }
                finally
                {
                    try { Throw.Number(1); }
                    catch (Numbered) { try { log.Add("2"); Throw.Number(2); } finally { log.Add("3"); } }
                    finally { log.Add("4"); }
                }
            }
            catch (Numbered e) { log.Add("c" + e.Value); }
            Check.Equal("1 2 3 4 c2", log.ToString());
        });
        Suite.Case("nesting/return-from-catch-inside-loop", () =>
        {
            static int Find()
            {
                for (int i = 0; ; i++)
                {
                    try { Throw.Number(i); }
                    catch (Numbered e) when (e.Value < 5) { continue; }
                    catch (Numbered e) { return e.Value; }
                }
            }
            Check.Equal(5, Find());
        });
    }

    private static void ThrowInCatch()
    {
        Log log = new();
        try
        {
            try { Throw.Number(1); }
            catch (Numbered e)
            {
                log.Add("c" + e.Value);
                try { Throw.Number(2); } catch (Numbered e2) { log.Add("c" + e2.Value); }
                Throw.Number(3 + e.Value);
            }
            finally { log.Add("fin"); }
        }
        catch (Numbered e) { log.Add("o" + e.Value); }
        Check.Equal("c1 c2 fin o4", log.ToString());
    }

    private static void ThrowInFinally()
    {
        Log log = new();
        try
        {
            try { try { Throw.Number(1); } finally { log.Add("f"); Throw.Number(2); } }
            catch (Numbered e) when (e.Value == 1) { log.Add("bad"); }
        }
        catch (Numbered e) { log.Add("c" + e.Value); }
        // The first pass of number 1 finds the inner catch; number 2 starts a search of its own.
        Check.Equal("f c2", log.ToString());
    }

    private static void HandledInFinally()
    {
        Log log = new();
        try
        {
            try { Throw.Number(1); }
            finally { try { Throw.Deep(5, 77); } catch (Numbered e) { log.Add("i" + e.Value); } log.Add("f"); }
        }
        catch (Numbered e) { log.Add("c" + e.Value); }
        Check.Equal("i77 f c1", log.ToString());
    }

    private static void ThrowInFilter()
    {
        Log log = new();
        try { Throw.Number(1); }
        catch (Numbered) when (Bad(log)) { log.Add("bad"); }
        catch (Numbered e) { log.Add("c" + e.Value); }
        Check.Equal("flt fin c1", log.ToString());
        static bool Bad(Log log)
        {
            try { log.Add("flt"); throw new InvalidOperationException("in filter"); }
            finally { log.Add("fin"); }
        }
    }

    private sealed class Thrower : IDisposable
    {
        public void Dispose() => Throw.Number(2);
    }

    private class Half
    {
        public static int Made;
        protected Half() => Made++;
    }

    private sealed class Whole : Half
    {
        public Whole() => Throw.Number(1);
    }

    private sealed class BadField
    {
        public readonly int Value = int.Parse("1") == 1 ? throw new Numbered(6) : 0;
    }

    private static class BadStatic
    {
        public static readonly int Value;
        static BadStatic() { Throw.Number(3); Value = 1; }
    }

    private static class OuterStatic
    {
        public static readonly int Value;
        static OuterStatic() => Value = InnerStatic.Value;
    }

    private static class InnerStatic
    {
        public static readonly int Value;
        static InnerStatic() { Throw.Number(8); Value = 1; }
    }
}
