// Regex by source generator: the same engine compiled into the program.
using System.Text.RegularExpressions;
using Cermet.Testing;

internal static partial class GeneratedExpressions
{
    [GeneratedRegex(@"(?<key>[a-z]\w*)\s*=\s*(?<value>\d+|'[^']*')", RegexOptions.IgnoreCase)]
    private static partial Regex Pair();

    [GeneratedRegex(@"\b(\w)(\w*)\b")]
    private static partial Regex Word { get; }

    [GeneratedRegex(@"^(?:(?<open>\[)|(?<-open>\])|[^\[\]])*(?(open)(?!))$")]
    private static partial Regex Balanced();

    [GeneratedRegex("a+b|c{2,3}(?=d)", RegexOptions.RightToLeft)]
    private static partial Regex Backwards();

    public static void All()
    {
        Suite.Case("generated/pairs", () =>
        {
            Check.Equal("a:1 B2:'x y'", string.Join(' ', Pair().Matches("a = 1, B2='x y', 3=4").Select(m => m.Groups["key"].Value + ":" + m.Groups["value"].Value)));
            Check.That(!Pair().IsMatch("1 = a"));
        });
        Suite.Case("generated/replace", () => Check.Equal("Hello Wide World", Word.Replace("hello wide world", m => m.Groups[1].Value.ToUpperInvariant() + m.Groups[2].Value)));
        Suite.Case("generated/balanced", () => Check.That(Balanced().IsMatch("a[b[c]]d") && !Balanced().IsMatch("a[b") && !Balanced().IsMatch("]")));
        Suite.Case("generated/backwards-and-lookahead", () => Check.Equal("ccc|aab", string.Join('|', Backwards().Matches("aabxcccd").Select(m => m.Value))));
        Suite.Case("generated/equals-interpreted", () =>
        {
            Random r = new(4);
            Regex slow = new(Pair().ToString(), Pair().Options);
            for (int i = 0; i < 60; i++)
            {
                string text = string.Concat(Enumerable.Range(0, 40).Select(_ => "ab1= '"[r.Next(6)]));
                Check.Sequence(slow.Matches(text).Select(m => m.Value), Pair().Matches(text).Select(m => m.Value));
            }
        });
    }
}
