// MemoryStream, BufferedStream, copying, unmanaged memory, custom streams.
using System.Runtime.InteropServices;
using Cermet.Testing;

internal static class Streams
{
    public static void All()
    {
        Suite.Case("memory-stream/read-write-seek", () =>
        {
            MemoryStream m = new();
            m.Write([1, 2, 3, 4]);
            m.Position = 1;
            m.WriteByte(20);
            Check.Sequence([1, 20, 3, 4], m.ToArray().Select(b => (int)b));
            m.SetLength(2);
            m.Seek(0, SeekOrigin.End);
            m.Write([9]);
            Check.Equal(3L, m.Length);
            m.Position = 100;
            m.WriteByte(1);
            Check.Equal(101L, m.Length);
            Check.Equal((byte)0, m.GetBuffer()[50]);
            Check.Throws<ArgumentOutOfRangeException>(() => m.Position = -1);
            Check.That(m.TryGetBuffer(out ArraySegment<byte> s) && s.Count == 101);
        });
        Suite.Case("memory-stream/over-an-array", () =>
        {
            byte[] a = [1, 2, 3, 4, 5];
            MemoryStream m = new(a, 1, 3, writable: true);
            m.WriteByte(9);
            Check.Equal((byte)9, a[1]);
            Check.Throws<NotSupportedException>(() => m.Write(new byte[10]));
            Check.Throws<NotSupportedException>(() => new MemoryStream(a, writable: false).WriteByte(1));
            Check.Throws<UnauthorizedAccessException>(() => m.GetBuffer());
        });
        Suite.Case("stream/copy-to", async () =>
        {
            byte[] data = new byte[10_000];
            new Random(1).NextBytes(data);
            MemoryStream a = new(data), b = new(), c = new();
            a.CopyTo(b, 333);
            a.Position = 5000;
            await a.CopyToAsync(c);
            Check.That(b.ToArray().AsSpan().SequenceEqual(data) && c.ToArray().AsSpan().SequenceEqual(data.AsSpan(5000)));
            Stream.Null.Write(data);
            Check.Equal(0, Stream.Null.Read(data));
        });
        Suite.Case("stream/buffered", () =>
        {
            Slow slow = new();
            using (BufferedStream b = new(slow, 64))
            {
                for (int i = 0; i < 200; i++) b.WriteByte((byte)i);
                b.Flush();
                Check.That(slow.Writes < 10);
            }
            Check.Equal(200, slow.Total);
        });
        Suite.Case("stream/custom-defaults", async () =>
        {
            Slow s = new();
            await s.WriteAsync(new byte[5]);
            s.WriteByte(1);
            await s.FlushAsync();
            Check.Equal(6, s.Total);
            Check.Throws<NotSupportedException>(() => s.ReadByte());
            Task t = Task.Factory.FromAsync(s.BeginWrite(new byte[3], 0, 3, null, null), s.EndWrite);
            await t;
            Check.Equal(9, s.Total);
        });
        Suite.Case("stream/unmanaged-memory", () =>
        {
            unsafe
            {
                byte* p = (byte*)NativeMemory.Alloc(100);
                using (UnmanagedMemoryStream m = new(p, 0, 100, FileAccess.ReadWrite))
                {
                    m.Write("hello"u8);
                    m.Position = 1;
                    Check.Equal((int)'e', m.ReadByte());
                    Check.Throws<NotSupportedException>(() => m.Write(new byte[200]));
                }
                Check.Equal((byte)'h', p[0]);
                NativeMemory.Free(p);
            }
        });
        Suite.Case("stream/synchronized", () =>
        {
            MemoryStream m = new();
            Stream s = Stream.Synchronized(m);
            Thread[] threads = Enumerable.Range(0, 4).Select(_ => new Thread(() => { for (int i = 0; i < 50; i++) s.Write([1, 2]); })).ToArray();
            foreach (Thread t in threads) t.Start();
            foreach (Thread t in threads) t.Join();
            Check.Equal(400L, m.Length);
        });
    }

    private sealed class Slow : Stream
    {
        public int Writes, Total;
        public override bool CanRead => false;
        public override bool CanSeek => false;
        public override bool CanWrite => true;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }
        public override void Flush() { }
        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) { Writes++; Total += count; }
    }
}
