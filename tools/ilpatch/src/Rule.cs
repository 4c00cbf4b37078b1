// Rules and the reader of rule files.
namespace Cermet.IlPatch;

/// <summary>What happens to a method.</summary>
public enum Act
{
    /// <summary>It calls a plug.</summary>
    Call,

    /// <summary>It gets a copy of a plug's body.</summary>
    Body,

    /// <summary>It throws.</summary>
    Throw,

    /// <summary>It returns a constant.</summary>
    Return,
}

/// <summary>One change of one method.</summary>
/// <param name="Place">File and line that ask for it, for messages.</param>
/// <param name="Assembly">Simple name of the assembly to change; empty means the program.</param>
/// <param name="Method">The method to change.</param>
/// <param name="Act">What to do.</param>
/// <param name="Value">The plug's name, the text, or the constant.</param>
/// <param name="Plugs">Simple name of the assembly that holds the plug.</param>
public sealed record Rule(string Place, string Assembly, string Method, Act Act, string Value, string Plugs)
{
    /// <summary>The keys that are actions.</summary>
    private static readonly Dictionary<string, Act> s_acts = new() { ["call"] = Act.Call, ["body"] = Act.Body, ["throw"] = Act.Throw, ["return"] = Act.Return };

    /// <summary>Reads a rule file. Only [[rule]] tables of keys with string values are understood, and comments.</summary>
    /// <exception cref="RulesException">Something else stands there.</exception>
    public static List<Rule> Read(string file)
    {
        List<Rule> rules = [];
        List<string> errors = [];
        Dictionary<string, string>? keys = null;
        string place = "";
        int number = 0;
        foreach (string raw in File.ReadLines(file))
        {
            string line = raw.Trim(), here = $"{file}:{++number}";
            if (line.Length == 0 || line[0] == '#') continue;
            if (line == "[[rule]]" || Uncomment(line) == "[[rule]]")
            {
                Finish();
                (keys, place) = ([], here);
            }
            else if (keys is null) errors.Add($"{here}: error: expected [[rule]], found '{line}'");
            else if (Split(line) is not (string key, string value)) errors.Add($"{here}: error: expected key = \"value\", found '{line}'");
            else if (key is not ("assembly" or "method" or "plugs") && !s_acts.ContainsKey(key)) errors.Add($"{here}: error: unknown key '{key}'");
            else if (!keys.TryAdd(key, value)) errors.Add($"{here}: error: '{key}' stands twice in this rule");
        }
        Finish();
        return errors.Count == 0 ? rules : throw new RulesException(errors);

        void Finish()
        {
            if (keys is null) return;
            string[] acts = keys.Keys.Where(s_acts.ContainsKey).ToArray();
            if (!keys.TryGetValue("method", out string? method)) errors.Add($"{place}: error: the rule has no 'method'");
            else if (acts.Length != 1) errors.Add($"{place}: error: the rule for '{method}' needs exactly one of call, body, throw, return; it has {acts.Length}");
            else if (s_acts[acts[0]] is Act.Call or Act.Body && !keys.ContainsKey("plugs")) errors.Add($"{place}: error: the rule for '{method}' needs 'plugs', the assembly that holds '{keys[acts[0]]}'");
            else rules.Add(new Rule(place, keys.GetValueOrDefault("assembly", ""), method, s_acts[acts[0]], keys[acts[0]], keys.GetValueOrDefault("plugs", "")));
        }
    }

    private static string Uncomment(string line) => line.Split('#')[0].TrimEnd();

    /// <summary>Takes `key = "value" # comment` apart; in the value, \" and \\ are escapes.</summary>
    private static (string Key, string Value)? Split(string line)
    {
        int equals = line.IndexOf('=');
        if (equals < 0) return null;
        string key = line[..equals].Trim(), rest = line[(equals + 1)..].Trim();
        if (rest.Length < 2 || rest[0] != '"') return null;
        System.Text.StringBuilder value = new();
        for (int i = 1; i < rest.Length; i++)
        {
            if (rest[i] == '\\' && i + 1 < rest.Length && rest[i + 1] is '"' or '\\') value.Append(rest[++i]);
            else if (rest[i] != '"') value.Append(rest[i]);
            else return Uncomment(rest[(i + 1)..]).Length == 0 ? (key, value.ToString()) : null;
        }
        return null;
    }
}

/// <summary>Rules that cannot be read or applied; one message each, beginning with file and line.</summary>
public sealed class RulesException(IReadOnlyList<string> errors) : Exception(string.Join('\n', errors))
{
    /// <summary>The messages.</summary>
    public IReadOnlyList<string> Errors { get; } = errors;
}
