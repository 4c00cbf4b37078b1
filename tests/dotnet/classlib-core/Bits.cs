// BitOperations, BinaryPrimitives, BitConverter, Base64, hex, Random with seeds.
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Numerics;
using Cermet.Testing;

internal static class Bits
{
    public static void All()
    {
        Suite.Case("bits/operations", () =>
        {
            Check.Equal(8, BitOperations.PopCount(255u));
            Check.Equal(64, BitOperations.PopCount(ulong.MaxValue));
            Check.Equal(31, BitOperations.LeadingZeroCount(1u));
            Check.Equal(64, BitOperations.LeadingZeroCount(0ul));
            Check.Equal(4, BitOperations.TrailingZeroCount(48));
            Check.Equal(32, BitOperations.TrailingZeroCount(0));
            Check.Equal(9, BitOperations.Log2(1000));
            Check.Equal(0x80000000u, BitOperations.RotateRight(1u, 1));
            Check.Equal(1024u, BitOperations.RoundUpToPowerOf2(1000));
            Check.That(BitOperations.IsPow2(64) && !BitOperations.IsPow2(0) && !BitOperations.IsPow2(-8));
            Check.Equal(0xF26B8303u, BitOperations.Crc32C(0, (byte)1));
        });
        Suite.Case("bits/endianness", () =>
        {
            byte[] b = new byte[8];
            BinaryPrimitives.WriteInt32BigEndian(b, 0x01020304);
            Check.Equal("0102030400000000", Convert.ToHexString(b));
            Check.Equal(0x04030201, BinaryPrimitives.ReadInt32LittleEndian(b));
            Check.Equal(0x0807060504030201, BinaryPrimitives.ReverseEndianness(0x0102030405060708));
            BinaryPrimitives.WriteDoubleBigEndian(b, 1.0);
            Check.Equal("3FF0000000000000", Convert.ToHexString(b));
            Check.Throws<ArgumentOutOfRangeException>(() => BinaryPrimitives.ReadInt64LittleEndian(new byte[7]));
            Check.That(BitConverter.IsLittleEndian);
        });
        Suite.Case("bits/bit-converter", () =>
        {
            Check.Equal("00-00-80-3F", BitConverter.ToString(BitConverter.GetBytes(1f)));
            Check.Equal(258, BitConverter.ToInt16([2, 1], 0));
            Check.Equal(1, BitConverter.GetBytes(true)[0]);
            Check.Equal((Half)1, BitConverter.Int16BitsToHalf(0x3C00));
            Check.Equal(0xFFF8000000000000u, BitConverter.DoubleToUInt64Bits(double.NaN));
        });
        Suite.Case("bits/base64", () =>
        {
            Check.Equal("AQIDBA==", Convert.ToBase64String([1, 2, 3, 4]));
            Check.Sequence([1, 2, 3, 4], Convert.FromBase64String(" AQ ID\nBA== ").Select(b => (int)b));
            Check.Throws<FormatException>(() => Convert.FromBase64String("AQI"));
            Check.Throws<FormatException>(() => Convert.FromBase64String("A!=="));
            byte[] data = new byte[1000];
            new Random(5).NextBytes(data);
            Check.That(Convert.FromBase64String(Convert.ToBase64String(data, Base64FormattingOptions.InsertLineBreaks)).AsSpan().SequenceEqual(data));
            Check.Equal("-_8", Base64Url.EncodeToString([0xFB, 0xFF]));
            Check.Sequence([0xFB, 0xFF], Base64Url.DecodeFromChars("-_8").Select(b => (int)b));
            Check.That(Base64.IsValid("AQID") && !Base64.IsValid("AQI"));
        });
        Suite.Case("bits/hex", () =>
        {
            Check.Equal("AB01FF", Convert.ToHexString([0xAB, 1, 0xFF]));
            Check.Equal("ab01ff", Convert.ToHexStringLower([0xAB, 1, 0xFF]));
            Check.Sequence([0xAB, 0xCD], Convert.FromHexString("abCD").Select(b => (int)b));
            Check.Throws<FormatException>(() => Convert.FromHexString("abc"));
            Check.Throws<FormatException>(() => Convert.FromHexString("zz"));
        });
        Suite.Case("random/seeded-is-stable", () =>
        {
            Random r = new(42);
            Check.Sequence([1434747710, 302596119, 269548474], [r.Next(), r.Next(), r.Next()]);
            Random s = new(42);
            Check.Equal(66, s.Next(100));
            Check.Equal(0.1409072984, Math.Round(s.NextDouble(), 10));
            byte[] bytes = new byte[4];
            new Random(7).NextBytes(bytes);
            Check.Equal(4, bytes.Length);
            Check.Sequence(new Random(9).GetItems<int>([1, 2, 3], 5), new Random(9).GetItems<int>([1, 2, 3], 5));
        });
        Suite.Case("random/ranges", () =>
        {
            Random r = new();
            for (int i = 0; i < 300; i++)
            {
                int n = r.Next(-5, 5);
                long l = r.NextInt64(1L << 40);
                double d = r.NextDouble();
                if (n is < -5 or >= 5 || l < 0 || l >= 1L << 40 || d is < 0 or >= 1) Check.Fail("out of range");
            }
            int[] a = Enumerable.Range(0, 50).ToArray();
            Random.Shared.Shuffle(a);
            Check.Sequence(Enumerable.Range(0, 50), a.Order());
            Check.Throws<ArgumentOutOfRangeException>(() => r.Next(5, 1));
            Check.That(Enumerable.Range(0, 20).Select(_ => Random.Shared.NextInt64()).Distinct().Count() == 20);
        });
        Suite.Case("bits/bit-array-and-vector32", () =>
        {
            System.Collections.BitArray b = new(70) { [3] = true, [69] = true };
            Check.That(b[3] && !b[4] && b.HasAnySet());
            b.Not();
            Check.Equal(68, b.Cast<bool>().Count(x => x));
            System.Collections.Specialized.BitVector32 v = new(0b101);
            Check.That(v[1] && !v[2] && v[4]);
        });
    }
}
