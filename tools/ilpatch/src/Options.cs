// The command line.
namespace Cermet.IlPatch;

/// <summary>What the command line asked for.</summary>
public sealed class Options
{
    /// <summary>The program to patch.</summary>
    public string Input { get; private set; } = "";

    /// <summary>The directory that receives the results.</summary>
    public string Output { get; private set; } = "";

    /// <summary>Rule files, in order.</summary>
    public List<string> Rules { get; } = [];

    /// <summary>Assemblies that hold plugs.</summary>
    public List<string> Plugs { get; } = [];

    /// <summary>Directories to look for assemblies in, after the program's own.</summary>
    public List<string> References { get; } = [];

    /// <summary>Say nothing on success.</summary>
    public bool Quiet { get; private set; }

    /// <summary>Reads the arguments; null means that help was asked for.</summary>
    /// <exception cref="ArgumentException">They make no sense.</exception>
    public static Options? Parse(IReadOnlyList<string> args)
    {
        Options options = new();
        for (int i = 0; i < args.Count; i++)
        {
            string Value() => ++i < args.Count ? args[i] : throw new ArgumentException($"{args[i - 1]} needs a value");
            switch (args[i])
            {
                case "--help" or "-h": return null;
                case "--in": options.Input = Value(); break;
                case "--out": options.Output = Value(); break;
                case "--rules": options.Rules.Add(Value()); break;
                case "--plugs": options.Plugs.Add(Value()); break;
                case "--ref": options.References.Add(Value()); break;
                case "--quiet": options.Quiet = true; break;
                default: throw new ArgumentException($"unknown argument '{args[i]}'");
            }
        }
        if (options.Input.Length == 0) throw new ArgumentException("--in is missing");
        if (options.Output.Length == 0) throw new ArgumentException("--out is missing");
        foreach (string file in options.Rules.Concat(options.Plugs).Prepend(options.Input))
        {
            if (!File.Exists(file)) throw new ArgumentException($"no such file: {file}");
        }
        foreach (string directory in options.References)
        {
            if (!Directory.Exists(directory)) throw new ArgumentException($"no such directory: {directory}");
        }
        return options;
    }
}
