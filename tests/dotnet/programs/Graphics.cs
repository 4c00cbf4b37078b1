// A ray tracer, a software rasteriser's lines, fast Fourier transform, a physics loop: floating point that must come out exactly.
using System.Globalization;
using System.Numerics;
using System.Text;
using Cermet.Testing;

internal static class Graphics
{
    private interface IShape { double? Hit(Vec from, Vec direction); Vec Normal(Vec at); double Shine { get; } }

    private readonly record struct Vec(double X, double Y, double Z)
    {
        public static Vec operator +(Vec a, Vec b) => new(a.X + b.X, a.Y + b.Y, a.Z + b.Z);
        public static Vec operator -(Vec a, Vec b) => new(a.X - b.X, a.Y - b.Y, a.Z - b.Z);
        public static Vec operator *(Vec a, double k) => new(a.X * k, a.Y * k, a.Z * k);
        public double Dot(Vec b) => X * b.X + Y * b.Y + Z * b.Z;
        public Vec Unit() => this * (1 / Math.Sqrt(Dot(this)));
    }

    private sealed record Sphere(Vec Center, double Radius, double Shine) : IShape
    {
        public double? Hit(Vec from, Vec direction)
        {
            Vec oc = from - Center;
            double b = oc.Dot(direction), c = oc.Dot(oc) - Radius * Radius, d = b * b - c;
            if (d < 0) return null;
            double t = -b - Math.Sqrt(d);
            return t > 1e-6 ? t : null;
        }

        public Vec Normal(Vec at) => (at - Center).Unit();
    }

    private sealed record Floor(double Y, double Shine) : IShape
    {
        public double? Hit(Vec from, Vec direction) => direction.Y < -1e-9 && (Y - from.Y) / direction.Y is > 1e-6 and var t ? t : null;
        public Vec Normal(Vec at) => new(0, 1, 0);
    }

    private static double Trace(IShape[] scene, Vec from, Vec direction, int depth)
    {
        IShape? nearest = null;
        double best = double.MaxValue;
        foreach (IShape s in scene) if (s.Hit(from, direction) is double t && t < best) (best, nearest) = (t, s);
        if (nearest is null) return 0.2 + 0.3 * Math.Max(0, direction.Y);
        Vec at = from + direction * best, normal = nearest.Normal(at), light = new Vec(1, 1.5, -1).Unit();
        double shade = Math.Max(0, normal.Dot(light));
        foreach (IShape s in scene) if (s.Hit(at, light) is not null) { shade = 0; break; }
        double color = 0.1 + 0.8 * shade;
        if (nearest is Floor && (((int)Math.Floor(at.X) + (int)Math.Floor(at.Z)) & 1) == 0) color *= 0.5;
        if (depth > 0 && nearest.Shine > 0) color = color * (1 - nearest.Shine) + nearest.Shine * Trace(scene, at, direction - normal * (2 * direction.Dot(normal)), depth - 1);
        return color;
    }

    public static void All()
    {
        Suite.Case("graphics/ray-tracer", () =>
        {
            IShape[] scene = [new Sphere(new(0, 0.5, 3), 1, 0.3), new Sphere(new(1.5, 0, 2), 0.5, 0.6), new Sphere(new(-1.3, -0.1, 2.2), 0.4, 0), new Floor(-0.5, 0.1)];
            StringBuilder picture = new();
            double sum = 0;
            for (int y = 0; y < 20; y++)
            {
                for (int x = 0; x < 40; x++)
                {
                    double c = Trace(scene, new(0, 0.5, -2), new Vec((x - 20) / 20.0, (10 - y) / 14.0, 1.5).Unit(), 3);
                    sum += c;
                    picture.Append(" .:-=+*#%@"[Math.Clamp((int)(c * 10), 0, 9)]);
                }
                picture.Append('\n');
            }
            Check.Equal("287.836322", sum.ToString("F6", CultureInfo.InvariantCulture));
            Check.Equal("::::::::::::::::-=++******::::::::::::::", picture.ToString().Split('\n')[8]);
        });
        Suite.Case("graphics/fourier-transform", () =>
        {
            static void Transform(Complex[] a, bool inverse)
            {
                int n = a.Length;
                if (n == 1) return;
                Complex[] even = a.Where((_, i) => i % 2 == 0).ToArray(), odd = a.Where((_, i) => i % 2 == 1).ToArray();
                Transform(even, inverse);
                Transform(odd, inverse);
                for (int k = 0; k < n / 2; k++)
                {
                    Complex t = Complex.FromPolarCoordinates(1, (inverse ? 2 : -2) * Math.PI * k / n) * odd[k];
                    (a[k], a[k + n / 2]) = (even[k] + t, even[k] - t);
                }
            }
            Complex[] signal = Enumerable.Range(0, 64).Select(i => new Complex(Math.Sin(2 * Math.PI * 5 * i / 64) + 0.5 * Math.Cos(2 * Math.PI * 12 * i / 64), 0)).ToArray(), f = (Complex[])signal.Clone();
            Transform(f, false);
            Check.Sequence([5, 12, 52, 59], Enumerable.Range(0, 64).Where(i => f[i].Magnitude > 1));
            Check.That(Math.Abs(f[5].Magnitude - 32) < 1e-12 && Math.Abs(f[12].Magnitude - 16) < 1e-12);
            Transform(f, true);
            Check.That(f.Zip(signal).All(p => (p.First / 64 - p.Second).Magnitude < 1e-14));
        });
        Suite.Case("graphics/bresenham", () =>
        {
            char[,] canvas = new char[7, 14];
            void Line(int x0, int y0, int x1, int y1)
            {
                int dx = Math.Abs(x1 - x0), dy = -Math.Abs(y1 - y0), error = dx + dy;
                while (true)
                {
                    canvas[y0, x0] = '#';
                    if (x0 == x1 && y0 == y1) return;
                    int twice = 2 * error;
                    if (twice >= dy) { error += dy; x0 += Math.Sign(x1 - x0); }
                    if (twice <= dx) { error += dx; y0 += Math.Sign(y1 - y0); }
                }
            }
            Line(0, 0, 13, 6);
            Line(13, 0, 0, 6);
            string text = string.Concat(canvas.Cast<char>().Select(c => c == 0 ? '.' : c));
            Check.Equal("##..........##..##......##......##..##..........##..........##..##......##......##..##..........##", text);
        });
        Suite.Case("graphics/spring-simulation", () =>
        {
            double x = 1, v = 0;
            const double dt = 0.001;
            for (int i = 0; i < 6283; i++) { v -= x * dt; x += v * dt; }
            Check.That(Math.Abs(x - 1) < 1e-3 && Math.Abs(v) < 1e-3);
            float fx = 1, fv = 0;
            for (int i = 0; i < 1000; i++) { fv -= fx * 0.01f; fx += fv * 0.01f; }
            Check.Equal("-0.8363281", fx.ToString("R", CultureInfo.InvariantCulture));
        });
        Suite.Case("graphics/logistic-map-is-chaotic-but-exact", () =>
        {
            double x = 0.5;
            for (int i = 0; i < 1000; i++) x = 3.9 * x * (1 - x);
            Check.Equal("0.8356291676343125", x.ToString("R", CultureInfo.InvariantCulture));
        });
        Suite.Case("graphics/newton-and-integration", () =>
        {
            double root = 1;
            for (int i = 0; i < 20; i++) root -= (root * root * root - 2) / (3 * root * root);
            Check.That(Math.Abs(Math.Cbrt(2) - root) < 1e-15);
            double area = 0;
            for (int i = 0; i < 1000; i++) area += Math.Sin((i + 0.5) * Math.PI / 1000) * Math.PI / 1000;
            Check.Equal("2.000000822", area.ToString("F9", CultureInfo.InvariantCulture));
        });
    }
}
