// Files: creating, reading, writing, sharing, moving, attributes, and the errors of all that.
using Cermet.Testing;
using static Scratch;

internal static class Files
{
    public static void All()
    {
        Suite.Case("files/text", () =>
        {
            File.WriteAllText(At("text"), "hello");
            File.AppendAllText(At("text"), " wörld");
            Check.Equal("hello wörld", File.ReadAllText(At("text")));
            Check.Equal(12L, new FileInfo(At("text")).Length);
            Check.That(File.Exists(At("text")) && !Directory.Exists(At("text")) && !File.Exists(Root));
            File.WriteAllLines(At("lines"), ["a", "b"]);
            File.AppendAllLines(At("lines"), ["c"]);
            Check.Sequence(["a", "b", "c"], File.ReadLines(At("lines")));
        });
        Suite.Case("files/errors", () =>
        {
            Check.Equal($"Could not find file '{At("none")}'.", Check.Throws<FileNotFoundException>(() => File.ReadAllText(At("none"))).Message);
            Check.Equal($"Could not find a part of the path '{At("no/x")}'.", Check.Throws<DirectoryNotFoundException>(() => File.WriteAllText(At("no/x"), "")).Message);
            Check.Equal($"Access to the path '{Root}' is denied.", Check.Throws<UnauthorizedAccessException>(() => File.ReadAllText(Root)).Message);
            File.WriteAllText(At("there"), "x");
            Check.Equal($"The file '{At("there")}' already exists.", Check.Throws<IOException>(() => new FileStream(At("there"), FileMode.CreateNew)).Message);
            Check.Throws<DirectoryNotFoundException>(() => File.ReadAllText(At("there/below")));
            Check.Throws<PathTooLongException>(() => File.WriteAllText(At(new string('n', 256)), ""));
            Check.Throws<PathTooLongException>(() => File.WriteAllText(At(string.Join('/', Enumerable.Repeat("d", 2100))), ""));
            Check.Throws<IOException>(() => File.Copy(At("there"), At("there")));
            Check.Throws<UnauthorizedAccessException>(() => File.Delete(Root));
            File.Delete(At("none"));
            File.WriteAllText(At(new string('n', 255)), "long");
            Check.Equal("long", File.ReadAllText(At(new string('n', 255))));
        });
        Suite.Case("files/modes", () =>
        {
            using (var stream = new FileStream(At("mode"), FileMode.Create))
            {
                stream.Write(new byte[100]);
                stream.Seek(1000, SeekOrigin.Begin);
                stream.WriteByte(7);
                stream.Position = 1000;
                Check.Equal(7, stream.ReadByte());
                Check.Equal(1001L, stream.Length);
                stream.SetLength(50);
                stream.SetLength(60);
                stream.Position = 0;
                Check.Equal(60, stream.Read(new byte[100]));
                Check.Equal(-1, stream.ReadByte());
            }
            using (var stream = new FileStream(At("mode"), FileMode.Truncate)) Check.Equal(0L, stream.Length);
            using (var stream = new FileStream(At("mode"), FileMode.Append))
            {
                stream.WriteByte(65);
                Check.Throws<NotSupportedException>(() => stream.ReadByte());
            }
            Check.Equal("A", File.ReadAllText(At("mode")));
            using (var stream = new FileStream(At("gone"), FileMode.Create, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose)) Check.That(File.Exists(At("gone")));
            Check.That(!File.Exists(At("gone")));
            using (var stream = File.OpenRead(At("mode"))) Check.Throws<NotSupportedException>(() => stream.WriteByte(1));
        });
        Suite.Case("files/sharing", () =>
        {
            File.WriteAllText(At("shared"), "x");
            using (var first = new FileStream(At("shared"), FileMode.Open, FileAccess.ReadWrite, FileShare.None))
            {
                string message = Check.Throws<IOException>(() => File.ReadAllText(At("shared"))).Message;
                Check.Equal($"The process cannot access the file '{At("shared")}' because it is being used by another process.", message);
            }
            using (var first = new FileStream(At("shared"), FileMode.Open, FileAccess.Read, FileShare.Read))
            using (var second = new FileStream(At("shared"), FileMode.Open, FileAccess.Read, FileShare.Read)) Check.Equal(1L, second.Length);
            using (var stream = new FileStream(At("shared"), FileMode.Open))
            {
                stream.Lock(0, 10);
                stream.Unlock(0, 10);
            }
        });
        Suite.Case("files/sparse and large", () =>
        {
            using (var stream = new FileStream(At("sparse"), FileMode.Create))
            {
                stream.SetLength(1L << 38);
                stream.Position = (1L << 38) - 1;
                Check.Equal(0, stream.ReadByte());
            }
            File.Delete(At("sparse"));
            byte[] data = new byte[3_000_000];
            new Random(1).NextBytes(data);
            File.WriteAllBytes(At("large"), data);
            Check.That(data.AsSpan().SequenceEqual(File.ReadAllBytes(At("large"))));
            using var handle = File.OpenHandle(At("large"), FileMode.Open, FileAccess.ReadWrite);
            byte[] piece = new byte[100_000];
            Check.Equal(100_000, RandomAccess.Read(handle, piece, 123_456));
            Check.That(data.AsSpan(123_456, 100_000).SequenceEqual(piece));
            RandomAccess.Write(handle, [new byte[] { 1, 2 }, new byte[] { 3, 4, 5 }], 2_999_998);
            Check.Equal(3_000_003L, RandomAccess.GetLength(handle));
            byte[] end = new byte[10];
            Check.Equal(5L, RandomAccess.Read(handle, new Memory<byte>[] { end.AsMemory(0, 2), end.AsMemory(2) }, 2_999_998));
            Check.Sequence([1, 2, 3, 4, 5, 0, 0, 0, 0, 0], end.Select(b => (int)b));
            RandomAccess.FlushToDisk(handle);
        });
        Suite.Case("files/asynchronous", async () =>
        {
            await File.WriteAllTextAsync(At("async"), "asynchronous");
            Check.Equal("asynchronous", await File.ReadAllTextAsync(At("async")));
            await using var stream = new FileStream(At("async"), FileMode.Open, FileAccess.ReadWrite, FileShare.None, 4096, FileOptions.Asynchronous);
            byte[] buffer = new byte[100];
            Check.Equal(12, await stream.ReadAsync(buffer));
            await stream.WriteAsync(buffer.AsMemory(0, 12));
            await stream.FlushAsync();
            Check.Equal(24L, stream.Length);
        });
        Suite.Case("files/copy, move, replace", () =>
        {
            File.WriteAllText(At("from"), "1");
            File.SetUnixFileMode(At("from"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
            File.Copy(At("from"), At("to"));
            Check.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead, File.GetUnixFileMode(At("to")));
            File.WriteAllText(At("from"), "2");
            File.Copy(At("from"), At("to"), overwrite: true);
            Check.Equal("2", File.ReadAllText(At("to")));
            File.Move(At("to"), At("moved"));
            Check.That(!File.Exists(At("to")) && File.Exists(At("moved")));
            Check.Throws<IOException>(() => File.Move(At("from"), At("moved")));
            File.Move(At("from"), At("moved"), overwrite: true);
            File.WriteAllText(At("new"), "new");
            File.Replace(At("new"), At("moved"), At("backup"));
            Check.Equal("new2", File.ReadAllText(At("moved")) + File.ReadAllText(At("backup")));
        });
        Suite.Case("files/attributes and times", () =>
        {
            File.WriteAllText(At("attributes"), "");
            Check.Equal(FileAttributes.Normal, File.GetAttributes(At("attributes")));
            File.SetAttributes(At("attributes"), FileAttributes.ReadOnly);
            Check.That(new FileInfo(At("attributes")).IsReadOnly);
            File.SetUnixFileMode(At("attributes"), UnixFileMode.UserRead | UnixFileMode.GroupExecute);
            Check.Equal(UnixFileMode.UserRead | UnixFileMode.GroupExecute, File.GetUnixFileMode(At("attributes")));
            var time = new DateTime(2001, 2, 3, 4, 5, 6, 789, DateTimeKind.Utc).AddTicks(1234);
            File.SetLastWriteTimeUtc(At("attributes"), time);
            File.SetLastAccessTimeUtc(At("attributes"), time.AddYears(1));
            Check.Equal(time, File.GetLastWriteTimeUtc(At("attributes")));
            Check.Equal(time.AddYears(1), File.GetLastAccessTimeUtc(At("attributes")));
            Check.Equal(1601, File.GetLastWriteTimeUtc(At("none")).Year);
            File.WriteAllText(At("fresh"), "");
            Check.That(Math.Abs((File.GetCreationTimeUtc(At("fresh")) - DateTime.UtcNow).TotalSeconds) < 60);
            File.WriteAllText(At(".hidden"), "");
            Check.Equal(FileAttributes.Hidden, File.GetAttributes(At(".hidden")));
        });
        Suite.Case("files/deleted while open", () =>
        {
            using var stream = new FileStream(At("deleted"), FileMode.Create);
            stream.WriteByte(5);
            stream.Flush();
            File.Delete(At("deleted"));
            stream.Position = 0;
            Check.Equal(5, stream.ReadByte());
            Check.That(!File.Exists(At("deleted")));
        });
        Suite.Case("files/temporary names", () =>
        {
            string path = Path.GetTempFileName();
            Check.That(new FileInfo(path) is { Exists: true, Length: 0 } && Path.GetExtension(path) == ".tmp");
            File.Delete(path);
            DirectoryInfo directory = Directory.CreateTempSubdirectory("pre-");
            Check.That(directory.Exists && directory.Name.StartsWith("pre-") && directory.Name.Length == 10);
            directory.Delete();
        });
        Suite.Case("files/devices", () =>
        {
            File.WriteAllText("/dev/null", "x");
            Check.Equal("", File.ReadAllText("/dev/null"));
            byte[] bytes = [1, 2, 3];
            using (FileStream zero = File.OpenRead("/dev/zero")) Check.Equal(3, zero.Read(bytes));
            Check.Sequence([0, 0, 0], bytes.Select(b => (int)b));
            byte[] random = new byte[64];
            using (FileStream source = File.OpenRead("/dev/urandom")) source.ReadExactly(random);
            Check.That(random.Distinct().Count() > 16);
        });
        Suite.Case("files/content", () =>
        {
            string content = Path.Combine(AppContext.BaseDirectory, "content");
            Check.Sequence(["one", "two"], File.ReadLines(Path.Combine(content, "lines.txt")));
            Check.Equal("in a directory", File.ReadAllText(Path.Combine(content, "sub", "inner.txt")));
            Check.Equal(2, Directory.GetFiles(content, "*", SearchOption.AllDirectories).Length);
            Check.That(File.GetLastWriteTimeUtc(Path.Combine(content, "lines.txt")).Year > 2000);
        });
        Suite.Case("files/many threads", () =>
        {
            int errors = 0;
            Parallel.For(0, 8, thread =>
            {
                for (int i = 0; i < 40; i++)
                {
                    string directory = At($"thread{thread}-{i}");
                    Directory.CreateDirectory(directory);
                    File.WriteAllText(directory + "/a", new string('x', i * 37));
                    File.Move(directory + "/a", directory + "/b");
                    if (new FileInfo(directory + "/b").Length != i * 37) Interlocked.Increment(ref errors);
                    Directory.Move(directory, directory + "-moved");
                    Directory.Delete(directory + "-moved", true);
                }
            });
            Check.Equal(0, errors);
            Check.Equal(0, Directory.GetFileSystemEntries(Root, "thread*").Length);
        });
        Suite.Case("files/lock across threads", () =>
        {
            Parallel.For(0, 4, _ =>
            {
                for (int i = 0; i < 25;)
                {
                    try
                    {
                        using var stream = new FileStream(At("counter"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
                        int value = Math.Max(0, stream.ReadByte());
                        stream.Position = 0;
                        stream.WriteByte((byte)(value + 1));
                        i++;
                    }
                    catch (IOException)
                    {
                        Thread.Yield();
                    }
                }
            });
            Check.Equal(100, (int)File.ReadAllBytes(At("counter"))[0]);
        });
    }
}
