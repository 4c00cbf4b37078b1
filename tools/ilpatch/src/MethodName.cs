// Names of methods as rules write them, and finding what they mean.
using Mono.Cecil;

namespace Cermet.IlPatch;

/// <summary>Type::Name or Type::Name(Parameters).</summary>
public sealed class MethodName
{
    private readonly string _type;
    private readonly string _name;
    private readonly string[]? _parameters;

    private MethodName(string type, string name, string[]? parameters) => (_type, _name, _parameters) = (type, name, parameters);

    /// <summary>Reads a name.</summary>
    /// <exception cref="FormatException">It is not one.</exception>
    public static MethodName Parse(string text)
    {
        string compact = text.Replace(" ", "");
        int colons = compact.IndexOf("::", StringComparison.Ordinal), open = compact.IndexOf('(');
        if (colons <= 0 || (open >= 0 && (open < colons + 3 || compact[^1] != ')')) || colons + 2 >= compact.Length)
        {
            throw new FormatException($"'{text}' is not of the form Type::Name or Type::Name(Parameters)");
        }
        string name = open < 0 ? compact[(colons + 2)..] : compact[(colons + 2)..open];
        string[]? parameters = open < 0 ? null : Arguments(compact[(open + 1)..^1]);
        return new MethodName(compact[..colons].Replace('+', '/'), name, parameters);
    }

    /// <summary>The one method that is meant.</summary>
    /// <exception cref="FormatException">None is, or several are; the message lists what there is.</exception>
    public MethodDefinition Find(ModuleDefinition module)
    {
        TypeDefinition type = module.GetType(_type) ?? throw new FormatException($"there is no type '{_type}' in assembly '{module.Assembly.Name.Name}'");
        MethodDefinition[] named = type.Methods.Where(m => m.Name == _name).ToArray();
        MethodDefinition[] fitting = named.Where(m => _parameters is null || Fits(m)).ToArray();
        return fitting.Length switch
        {
            1 => fitting[0],
            0 when named.Length == 0 => throw new FormatException($"type '{_type}' has no method '{_name}'"),
            0 => throw new FormatException($"type '{_type}' has no '{_name}({string.Join(", ", _parameters ?? [])})'; it has {List(named)}"),
            _ => throw new FormatException($"'{_type}::{_name}' is ambiguous, give its parameters: {List(fitting)}"),
        };
    }

    private bool Fits(MethodDefinition method) =>
        method.Parameters.Count == _parameters!.Length && method.Parameters.Zip(_parameters).All(p => Means(p.Second, p.First.ParameterType.FullName));

    /// <summary>Whether the short or full name in a rule means the type: namespaces may be left out everywhere.</summary>
    private static bool Means(string written, string full) => written == full || Short(written) == Short(full);

    private static string Short(string type)
    {
        System.Text.StringBuilder all = new(), word = new();
        foreach (char c in type + "\0")
        {
            if (c == '.') word.Clear();
            else if (char.IsLetterOrDigit(c) || c is '_' or '`') word.Append(c);
            else { all.Append(word).Append(c); word.Clear(); }
        }
        return all.ToString().TrimEnd('\0');
    }

    /// <summary>Splits at commas that are not inside a generic argument list or an array's brackets.</summary>
    private static string[] Arguments(string list)
    {
        List<string> parts = [];
        int depth = 0, start = 0;
        for (int i = 0; i < list.Length; i++)
        {
            if (list[i] is '<' or '[') depth++;
            else if (list[i] is '>' or ']') depth--;
            else if (list[i] == ',' && depth == 0) { parts.Add(list[start..i]); start = i + 1; }
        }
        if (list.Length > 0) parts.Add(list[start..]);
        return parts.ToArray();
    }

    private static string List(IEnumerable<MethodDefinition> methods) =>
        string.Join(", ", methods.Select(m => $"{m.Name}({string.Join(", ", m.Parameters.Select(p => p.ParameterType.FullName))})"));
}
