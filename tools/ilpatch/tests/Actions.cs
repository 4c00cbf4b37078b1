// What each action does to a method.
using Cermet.Testing;

internal static class Actions
{
    private static void With(string rules, Action<Sandbox> check)
    {
        using Sandbox s = new();
        check(s.Patch(rules));
    }

    private static string Returns(string method, string value) => Sandbox.Rule("Sample.Target::" + method, $"return = \"{value}\"");

    public static void All()
    {
        Suite.Case("call/static", () => With(Sandbox.Plug("::Add", "Zero"), s =>
        {
            Check.Equal(0, (int)s.Call("Add", 3, 4)!);
            Check.Equal(42, (int)s.Call("Untouched")!);
            Check.Sequence(["patched target.dll: 1 method", "copied plugs.dll"], s.Lines);
        }));
        Suite.Case("call/instance-as-object", () => With(Sandbox.Plug("::Describe", "Describe"), s => Check.Equal("Target7", (string)s.Call("Describe", 7)!)));
        Suite.Case("call/struct-instance-by-reference", () => With(Sandbox.Plug("/Nested::Twice()", "Twice"), s => Check.Equal(60, (int)s.Twice()!)));
        Suite.Case("call/ref-and-out", () => With(Sandbox.Plug("::Swap(Int32&, String&)", "Swap"), s =>
        {
            object?[] args = [21, null];
            s.Call("Swap", args);
            Check.Equal(42, (int)args[0]!);
            Check.Equal("plugged", (string)args[1]!);
        }));
        Suite.Case("call/private-method", () => With(Sandbox.Plug("::Hidden", "Hidden"), s => Check.Equal(77, (int)s.Call("CallsHidden")!)));
        Suite.Case("call/native-method-becomes-managed", () => With(Sandbox.Plug("::Native", "Native"), s => Check.Equal(6, (int)s.Call("Native", 5)!)));
        Suite.Case("call/by-attribute", () =>
        {
            using Sandbox s = new();
            s.Patch("", "--plugs", Path.Combine(Sandbox.Here, "plugs.dll"));
            Check.Equal(304, (int)s.Call("Add", 3, 4)!);
            Check.Equal(5006, (int)s.Call("Instance", 6)!);
            Check.Sequence(["patched target.dll: 2 methods", "copied plugs.dll"], s.Lines);
        });
        Suite.Case("body/loops-switches-and-handlers", () => With(Sandbox.Plug("::Complicated", "Complicated", "body"), s =>
        {
            Check.Equal("A.B.fou.?.!.", (string)s.Call("Complicated", 5, new[] { "a", "b", "four", "x" })!);
            // A copied body needs no plug assembly.
            Check.That(!File.Exists(Path.Combine(s.Out, "plugs.dll")));
        }));
        Suite.Case("body/instance", () => With(Sandbox.Plug("::Instance", "Instance", "body"), s => Check.Equal(5 * 7 + 3, (int)s.Call("Instance", 3)!)));
        Suite.Case("throw/not-supported", () => With(Sandbox.Rule("Sample.Target::Text", "throw = \"no \\\"text\\\" here\""), s =>
            Check.Equal("no \"text\" here", Check.Throws<PlatformNotSupportedException>(() => s.Call("Text")).Message)));
        Suite.Case("throw/in-generic-method", () => With(Sandbox.Rule("Sample.Target::Generic", "throw = \"x\""), s =>
            Check.Equal(42, (int)s.Call("Untouched")!)));
        Suite.Case("return/constants", () => With(
            Returns("Flag", "false") + Returns("Text()", "'a # b'") + Returns("Long", "-9000000000") + Returns("Real", "2.5") + Returns("Small", "255") + Returns("Day", "5") + Returns("Add", "-7"), s =>
        {
            Check.Equal(false, (bool)s.Call("Flag")!);
            Check.Equal("a # b", (string)s.Call("Text")!);
            Check.Equal(-9000000000, (long)s.Call("Long")!);
            Check.Equal(2.5, (double)s.Call("Real")!);
            Check.Equal((byte)255, (byte)s.Call("Small")!);
            Check.Equal("Friday", s.Call("Day")!.ToString());
            Check.Equal(-7, (int)s.Call("Add", 1, 2)!);
        }));
        Suite.Case("return/default", () => With(Returns("Wide", "default") + Returns("Text", "default") + Returns("Nothing", "default") + Returns("Long", "default"), s =>
        {
            Check.Equal(Guid.Empty, (Guid)s.Call("Wide")!);
            Check.Equal(null, s.Call("Text"));
            Check.Equal(null, s.Call("Nothing"));
            Check.Equal(0L, (long)s.Call("Long")!);
        }));
        Suite.Case("overload/by-parameters", () => With(Returns("Over(String)", "1000") + Returns("Over(List`1<Int32>, System.Int32[])", "2000"), s =>
        {
            Check.Equal(2000, (int)s.Call("Over", new List<int>(), Array.Empty<int>())!);
        }));
        Suite.Case("framework/assembly-can-be-patched", () =>
        {
            using Sandbox s = new();
            s.Patch("[[rule]]\nassembly = \"System.Console\"\nmethod = \"System.Console::Beep()\"\nreturn = \"default\" # silence\n");
            Check.Sequence(["patched System.Console.dll: 1 method"], s.Lines);
            Check.Sequence(["System.Console.dll"], Directory.GetFiles(s.Out).Select(Path.GetFileName).Where(f => f!.EndsWith(".dll", StringComparison.Ordinal)));
        });
    }
}
