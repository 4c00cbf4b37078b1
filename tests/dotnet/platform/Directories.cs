// Directories and links.
using Cermet.Testing;
using static Scratch;

internal static class Directories
{
    public static void All()
    {
        Suite.Case("directories/create and delete", () =>
        {
            Check.Equal(At("x/y/z"), Directory.CreateDirectory(At("x/y/z")).FullName);
            Directory.CreateDirectory(At("x/y/z"));
            File.WriteAllText(At("plain"), "");
            Check.Throws<IOException>(() => Directory.CreateDirectory(At("plain")));
            Check.Equal($"Directory not empty : '{At("x")}'", Check.Throws<IOException>(() => Directory.Delete(At("x"))).Message);
            Directory.Delete(At("x"), recursive: true);
            Check.That(!Directory.Exists(At("x")));
            Check.Throws<DirectoryNotFoundException>(() => Directory.Delete(At("x")));
            Check.Throws<DirectoryNotFoundException>(() => Directory.GetFiles(At("x")));
        });
        Suite.Case("directories/enumerate", () =>
        {
            Directory.CreateDirectory(At("list/sub"));
            foreach (string name in (string[])["a.txt", "b.txt", "c.bin", "sub/d.txt", "ünï😀"]) File.WriteAllText(At("list/" + name), name);
            Check.Sequence(["a.txt", "b.txt"], Names(Directory.GetFiles(At("list"), "*.txt")));
            Check.Sequence(["a.txt", "b.txt", "c.bin", "d.txt", "sub", "ünï😀"], Names(Directory.GetFileSystemEntries(At("list"), "*", SearchOption.AllDirectories)));
            Check.Sequence(["sub"], new DirectoryInfo(At("list")).EnumerateDirectories().Select(d => d.Name));
            Check.Equal(0, Directory.GetFiles(At("list/sub"), "x*").Length);
            var options = new EnumerationOptions { RecurseSubdirectories = true, MatchCasing = MatchCasing.CaseInsensitive };
            Check.Sequence(["a.txt", "b.txt", "d.txt"], Names(Directory.EnumerateFiles(At("list"), "*.TXT", options)));
            foreach (string path in Directory.EnumerateFiles(At("list"))) File.Delete(path);
            Check.Equal(0, Directory.GetFiles(At("list")).Length);
        });
        Suite.Case("directories/move", () =>
        {
            Directory.CreateDirectory(At("old/inner"));
            Directory.Move(At("old"), At("new-name"));
            Check.That(Directory.Exists(At("new-name/inner")) && !Directory.Exists(At("old")));
            Check.Throws<IOException>(() => Directory.Move(At("new-name"), At("new-name/inner/below")));
            Check.Throws<DirectoryNotFoundException>(() => Directory.Move(At("old"), At("other")));
        });
        Suite.Case("directories/current", () =>
        {
            string before = Directory.GetCurrentDirectory();
            Directory.SetCurrentDirectory(Root);
            File.WriteAllText("relative", "r");
            Check.Equal("r", File.ReadAllText(At("relative")));
            Check.Equal(At("q"), Path.GetFullPath("q"));
            Directory.SetCurrentDirectory(before);
            Check.Throws<DirectoryNotFoundException>(() => Directory.SetCurrentDirectory(At("nowhere")));
        });
        Suite.Case("directories/links", () =>
        {
            File.WriteAllText(At("target"), "t");
            File.CreateSymbolicLink(At("link"), "target");
            Check.Equal("t", File.ReadAllText(At("link")));
            Check.Equal("target", new FileInfo(At("link")).LinkTarget);
            Check.Equal(At("target"), File.ResolveLinkTarget(At("link"), true)!.FullName);
            Check.That(File.GetAttributes(At("link")).HasFlag(FileAttributes.ReparsePoint));
            Directory.CreateDirectory(At("real"));
            File.WriteAllText(At("real/f"), "f");
            Directory.CreateSymbolicLink(At("way"), At("real"));
            Check.Equal("f", File.ReadAllText(At("way/f")));
            Check.That(Directory.Exists(At("way")));
            Directory.Delete(At("way"));
            Check.That(File.Exists(At("real/f")));
            File.CreateSymbolicLink(At("dangling"), "nothing");
            Check.That(File.Exists(At("dangling")));
            Check.Throws<FileNotFoundException>(() => File.ReadAllText(At("dangling")));
            File.CreateSymbolicLink(At("loop1"), "loop2");
            File.CreateSymbolicLink(At("loop2"), "loop1");
            Check.Equal($"Too many levels of symbolic links : '{At("loop1")}'", Check.Throws<IOException>(() => File.ReadAllText(At("loop1"))).Message);
            Check.Throws<IOException>(() => File.ResolveLinkTarget(At("loop1"), true));
        });
        Suite.Case("directories/deep", () =>
        {
            string path = At("deep");
            for (int i = 0; i < 100; i++) path += "/d" + i;
            Directory.CreateDirectory(path);
            File.WriteAllText(path + "/x", "bottom");
            Check.Equal(101, Directory.EnumerateFileSystemEntries(At("deep"), "*", SearchOption.AllDirectories).Count());
            Directory.Delete(At("deep"), true);
        });
        Suite.Case("directories/drive", () =>
        {
            var drive = new DriveInfo("/");
            Check.That(drive.IsReady && drive.TotalSize > 0 && drive.AvailableFreeSpace <= drive.TotalSize);
            Check.Equal("/", drive.RootDirectory.FullName);
            Check.That(DriveInfo.GetDrives().Length > 0 && drive.DriveFormat.Length > 0);
        });
    }

    private static IEnumerable<string> Names(IEnumerable<string> paths) => paths.Select(p => Path.GetFileName(p)).Order(StringComparer.Ordinal);
}
