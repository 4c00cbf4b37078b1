// Finding and loading assemblies, each once.
using Mono.Cecil;
using Mono.Cecil.Cil;

namespace Cermet.IlPatch;

/// <summary>Loads assemblies from an ordered list of directories.</summary>
public sealed class Folders(IReadOnlyList<string> directories) : IAssemblyResolver
{
    private readonly Dictionary<string, AssemblyDefinition> _loaded = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The assembly of this simple name.</summary>
    /// <exception cref="FormatException">It is nowhere.</exception>
    public ModuleDefinition Find(string name) => Look(name)?.MainModule ?? throw new FormatException($"there is no assembly '{name}.dll' in {string.Join(", ", directories)}");

    /// <summary>The assembly in this file.</summary>
    public ModuleDefinition Load(string file)
    {
        string name = Path.GetFileNameWithoutExtension(file);
        if (_loaded.TryGetValue(name, out AssemblyDefinition? known)) return known.MainModule;
        ReaderParameters parameters = new() { AssemblyResolver = this, InMemory = true };
        if (File.Exists(Path.ChangeExtension(file, ".pdb")))
        {
            parameters.ReadSymbols = true;
            parameters.SymbolReaderProvider = new DefaultSymbolReaderProvider(throwIfNoSymbol: false);
        }
        return (_loaded[name] = AssemblyDefinition.ReadAssembly(file, parameters)).MainModule;
    }

    /// <inheritdoc/>
    public AssemblyDefinition? Resolve(AssemblyNameReference name) => Look(name.Name);

    /// <inheritdoc/>
    public AssemblyDefinition? Resolve(AssemblyNameReference name, ReaderParameters parameters) => Look(name.Name);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (AssemblyDefinition assembly in _loaded.Values) assembly.Dispose();
        _loaded.Clear();
    }

    private AssemblyDefinition? Look(string name)
    {
        if (_loaded.TryGetValue(name, out AssemblyDefinition? known)) return known;
        string? file = directories.Select(d => Path.Combine(d, name + ".dll")).FirstOrDefault(File.Exists);
        return file is null ? null : Load(file).Assembly;
    }
}
