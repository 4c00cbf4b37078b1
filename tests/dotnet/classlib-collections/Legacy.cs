// The collections of System.Collections and Specialized that old code still uses.
using System.Collections;
using System.Collections.Specialized;
using Cermet.Testing;

internal static class Legacy
{
    public static void All()
    {
        Suite.Case("legacy/array-list-and-hashtable", () =>
        {
            ArrayList l = [1, "two", 3.0];
            l.Insert(1, null);
            Check.Equal(4, l.Count);
            Check.Equal(2, l.IndexOf("two"));
            Hashtable h = new() { ["a"] = 1, [2] = "b" };
            Check.Equal("b", (string)h[2]!);
            Check.Equal(null, h["none"]);
            int sum = 0;
            foreach (DictionaryEntry e in h) if (e.Value is int n) sum += n;
            Check.Equal(1, sum);
            Check.Throws<ArgumentException>(() => h.Add("a", 2));
        });
        Suite.Case("legacy/queue-stack-sorted-list", () =>
        {
            Queue q = new(new[] { 1, 2 });
            Check.Equal(1, (int)q.Dequeue()!);
            Stack s = new();
            s.Push("x");
            Check.Equal("x", (string)s.Pop()!);
            SortedList l = new() { ["b"] = 2, ["a"] = 1 };
            Check.Equal("a", (string)l.GetKey(0));
        });
        Suite.Case("legacy/name-value", () =>
        {
            NameValueCollection c = new() { { "k", "1" }, { "K", "2" } };
            Check.Equal("1,2", c["k"]);
            Check.Sequence(["1", "2"], c.GetValues("k")!);
            c.Remove("k");
            Check.Equal(0, c.Count);
        });
        Suite.Case("legacy/string-and-hybrid", () =>
        {
            StringCollection s = ["a", "b"];
            Check.That(s.Contains("b") && s.IndexOf("a") == 0);
            HybridDictionary h = new(true);
            for (int i = 0; i < 20; i++) h["key" + i] = i;
            Check.Equal(7, (int)h["KEY7"]!);
            ListDictionary l = new() { ["x"] = 1 };
            Check.That(l.Contains("x"));
            StringDictionary d = new() { ["Key"] = "v" };
            Check.Equal("v", d["KEY"]);
        });
        Suite.Case("legacy/comparers", () =>
        {
            Check.That(Comparer.DefaultInvariant.Compare(1, 2) < 0);
            Check.That(CaseInsensitiveComparer.DefaultInvariant.Compare("A", "a") == 0);
            Check.Throws<ArgumentException>(() => Comparer.DefaultInvariant.Compare(new object(), new object()));
        });
    }
}
