// Directory, DirectoryInfo, enumeration with patterns and options.
using Cermet.Testing;

internal static class Directories
{
    private static string Names(IEnumerable<string> paths, string root) => string.Join(' ', paths.Select(f => Path.GetRelativePath(root, f)).Order(StringComparer.Ordinal));

    private static void Fill(Place p)
    {
        foreach (string d in new[] { "a/b/c", "d" }) Directory.CreateDirectory(p[d]);
        foreach (string f in new[] { "1.txt", "2.log", "a/3.txt", "a/b/4.TXT", "a/b/c/5.txt", "d/.hidden" }) File.WriteAllText(p[f], f);
    }

    public static void All()
    {
        Suite.Case("directory/create-and-delete", () =>
        {
            using Place p = new();
            DirectoryInfo d = Directory.CreateDirectory(p["x/y/z"]);
            Check.That(d.Exists && Directory.Exists(p["x/y"]) && d.Name == "z" && d.Parent!.Name == "y");
            Check.Equal(p["x/y/z"], Directory.CreateDirectory(p["x/y/z"]).FullName);
            Check.Throws<IOException>(() => Directory.Delete(p["x"]));
            File.WriteAllText(p["x/y/z/f"], "");
            Directory.Delete(p["x"], true);
            Check.That(!Directory.Exists(p["x"]));
            Check.Throws<DirectoryNotFoundException>(() => Directory.Delete(p["x"]));
            Directory.CreateDirectory(p["e"]);
            Directory.Delete(p["e"]);
            Check.That(!Directory.Exists(p["e"]));
        });
        Suite.Case("directory/list", () =>
        {
            using Place p = new();
            Fill(p);
            Check.Equal("1.txt 2.log", Names(Directory.GetFiles(p.Root), p.Root));
            Check.Equal("a d", Names(Directory.GetDirectories(p.Root), p.Root));
            Check.Equal("1.txt 2.log a d", Names(Directory.GetFileSystemEntries(p.Root), p.Root));
            Check.Equal("1.txt a/3.txt a/b/c/5.txt", Names(Directory.GetFiles(p.Root, "*.txt", SearchOption.AllDirectories), p.Root));
            Check.Equal("a a/b a/b/c d", Names(Directory.EnumerateDirectories(p.Root, "*", SearchOption.AllDirectories), p.Root));
            Check.Equal("2.log", Names(Directory.GetFiles(p.Root, "?.l*"), p.Root));
            Check.Equal("", Names(Directory.GetFiles(p.Root, "none*"), p.Root));
            Check.Throws<DirectoryNotFoundException>(() => Directory.GetFiles(p["none"]));
        });
        Suite.Case("directory/enumeration-options", () =>
        {
            using Place p = new();
            Fill(p);
            Check.Equal("1.txt a/3.txt a/b/4.TXT a/b/c/5.txt", Names(Directory.GetFiles(p.Root, "*.txt", new EnumerationOptions { RecurseSubdirectories = true, MatchCasing = MatchCasing.CaseInsensitive }), p.Root));
            Check.Equal("1.txt 2.log a/3.txt", Names(Directory.GetFiles(p.Root, "*", new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 1 }), p.Root));
            Check.Equal("d/.hidden", Names(Directory.GetFiles(p["d"], "*", new EnumerationOptions { AttributesToSkip = 0 }), p.Root));
            Check.Equal("", Names(Directory.GetFiles(p["d"], "*", new EnumerationOptions()), p.Root));
        });
        Suite.Case("directory/info", () =>
        {
            using Place p = new();
            Fill(p);
            DirectoryInfo d = new(p.Root);
            Check.Equal(2, d.GetFiles().Length);
            Check.Equal(23L, d.EnumerateFiles("*.txt", SearchOption.AllDirectories).Sum(f => f.Length));
            Check.Equal("b", d.GetDirectories("a")[0].GetDirectories()[0].Name);
            DirectoryInfo sub = d.CreateSubdirectory("new/sub");
            Check.That(sub.Exists);
            sub.Delete();
            sub.Refresh();
            Check.That(!sub.Exists);
        });
        Suite.Case("directory/move", () =>
        {
            using Place p = new();
            Fill(p);
            Directory.Move(p["a"], p["moved"]);
            Check.Equal("a/b/4.TXT", File.ReadAllText(p["moved/b/4.TXT"]));
            Check.That(!Directory.Exists(p["a"]));
            Check.Throws<IOException>(() => Directory.Move(p["d"], p["moved"]));
            Check.Throws<IOException>(() => Directory.Move(p["d"], p["d"]));
            Check.Throws<DirectoryNotFoundException>(() => Directory.Move(p["none"], p["q"]));
        });
        Suite.Case("directory/current", () =>
        {
            using Place p = new();
            string before = Directory.GetCurrentDirectory();
            try
            {
                Directory.SetCurrentDirectory(p.Root);
                File.WriteAllText("relative", "r");
                Check.Equal("r", File.ReadAllText(p["relative"]));
                Check.Equal(p["x"], Path.GetFullPath("./y/../x"));
                Check.Throws<DirectoryNotFoundException>(() => Directory.SetCurrentDirectory(p["none"]));
            }
            finally { Directory.SetCurrentDirectory(before); }
            Check.Equal(before, Environment.CurrentDirectory);
        });
        Suite.Case("directory/delete-while-enumerating", () =>
        {
            using Place p = new();
            for (int i = 0; i < 40; i++) File.WriteAllText(p["f" + i], "");
            int n = 0;
            foreach (string f in Directory.EnumerateFiles(p.Root)) { File.Delete(f); n++; }
            Check.Equal(40, n);
            Check.Equal(0, Directory.GetFiles(p.Root).Length);
        });
        Suite.Case("directory/root-and-special", () =>
        {
            Check.That(Directory.Exists("/") && Directory.Exists("/tmp") && Directory.GetParent("/") is null);
            Check.Equal("/", Directory.GetDirectoryRoot("/tmp"));
            Check.That(Directory.Exists(AppContext.BaseDirectory));
            Check.That(Directory.GetFileSystemEntries("/").Length > 0);
        });
        Suite.Case("directory/wide-and-deep", () =>
        {
            using Place p = new();
            string deep = p.Root;
            for (int i = 0; i < 30; i++) deep = Path.Combine(deep, "level" + i);
            Directory.CreateDirectory(deep);
            File.WriteAllText(Path.Combine(deep, "leaf"), "x");
            Check.Equal(30, Directory.GetDirectories(p.Root, "*", SearchOption.AllDirectories).Length);
            Check.Equal("leaf", Path.GetFileName(Directory.GetFiles(p.Root, "*", SearchOption.AllDirectories).Single()));
        });
    }
}
