// System.Numerics vectors and matrices, Vector<T>, hardware intrinsics through their portable faces.
using System.Numerics;
using System.Runtime.Intrinsics;
using Cermet.Testing;

internal static class Vectors
{
    public static void All()
    {
        Suite.Case("vector/fixed-sizes", () =>
        {
            Vector3 a = new(1, 2, 3), b = new(4, 5, 6);
            Check.Equal(32f, Vector3.Dot(a, b));
            Check.Equal(new Vector3(-3, 6, -3), Vector3.Cross(a, b));
            Check.Equal(MathF.Sqrt(14), a.Length());
            Check.Equal(new Vector2(3, 4) / 5, Vector2.Normalize(new Vector2(3, 4)));
            Check.Equal(new Vector4(1, 2, 3, 1), new Vector4(a, 1));
            Check.Equal("<1, 2, 3>", a.ToString());
        });
        Suite.Case("vector/matrices-and-quaternions", () =>
        {
            Matrix4x4 m = Matrix4x4.CreateScale(2) * Matrix4x4.CreateTranslation(1, 2, 3);
            Check.Equal(new Vector3(3, 4, 5), Vector3.Transform(Vector3.One, m));
            Check.That(Matrix4x4.Invert(m, out Matrix4x4 inv));
            Check.Equal(Matrix4x4.Identity, m * inv);
            Check.Equal(8f, m.GetDeterminant());
            Quaternion q = Quaternion.CreateFromAxisAngle(Vector3.UnitZ, MathF.PI / 2);
            Vector3 r = Vector3.Transform(Vector3.UnitX, q);
            Check.That(Math.Abs(r.Y - 1) < 1e-6 && Math.Abs(r.X) < 1e-6);
        });
        Suite.Case("vector/of-t", () =>
        {
            Check.Equal(3 * Vector<int>.Count, Vector.Sum(new Vector<int>(3)));
            int n = Vector<double>.Count;
            double[] data = Enumerable.Range(0, n * 4).Select(i => (double)i).ToArray();
            Vector<double> sum = Vector<double>.Zero;
            for (int i = 0; i < data.Length; i += n) sum += new Vector<double>(data, i);
            Check.Equal(data.Sum(), Vector.Sum(sum));
            Check.That(Vector.GreaterThanAll(new Vector<int>(5), new Vector<int>(4)));
            Check.Equal(new Vector<float>(1.5f), Vector.Abs(new Vector<float>(-1.5f)));
        });
        Suite.Case("vector/128-and-256", () =>
        {
            Vector128<int> a = Vector128.Create(1, 2, 3, 4);
            Check.Equal(10, Vector128.Sum(a));
            Check.Equal(Vector128.Create(4, 3, 2, 1), Vector128.Shuffle(a, Vector128.Create(3, 2, 1, 0)));
            Check.Equal(0b0101u, Vector128.ExtractMostSignificantBits(Vector128.Create(-1, 1, -1, 1)));
            Vector256<double> d = Vector256.Create(1.0, 2, 3, 4);
            Check.Equal(30.0, Vector256.Sum(d * d));
            Check.Equal(Vector256.Create(1.0, 1.4142135623730951, 1.7320508075688772, 2), Vector256.Sqrt(d));
            Check.Equal(Vector128.Create((short)1, 2, 3, 4, 5, 6, 7, 8), Vector128.Narrow(a, a + Vector128.Create(4)));
            Check.Equal(Vector512.Create(2f), Vector512.Create(1f) + Vector512.Create(1f));
        });
        Suite.Case("vector/conditional-and-equality", () =>
        {
            Vector128<float> a = Vector128.Create(1f, float.NaN, -0f, 4);
            Check.That(!Vector128.EqualsAll(a, a));
            Check.Equal(Vector128.Create(1, 0, 3, 4), Vector128.ConditionalSelect(Vector128.Equals(Vector128.Create(1, 2, 3, 4), Vector128.Create(1, 9, 3, 4)), Vector128.Create(1, 2, 3, 4), Vector128<int>.Zero));
            Check.That(Vector128.LessThanAny(Vector128.Create(1, 2, 3, 4), Vector128.Create(2)));
        });
        Suite.Case("vector/instruction-sets-answer", () =>
        {
            // Whatever the processor has, asking works and a chosen path computes.
            int got = System.Runtime.Intrinsics.X86.Popcnt.IsSupported ? (int)System.Runtime.Intrinsics.X86.Popcnt.PopCount(0xFFu) : 8;
            Check.Equal(8, got);
            if (System.Runtime.Intrinsics.X86.Avx2.IsSupported) Check.Equal(Vector256.Create(3), System.Runtime.Intrinsics.X86.Avx2.Add(Vector256.Create(1), Vector256.Create(2)));
            if (System.Runtime.Intrinsics.X86.Sse2.IsSupported) Check.Equal(Vector128.Create(3.0), System.Runtime.Intrinsics.X86.Sse2.Add(Vector128.Create(1.0), Vector128.Create(2.0)));
        });
    }
}
