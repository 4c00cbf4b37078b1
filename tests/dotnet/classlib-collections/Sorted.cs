// SortedDictionary, SortedList, SortedSet.
using Cermet.Testing;

internal static class Sorted
{
    public static void All()
    {
        Suite.Case("sorted/dictionary", () =>
        {
            SortedDictionary<int, string> d = [];
            for (int i = 0; i < 200; i++) d[i * 37 % 211] = "v" + i;
            Check.Sequence(d.Keys.Order(), d.Keys);
            Check.Equal(0, d.First().Key);
            for (int i = 0; i < 200; i += 2) Check.That(d.Remove(i * 37 % 211));
            Check.Equal(100, d.Count);
            Check.That(d.TryGetValue(37, out string? v) && v == "v1" && !d.ContainsKey(74));
        });
        Suite.Case("sorted/list", () =>
        {
            SortedList<string, int> l = new(StringComparer.Ordinal) { ["c"] = 3, ["a"] = 1, ["b"] = 2 };
            Check.Equal("abc", string.Concat(l.Keys));
            Check.Equal(1, l.IndexOfKey("b"));
            Check.Equal(2, l.IndexOfValue(3));
            Check.Equal("c", l.GetKeyAtIndex(2));
            l.RemoveAt(0);
            l.SetValueAtIndex(0, 20);
            Check.Equal(20, l["b"]);
            Check.Throws<ArgumentException>(() => l.Add("b", 1));
        });
        Suite.Case("sorted/set", () =>
        {
            SortedSet<int> s = new(Enumerable.Range(0, 100).Select(i => i * 61 % 101));
            Check.Equal((0, 100), (s.Min, s.Max));
            Check.Sequence(s.Order(), s);
            Check.Sequence([95, 96, 97], s.GetViewBetween(95, 97));
            Check.Sequence(s.OrderDescending(), s.Reverse());
            SortedSet<int> view = s.GetViewBetween(10, 20);
            s.Remove(15);
            Check.Equal(10, view.Count);
            Check.Throws<ArgumentOutOfRangeException>(() => view.Add(50));
            s.ExceptWith(Enumerable.Range(0, 50));
            Check.That(s.Min >= 50 && s.IsSubsetOf(Enumerable.Range(50, 60)));
        });
        Suite.Case("sorted/set-with-comparer", () =>
        {
            SortedSet<string> s = new(Comparer<string>.Create((a, b) => (a.Length, a).CompareTo((b.Length, b)))) { "ccc", "a", "bb", "b" };
            Check.Equal("a b bb ccc", string.Join(' ', s));
            Check.That(s.TryGetValue("bb", out string? bb) && bb == "bb");
        });
        Suite.Case("sorted/random-operations-against-a-model", () =>
        {
            Random r = new(3);
            SortedSet<int> set = [];
            List<int> model = [];
            for (int i = 0; i < 600; i++)
            {
                int n = r.Next(80);
                if (r.Next(3) > 0) { if (set.Add(n)) model.Add(n); }
                else if (set.Remove(n)) model.Remove(n);
            }
            model.Sort();
            Check.Sequence(model, set);
        });
    }
}
