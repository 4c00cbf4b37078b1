// Regex, interpreted: every construct, options, replacement, splitting, timeouts, errors.
using System.Text.RegularExpressions;
using Cermet.Testing;

internal static class Expressions
{
    private static string All(string text, string pattern, RegexOptions options = RegexOptions.None) => string.Join('|', Regex.Matches(text, pattern, options).Select(m => m.Value));

    public static void All()
    {
        Suite.Case("regex/classes-and-quantifiers", () =>
        {
            Check.Equal("12|345", All("a12b345", @"\d+"));
            Check.Equal("a|b|c", All("a-b c", @"\w"));
            Check.Equal("aaa|a", All("aaaba", "a+"));
            Check.Equal("aa|a|a", All("aaaba", "a{1,2}"));
            Check.Equal("<a>|<b>", All("<a><b>", "<.*?>"));
            Check.Equal("<a><b>", All("<a><b>", "<.*>"));
            Check.Equal("ž|é", All("xžyé", @"[\u0080-\uffff]"));
            Check.Equal("B|D", All("aBcD", @"\p{Lu}"));
            Check.Equal("c|d", All("abcd", "[a-z-[ab]]"));
            Check.Equal("٣", All("٣x", @"\d"));
            Check.Equal("", All("٣", @"\d", RegexOptions.ECMAScript));
        });
        Suite.Case("regex/anchors-and-boundaries", () =>
        {
            Check.That(Regex.IsMatch("line\n", "^line$") && !Regex.IsMatch("line\n", @"^line\z") && Regex.IsMatch("line\n", @"^line\Z"));
            Check.Equal("a|b|c", All("a\nb\nc", "^.$", RegexOptions.Multiline));
            Check.Equal("cat|cat", All("cat concat cat", @"\bcat\b"));
            Check.Equal("a\nb", All("a\nb", "a.b", RegexOptions.Singleline));
            Check.Equal("1|2", All("12x3", @"\G\d"));
        });
        Suite.Case("regex/groups", () =>
        {
            Match m = Regex.Match("on 2024-11-20!", @"(?<year>\d{4})-(?<month>\d\d)-(\d\d)");
            Check.That(m.Success && m.Index == 3 && m.Length == 10);
            Check.Equal("2024/11/20", m.Groups["year"].Value + "/" + m.Groups["month"].Value + "/" + m.Groups[1].Value);
            Check.Sequence(["0", "1", "year", "month"], m.Groups.Keys);
            Match n = Regex.Match("a1b2c3", @"(?:(\w)(\d))+");
            Check.Equal("abc 123", string.Concat(n.Groups[1].Captures.Select(c => c.Value)) + " " + string.Concat(n.Groups[2].Captures.Select(c => c.Value)));
            Check.That(!Regex.Match("x", "(y)?x").Groups[1].Success);
        });
        Suite.Case("regex/backreferences-and-lookaround", () =>
        {
            Check.Equal("abab|cc", All("abab cc xy", @"(\w+)\1"));
            Check.Equal("price|cost", All("price: cost: x", @"\w+(?=:)"));
            Check.Equal("b", All("ab cb", @"(?<=a)b"));
            Check.Equal("foobaz", All("foobar foobaz", "foo(?!bar)baz"));
            Check.Equal("b", All("ab b", @"(?<!a)b"));
            Check.Equal("aa", All("aaa", "(?>a{2})"));
            Check.That(!Regex.IsMatch("aaa", "(?>a+)a"));
        });
        Suite.Case("regex/conditionals-and-balancing", () =>
        {
            Regex r = new(@"^(?<q>"")?\w+(?(q)""|)$");
            Check.That(r.IsMatch("\"a\"") && r.IsMatch("a") && !r.IsMatch("\"a"));
            Regex b = new(@"^(?:[^()]|(?<open>\()|(?<-open>\)))*(?(open)(?!))$");
            Check.That(b.IsMatch("a(b(c)d)e") && !b.IsMatch("a(b(c)d") && !b.IsMatch(")("));
        });
        Suite.Case("regex/options", () =>
        {
            Check.That(Regex.IsMatch("FOO bar", "^foo\\s+BAR$", RegexOptions.IgnoreCase));
            Check.That(Regex.IsMatch("ÄÖ", "äö", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant));
            Check.Equal("12", All("a12", @"\d +  # digits", RegexOptions.IgnorePatternWhitespace));
            Check.Equal("c|b|a", All("abc", @"\w", RegexOptions.RightToLeft));
            Check.Equal("aB", All("aB", "(?i)AB(?-i)"));
            Check.Equal(1, Regex.Match("ab", "(a)(?<n>b)", RegexOptions.ExplicitCapture).Groups.Count - 1);
            Check.Equal("ab|ab", All("abxab", "ab", RegexOptions.Compiled));
            Check.Equal("aaa", All("aaa", "a*?a*", RegexOptions.NonBacktracking).Trim('|'));
        });
        Suite.Case("regex/replace", () =>
        {
            Check.Equal("a<1>b<22>c", Regex.Replace("a1b22c", "[0-9]+", m => "<" + m.Value + ">"));
            Check.Equal("20/11/2024", Regex.Replace("2024-11-20", @"(\d+)-(\d+)-(\d+)", "$3/$2/$1"));
            Check.Equal("Mr. Smith", Regex.Replace("Smith, Mr.", @"(?<last>\w+), (?<title>.+)", "${title} ${last}"));
            Check.Equal("[ab][]", Regex.Replace("ab", ".*", "[$&]"));
            Check.Equal("-a-b-", Regex.Replace("ab", "", "-"));
            Check.Equal("x$x", Regex.Replace("a", "a", "x$$x"));
            Check.Equal("xbaa", new Regex("a").Replace("abaa", "x", 1));
        });
        Suite.Case("regex/split", () =>
        {
            Check.Sequence(["a", "b", "c"], Regex.Split("a, b;c", @"[,;]\s*"));
            Check.Sequence(["a", "-", "b"], Regex.Split("a-b", "(-)"));
            Check.Sequence(["", "a", ""], Regex.Split(",a,", ","));
            int n = 0;
            foreach (Range r in Regex.EnumerateSplits("1 2  3", " +")) n += int.Parse("1 2  3".AsSpan()[r]);
            Check.Equal(6, n);
        });
        Suite.Case("regex/matches-are-lazy-and-ordered", () =>
        {
            MatchCollection m = Regex.Matches("one two three", @"\w+");
            Check.Equal(3, m.Count);
            Check.Equal("three", m[2].Value);
            Check.Equal("two", m[0].NextMatch().Value);
            Check.Equal(3, Regex.Count("a b c", @"\w"));
            int total = 0;
            foreach (ValueMatch v in Regex.EnumerateMatches("ab cde", @"\w+")) total += v.Length;
            Check.Equal(5, total);
        });
        Suite.Case("regex/escape-and-errors", () =>
        {
            Check.Equal(@"a\.b\*\(c\)\ ", Regex.Escape("a.b*(c) "));
            Check.Equal("a.b", Regex.Unescape(@"a\.b"));
            RegexParseException e = Check.Throws<RegexParseException>(() => new Regex("a(b"));
            Check.Equal(RegexParseError.InsufficientClosingParentheses, e.Error);
            Check.Throws<RegexParseException>(() => new Regex("[z-a]"));
            Check.Throws<RegexParseException>(() => new Regex("*a"));
            Check.Throws<ArgumentOutOfRangeException>(() => new Regex("a", RegexOptions.None, TimeSpan.FromTicks(-5)));
        });
        Suite.Case("regex/timeout", () =>
        {
            // Exponential backtracking is cut off.
            Regex r = new("^(a+)+$", RegexOptions.None, TimeSpan.FromMilliseconds(30));
            Check.Throws<RegexMatchTimeoutException>(() => r.IsMatch(new string('a', 40) + "!"));
        });
        Suite.Case("regex/real-patterns", () =>
        {
            Regex mail = new(@"^[\w.+-]+@[\w-]+(\.[\w-]+)+$");
            Check.That(mail.IsMatch("first.last+tag@mail.example.org") && !mail.IsMatch("no at sign") && !mail.IsMatch("a@b"));
            Regex ip = new(@"^((25[0-5]|2[0-4]\d|1?\d?\d)(\.(?!$)|$)){4}$");
            Check.That(ip.IsMatch("192.168.0.255") && !ip.IsMatch("256.1.1.1") && !ip.IsMatch("1.2.3"));
            Check.Equal("k1=v1;k2=a b", string.Join(';', Regex.Matches("k1=v1 k2=\"a b\"", "(\\w+)=(?:\"([^\"]*)\"|(\\S+))").Select(m => m.Groups[1].Value + "=" + m.Groups[2].Value + m.Groups[3].Value)));
            Check.Equal("the_quick_brown", Regex.Replace("theQuickBrown", "(?<!^)([A-Z])", m => "_" + m.Value.ToLowerInvariant()));
        });
    }
}
