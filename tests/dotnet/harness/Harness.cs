// The harness of all suites: named cases that run isolated, checks that record, one line per result.
//
// Output, one line each on stdout: `TEST name` when a case starts; `PASS name` or `FAIL name: what` when it ends;
// `# text` for remarks; `DONE passed failed` as the last line. Exit code 0 only when no case failed.
// Arguments are substrings: a case runs when its name contains one of them (no argument: all run). `--list` names the
// cases without running them. A TEST line with no result after it tells where a crash or a hang happened.
using System.Collections;
using System.Globalization;
using System.Runtime.CompilerServices;

namespace Cermet.Testing;

/// <summary>Runs the cases of one suite and keeps the score.</summary>
public static class Suite
{
    private static string[] s_filters = [];
    private static bool s_list;
    private static int s_passed;
    private static int s_failed;

    /// <summary>Runs <paramref name="groups"/> in order, prints the score, and returns the exit code.</summary>
    public static int Run(string[] args, params Action[] groups)
    {
        s_list = args.Contains("--list");
        s_filters = args.Where(a => !a.StartsWith("--", StringComparison.Ordinal)).ToArray();
        foreach (Action group in groups) group();
        if (s_list) return 0;
        Console.WriteLine($"# {Check.Count} assertions, {GC.GetTotalAllocatedBytes()} bytes allocated, {GC.CollectionCount(0)} collections");
        Console.WriteLine($"DONE {s_passed} {s_failed}");
        return s_failed == 0 ? 0 : 1;
    }

    /// <summary>One case. It fails when a check in it failed, when it threw, or when it checked nothing.</summary>
    public static void Case(string name, Action body)
    {
        if (s_filters.Length > 0 && !s_filters.Any(f => name.Contains(f, StringComparison.Ordinal))) return;
        Console.WriteLine("TEST " + name);
        if (s_list) return;
        string? failure;
        int before = Check.Count;
        Check.TakeFailure();
        try
        {
            body();
            failure = Check.TakeFailure() ?? (Check.Count == before ? "the case checked nothing" : null);
        }
        catch (Exception e)
        {
            failure = (Check.TakeFailure() is string earlier ? earlier + "; then " : "") + "threw " + e;
        }
        if (failure is null) s_passed++;
        else s_failed++;
        Console.WriteLine(failure is null ? "PASS " + name : $"FAIL {name}: {failure.ReplaceLineEndings(" | ")}");
    }

    /// <summary>An asynchronous case; the main thread waits for it.</summary>
    public static void Case(string name, Func<Task> body) => Case(name, () => body().GetAwaiter().GetResult());

    /// <summary>A remark for whoever reads the log.</summary>
    public static void Remark(string text) => Console.WriteLine("# " + text);
}

/// <summary>Assertions. They record the first failure of the running case and go on; any thread may use them.</summary>
public static class Check
{
    private static int s_count;
    private static string? s_failure;

    /// <summary>Assertions made so far.</summary>
    public static int Count => Volatile.Read(ref s_count);

    internal static string? TakeFailure() => Interlocked.Exchange(ref s_failure, null);

    /// <summary>The condition holds.</summary>
    public static void That(bool condition, [CallerArgumentExpression(nameof(condition))] string text = "", [CallerLineNumber] int line = 0)
    {
        Interlocked.Increment(ref s_count);
        if (!condition) Record($"expected true got false in '{text}'", line);
    }

    /// <summary>The two values are equal by their type's own equality.</summary>
    public static void Equal<T>(T expected, T actual, [CallerArgumentExpression(nameof(actual))] string text = "", [CallerLineNumber] int line = 0)
    {
        Interlocked.Increment(ref s_count);
        if (!EqualityComparer<T>.Default.Equals(expected, actual)) Record($"expected {Show(expected)} got {Show(actual)} in '{text}'", line);
    }

    /// <summary>Both sequences have the same elements in the same order.</summary>
    public static void Sequence<T>(IEnumerable<T> expected, IEnumerable<T> actual, [CallerArgumentExpression(nameof(actual))] string text = "", [CallerLineNumber] int line = 0)
    {
        Interlocked.Increment(ref s_count);
        T[] want = expected.ToArray(), got = actual.ToArray();
        if (!want.AsSpan().SequenceEqual(got, EqualityComparer<T>.Default)) Record($"expected {Show(want)} got {Show(got)} in '{text}'", line);
    }

    /// <summary>The action throws exactly <typeparamref name="T"/>; returns the exception, or null when the check failed.</summary>
    public static T Throws<T>(Action action, [CallerArgumentExpression(nameof(action))] string text = "", [CallerLineNumber] int line = 0) where T : Exception
    {
        Interlocked.Increment(ref s_count);
        try
        {
            action();
        }
        catch (Exception e)
        {
            if (e.GetType() == typeof(T)) return (T)e;
            Record($"expected {typeof(T)} got {e.GetType()}: {e.Message} in '{text}'", line);
            return null!;
        }
        Record($"expected {typeof(T)} got no exception in '{text}'", line);
        return null!;
    }

    /// <summary>Fails with a text of the caller's own.</summary>
    public static void Fail(string text, [CallerLineNumber] int line = 0)
    {
        Interlocked.Increment(ref s_count);
        Record(text, line);
    }

    private static void Record(string text, int line) => Interlocked.CompareExchange(ref s_failure, $"{text} (line {line})", null);

    private static string Show(object? value) => value switch
    {
        null => "null",
        string s => "\"" + s + "\"",
        char c => $"'{c}' (U+{(int)c:X4})",
        bool b => b ? "true" : "false",
        IEnumerable many => "[" + string.Join(", ", many.Cast<object?>().Take(40).Select(Show)) + "]",
        IFormattable f => f.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };
}
