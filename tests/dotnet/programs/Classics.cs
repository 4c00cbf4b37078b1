// The programs of the well-known benchmark game, with their published results for small inputs.
using System.Globalization;
using System.Numerics;
using System.Text;
using Cermet.Testing;

internal static class Classics
{
    public static void All()
    {
        Suite.Case("program/binary-trees", BinaryTrees);
        Suite.Case("program/n-body", NBody);
        Suite.Case("program/fannkuch", () =>
        {
            Check.Equal((228, 16), Fannkuch(7));
            Check.Equal((1616, 22), Fannkuch(8));
        });
        Suite.Case("program/spectral-norm", () => Check.Equal("1.274219991", SpectralNorm(100).ToString("F9", CultureInfo.InvariantCulture)));
        Suite.Case("program/mandelbrot", Mandelbrot);
        Suite.Case("program/pi-digits", () => Check.Equal("3141592653589793238462643383279502884197169399375105820974944592307816406286208998628034825342117067", PiDigits(100)));
        Suite.Case("program/k-nucleotide", KNucleotide);
        Suite.Case("program/fasta", () =>
        {
            string dna = Fasta(300);
            Check.Equal(300, dna.Length);
            Check.Equal(70, dna.Count(c => c == 'a'));
        });
        Suite.Case("program/reverse-complement", () =>
        {
            string map = "TAGC", from = "ATCG";
            string dna = string.Concat(Enumerable.Range(0, 1000).Select(i => "ACGGTTTACC"[i * 7 % 10]));
            string Complement(string s) => string.Create(s.Length, s, (span, text) => { for (int i = 0; i < span.Length; i++) span[i] = map[from.IndexOf(text[^(i + 1)])]; });
            Check.That(Complement(dna) != dna);
            Check.Equal(dna, Complement(Complement(dna)));
            Check.Equal("GGTAAACCGT", Complement("ACGGTTTACC"));
        });
        Suite.Case("program/ackermann-and-tak", () =>
        {
            static int Ack(int m, int n) => m == 0 ? n + 1 : n == 0 ? Ack(m - 1, 1) : Ack(m - 1, Ack(m, n - 1));
            static int Tak(int x, int y, int z) => y >= x ? z : Tak(Tak(x - 1, y, z), Tak(y - 1, z, x), Tak(z - 1, x, y));
            Check.Equal(253, Ack(3, 5));
            Check.Equal(7, Tak(18, 12, 6));
        });
        Suite.Case("program/sieve", () =>
        {
            List<int> primes = Sieve(200_000);
            Check.Equal(17_984, primes.Count);
            Check.Equal(199_999, primes[^1]);
            Check.Equal(1_709_600_813L, primes.Sum(p => (long)p));
        });
        Suite.Case("program/matrix-multiplication", () =>
        {
            const int n = 60;
            double[,] a = new double[n, n], b = new double[n, n], c = new double[n, n];
            for (int i = 0; i < n; i++) for (int j = 0; j < n; j++) { a[i, j] = i + j; b[i, j] = i - j; }
            for (int i = 0; i < n; i++) for (int j = 0; j < n; j++) { double s = 0; for (int k = 0; k < n; k++) s += a[i, k] * b[k, j]; c[i, j] = s; }
            Check.Equal(70_210.0, c[0, 0]);
            Check.Equal(70_210.0 + 59 * 1770 - 59 * (1770 + 59 * 60.0), c[59, 59]);
        });
    }

    private sealed class Tree
    {
        public Tree? Left, Right;
        public static Tree Make(int depth) => depth == 0 ? new Tree() : new Tree { Left = Make(depth - 1), Right = Make(depth - 1) };
        public int Count() => 1 + (Left?.Count() ?? 0) + (Right?.Count() ?? 0);
    }

    private static void BinaryTrees()
    {
        const int min = 4, max = 10;
        StringBuilder output = new();
        output.Append($"stretch tree of depth {max + 1}\t check: {Tree.Make(max + 1).Count()}\n");
        Tree longLived = Tree.Make(max);
        for (int d = min; d <= max; d += 4)
        {
            int n = 1 << (max - d + min), check = 0;
            for (int i = 0; i < n; i++) check += Tree.Make(d).Count();
            output.Append($"{n}\t trees of depth {d}\t check: {check}\n");
        }
        output.Append($"long lived tree of depth {max}\t check: {longLived.Count()}\n");
        Check.Equal("stretch tree of depth 11\t check: 4095\n1024\t trees of depth 4\t check: 31744\n64\t trees of depth 8\t check: 32704\nlong lived tree of depth 10\t check: 2047\n", output.ToString());
    }

    private sealed class Body { public double X, Y, Z, Vx, Vy, Vz, Mass; }

    private static void NBody()
    {
        const double pi = 3.141592653589793, sun = 4 * pi * pi, days = 365.24;
        Body[] b =
        [
            new() { Mass = sun },
            new() { X = 4.84143144246472090e+00, Y = -1.16032004402742839e+00, Z = -1.03622044471123109e-01, Vx = 1.66007664274403694e-03 * days, Vy = 7.69901118419740425e-03 * days, Vz = -6.90460016972063023e-05 * days, Mass = 9.54791938424326609e-04 * sun },
            new() { X = 8.34336671824457987e+00, Y = 4.12479856412430479e+00, Z = -4.03523417114321381e-01, Vx = -2.76742510726411160e-03 * days, Vy = 4.99852801234917238e-03 * days, Vz = 2.30417297573763929e-05 * days, Mass = 2.85885980666130812e-04 * sun },
            new() { X = 1.28943695621391310e+01, Y = -1.51111514016986312e+01, Z = -2.23307578892655734e-01, Vx = 2.96460137564761618e-03 * days, Vy = 2.37847173959480950e-03 * days, Vz = -2.96589568540237556e-05 * days, Mass = 4.36624404335156298e-05 * sun },
            new() { X = 1.53796971148509165e+01, Y = -2.59193146099879641e+01, Z = 1.79258772950371181e-01, Vx = 2.68067772490389322e-03 * days, Vy = 1.62824170038242295e-03 * days, Vz = -9.51592254519715870e-05 * days, Mass = 5.15138902046611451e-05 * sun },
        ];
        double px = 0, py = 0, pz = 0;
        foreach (Body o in b) { px += o.Vx * o.Mass; py += o.Vy * o.Mass; pz += o.Vz * o.Mass; }
        (b[0].Vx, b[0].Vy, b[0].Vz) = (-px / sun, -py / sun, -pz / sun);
        Check.Equal("-0.169075164", Energy(b).ToString("F9", CultureInfo.InvariantCulture));
        for (int i = 0; i < 1000; i++) Advance(b, 0.01);
        Check.Equal("-0.169087605", Energy(b).ToString("F9", CultureInfo.InvariantCulture));
    }

    private static void Advance(Body[] b, double dt)
    {
        for (int i = 0; i < b.Length; i++)
        {
            for (int j = i + 1; j < b.Length; j++)
            {
                double dx = b[i].X - b[j].X, dy = b[i].Y - b[j].Y, dz = b[i].Z - b[j].Z, d2 = dx * dx + dy * dy + dz * dz, mag = dt / (d2 * Math.Sqrt(d2));
                b[i].Vx -= dx * b[j].Mass * mag; b[i].Vy -= dy * b[j].Mass * mag; b[i].Vz -= dz * b[j].Mass * mag;
                b[j].Vx += dx * b[i].Mass * mag; b[j].Vy += dy * b[i].Mass * mag; b[j].Vz += dz * b[i].Mass * mag;
            }
        }
        foreach (Body o in b) { o.X += dt * o.Vx; o.Y += dt * o.Vy; o.Z += dt * o.Vz; }
    }

    private static double Energy(Body[] b)
    {
        double e = 0;
        for (int i = 0; i < b.Length; i++)
        {
            e += 0.5 * b[i].Mass * (b[i].Vx * b[i].Vx + b[i].Vy * b[i].Vy + b[i].Vz * b[i].Vz);
            for (int j = i + 1; j < b.Length; j++)
            {
                double dx = b[i].X - b[j].X, dy = b[i].Y - b[j].Y, dz = b[i].Z - b[j].Z;
                e -= b[i].Mass * b[j].Mass / Math.Sqrt(dx * dx + dy * dy + dz * dz);
            }
        }
        return e;
    }

    private static (int Checksum, int Flips) Fannkuch(int n)
    {
        int[] p = Enumerable.Range(0, n).ToArray(), q = new int[n], count = new int[n];
        int max = 0, sum = 0, r = n;
        for (int perm = 0; ; perm++)
        {
            for (; r != 1; r--) count[r - 1] = r;
            Array.Copy(p, q, n);
            int flips = 0;
            for (int k = q[0]; k != 0; k = q[0]) { Array.Reverse(q, 0, k + 1); flips++; }
            max = Math.Max(max, flips);
            sum += (perm & 1) == 0 ? flips : -flips;
            while (true)
            {
                if (r == n) return (sum, max);
                int first = p[0];
                for (int i = 0; i < r; i++) p[i] = p[i + 1];
                p[r] = first;
                if (--count[r] > 0) break;
                r++;
            }
        }
    }

    private static double SpectralNorm(int n)
    {
        static double A(int i, int j) => 1.0 / ((i + j) * (i + j + 1) / 2 + i + 1);
        static double[] Times(double[] v, bool transposed) => Enumerable.Range(0, v.Length).Select(i => { double s = 0; for (int j = 0; j < v.Length; j++) s += (transposed ? A(j, i) : A(i, j)) * v[j]; return s; }).ToArray();
        double[] u = Enumerable.Repeat(1.0, n).ToArray(), v = u;
        for (int i = 0; i < 10; i++) { v = Times(Times(u, false), true); u = Times(Times(v, false), true); }
        double vbv = 0, vv = 0;
        for (int i = 0; i < n; i++) { vbv += u[i] * v[i]; vv += v[i] * v[i]; }
        return Math.Sqrt(vbv / vv);
    }

    private static void Mandelbrot()
    {
        const int n = 64;
        byte[] bits = new byte[n * n / 8];
        for (int y = 0; y < n; y++)
        {
            for (int x = 0; x < n; x++)
            {
                double cr = 2.0 * x / n - 1.5, ci = 2.0 * y / n - 1, zr = 0, zi = 0;
                int i = 0;
                for (; i < 50 && zr * zr + zi * zi <= 4; i++) (zr, zi) = (zr * zr - zi * zi + cr, 2 * zr * zi + ci);
                if (i == 50) bits[y * n / 8 + x / 8] |= (byte)(0x80 >> (x % 8));
            }
        }
        Check.Equal(1628, bits.Sum(b => BitOperations.PopCount(b)));
        Check.Equal("001BD07FFFFFFFF8", Convert.ToHexString(bits, 24 * 8, 8));
    }

    private static string PiDigits(int count)
    {
        StringBuilder digits = new();
        BigInteger q = 1, r = 0, t = 1, k = 1, n = 3, l = 3;
        while (digits.Length < count)
        {
            if (4 * q + r - t < n * t)
            {
                digits.Append(n);
                BigInteger next = 10 * (r - n * t);
                n = 10 * (3 * q + r) / t - 10 * n;
                q *= 10;
                r = next;
            }
            else
            {
                BigInteger next = (2 * q + r) * l;
                n = (q * (7 * k) + 2 + r * l) / (t * l);
                q *= k;
                t *= l;
                l += 2;
                k++;
                r = next;
            }
        }
        return digits.ToString();
    }

    private static string Fasta(int n)
    {
        int seed = 42;
        StringBuilder s = new();
        for (int i = 0; i < n; i++)
        {
            seed = (seed * 3877 + 29573) % 139968;
            double r = seed / 139968.0;
            s.Append(r < 0.3029549426680 ? 'a' : r < 0.5029359426680 ? 'c' : r < 0.7004836426680 ? 'g' : 't');
        }
        return s.ToString();
    }

    private static void KNucleotide()
    {
        string dna = Fasta(2000);
        Dictionary<string, int> counts = [];
        foreach (int length in new[] { 1, 2, 4 })
        {
            for (int i = 0; i + length <= dna.Length; i++)
            {
                string key = dna.Substring(i, length);
                counts[key] = counts.GetValueOrDefault(key) + 1;
            }
        }
        Check.Equal(2000, counts.Where(c => c.Key.Length == 1).Sum(c => c.Value));
        Check.Equal(1999, counts.Where(c => c.Key.Length == 2).Sum(c => c.Value));
        Check.Equal(16, counts.Keys.Count(k => k.Length == 2));
        string top = string.Join(' ', counts.Where(c => c.Key.Length == 1).OrderByDescending(c => c.Value).Select(c => c.Key + (c.Value * 100.0 / 2000).ToString("F1", CultureInfo.InvariantCulture)));
        Check.Equal("t31.8 a28.8 g20.6 c18.8", top);
    }

    private static List<int> Sieve(int limit)
    {
        bool[] composite = new bool[limit + 1];
        List<int> primes = [];
        for (int i = 2; i <= limit; i++)
        {
            if (composite[i]) continue;
            primes.Add(i);
            for (long j = (long)i * i; j <= limit; j += i) composite[j] = true;
        }
        return primes;
    }
}
