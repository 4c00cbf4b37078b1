// Programs that end in every way a process can end; the first argument chooses one. expect.toml says what must be seen.
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

internal static class Program
{
    private static int Main(string[] args)
    {
        string mode = args.Length > 0 ? args[0] : "none";
        string[] rest = args.Skip(1).ToArray();
        switch (mode)
        {
            case "none": return 0;
            case "exit": return int.Parse(rest[0]);
            case "exit-code-property": Environment.ExitCode = 21; return Environment.ExitCode;
            case "exit-call": Console.WriteLine("before"); Environment.Exit(9); Console.WriteLine("never"); return 1;
            case "exit-from-thread": return ExitFromThread();
            case "exit-runs-handlers": return ExitRunsHandlers();
            case "exit-skips-finally": try { Environment.Exit(4); } finally { Console.WriteLine("never"); } return 1;
            case "background-thread": StartThread(true); return 5;
            case "foreground-thread": StartThread(false); return 6;
            case "unhandled": return Deep(3);
            case "unhandled-inner": Inner(); return 1;
            case "unhandled-null": return rest.Length == 0 ? Length(null!) : 1;
            case "unhandled-thread": return Join(new Thread(() => throw new InvalidOperationException("on a thread")));
            case "unhandled-pool": ThreadPool.QueueUserWorkItem(_ => throw new InvalidOperationException("in the pool")); return Wait();
            case "unhandled-async": Async().GetAwaiter().GetResult(); return 1;
            case "unhandled-async-void": AsyncVoid(); return Wait();
            case "unhandled-timer": { using Timer t = new(_ => throw new InvalidOperationException("in a timer"), null, 1, -1); return Wait(); }
            case "unhandled-event": AppDomain.CurrentDomain.UnhandledException += (_, e) => Console.WriteLine("handler: " + ((Exception)e.ExceptionObject).Message); throw new InvalidOperationException("seen by a handler");
            case "unhandled-custom": throw new Custom();
            case "unhandled-aggregate": Task.Run(() => throw new InvalidOperationException("in a task")).Wait(); return 1;
            case "unhandled-finally": try { throw new InvalidOperationException("finally is not run"); } finally { Console.WriteLine("finally ran"); }
            case "unhandled-filter": try { throw new InvalidOperationException("filter ran"); } catch (Exception e) when (Note(e)) { return 1; }
            case "unhandled-static": return BadStatic.Value;
            case "unobserved-task": return Unobserved();
            case "fail-fast": Environment.FailFast("failing fast"); return 1;
            case "fail-fast-exception": Environment.FailFast("with an exception", new InvalidOperationException("the cause")); return 1;
            case "stack-overflow": return Recurse(1);
            case "stack-overflow-thread": return Join(new Thread(() => Recurse(1)));
            case "out-of-memory": return Exhaust(int.Parse(rest[0]));
            case "out-of-memory-caught": return ExhaustCaught();
            case "loop": Console.WriteLine("looping"); while (true) { }
            case "sleep": Console.WriteLine("sleeping"); Thread.Sleep(Timeout.Infinite); return 1;
            case "finalizer-throws": return FinalizerThrows();
            case "echo": return Echo();
            case "count-input": return CountInput();
            case "bytes": return Bytes();
            case "long": return Long(int.Parse(rest[0]));
            case "mixed": return Mixed();
            case "unterminated": Console.Write("no newline at the end"); return 0;
            case "unicode": Console.WriteLine("žluťoučký kůň 🐎 \u4e2d\u6587"); return 0;
            case "args": foreach (string a in rest) Console.WriteLine($"[{a}]"); return rest.Length;
            case "env": foreach (string name in rest) Console.WriteLine($"{name}={Environment.GetEnvironmentVariable(name) ?? "(none)"}"); return 0;
            case "content": return Content();
            case "missing-library": return Missing(() => NoLibrary());
            case "missing-entry": return Missing(() => NoEntry());
            case "missing-unhandled": return NoEntry();
            case "processors": Console.WriteLine(Environment.ProcessorCount); return 0;
            default: Console.Error.WriteLine("unknown mode " + mode); return 99;
        }
    }

    private sealed class Custom : Exception
    {
        public override string Message => "custom message";
        public override string? StackTrace => "   at Some.Invented.Place()";
    }

    private static class BadStatic
    {
        public static readonly int Value;
        static BadStatic() => Value = int.Parse("not a number");
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Deep(int n) => n == 0 ? throw new InvalidOperationException("nobody catches this") : Deep(n - 1) + 1;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Length(string s) => s.Length;

    private static void Inner()
    {
        try
        {
            try { throw new FormatException("innermost"); }
            catch (FormatException e) { throw new ArgumentException("middle", e); }
        }
        catch (ArgumentException e) { throw new InvalidOperationException("outermost", e); }
    }

    private static bool Note(Exception e)
    {
        Console.WriteLine(e.Message);
        return false;
    }

    private static int Join(Thread t)
    {
        t.Start();
        t.Join();
        Console.WriteLine("never");
        return 1;
    }

    private static int Wait()
    {
        Thread.Sleep(Timeout.Infinite);
        return 1;
    }

    private static async Task Async()
    {
        await Task.Yield();
        throw new InvalidOperationException("after an await");
    }

    private static async void AsyncVoid()
    {
        await Task.Yield();
        throw new InvalidOperationException("in async void");
    }

    private static int ExitFromThread()
    {
        Thread t = new(() => Environment.Exit(12));
        t.Start();
        t.Join();
        return Wait();
    }

    private static int ExitRunsHandlers()
    {
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Console.WriteLine("process exit");
        Console.WriteLine("main");
        return 3;
    }

    private static void StartThread(bool background)
    {
        using ManualResetEventSlim started = new();
        new Thread(() =>
        {
            started.Set();
            Thread.Sleep(background ? Timeout.Infinite : 300);
            Console.WriteLine("thread ended");
        }) { IsBackground = background }.Start();
        started.Wait();
        Console.WriteLine("main ended");
    }

    private static int Unobserved()
    {
        [MethodImpl(MethodImplOptions.NoInlining)]
        static void Drop()
        {
            Task t = Task.Run(() => throw new InvalidOperationException("nobody looks"));
            while (!t.IsCompleted) Thread.Yield();
        }
        Drop();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Console.WriteLine("still here");
        return 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Recurse(int n) => Recurse(n + 1) + 1;

    private static int Exhaust(int size)
    {
        List<byte[]> kept = [];
        while (true)
        {
            kept.Add(new byte[size]);
            kept[^1].AsSpan().Fill(1);
        }
    }

    private static int ExhaustCaught()
    {
        for (int round = 0; round < 3; round++)
        {
            List<byte[]> kept = [];
            try { while (true) kept.Add(new byte[round == 0 ? 10_000 : 1_000_000]); }
            catch (OutOfMemoryException)
            {
                bool some = kept.Count > 3;
                kept.Clear();
                Console.WriteLine($"round {round}: {some}");
            }
        }
        return 0;
    }

    private sealed class Bad
    {
        ~Bad() => throw new InvalidOperationException("in a finalizer");
    }

    private static int FinalizerThrows()
    {
        [MethodImpl(MethodImplOptions.NoInlining)]
        static void Drop() => GC.KeepAlive(new Bad());
        Drop();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return Wait();
    }

    private static int Echo()
    {
        int lines = 0;
        while (Console.ReadLine() is string line)
        {
            Console.WriteLine($"{lines++}:{line}");
        }
        Console.WriteLine($"end after {lines}");
        return lines;
    }

    private static int CountInput()
    {
        using Stream input = Console.OpenStandardInput();
        byte[] buffer = new byte[1000];
        long total = 0, sum = 0;
        int n;
        while ((n = input.Read(buffer)) > 0)
        {
            total += n;
            for (int i = 0; i < n; i++) sum += buffer[i];
        }
        Console.WriteLine($"{total} bytes, sum {sum}");
        return 0;
    }

    private static int Bytes()
    {
        using Stream output = Console.OpenStandardOutput();
        byte[] all = new byte[256];
        for (int i = 0; i < all.Length; i++) all[i] = (byte)i;
        output.Write(all);
        return 0;
    }

    private static int Long(int lines)
    {
        using StreamWriter w = new(Console.OpenStandardOutput(), new UTF8Encoding(false), 4096);
        for (int i = 0; i < lines; i++) w.Write($"line {i:000000} abcdefghijklmnopqrstuvwxyz 0123456789 ABCDEFGHIJKLM\n");
        return 0;
    }

    private static int Mixed()
    {
        for (int i = 0; i < 5; i++)
        {
            Console.WriteLine("out " + i);
            Console.Error.WriteLine("err " + i);
        }
        return 0;
    }

    private static int Content()
    {
        string root = AppContext.BaseDirectory;
        Console.Write(File.ReadAllText(Path.Combine(root, "content", "data.txt")));
        Console.Write(File.ReadAllText(Path.Combine(root, "content/sub/deeper.txt")));
        foreach (string f in Directory.GetFiles(Path.Combine(root, "content"), "*.txt", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            Console.WriteLine(Path.GetRelativePath(root, f));
        }
        Console.WriteLine(File.Exists(Path.Combine(root, "content/absent.txt")));
        return 0;
    }

    [DllImport("no_such_library", EntryPoint = "nothing")]
    private static extern int NoLibrary();

    [DllImport("libSystem.Native", EntryPoint = "SystemNative_NoSuchEntryPoint")]
    private static extern int NoEntry();

    private static int Missing(Func<int> call)
    {
        for (int i = 0; i < 2; i++)
        {
            try { call(); }
            catch (TypeLoadException e) { Console.WriteLine(e.GetType()); }
        }
        return 0;
    }
}
