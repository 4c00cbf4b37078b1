// Path: pure string operations.
using Cermet.Testing;

internal static class Paths
{
    public static void All()
    {
        Suite.Case("path/parts", () =>
        {
            Check.Equal("c.tar.gz", Path.GetFileName("/a/b/c.tar.gz"));
            Check.Equal(".gz", Path.GetExtension("/a/b/c.tar.gz"));
            Check.Equal("c.tar", Path.GetFileNameWithoutExtension("/a/b/c.tar.gz"));
            Check.Equal("/a/b", Path.GetDirectoryName("/a/b/c"));
            Check.Equal("/", Path.GetPathRoot("/a"));
            Check.Equal("", Path.GetFileName("/a/"));
            Check.Equal(null, Path.GetDirectoryName("/"));
            Check.That(Path.HasExtension("a.b") && !Path.HasExtension("a.") && Path.IsPathRooted("/x") && !Path.IsPathFullyQualified("x"));
        });
        Suite.Case("path/combine-and-join", () =>
        {
            Check.Equal("a/b", Path.Combine("a", "b"));
            Check.Equal("/b", Path.Combine("a", "/b"));
            Check.Equal("a/b", Path.Join("a", "/", "b"));
            Check.Equal("a/b/c/d", Path.Combine("a", "b/", "c", "d"));
            Check.Equal("x", Path.Combine("", "x"));
        });
        Suite.Case("path/full-and-relative", () =>
        {
            Check.Equal("/a/c", Path.GetFullPath("/a/./b/../c"));
            Check.Equal("/x/y", Path.GetFullPath("y", "/x"));
            Check.Equal("../d", Path.GetRelativePath("/a/b", "/a/d"));
            Check.Equal(".", Path.GetRelativePath("/a", "/a/"));
            Check.Equal("c/d", Path.GetRelativePath("/a/b", "/a/b/c/d"));
            Check.Equal("/", Path.GetFullPath("/../.."));
        });
        Suite.Case("path/change-and-trim", () =>
        {
            Check.Equal("a.txt", Path.ChangeExtension("a.log", "txt"));
            Check.Equal("a", Path.ChangeExtension("a.log", null));
            Check.Equal("/a", Path.TrimEndingDirectorySeparator("/a/"));
            Check.Equal("/", Path.TrimEndingDirectorySeparator("/"));
            Check.That(Path.EndsInDirectorySeparator("a/") && Path.DirectorySeparatorChar == '/' && Path.PathSeparator == ':');
            Check.Sequence(['\0', '/'], Path.GetInvalidFileNameChars());
            Check.Throws<ArgumentException>(() => Path.GetFullPath("a\0b"));
        });
    }
}
