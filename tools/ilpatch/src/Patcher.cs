// Applies all rules, then writes what changed: nothing is written unless every rule could be applied.
using Mono.Cecil;
using Mono.Cecil.Cil;

namespace Cermet.IlPatch;

/// <summary>One run.</summary>
public sealed class Patcher
{
    private readonly Options _options;
    private readonly Folders _folders;
    private readonly string _program;
    private readonly List<string> _errors = [];

    /// <summary>Changed assemblies and how many rules changed them.</summary>
    private readonly SortedDictionary<string, int> _changed = new(StringComparer.Ordinal);

    /// <summary>Plug assemblies that changed methods call.</summary>
    private readonly SortedSet<string> _called = new(StringComparer.Ordinal);

    /// <summary>Which rule changed a method, to find two rules for one.</summary>
    private readonly Dictionary<MethodDefinition, string> _done = [];

    /// <summary>Prepares a run.</summary>
    public Patcher(Options options)
    {
        _options = options;
        _program = Path.GetFileNameWithoutExtension(options.Input);
        string beside = Path.GetDirectoryName(Path.GetFullPath(options.Input))!;
        IEnumerable<string> plugs = options.Plugs.Select(p => Path.GetDirectoryName(Path.GetFullPath(p))!);
        _folders = new Folders([beside, .. options.References, .. plugs]);
    }

    /// <summary>Does it; returns a line for each assembly written.</summary>
    /// <exception cref="RulesException">A rule could not be read or applied; nothing was written.</exception>
    public IReadOnlyList<string> Run()
    {
        List<Rule> rules = [];
        foreach (string file in _options.Rules)
        {
            try { rules.AddRange(Rule.Read(file)); }
            catch (RulesException e) { _errors.AddRange(e.Errors); }
        }
        foreach (string file in _options.Plugs) rules.AddRange(Marked(Path.GetFullPath(file)));
        foreach (Rule rule in rules) Apply(rule);
        if (_errors.Count > 0) throw new RulesException(_errors);
        return Write();
    }

    /// <summary>The rules that attributes in a plug assembly make.</summary>
    private List<Rule> Marked(string file)
    {
        List<Rule> rules = [];
        ModuleDefinition module = _folders.Load(file);
        foreach (TypeDefinition type in module.GetTypes())
        {
            foreach (MethodDefinition method in type.Methods)
            {
                foreach (CustomAttribute mark in method.CustomAttributes.Where(a => a.AttributeType.Name == "PlugAttribute"))
                {
                    SequencePoint? point = method.DebugInformation.SequencePoints.FirstOrDefault(p => !p.IsHidden);
                    string place = point is null ? $"{file} ({type.FullName}::{method.Name})" : $"{point.Document.Url}:{point.StartLine}";
                    string assembly = mark.Properties.Concat(mark.Fields).FirstOrDefault(p => p.Name == "Assembly").Argument.Value as string ?? "";
                    if (mark.ConstructorArguments is not [{ Value: string target }, ..]) _errors.Add($"{place}: error: [Plug] needs the name of a method");
                    else rules.Add(new Rule(place, assembly, target, Act.Call, $"{type.FullName}::{method.Name}({string.Join(",", method.Parameters.Select(p => p.ParameterType.FullName))})", module.Assembly.Name.Name));
                }
            }
        }
        return rules;
    }

    private void Apply(Rule rule)
    {
        string assembly = rule.Assembly.Length == 0 ? _program : rule.Assembly;
        try
        {
            ModuleDefinition module = assembly == _program ? _folders.Load(Path.GetFullPath(_options.Input)) : _folders.Find(assembly);
            MethodDefinition method = MethodName.Parse(rule.Method).Find(module);
            if (_done.TryGetValue(method, out string? earlier)) throw new FormatException($"{earlier} already changes it");
            switch (rule.Act)
            {
                case Act.Call:
                    Bodies.Call(method, Plug(rule));
                    _called.Add(rule.Plugs);
                    break;
                case Act.Body: Bodies.Copy(method, Plug(rule)); break;
                case Act.Throw: Bodies.Throw(method, rule.Value, Unsupported(module)); break;
                default: Bodies.Return(method, rule.Value); break;
            }
            _done.Add(method, rule.Place);
            _changed[assembly] = _changed.GetValueOrDefault(assembly) + 1;
        }
        catch (Exception e) when (e is FormatException or AssemblyResolutionException)
        {
            _errors.Add($"{rule.Place}: error: cannot patch '{rule.Method}' in assembly '{assembly}': {e.Message}");
        }
    }

    private MethodDefinition Plug(Rule rule) => MethodName.Parse(rule.Value).Find(_folders.Find(rule.Plugs));

    /// <summary>PlatformNotSupportedException(string), as this module sees its core library.</summary>
    private MethodReference Unsupported(ModuleDefinition module)
    {
        TypeDefinition type = new TypeReference("System", "PlatformNotSupportedException", module, module.TypeSystem.CoreLibrary).Resolve()
            ?? throw new FormatException("its core library has no PlatformNotSupportedException; name the framework's directory with --ref");
        return type.Methods.Single(m => m.IsConstructor && m.Parameters is [{ ParameterType.MetadataType: MetadataType.String }]);
    }

    private List<string> Write()
    {
        List<string> lines = [];
        Directory.CreateDirectory(_options.Output);
        foreach ((string name, int count) in _changed)
        {
            ModuleDefinition module = _folders.Find(name);
            string file = Path.Combine(_options.Output, Path.GetFileName(module.FileName));
            // Code compiled ahead (ReadyToRun) is dropped: it would be that of the old bodies.
            module.Attributes |= ModuleAttributes.ILOnly;
            // No time stamp, an identity computed from the content, and symbols inside instead of in a file whose path
            // would be recorded: the same inputs give the same bytes.
            WriterParameters parameters = new() { DeterministicMvid = true, Timestamp = 0 };
            if (module.HasSymbols)
            {
                parameters.WriteSymbols = true;
                parameters.SymbolWriterProvider = new EmbeddedPortablePdbWriterProvider();
            }
            module.Write(file, parameters);
            lines.Add($"patched {Path.GetFileName(file)}: {count} {(count == 1 ? "method" : "methods")}");
        }
        foreach (string name in _called.Where(n => !_changed.ContainsKey(n)))
        {
            string from = _folders.Find(name).FileName, to = Path.Combine(_options.Output, Path.GetFileName(from));
            if (Path.GetFullPath(from) != Path.GetFullPath(to)) File.Copy(from, to, overwrite: true);
            lines.Add($"copied {Path.GetFileName(to)}");
        }
        return lines;
    }
}
