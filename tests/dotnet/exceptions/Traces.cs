// Stack traces: which methods, in which order, what rethrowing does to them.
using System.Diagnostics;
using System.Runtime.CompilerServices;
using Cermet.Testing;

internal static class Traces
{
    [MethodImpl(MethodImplOptions.NoInlining)] private static int Outer(int n) => Middle(n) + 1;
    [MethodImpl(MethodImplOptions.NoInlining)] private static int Middle(int n) => Inner(n) + 1;
    [MethodImpl(MethodImplOptions.NoInlining)] private static int Inner(int n) { Throw.Number(n); return 1; }

    private sealed class Sample<T>
    {
        [MethodImpl(MethodImplOptions.NoInlining)] public T Fail(T value) { Throw.Number(1); return value; }
    }

    /// <summary>The method names of a trace, one per line, without offsets or files.</summary>
    private static string[] Methods(string? trace) => (trace ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Select(l => l.Trim()).Where(l => l.StartsWith("at ", StringComparison.Ordinal)).Select(l => l[3..l.IndexOf('(')]).ToArray();

    public static void All()
    {
        Suite.Case("trace/names-in-order", () =>
        {
            Numbered e = Check.Throws<Numbered>(() => Outer(1));
            Check.Sequence(["Throw.Number", "Traces.Inner", "Traces.Middle", "Traces.Outer"], Methods(e.StackTrace).Take(4));
        });
        Suite.Case("trace/ends-at-the-catching-frame", () =>
        {
            static string? Caught() { try { Outer(1); return null; } catch (Numbered e) { return e.StackTrace; } }
            string[] methods = Methods(Caught());
            Check.Equal(5, methods.Length);
            Check.That(methods[4].Contains("Caught"));
        });
        Suite.Case("trace/recursion-shows-each-frame", () =>
        {
            Numbered e = Check.Throws<Numbered>(() => Throw.Deep(7, 1));
            Check.Equal(8, Methods(e.StackTrace).Count(m => m == "Throw.Deep"));
        });
        Suite.Case("trace/rethrow-keeps-throw-e-resets", () =>
        {
            static void Keep() { try { Outer(1); } catch (Numbered) { throw; } }
#pragma warning disable CA2200 // throwing the variable is what is tested
            static void Reset() { try { Outer(1); } catch (Numbered e) { throw e; } }
#pragma warning restore CA2200
            Check.That(Methods(Check.Throws<Numbered>(Keep).StackTrace).Contains("Traces.Inner"));
            Check.That(!Methods(Check.Throws<Numbered>(Reset).StackTrace).Contains("Traces.Inner"));
        });
        Suite.Case("trace/to-string-format", () =>
        {
            string[] lines = Check.Throws<Numbered>(() => Outer(1)).ToString().Split('\n');
            Check.Equal("Numbered: number 1", lines[0]);
            Check.That(lines[1].StartsWith("   at Throw.Number(Int32", StringComparison.Ordinal));
            Check.That(lines[2].StartsWith("   at Traces.Inner(Int32", StringComparison.Ordinal));
        });
        Suite.Case("trace/generic-frames", () =>
        {
            string trace = Check.Throws<Numbered>(() => new Sample<string>().Fail("x")).StackTrace!;
            Check.That(trace.Contains("Sample`1.Fail(") || trace.Contains("Sample`1[System.__Canon].Fail("));
        });
        Suite.Case("trace/inner-exception-text", () =>
        {
            InvalidOperationException e = Check.Throws<InvalidOperationException>(() => { try { Outer(1); } catch (Exception x) { throw new InvalidOperationException("wrapped", x); } });
            string text = e.ToString();
            int arrow = text.IndexOf(" ---> Numbered: number 1", StringComparison.Ordinal), end = text.IndexOf("   --- End of inner exception stack trace ---", StringComparison.Ordinal);
            Check.That(arrow > 0 && end > arrow && text.IndexOf("Traces.Inner", StringComparison.Ordinal) < end);
        });
        Suite.Case("trace/hardware-fault-names-its-method", () =>
        {
            NullReferenceException e = Check.Throws<NullReferenceException>(() => Fault(null!));
            Check.Equal("Traces.Fault", Methods(e.StackTrace)[0]);
        });
        Suite.Case("trace/environment", () =>
        {
            [MethodImpl(MethodImplOptions.NoInlining)] static string Here() => Environment.StackTrace;
            Check.That(Here().Contains("Here"));
            Check.That(Methods(Here()).Length >= 4);
        });
        Suite.Case("trace/stack-trace-class", () =>
        {
            Numbered e = Check.Throws<Numbered>(() => Outer(1));
            StackTrace trace = new(e);
            Check.That(trace.FrameCount >= 4);
            Check.Equal("Number", DiagnosticMethodInfo.Create(trace.GetFrame(0)!)?.Name);
            Check.Equal("Traces", DiagnosticMethodInfo.Create(trace.GetFrame(1)!)?.DeclaringTypeName);
            Check.That(new StackTrace().FrameCount >= 3);
        });
        Suite.Case("trace/async-frames", async () =>
        {
            static async Task Level2() { await Task.Yield(); Throw.Number(4); }
            static async Task Level1() => await Level2();
            try { await Level1(); Check.Fail("nothing thrown"); }
            catch (Numbered e)
            {
                Check.That(e.StackTrace!.Contains("Level2") && e.StackTrace.Contains("Level1"));
                Check.That(e.StackTrace.IndexOf("Level2", StringComparison.Ordinal) < e.StackTrace.IndexOf("Level1", StringComparison.Ordinal));
            }
        });
        Suite.Case("trace/set-before-throwing", () =>
        {
            Exception e = System.Runtime.ExceptionServices.ExceptionDispatchInfo.SetCurrentStackTrace(new Numbered(1));
            Check.That(e.StackTrace!.Contains("Traces"));
            Exception remote = System.Runtime.ExceptionServices.ExceptionDispatchInfo.SetRemoteStackTrace(new Numbered(1), "   at Remote.Place()");
            Check.That(Check.Throws<Numbered>(() => throw remote).StackTrace!.StartsWith("   at Remote.Place()", StringComparison.Ordinal));
        });
        Suite.Case("trace/grows-when-thrown-again", () =>
        {
            Numbered e = new(1);
            for (int i = 0; i < 3; i++) try { throw e; } catch (Numbered) { }
            Check.Equal(1, Methods(e.StackTrace).Length);
        });
    }

    [MethodImpl(MethodImplOptions.NoInlining)] private static int Fault(string s) => s.Length;
}
