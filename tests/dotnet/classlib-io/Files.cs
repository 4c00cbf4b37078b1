// File and FileInfo: whole-file operations, attributes, times, errors.
using System.Text;
using Cermet.Testing;

internal static class Files
{
    public static void All()
    {
        Suite.Case("file/write-and-read", () =>
        {
            using Place p = new();
            File.WriteAllText(p["a.txt"], "line1\nžluť\n");
            Check.Equal("line1\nžluť\n", File.ReadAllText(p["a.txt"]));
            Check.Sequence(["line1", "žluť"], File.ReadAllLines(p["a.txt"]));
            Check.Equal(13L, new FileInfo(p["a.txt"]).Length);
            File.AppendAllText(p["a.txt"], "end");
            File.AppendAllLines(p["a.txt"], ["", "x"]);
            Check.Sequence(["line1", "žluť", "end", "x"], File.ReadLines(p["a.txt"]));
            File.WriteAllBytes(p["b"], [1, 2, 3]);
            File.AppendAllBytes(p["b"], [4]);
            Check.Sequence([1, 2, 3, 4], File.ReadAllBytes(p["b"]).Select(b => (int)b));
            File.WriteAllText(p["u"], "x", Encoding.Unicode);
            Check.Equal(4, File.ReadAllBytes(p["u"]).Length);
            Check.Equal("x", File.ReadAllText(p["u"]));
        });
        Suite.Case("file/async", async () =>
        {
            using Place p = new();
            await File.WriteAllTextAsync(p["a"], "async");
            await File.AppendAllTextAsync(p["a"], "!");
            Check.Equal("async!", await File.ReadAllTextAsync(p["a"]));
            await File.WriteAllLinesAsync(p["l"], ["1", "2", "3"]);
            int sum = 0;
            await foreach (string line in File.ReadLinesAsync(p["l"])) sum += int.Parse(line);
            Check.Equal(6, sum);
            Check.Equal(6, (await File.ReadAllBytesAsync(p["a"])).Length);
        });
        Suite.Case("file/exists-delete-move-copy", () =>
        {
            using Place p = new();
            Check.That(!File.Exists(p["a"]));
            File.WriteAllText(p["a"], "A");
            Check.That(File.Exists(p["a"]) && !Directory.Exists(p["a"]));
            File.Copy(p["a"], p["b"]);
            Check.Throws<IOException>(() => File.Copy(p["a"], p["b"]));
            File.WriteAllText(p["b"], "B");
            File.Copy(p["a"], p["b"], overwrite: true);
            Check.Equal("A", File.ReadAllText(p["b"]));
            File.Move(p["b"], p["c"]);
            Check.That(!File.Exists(p["b"]) && File.Exists(p["c"]));
            File.WriteAllText(p["d"], "D");
            Check.Throws<IOException>(() => File.Move(p["c"], p["d"]));
            File.Move(p["c"], p["d"], overwrite: true);
            Check.Equal("A", File.ReadAllText(p["d"]));
            File.Delete(p["d"]);
            File.Delete(p["d"]);
            Check.That(!File.Exists(p["d"]));
        });
        Suite.Case("file/replace", () =>
        {
            using Place p = new();
            File.WriteAllText(p["new"], "new");
            File.WriteAllText(p["old"], "old");
            File.Replace(p["new"], p["old"], p["backup"]);
            Check.Equal("new", File.ReadAllText(p["old"]));
            Check.Equal("old", File.ReadAllText(p["backup"]));
            Check.That(!File.Exists(p["new"]));
        });
        Suite.Case("file/errors", () =>
        {
            using Place p = new();
            FileNotFoundException e = Check.Throws<FileNotFoundException>(() => File.ReadAllText(p["none"]));
            Check.Equal(p["none"], e.FileName);
            Check.That(e.Message.Contains(p["none"]));
            Check.Throws<DirectoryNotFoundException>(() => File.ReadAllText(p["no/such/dir"]));
            Check.Throws<DirectoryNotFoundException>(() => File.WriteAllText(p["no/such"], "x"));
            Check.Throws<UnauthorizedAccessException>(() => File.ReadAllText(p.Root));
            Check.Throws<UnauthorizedAccessException>(() => File.Delete(p.Root));
            Check.Throws<ArgumentException>(() => File.ReadAllText(""));
            Check.Throws<ArgumentNullException>(() => File.ReadAllText(null!));
            Check.Throws<FileNotFoundException>(() => File.Move(p["none"], p["x"]));
            Check.That(!File.Exists("") && !File.Exists(null) && !File.Exists("a\0b"));
            File.WriteAllText(p["f"], "");
            Check.Throws<IOException>(() => Directory.CreateDirectory(p["f"]));
            Check.That(Caught(() => File.WriteAllText(p["f/below"], "x")) is IOException);
            Check.That(Caught(() => File.WriteAllText(p[new string('n', 300)], "x")) is PathTooLongException);
            static Exception? Caught(Action a) { try { a(); return null; } catch (Exception e) { return e; } }
        });
        Suite.Case("file/info", () =>
        {
            using Place p = new();
            FileInfo f = new(p["dir.d/name.tar.gz"]);
            Check.That(!f.Exists);
            f.Directory!.Create();
            using (StreamWriter w = f.CreateText()) w.Write("12345");
            f.Refresh();
            Check.That(f.Exists && f.Length == 5 && f.Extension == ".gz" && f.Name == "name.tar.gz" && f.DirectoryName == p["dir.d"]);
            FileInfo copy = f.CopyTo(p["copy"]);
            Check.Equal(5L, copy.Length);
            copy.MoveTo(p["moved"]);
            Check.Equal(p["moved"], copy.FullName);
            copy.Delete();
            Check.That(!File.Exists(p["moved"]));
            using (StreamWriter w = f.AppendText()) w.Write("6");
            using StreamReader r = f.OpenText();
            Check.Equal("123456", r.ReadToEnd());
            Check.Throws<FileNotFoundException>(() => _ = new FileInfo(p["none"]).Length);
        });
        Suite.Case("file/times", () =>
        {
            using Place p = new();
            DateTime before = DateTime.UtcNow.AddMinutes(-5);
            File.WriteAllText(p["a"], "x");
            Check.That(File.GetLastWriteTimeUtc(p["a"]) > before);
            DateTime then = new(2020, 2, 29, 12, 30, 15, DateTimeKind.Utc);
            File.SetLastWriteTimeUtc(p["a"], then);
            Check.Equal(then, File.GetLastWriteTimeUtc(p["a"]));
            File.SetLastAccessTimeUtc(p["a"], then.AddDays(1));
            Check.Equal(then.AddDays(1), new FileInfo(p["a"]).LastAccessTimeUtc);
            Check.Equal(1601, File.GetLastWriteTimeUtc(p["none"]).Year);
        });
        Suite.Case("file/attributes-and-mode", () =>
        {
            using Place p = new();
            File.WriteAllText(p["a"], "x");
            Check.Equal(FileAttributes.Directory, File.GetAttributes(p.Root) & FileAttributes.Directory);
            File.SetAttributes(p["a"], FileAttributes.ReadOnly);
            Check.That(new FileInfo(p["a"]).IsReadOnly);
            File.SetAttributes(p["a"], FileAttributes.Normal);
            File.SetUnixFileMode(p["a"], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
            Check.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead, File.GetUnixFileMode(p["a"]));
            File.WriteAllText(p[".hidden"], "");
            Check.That(File.GetAttributes(p[".hidden"]).HasFlag(FileAttributes.Hidden));
            Check.Throws<FileNotFoundException>(() => File.GetAttributes(p["none"]));
        });
        Suite.Case("file/symbolic-links", () =>
        {
            using Place p = new();
            File.WriteAllText(p["target"], "content");
            FileSystemInfo link = File.CreateSymbolicLink(p["link"], p["target"]);
            Check.Equal("content", File.ReadAllText(p["link"]));
            Check.Equal(p["target"], link.LinkTarget);
            Check.Equal(p["target"], File.ResolveLinkTarget(p["link"], true)!.FullName);
            Check.That(link.Attributes.HasFlag(FileAttributes.ReparsePoint));
            File.Delete(p["link"]);
            Check.That(File.Exists(p["target"]));
        });
        Suite.Case("file/temp-names", () =>
        {
            string t = Path.GetTempFileName();
            Check.That(File.Exists(t) && new FileInfo(t).Length == 0);
            File.Delete(t);
            Check.That(Path.GetTempPath().EndsWith('/') && Directory.Exists(Path.GetTempPath()));
            Check.That(Path.GetRandomFileName() != Path.GetRandomFileName());
        });
        Suite.Case("file/content-of-the-program", () =>
        {
            string root = Path.Combine(AppContext.BaseDirectory, "content");
            Check.Sequence(["first", "second ž"], File.ReadAllLines(Path.Combine(root, "sample.txt")));
            Check.Equal("000102FF", Convert.ToHexString(File.ReadAllBytes(Path.Combine(root, "nested", "bytes.bin"))));
            Check.Sequence(["nested/bytes.bin", "sample.txt"], Directory.GetFiles(root, "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(root, f)).Order(StringComparer.Ordinal));
        });
        Suite.Case("file/many-small", () =>
        {
            using Place p = new();
            for (int i = 0; i < 60; i++) File.WriteAllText(p["f" + i], "content " + i);
            Check.Equal(60, Directory.GetFiles(p.Root).Length);
            for (int i = 0; i < 60; i++) if (File.ReadAllText(p["f" + i]) != "content " + i) Check.Fail("wrong " + i);
            for (int i = 0; i < 60; i += 2) File.Delete(p["f" + i]);
            Check.Equal(30, Directory.EnumerateFiles(p.Root).Count());
        });
        Suite.Case("file/large", () =>
        {
            using Place p = new();
            byte[] data = new byte[1_000_000];
            new Random(3).NextBytes(data);
            File.WriteAllBytes(p["big"], data);
            Check.That(File.ReadAllBytes(p["big"]).AsSpan().SequenceEqual(data));
        });
    }
}
