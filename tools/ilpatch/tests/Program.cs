// Tests of the patcher: assemblies are patched into a temporary directory, loaded from there, and their methods called.
using System.Reflection;
using System.Runtime.Loader;
using Cermet.IlPatch;
using Cermet.Testing;

return Suite.Run(args, Actions.All, Errors.All, Files.All);

/// <summary>One run of the patcher in a directory of its own.</summary>
internal sealed class Sandbox : IDisposable
{
    public static readonly string Here = AppContext.BaseDirectory;
    private readonly string _directory = Directory.CreateTempSubdirectory("ilpatch").FullName;
    private readonly Patched _context;

    public Sandbox() => _context = new Patched(Out);

    public string Out => Path.Combine(_directory, "out");
    public IReadOnlyList<string> Lines { get; private set; } = [];

    /// <summary>Patches target.dll by the given rule text.</summary>
    public Sandbox Patch(string rules, params string[] more)
    {
        string file = Path.Combine(_directory, "rules.toml");
        File.WriteAllText(file, rules);
        string runtime = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
        Options options = Options.Parse(["--in", Path.Combine(Here, "target.dll"), "--out", Out, "--rules", file, "--ref", runtime, .. more])!;
        Lines = new Patcher(options).Run();
        return this;
    }

    /// <summary>The errors that the rules lead to, without the directory.</summary>
    public string[] Fails(string rules, params string[] more)
    {
        try { Patch(rules, more); }
        catch (RulesException e) { return e.Errors.Select(s => s.Replace(_directory + Path.DirectorySeparatorChar, "").Replace(Here, "")).ToArray(); }
        return [];
    }

    /// <summary>Calls a static or instance method of the patched assembly.</summary>
    public object? Call(string method, params object?[] arguments)
    {
        Type type = _context.LoadFromAssemblyPath(Path.Combine(Out, "target.dll")).GetType("Sample.Target")!;
        MethodInfo found = type.GetMethods().Single(m => m.Name == method && m.GetParameters().Length == arguments.Length);
        try { return found.Invoke(found.IsStatic ? null : Activator.CreateInstance(type), arguments); }
        catch (TargetInvocationException e) { throw e.InnerException!; }
    }

    /// <summary>Calls Nested.Twice on a nested struct with the value 3.</summary>
    public object? Twice()
    {
        Type nested = _context.LoadFromAssemblyPath(Path.Combine(Out, "target.dll")).GetType("Sample.Target+Nested")!;
        object o = Activator.CreateInstance(nested)!;
        nested.GetField("Value")!.SetValue(o, 3);
        return nested.GetMethod("Twice")!.Invoke(o, []);
    }

    public static string Rule(string method, string action) => $"[[rule]]\nmethod = \"{method}\"\n{action}\n";
    public static string Plug(string method, string plug, string act = "call") => Rule("Sample.Target" + method, $"{act} = \"Plugs.Named::{plug}\"\nplugs = \"plugs\"");

    public void Dispose()
    {
        _context.Unload();
        Directory.Delete(_directory, recursive: true);
    }

    /// <summary>Prefers what was patched to what lies beside the tests.</summary>
    private sealed class Patched(string directory) : AssemblyLoadContext("patched", isCollectible: true)
    {
        protected override Assembly? Load(AssemblyName name)
        {
            string file = Path.Combine(directory, name.Name + ".dll");
            return File.Exists(file) ? LoadFromAssemblyPath(file) : null;
        }
    }
}
