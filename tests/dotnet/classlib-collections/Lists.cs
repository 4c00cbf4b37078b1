// List, LinkedList, Collection, ReadOnlyCollection, ObservableCollection, CollectionsMarshal.
using System.Collections.ObjectModel;
using System.Collections.Specialized;
using System.ComponentModel;
using System.Runtime.InteropServices;
using Cermet.Testing;

internal static class Lists
{
    public static void All()
    {
        Suite.Case("list/edit", () =>
        {
            List<int> l = [1, 2, 3];
            l.Add(4);
            l.AddRange([5, 6]);
            l.Insert(0, 0);
            l.InsertRange(3, [7, 8]);
            Check.Sequence([0, 1, 2, 7, 8, 3, 4, 5, 6], l);
            l.RemoveAt(0);
            l.RemoveRange(2, 2);
            Check.That(l.Remove(4) && !l.Remove(99));
            Check.Equal(1, l.RemoveAll(x => x == 5));
            Check.Sequence([1, 2, 3, 6], l);
            l.Reverse();
            l[0] = 60;
            Check.Sequence([60, 3, 2, 1], l);
            l.Clear();
            Check.Equal(0, l.Count);
        });
        Suite.Case("list/search", () =>
        {
            List<string> l = ["b", "d", "a", "d"];
            Check.Equal(1, l.IndexOf("d"));
            Check.Equal(3, l.LastIndexOf("d"));
            Check.Equal(-1, l.IndexOf("x"));
            Check.Equal("d", l.Find(s => s[0] > 'b'));
            Check.Equal(3, l.FindLastIndex(s => s == "d"));
            Check.Sequence(["b", "a"], l.FindAll(s => s != "d"));
            Check.That(l.Exists(s => s == "a") && l.TrueForAll(s => s.Length == 1) && l.Contains("b"));
            l.Sort(StringComparer.Ordinal);
            Check.Equal(~2, l.BinarySearch("c", StringComparer.Ordinal));
        });
        Suite.Case("list/growth-and-capacity", () =>
        {
            List<int> l = new(2);
            for (int i = 0; i < 1000; i++) l.Add(i);
            Check.That(l.Capacity >= 1000);
            l.RemoveRange(500, 500);
            l.TrimExcess();
            Check.Equal(500, l.Capacity);
            Check.That(l.EnsureCapacity(5000) >= 5000);
            Check.Equal(124_750, l.Sum());
            Check.Throws<ArgumentOutOfRangeException>(() => l.Capacity = 10);
            Check.Throws<ArgumentOutOfRangeException>(() => new List<int>(-1));
        });
        Suite.Case("list/enumeration-and-versions", () =>
        {
            List<int> l = [1, 2, 3];
            Check.Throws<InvalidOperationException>(() => { foreach (int x in l) if (x == 2) l.Remove(x); });
            using List<int>.Enumerator e = l.GetEnumerator();
            Check.That(e.MoveNext() && e.Current == 1);
            l.ForEach(x => Check.That(x > 0));
            foreach (int x in l.ToArray()) l.Add(x * 10);
            Check.Equal(44, l.Sum());
        });
        Suite.Case("list/copy-convert-range", () =>
        {
            List<int> l = [1, 2, 3, 4];
            int[] a = new int[6];
            l.CopyTo(1, a, 2, 3);
            Check.Sequence([0, 0, 2, 3, 4, 0], a);
            Check.Sequence(["1", "2", "3", "4"], l.ConvertAll(x => x.ToString()));
            Check.Sequence([2, 3], l.GetRange(1, 2));
            Check.Sequence([3, 4], l[2..]);
            Check.Sequence([1, 2], l.Slice(0, 2));
            Check.Throws<NotSupportedException>(() => ((IList<int>)l.AsReadOnly()).Add(1));
        });
        Suite.Case("list/marshal", () =>
        {
            List<int> l = [1, 2, 3];
            CollectionsMarshal.AsSpan(l)[1] = 20;
            CollectionsMarshal.SetCount(l, 2);
            Check.Sequence([1, 20], l);
            Dictionary<string, int> d = [];
            CollectionsMarshal.GetValueRefOrAddDefault(d, "k", out bool existed) += 5;
            Check.That(!existed && d["k"] == 5);
            Check.That(System.Runtime.CompilerServices.Unsafe.IsNullRef(ref CollectionsMarshal.GetValueRefOrNullRef(d, "absent")));
        });
        Suite.Case("linked-list/edit", () =>
        {
            LinkedList<string> l = new(["b", "c"]);
            LinkedListNode<string> b = l.First!;
            l.AddFirst("a");
            l.AddAfter(b, "b2");
            l.AddLast("d");
            l.Remove("c");
            Check.Equal("a b b2 d", string.Join(' ', l));
            Check.Equal("b2", b.Next!.Value);
            Check.Equal("d", l.FindLast("d")!.Value);
            l.RemoveFirst();
            l.RemoveLast();
            Check.Equal(2, l.Count);
            Check.Throws<InvalidOperationException>(() => l.AddLast(b));
            l.Remove(b);
            l.AddLast(b);
            Check.Equal("b2 b", string.Join(' ', l));
        });
        Suite.Case("collection/virtual-hooks", () =>
        {
            Upper u = [];
            u.Add("a");
            u.Insert(0, "b");
            u[1] = "c";
            Check.Equal("BC", string.Concat(u));
            ReadOnlyCollection<string> r = new(u);
            u.RemoveAt(0);
            Check.Equal(1, r.Count);
            Check.Equal(0, ReadOnlyCollection<int>.Empty.Count);
        });
        Suite.Case("collection/observable", () =>
        {
            ObservableCollection<int> c = [1];
            List<string> log = [];
            c.CollectionChanged += (_, e) => log.Add($"{e.Action}{e.NewStartingIndex}");
            ((INotifyPropertyChanged)c).PropertyChanged += (_, e) => log.Add(e.PropertyName!);
            c.Add(5);
            c.Move(0, 1);
            c.RemoveAt(0);
            Check.Equal("Count Item[] Add1 Item[] Move1 Count Item[] Remove-1", string.Join(' ', log));
        });
        Suite.Case("collection/keyed", () =>
        {
            ByName k = [new("ann", 1), new("bob", 2)];
            Check.Equal(2, k["bob"].Item2);
            Check.That(k.Contains("ann") && k.TryGetValue("ann", out (string, int) v) && v.Item2 == 1);
            Check.Throws<ArgumentException>(() => k.Add(new("ann", 3)));
            k.Remove("ann");
            Check.Equal(1, k.Count);
        });
    }

    private sealed class Upper : Collection<string>
    {
        protected override void InsertItem(int index, string item) => base.InsertItem(index, item.ToUpperInvariant());
        protected override void SetItem(int index, string item) => base.SetItem(index, item.ToUpperInvariant());
    }

    private sealed class ByName : KeyedCollection<string, (string, int)>
    {
        protected override string GetKeyForItem((string, int) item) => item.Item1;
    }
}
