// Clauses whose type is a type parameter, in shared and unshared code, and throwing through generic frames.
using System.Runtime.CompilerServices;
using Cermet.Testing;

internal static class Generics
{
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static string Catch<T>(Action action) where T : Exception
    {
        try { action(); return "none"; }
        catch (T e) { return typeof(T).Name + "<-" + e.GetType().Name; }
        catch (Exception e) { return "other " + e.GetType().Name; }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static string CatchWhen<T>(Action action, Func<T, bool> when) where T : Exception
    {
        try { action(); return "none"; }
        catch (T e) when (when(e)) { return "when " + e.Message; }
        catch (Exception e) { return "else " + e.Message; }
    }

    private sealed class Catcher<TError, TValue> where TError : Exception
    {
        public TValue? Seen;

        public TValue? Run(Func<TValue> action, TValue fallback)
        {
            try { return Seen = action(); }
            catch (TError) { return fallback; }
            finally { Seen ??= fallback; }
        }
    }

    private struct Runner<T>
    {
        public int Finished;

        [MethodImpl(MethodImplOptions.NoInlining)]
        public T Run(Func<T> action)
        {
            try { return action(); } finally { Finished++; }
        }
    }

    private abstract class Shape { public abstract T Make<T>(Func<T> maker); }

    private sealed class Guarded : Shape
    {
        public override T Make<T>(Func<T> maker)
        {
            try { return maker(); }
            catch (Numbered) when (typeof(T) == typeof(string)) { return default!; }
        }
    }

    private sealed class Failure<T>(T payload) : Exception(typeof(T).Name)
    {
        public T Payload { get; } = payload;
    }

    public static void All()
    {
        Suite.Case("generic/catch-type-parameter", () =>
        {
            Check.Equal("Numbered<-Numbered", Catch<Numbered>(() => Throw.Number(1)));
            Check.Equal("Numbered<-Special", Catch<Numbered>(() => Throw.Special(1)));
            Check.Equal("other Numbered", Catch<Special>(() => Throw.Number(1)));
            Check.Equal("Exception<-FormatException", Catch<Exception>(() => int.Parse("?")));
            Check.Equal("none", Catch<Special>(() => { }));
        });
        Suite.Case("generic/filter-with-type-parameter", () =>
        {
            Check.Equal("when number 4", CatchWhen<Numbered>(() => Throw.Number(4), e => e.Value == 4));
            Check.Equal("else number 5", CatchWhen<Numbered>(() => Throw.Number(5), e => e.Value == 4));
            Check.Equal("else number 5", CatchWhen<Special>(() => Throw.Number(5), _ => true));
        });
        Suite.Case("generic/class-with-two-parameters", () =>
        {
            Catcher<Numbered, string> text = new();
            Check.Equal("fall", text.Run(() => { Throw.Number(1); return "no"; }, "fall"));
            Check.Equal("fall", text.Seen);
            Catcher<FormatException, object> boxed = new();
            Check.Equal(7, (int)boxed.Run(() => int.Parse("q"), 7)!);
            Check.Throws<Numbered>(() => boxed.Run(() => { Throw.Number(1); return 1; }, 2));
        });
        Suite.Case("generic/struct-instance-method", () =>
        {
            Runner<int> r = default;
            try { r.Run(() => { Throw.Number(1); return 1; }); } catch (Numbered) { }
            Check.Equal(5, r.Run(() => 5));
            Check.Equal(2, r.Finished);
        });
        Suite.Case("generic/virtual-method", () =>
        {
            Shape s = new Guarded();
            Check.Equal(null, s.Make<string>(() => { Throw.Number(1); return "x"; }));
            Check.Throws<Numbered>(() => s.Make(() => { Throw.Number(1); return 1; }));
            Check.Equal(3, s.Make(() => 3));
        });
        Suite.Case("generic/exception-type-itself-generic", () =>
        {
            string got = "";
            try { throw new Failure<List<int>>([1, 2]); }
            catch (Failure<List<string>>) { got = "wrong"; }
            catch (Failure<List<int>> e) { got = e.Message + e.Payload.Count; }
            Check.Equal("List`12", got);
            try { throw new Failure<(int, string)>((1, "a")); }
            catch (Failure<(int, string)> e) { got = e.Payload.Item2; }
            Check.Equal("a", got);
        });
        Suite.Case("generic/through-lambdas-and-iterators", () =>
        {
            static IEnumerable<T> Each<T>(IEnumerable<T> items, Action<T> act) { foreach (T item in items) { act(item); yield return item; } }
            Numbered e = Check.Throws<Numbered>(() => Each([1, 2, 3], i => { if (i == 2) Throw.Number(i); }).Count());
            Check.Equal(2, e.Value);
            Check.Throws<Numbered>(() => Each(["a", "b"], s => Throw.Number(s.Length)).ToList());
        });
        Suite.Case("generic/static-abstract", () =>
        {
            static string Run<T>() where T : IRisky { try { T.Go(); return "none"; } catch (Numbered e) { return e.Message; } }
            Check.Equal("number 21", Run<Risky>());
            Check.Equal("none", Run<Safe>());
        });
    }

    private interface IRisky { static abstract void Go(); }
    private readonly struct Risky : IRisky { public static void Go() => Throw.Number(21); }
    private sealed class Safe : IRisky { public static void Go() { } }
}
