// Memory: mapped files, unmanaged blocks.
using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;
using Cermet.Testing;
using static Scratch;

internal static class Mappings
{
    public static void All()
    {
        Suite.Case("mappings/anonymous", () =>
        {
            using MemoryMappedFile file = MemoryMappedFile.CreateNew(null, 10_000);
            using MemoryMappedViewAccessor all = file.CreateViewAccessor();
            all.Write(5000, 42);
            using MemoryMappedViewAccessor part = file.CreateViewAccessor(4096, 2000);
            Check.Equal(42, part.ReadInt32(5000 - 4096));
            part.Write(0, 7);
            Check.Equal(7, all.ReadInt32(4096));
        });
        Suite.Case("mappings/file", () =>
        {
            File.WriteAllText(At("mapped"), "0123456789");
            using (MemoryMappedFile file = MemoryMappedFile.CreateFromFile(At("mapped"), FileMode.Open))
            {
                using MemoryMappedViewAccessor view = file.CreateViewAccessor();
                view.Write(2, (byte)'X');
                view.Flush();
                using var stream = new FileStream(At("mapped"), FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
                Check.Equal("01X3456789", new StreamReader(stream).ReadToEnd());
                stream.Position = 5;
                stream.WriteByte((byte)'Y');
                stream.Flush();
                Check.Equal((byte)'Y', view.ReadByte(5));
            }
            Check.Equal("01X34Y6789", File.ReadAllText(At("mapped")));
            File.AppendAllText(At("mapped"), "+");
            Check.Equal("01X34Y6789+", File.ReadAllText(At("mapped")));
        });
        Suite.Case("mappings/new file, stream", () =>
        {
            using (MemoryMappedFile file = MemoryMappedFile.CreateFromFile(At("grown"), FileMode.Create, null, 70_000))
            {
                using MemoryMappedViewStream stream = file.CreateViewStream();
                stream.Position = 69_999;
                stream.WriteByte(9);
            }
            byte[] bytes = File.ReadAllBytes(At("grown"));
            Check.Equal(70_000, bytes.Length);
            Check.Equal((byte)9, bytes[69_999]);
        });
        Suite.Case("mappings/private and read-only", () =>
        {
            File.WriteAllText(At("kept"), "kept");
            using (MemoryMappedFile file = MemoryMappedFile.CreateFromFile(At("kept"), FileMode.Open, null, 0, MemoryMappedFileAccess.CopyOnWrite))
            {
                using MemoryMappedViewAccessor view = file.CreateViewAccessor(0, 0, MemoryMappedFileAccess.CopyOnWrite);
                view.Write(0, (byte)'C');
                Check.Equal((byte)'C', view.ReadByte(0));
            }
            Check.Equal("kept", File.ReadAllText(At("kept")));
            using MemoryMappedFile only = MemoryMappedFile.CreateFromFile(At("kept"), FileMode.Open, null, 0, MemoryMappedFileAccess.Read);
            using MemoryMappedViewAccessor reader = only.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
            Check.Equal((byte)'k', reader.ReadByte(0));
            Check.Throws<NotSupportedException>(() => reader.Write(0, (byte)1));
            File.WriteAllText(At("empty"), "");
            Check.Throws<ArgumentException>(() => MemoryMappedFile.CreateFromFile(At("empty")));
            Check.Throws<PlatformNotSupportedException>(() => MemoryMappedFile.CreateNew("name", 10));
        });
        Suite.Case("memory/native", () =>
        {
            unsafe
            {
                byte* block = (byte*)NativeMemory.AllocZeroed(1000);
                Check.That(new Span<byte>(block, 1000).IndexOfAnyExcept((byte)0) < 0);
                new Span<byte>(block, 1000).Fill(7);
                block = (byte*)NativeMemory.Realloc(block, 1_000_000);
                Check.That(new Span<byte>(block, 1000).IndexOfAnyExcept((byte)7) < 0);
                NativeMemory.Free(block);
                void* aligned = NativeMemory.AlignedAlloc(100, 4096);
                Check.Equal((nint)0, (nint)aligned & 4095);
                aligned = NativeMemory.AlignedRealloc(aligned, 10_000, 4096);
                Check.Equal((nint)0, (nint)aligned & 4095);
                NativeMemory.AlignedFree(aligned);
                Check.Throws<OutOfMemoryException>(() => NativeMemory.Alloc((nuint)1 << 60));
            }
        });
        Suite.Case("memory/marshal", () =>
        {
            nint block = Marshal.AllocHGlobal(10);
            Marshal.WriteInt32(block, 7);
            Check.Equal(7, Marshal.ReadInt32(block));
            Marshal.FreeHGlobal(block);
            nint text = Marshal.StringToCoTaskMemUTF8("hé");
            Check.Equal("hé", Marshal.PtrToStringUTF8(text));
            Marshal.FreeCoTaskMem(text);
        });
    }
}
