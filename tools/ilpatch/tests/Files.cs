// What is written, and that it is always the same.
using Cermet.Testing;

internal static class Files
{
    private static readonly string s_rules = Sandbox.Plug("::Add", "Zero") + Sandbox.Plug("::Complicated", "Complicated", "body") + Sandbox.Rule("Sample.Target::Text", "throw = \"x\"");

    public static void All()
    {
        Suite.Case("files/same-input-same-bytes", () =>
        {
            using Sandbox a = new(), b = new();
            a.Patch(s_rules);
            b.Patch(s_rules);
            foreach (string file in Directory.GetFiles(a.Out))
            {
                Check.That(File.ReadAllBytes(file).AsSpan().SequenceEqual(File.ReadAllBytes(Path.Combine(b.Out, Path.GetFileName(file)))), Path.GetFileName(file));
            }
            Check.Equal(Directory.GetFiles(a.Out).Length, Directory.GetFiles(b.Out).Length);
        });
        Suite.Case("files/nothing-without-rules", () =>
        {
            using Sandbox s = new();
            s.Patch("# no rules\n");
            Check.Equal(0, s.Lines.Count);
            Check.Equal(0, Directory.GetFiles(s.Out).Length);
        });
        Suite.Case("files/input-is-not-changed", () =>
        {
            string input = Path.Combine(Sandbox.Here, "target.dll");
            byte[] before = File.ReadAllBytes(input);
            using Sandbox s = new();
            s.Patch(s_rules);
            Check.That(before.AsSpan().SequenceEqual(File.ReadAllBytes(input)));
        });
        Suite.Case("files/runs-again-over-its-own-output", () =>
        {
            using Sandbox s = new();
            s.Patch(s_rules);
            s.Patch(s_rules);
            Check.Equal(0, (int)s.Call("Add", 1, 2)!);
        });
    }
}
