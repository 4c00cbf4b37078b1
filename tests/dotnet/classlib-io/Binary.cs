// BinaryReader and BinaryWriter.
using System.Text;
using Cermet.Testing;

internal static class Binary
{
    public static void All()
    {
        Suite.Case("binary/every-type", () =>
        {
            MemoryStream m = new();
            using (BinaryWriter w = new(m, Encoding.UTF8, leaveOpen: true))
            {
                w.Write(true); w.Write((byte)200); w.Write((sbyte)-3); w.Write((short)-300); w.Write(ushort.MaxValue); w.Write(-70_000); w.Write(uint.MaxValue);
                w.Write(long.MinValue); w.Write(ulong.MaxValue); w.Write(1.5f); w.Write(-2.5); w.Write(1.10m); w.Write('ž'); w.Write("text é"); w.Write((Half)0.5);
                w.Write7BitEncodedInt(300); w.Write7BitEncodedInt64(-1); w.Write(new byte[] { 1, 2 }); w.Write(['x', 'y']);
            }
            m.Position = 0;
            using BinaryReader r = new(m);
            Check.That(r.ReadBoolean());
            Check.Equal((byte)200, r.ReadByte());
            Check.Equal((sbyte)-3, r.ReadSByte());
            Check.Equal((short)-300, r.ReadInt16());
            Check.Equal(ushort.MaxValue, r.ReadUInt16());
            Check.Equal(-70_000, r.ReadInt32());
            Check.Equal(uint.MaxValue, r.ReadUInt32());
            Check.Equal(long.MinValue, r.ReadInt64());
            Check.Equal(ulong.MaxValue, r.ReadUInt64());
            Check.Equal(1.5f, r.ReadSingle());
            Check.Equal(-2.5, r.ReadDouble());
            Check.Equal("1.10", r.ReadDecimal().ToString(System.Globalization.CultureInfo.InvariantCulture));
            Check.Equal('ž', r.ReadChar());
            Check.Equal("text é", r.ReadString());
            Check.Equal((Half)0.5, r.ReadHalf());
            Check.Equal(300, r.Read7BitEncodedInt());
            Check.Equal(-1L, r.Read7BitEncodedInt64());
            Check.Equal(2, r.ReadBytes(2).Length);
            Check.Equal('x', (char)r.PeekChar());
            Check.Equal("xy", new string(r.ReadChars(5)));
            Check.Equal(-1, r.PeekChar());
            Check.Throws<EndOfStreamException>(() => r.ReadInt32());
        });
        Suite.Case("binary/string-lengths", () =>
        {
            foreach (int n in new[] { 0, 1, 127, 128, 300, 20_000 })
            {
                MemoryStream m = new();
                using (BinaryWriter w = new(m, Encoding.UTF8, true)) w.Write(new string('q', n));
                m.Position = 0;
                Check.Equal(n, new BinaryReader(m).ReadString().Length);
            }
            Check.Throws<FormatException>(() => new BinaryReader(new MemoryStream([0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF])).Read7BitEncodedInt());
        });
        Suite.Case("binary/in-a-file-with-seeks", () =>
        {
            using Place p = new();
            using (BinaryWriter w = new(File.Create(p["db"])))
            {
                for (int i = 0; i < 100; i++) w.Write(i * i);
                w.Seek(40, SeekOrigin.Begin);
                w.Write(-1);
            }
            using BinaryReader r = new(File.OpenRead(p["db"]));
            r.BaseStream.Position = 99 * 4;
            Check.Equal(9801, r.ReadInt32());
            r.BaseStream.Position = 40;
            Check.Equal(-1, r.ReadInt32());
            Check.Equal(121, r.ReadInt32());
        });
    }
}
