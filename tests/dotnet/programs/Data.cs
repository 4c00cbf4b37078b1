// Programs about data: a report from JSON with LINQ, a CSV join, an inventory with records, a text index, a state machine.
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Cermet.Testing;

internal sealed record Order(int Id, string Customer, DateOnly Date, List<Line> Lines);
internal sealed record Line(string Product, int Quantity, decimal Price);
internal sealed record Report(string Customer, int Orders, decimal Total, string Best);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(List<Order>))]
[JsonSerializable(typeof(List<Report>))]
internal sealed partial class OrdersContext : JsonSerializerContext;

internal static partial class Data
{
    private const string Text = """
        It was the best of times, it was the worst of times, it was the age of wisdom, it was the age of foolishness,
        it was the epoch of belief, it was the epoch of incredulity, it was the season of Light, it was the season of Darkness,
        it was the spring of hope, it was the winter of despair.
        """;

    public static void All()
    {
        Suite.Case("data/json-report", () =>
        {
            List<Order> orders = JsonSerializer.Deserialize(MakeOrders(), OrdersContext.Default.ListOrder)!;
            List<Report> report = orders.GroupBy(o => o.Customer).Select(g => new Report(g.Key, g.Count(), g.SelectMany(o => o.Lines).Sum(l => l.Quantity * l.Price),
                g.SelectMany(o => o.Lines).GroupBy(l => l.Product).OrderByDescending(p => p.Sum(l => l.Quantity)).ThenBy(p => p.Key, StringComparer.Ordinal).First().Key)).OrderByDescending(r => r.Total).ToList();
            Check.Equal("""[{"customer":"ann","orders":10,"total":230.50,"best":"gear"},{"customer":"bob","orders":10,"total":211.50,"best":"belt"},{"customer":"eve","orders":10,"total":209.50,"best":"bolt"}]""", JsonSerializer.Serialize(report, OrdersContext.Default.ListReport));
        });
        Suite.Case("data/word-frequency", () =>
        {
            string top = string.Join(' ', Words().Matches(Text.ToLowerInvariant()).GroupBy(m => m.Value).OrderByDescending(g => g.Count()).ThenBy(g => g.Key, StringComparer.Ordinal).Take(6).Select(g => g.Key + g.Count()));
            Check.Equal("it10 of10 the10 was10 age2 epoch2", top);
        });
        Suite.Case("data/inverted-index", () =>
        {
            SortedDictionary<string, SortedSet<int>> index = new(StringComparer.Ordinal);
            foreach ((string line, int n) in Text.Split('\n').Select((l, i) => (l, i + 1)))
                foreach (Match m in Words().Matches(line.ToLowerInvariant())) (index.TryGetValue(m.Value, out SortedSet<int>? set) ? set : index[m.Value] = []).Add(n);
            Check.Equal("1,2,3", string.Join(',', index["was"]));
            Check.Equal("age belief best", string.Join(' ', index.Keys.Take(3)));
            Check.Equal("2", string.Join(',', index["light"]));
        });
        Suite.Case("data/csv-join", () =>
        {
            string people = "id,name,city\n1,\"Novák, Jan\",Praha\n2,\"O\"\"Brien\",Dublin\n3,Li,北京\n", visits = "person,count\n3,5\n1,2\n3,1\n9,9\n";
            var rows = Csv(people).Skip(1).GroupJoin(Csv(visits).Skip(1), p => p[0], v => v[0], (p, v) => $"{p[1]}@{p[2]}={v.Sum(x => int.Parse(x[1], CultureInfo.InvariantCulture))}");
            Check.Equal("Novák, Jan@Praha=2;O\"Brien@Dublin=0;Li@北京=6", string.Join(';', rows));
        });
        Suite.Case("data/bank-with-events", () =>
        {
            Dictionary<string, decimal> accounts = new() { ["a"] = 100, ["b"] = 50 };
            List<string> journal = [];
            void Transfer(string from, string to, decimal amount)
            {
                if (accounts[from] < amount) throw new InvalidOperationException($"{from} has only {accounts[from]}");
                accounts[from] -= amount;
                accounts[to] += amount;
                journal.Add($"{from}->{to}:{amount}");
            }
            Transfer("a", "b", 30.25m);
            Check.Equal("a has only 69.75", Check.Throws<InvalidOperationException>(() => Transfer("a", "b", 70)).Message);
            Check.Throws<KeyNotFoundException>(() => Transfer("b", "zz", 1));
            Check.Equal(150m - 1, accounts.Values.Sum());
            Check.Equal("a->b:30.25", string.Join(' ', journal));
        });
        Suite.Case("data/roman-numerals", () =>
        {
            (int, string)[] signs = [(1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I")];
            string Roman(int n) { StringBuilder s = new(); foreach ((int v, string r) in signs) for (; n >= v; n -= v) s.Append(r); return s.ToString(); }
            int Value(string r) => r.Select((c, i) => V(c) * (i + 1 < r.Length && V(c) < V(r[i + 1]) ? -1 : 1)).Sum();
            static int V(char c) => c switch { 'M' => 1000, 'D' => 500, 'C' => 100, 'L' => 50, 'X' => 10, 'V' => 5, _ => 1 };
            Check.Equal("MMXXIV", Roman(2024));
            Check.That(Enumerable.Range(1, 500).All(n => Value(Roman(n)) == n));
        });
        Suite.Case("data/table-layout", () =>
        {
            string[][] rows = [["name", "qty", "price"], ["bolt", "120", "0.25"], ["gear wheel", "7", "12.5"]];
            int[] widths = Enumerable.Range(0, 3).Select(c => rows.Max(r => r[c].Length)).ToArray();
            string table = string.Join('\n', rows.Select(r => string.Join(" | ", r.Select((cell, c) => c == 0 ? cell.PadRight(widths[c]) : cell.PadLeft(widths[c])))));
            Check.Equal("name       | qty | price\nbolt       | 120 |  0.25\ngear wheel |   7 |  12.5", table);
        });
        Suite.Case("data/calendar-month", () =>
        {
            DateOnly first = new(2024, 2, 1);
            StringBuilder s = new(new string(' ', ((int)first.DayOfWeek + 6) % 7 * 3));
            for (DateOnly d = first; d.Month == 2; d = d.AddDays(1)) s.Append(CultureInfo.InvariantCulture, $"{d.Day,2}").Append(d.DayOfWeek == DayOfWeek.Sunday ? '\n' : ' ');
            Check.Equal("          1  2  3  4\n 5  6  7  8  9 10 11\n12 13 14 15 16 17 18\n19 20 21 22 23 24 25\n26 27 28 29", s.ToString().TrimEnd());
        });
    }

    [GeneratedRegex("[a-z]+")]
    private static partial Regex Words();

    private static string MakeOrders()
    {
        string[] customers = ["ann", "bob", "eve"], products = ["bolt", "gear", "belt"];
        StringBuilder s = new("[");
        for (int i = 0; i < 30; i++)
        {
            string date = new DateOnly(2024, 1, 1).AddDays(i).ToString("O", CultureInfo.InvariantCulture);
            s.Append(i > 0 ? "," : "").Append(CultureInfo.InvariantCulture, $$"""{"id":{{i}},"customer":"{{customers[i % 3]}}","date":"{{date}}","lines":[{"product":"{{products[i / 3 % 3]}}","quantity":{{i % 4 + 1}},"price":{{(30 - i) / 2 + 0.5}}},{"product":"{{products[(i + 1) % 3]}}","quantity":2,"price":1.25}]}""");
        }
        return s.Append(']').ToString();
    }

    private static IEnumerable<string[]> Csv(string text)
    {
        foreach (string line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            List<string> cells = [""];
            bool quoted = false;
            for (int i = 0; i < line.Length; i++)
            {
                if (line[i] == '"' && quoted && i + 1 < line.Length && line[i + 1] == '"') cells[^1] += line[i++];
                else if (line[i] == '"') quoted = !quoted;
                else if (line[i] == ',' && !quoted) cells.Add("");
                else cells[^1] += line[i];
            }
            yield return cells.ToArray();
        }
    }
}
