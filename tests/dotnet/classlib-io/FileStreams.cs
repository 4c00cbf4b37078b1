// FileStream and RandomAccess: modes, access, sharing, seeking, lengths, handles, concurrency.
using Microsoft.Win32.SafeHandles;
using Cermet.Testing;

internal static class FileStreams
{
    public static void All()
    {
        Suite.Case("stream/modes", () =>
        {
            using Place p = new();
            Check.Throws<FileNotFoundException>(() => new FileStream(p["a"], FileMode.Open));
            Check.Throws<FileNotFoundException>(() => new FileStream(p["a"], FileMode.Truncate));
            using (FileStream f = new(p["a"], FileMode.CreateNew)) f.Write([1, 2, 3]);
            Check.Throws<IOException>(() => new FileStream(p["a"], FileMode.CreateNew));
            using (FileStream f = new(p["a"], FileMode.Append)) f.WriteByte(4);
            using (FileStream f = new(p["a"], FileMode.OpenOrCreate)) Check.Equal(4L, f.Length);
            using (FileStream f = new(p["a"], FileMode.Truncate)) Check.Equal(0L, f.Length);
            using (FileStream f = new(p["a"], FileMode.Create)) f.WriteByte(9);
            Check.Equal(1, File.ReadAllBytes(p["a"]).Length);
        });
        Suite.Case("stream/access", () =>
        {
            using Place p = new();
            File.WriteAllText(p["a"], "abc");
            using (FileStream r = File.OpenRead(p["a"]))
            {
                Check.That(r.CanRead && !r.CanWrite && r.CanSeek);
                Check.Throws<NotSupportedException>(() => r.WriteByte(1));
            }
            using FileStream w = File.OpenWrite(p["a"]);
            Check.Throws<NotSupportedException>(() => w.ReadByte());
            Check.Throws<ArgumentException>(() => new FileStream(p["b"], FileMode.Append, FileAccess.Read));
            Check.Throws<ArgumentException>(() => new FileStream(p["b"], FileMode.Create, FileAccess.Read));
        });
        Suite.Case("stream/sharing", () =>
        {
            using Place p = new();
            using (FileStream a = new(p["a"], FileMode.Create, FileAccess.ReadWrite, FileShare.None))
            {
                Check.Throws<IOException>(() => File.OpenRead(p["a"]));
            }
            using FileStream b = File.Open(p["a"], FileMode.Open, FileAccess.Read, FileShare.Read), c = File.OpenRead(p["a"]);
            Check.That(b.CanRead && c.CanRead);
        });
        Suite.Case("stream/seek-and-read", () =>
        {
            using Place p = new();
            using FileStream f = new(p["a"], FileMode.Create);
            f.Write("0123456789"u8);
            Check.Equal(10L, f.Position);
            Check.Equal(3L, f.Seek(3, SeekOrigin.Begin));
            Check.Equal((int)'3', f.ReadByte());
            Check.Equal(6L, f.Seek(2, SeekOrigin.Current));
            Check.Equal(8L, f.Seek(-2, SeekOrigin.End));
            byte[] b = new byte[5];
            Check.Equal(2, f.Read(b));
            Check.Equal(0, f.Read(b));
            Check.Equal(-1, f.ReadByte());
            Check.Throws<IOException>(() => f.Seek(-1, SeekOrigin.Begin));
            f.Position = 5;
            f.WriteByte((byte)'X');
            f.Flush();
            Check.Equal("01234X6789", Read(p["a"]));
            f.Position = 0;
            f.ReadExactly(b);
            Check.Equal((byte)'4', b[4]);
            f.Position = 8;
            Check.Throws<EndOfStreamException>(() => f.ReadExactly(b));
            static string Read(string name) { using FileStream s = new(name, FileMode.Open, FileAccess.Read, FileShare.ReadWrite); using StreamReader r = new(s); return r.ReadToEnd(); }
        });
        Suite.Case("stream/set-length-and-holes", () =>
        {
            using Place p = new();
            using (FileStream f = new(p["a"], FileMode.Create))
            {
                f.Position = 5000;
                f.WriteByte(7);
                Check.Equal(5001L, f.Length);
                f.SetLength(6000);
                f.SetLength(5500);
            }
            byte[] all = File.ReadAllBytes(p["a"]);
            Check.Equal(5500, all.Length);
            Check.Equal((0, 7, 0), (all[0], all[5000], all[5499]));
            using (FileStream f = new(p["a"], FileMode.Open)) f.SetLength(10);
            Check.Equal(10L, new FileInfo(p["a"]).Length);
        });
        Suite.Case("stream/buffering", () =>
        {
            using Place p = new();
            foreach (int buffer in new[] { 0, 1, 7, 4096 })
            {
                using (FileStream f = new(p["a"], FileMode.Create, FileAccess.Write, FileShare.Read, buffer)) for (int i = 0; i < 1000; i++) f.WriteByte((byte)i);
                using FileStream r = new(p["a"], FileMode.Open, FileAccess.Read, FileShare.Read, buffer);
                int n = 0;
                for (int b; (b = r.ReadByte()) >= 0; n++) if (b != (byte)n) Check.Fail("byte " + n);
                Check.Equal(1000, n);
            }
        });
        Suite.Case("stream/async", async () =>
        {
            using Place p = new();
            await using (FileStream f = new(p["a"], FileMode.Create, FileAccess.Write, FileShare.None, 100, FileOptions.Asynchronous))
                for (int i = 0; i < 20; i++) await f.WriteAsync(new byte[50]);
            await using FileStream r = new(p["a"], FileMode.Open, FileAccess.Read, FileShare.Read, 100, useAsync: true);
            byte[] b = new byte[300];
            int total = 0, n;
            while ((n = await r.ReadAsync(b)) > 0) total += n;
            Check.Equal(1000, total);
            using CancellationTokenSource c = new();
            c.Cancel();
            try { _ = await r.ReadAsync(b, c.Token); Check.Fail("not cancelled"); } catch (OperationCanceledException) { Check.That(true); }
        });
        Suite.Case("stream/options", () =>
        {
            using Place p = new();
            using (FileStream f = new(p["gone"], new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Options = FileOptions.DeleteOnClose, PreallocationSize = 100 })) Check.That(File.Exists(p["gone"]));
            Check.That(!File.Exists(p["gone"]));
            using FileStream m = new(p["mode"], new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite });
            Check.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(p["mode"]));
        });
        Suite.Case("stream/random-access", () =>
        {
            using Place p = new();
            using SafeFileHandle h = File.OpenHandle(p["a"], FileMode.Create, FileAccess.ReadWrite);
            RandomAccess.Write(h, "world"u8, 6);
            RandomAccess.Write(h, new ReadOnlyMemory<byte>[] { "hel"u8.ToArray(), "lo "u8.ToArray() }, 0);
            Check.Equal(11L, RandomAccess.GetLength(h));
            byte[] a = new byte[5], b = new byte[20];
            Check.Equal(11L, RandomAccess.Read(h, new Memory<byte>[] { a, b }, 0));
            Check.Equal("hello", System.Text.Encoding.ASCII.GetString(a));
            Check.Equal(0, RandomAccess.Read(h, b.AsSpan(), 100));
            RandomAccess.SetLength(h, 3);
            Check.Equal(3L, RandomAccess.GetLength(h));
            RandomAccess.FlushToDisk(h);
        });
        Suite.Case("stream/disposed", () =>
        {
            using Place p = new();
            FileStream f = new(p["a"], FileMode.Create);
            f.Dispose();
            f.Dispose();
            Check.Throws<ObjectDisposedException>(() => f.WriteByte(1));
            Check.That(!f.CanRead);
        });
        Suite.Case("stream/deleted-while-open", () =>
        {
            using Place p = new();
            using FileStream f = new(p["a"], FileMode.Create, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
            f.Write("kept"u8);
            f.Flush();
            File.Delete(p["a"]);
            f.Position = 0;
            Check.Equal((int)'k', f.ReadByte());
            Check.That(!File.Exists(p["a"]));
        });
        Suite.Case("stream/threads-on-their-own-files", () =>
        {
            using Place p = new();
            int good = 0;
            Thread[] threads = Enumerable.Range(0, 4).Select(t => new Thread(() =>
            {
                for (int i = 0; i < 20; i++)
                {
                    File.WriteAllText(p["t" + t], "thread " + t + " round " + i);
                    if (File.ReadAllText(p["t" + t]) == "thread " + t + " round " + i) Interlocked.Increment(ref good);
                }
            })).ToArray();
            foreach (Thread t in threads) t.Start();
            foreach (Thread t in threads) t.Join();
            Check.Equal(80, good);
        });
        Suite.Case("stream/threads-at-offsets-of-one-file", () =>
        {
            using Place p = new();
            using SafeFileHandle h = File.OpenHandle(p["a"], FileMode.Create, FileAccess.ReadWrite);
            Thread[] threads = Enumerable.Range(0, 4).Select(t => new Thread(() => { byte[] b = new byte[100]; b.AsSpan().Fill((byte)(t + 1)); for (int i = 0; i < 20; i++) RandomAccess.Write(h, b, (i * 4 + t) * 100); })).ToArray();
            foreach (Thread t in threads) t.Start();
            foreach (Thread t in threads) t.Join();
            byte[] all = new byte[8000];
            Check.Equal(8000, RandomAccess.Read(h, all.AsSpan(), 0));
            Check.That(Enumerable.Range(0, 8000).All(i => all[i] == i / 100 % 4 + 1));
        });
    }
}
