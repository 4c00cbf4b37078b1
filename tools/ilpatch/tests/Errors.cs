// Every way in which a rule can be wrong, and what is said about it; then nothing may be written.
using Cermet.IlPatch;
using Cermet.Testing;

internal static class Errors
{
    private static void Says(string rules, params string[] errors)
    {
        using Sandbox s = new();
        Check.Sequence(errors, s.Fails(rules));
        Check.That(!Directory.Exists(s.Out));
    }

    private static string Text(string method, string action = "return = \"default\"") => Sandbox.Rule(method, action);

    public static void All()
    {
        Suite.Case("error/missing-type", () => Says(Text("Sample.Absent::Add"), "rules.toml:1: error: cannot patch 'Sample.Absent::Add' in assembly 'target': there is no type 'Sample.Absent' in assembly 'target'"));
        Suite.Case("error/missing-method", () => Says(Text("Sample.Target::Absent"), "rules.toml:1: error: cannot patch 'Sample.Target::Absent' in assembly 'target': type 'Sample.Target' has no method 'Absent'"));
        Suite.Case("error/missing-overload", () => Says(Text("Sample.Target::Add(Int64)"), "rules.toml:1: error: cannot patch 'Sample.Target::Add(Int64)' in assembly 'target': type 'Sample.Target' has no 'Add(Int64)'; it has Add(System.Int32, System.Int32)"));
        Suite.Case("error/ambiguous", () => Says(Text("Sample.Target::Over"),
            "rules.toml:1: error: cannot patch 'Sample.Target::Over' in assembly 'target': 'Sample.Target::Over' is ambiguous, give its parameters: Over(System.Int32), Over(System.String), Over(System.Collections.Generic.List`1<System.Int32>, System.Int32[])"));
        Suite.Case("error/missing-assembly", () =>
        {
            using Sandbox s = new();
            string[] errors = s.Fails("\n# a comment\n[[rule]]\nassembly = \"No.Such\"\nmethod = \"A::B\"\nreturn = \"default\"");
            Check.That(errors.Length == 1 && errors[0].StartsWith("rules.toml:3: error: cannot patch 'A::B' in assembly 'No.Such': there is no assembly 'No.Such.dll' in ", StringComparison.Ordinal));
        });
        Suite.Case("error/plug-takes-something-else", () => Says(Sandbox.Plug("::Add", "WrongCount"),
            "rules.toml:1: error: cannot patch 'Sample.Target::Add' in assembly 'target': plug 'System.Int32 Plugs.Named::WrongCount(System.Int32)' takes (System.Int32), it must take (System.Int32, System.Int32)"));
        Suite.Case("error/plug-returns-something-else", () => Says(Sandbox.Plug("::Add", "WrongResult", "body"),
            "rules.toml:1: error: cannot patch 'Sample.Target::Add' in assembly 'target': plug 'System.Int64 Plugs.Named::WrongResult(System.Int32,System.Int32)' returns System.Int64, it must return System.Int32"));
        Suite.Case("error/plug-missing", () => Says(Sandbox.Plug("::Add", "Absent"), "rules.toml:1: error: cannot patch 'Sample.Target::Add' in assembly 'target': type 'Plugs.Named' has no method 'Absent'"));
        Suite.Case("error/generic-and-abstract", () => Says(Sandbox.Plug("::Generic", "Native") + Text("Sample.Base::Abstract"),
            "rules.toml:1: error: cannot patch 'Sample.Target::Generic' in assembly 'target': 'T Sample.Target::Generic(T)': a generic method, or a method of a generic type, cannot be plugged",
            "rules.toml:5: error: cannot patch 'Sample.Base::Abstract' in assembly 'target': 'System.Int32 Sample.Base::Abstract()' is abstract: it has no body to replace"));
        Suite.Case("error/two-rules-for-one-method", () =>
        {
            using Sandbox s = new();
            string error = s.Fails(Text("Sample.Target::Add") + Text("Sample.Target::Add(Int32,Int32)")).Single();
            Check.That(error.StartsWith("rules.toml:4: error: cannot patch", StringComparison.Ordinal) && error.EndsWith("rules.toml:1 already changes it", StringComparison.Ordinal));
        });
        Suite.Case("error/constants-of-wrong-type", () => Says(Text("Sample.Target::Flag", "return = \"2\"") + Text("Sample.Target::Small", "return = \"256\"") + Text("Sample.Target::Text", "return = \"plain\"") + Text("Sample.Target::Wide", "return = \"1\""),
            "rules.toml:1: error: cannot patch 'Sample.Target::Flag' in assembly 'target': '2' is not a constant of type 'System.Boolean'",
            "rules.toml:4: error: cannot patch 'Sample.Target::Small' in assembly 'target': '256' is not a constant of type 'System.Byte'",
            "rules.toml:7: error: cannot patch 'Sample.Target::Text' in assembly 'target': 'plain' is not a constant of type 'System.String'",
            "rules.toml:10: error: cannot patch 'Sample.Target::Wide' in assembly 'target': '1' is not a constant of type 'System.Guid'"));
        Suite.Case("error/malformed-names", () => Says(Text("Sample.Target.Add") + Text("Sample.Target::Add(Int32"),
            "rules.toml:1: error: cannot patch 'Sample.Target.Add' in assembly 'target': 'Sample.Target.Add' is not of the form Type::Name or Type::Name(Parameters)",
            "rules.toml:4: error: cannot patch 'Sample.Target::Add(Int32' in assembly 'target': 'Sample.Target::Add(Int32' is not of the form Type::Name or Type::Name(Parameters)"));
        Suite.Case("error/rule-file-syntax", () =>
        {
            Says("method = \"A::B\"", "rules.toml:1: error: expected [[rule]], found 'method = \"A::B\"'");
            Says("[[rule]]\nmethod A::B", "rules.toml:2: error: expected key = \"value\", found 'method A::B'", "rules.toml:1: error: the rule has no 'method'");
            Says("[[rule]]\nmethod = \"A::B\"\ncolour = \"red\"\nreturn = \"1\"", "rules.toml:3: error: unknown key 'colour'");
            Says("[[rule]]\nmethod = \"A::B\"", "rules.toml:1: error: the rule for 'A::B' needs exactly one of call, body, throw, return; it has 0");
            Says("[[rule]]\nmethod = \"A::B\"\nreturn = \"1\"\nthrow = \"2\"", "rules.toml:1: error: the rule for 'A::B' needs exactly one of call, body, throw, return; it has 2");
            Says("[[rule]]\nmethod = \"A::B\"\ncall = \"C::D\"", "rules.toml:1: error: the rule for 'A::B' needs 'plugs', the assembly that holds 'C::D'");
            Says("[[rule]]\nmethod = \"A::B\"\nmethod = \"A::C\"\nreturn = \"1\"", "rules.toml:3: error: 'method' stands twice in this rule");
        });
        Suite.Case("error/all-are-reported", () =>
        {
            using Sandbox s = new();
            Check.Equal(2, s.Fails(Text("X::Y") + Text("Sample.Target::Add") + Text("Z::W")).Length);
            Check.That(!Directory.Exists(s.Out));
        });
        Suite.Case("usage/errors", () =>
        {
            Check.Equal("--in is missing", Check.Throws<ArgumentException>(() => Options.Parse(["--out", "x"])).Message);
            Check.Equal("--out is missing", Check.Throws<ArgumentException>(() => Options.Parse(["--in", "x"])).Message);
            Check.Equal("--in needs a value", Check.Throws<ArgumentException>(() => Options.Parse(["--in"])).Message);
            Check.Equal("unknown argument '--force'", Check.Throws<ArgumentException>(() => Options.Parse(["--force"])).Message);
            Check.Equal("no such file: /no/such.dll", Check.Throws<ArgumentException>(() => Options.Parse(["--in", "/no/such.dll", "--out", "x"])).Message);
            Check.That(Options.Parse(["--help"]) is null);
        });
    }
}
