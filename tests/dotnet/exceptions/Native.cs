// Exceptions near native frames: callbacks from native code, native callees, missing entry points.
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Cermet.Testing;

internal static unsafe partial class Native
{
    [UnmanagedCallersOnly]
    private static int Callback(int n)
    {
        try { if (n < 0) Throw.Number(n); return n * 2; }
        catch (Numbered e) { return -e.Value; }
    }

    [UnmanagedCallersOnly]
    private static int Nested(int n)
    {
        delegate* unmanaged<int, int> next = n > 0 ? &Nested : &Callback;
        try { int r = next(n - 1); Throw.Number(r + 1); return 0; }
        catch (Numbered e) { GC.Collect(); return e.Value; }
    }

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate int Twice(int n);

    [DllImport("no_such_library_here", EntryPoint = "anything")]
    private static extern int MissingLibrary();

    [DllImport("libSystem.Native", EntryPoint = "SystemNative_GetPid")]
    private static extern int GetPid();

    public static void All()
    {
        Suite.Case("native/throw-and-catch-in-callback", () =>
        {
            delegate* unmanaged<int, int> f = &Callback;
            Check.Equal(14, f(7));
            Check.Equal(7, f(-7));
        });
        Suite.Case("native/nested-callbacks", () =>
        {
            delegate* unmanaged<int, int> f = &Nested;
            // The innermost gets -1 and answers 1; every level adds one by an exception.
            Check.Equal(6, f(4));
        });
        Suite.Case("native/callback-while-handling", () =>
        {
            delegate* unmanaged<int, int> f = &Callback;
            int got = 0;
            try { Throw.Number(5); }
            catch (Numbered e) { got = f(-e.Value) + f(1); }
            finally { got += f(-100); }
            Check.Equal(107, got);
        });
        Suite.Case("native/delegate-as-function-pointer", () =>
        {
            int calls = 0;
            Twice twice = n => { calls++; try { Throw.Number(n); } catch (Numbered e) { return e.Value * 2; } return 0; };
            var p = (delegate* unmanaged[Cdecl]<int, int>)Marshal.GetFunctionPointerForDelegate(twice);
            Check.Equal(42, p(21));
            Check.Equal(-2, p(-1));
            Check.Equal(2, calls);
            GC.KeepAlive(twice);
        });
        Suite.Case("native/missing-library", () =>
        {
            DllNotFoundException e = Check.Throws<DllNotFoundException>(() => MissingLibrary());
            Check.That(e.Message.Contains("no_such_library_here"));
            Check.Throws<DllNotFoundException>(() => MissingLibrary());
        });
        Suite.Case("native/present-entry-point", () => Check.Equal(Environment.ProcessId, GetPid()));
        Suite.Case("native/load-by-name-fails", () =>
        {
            Check.That(!NativeLibrary.TryLoad("no_such_library_here", out IntPtr handle));
            Check.Equal(IntPtr.Zero, handle);
            Check.Throws<DllNotFoundException>(() => NativeLibrary.Load("no_such_library_here"));
        });
        Suite.Case("native/exception-behind-pinvoke-frames", () =>
        {
            // A sort in the class library calls back into a comparer that throws: InvalidOperationException around ours.
            int[] data = [3, 1, 2];
            InvalidOperationException e = Check.Throws<InvalidOperationException>(() => Array.Sort(data, Comparer<int>.Create((_, _) => { Throw.Number(8); return 0; })));
            Check.Equal(8, ((Numbered)e.InnerException!).Value);
        });
    }
}
