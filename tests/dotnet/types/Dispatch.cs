// Virtual, interface, default-interface, static-abstract and generic-virtual calls.
using Cermet.Testing;

internal static class Dispatch
{
    private interface IShape { double Area(); string Name => "shape"; }
    private class Square(double side) : IShape { public double Area() => side * side; }
    private class Circle(double r) : IShape { public double Area() => 3 * r * r; public string Name => "circle"; }
    private struct Point : IShape { public double V; public double Area() => V; public string Name => "point"; }
    private sealed class Big(double v) : Square(v), IShape { string IShape.Name => "big"; }

    private sealed class S1 : IShape { public double Area() => 1; }
    private sealed class S2 : IShape { public double Area() => 2; }
    private sealed class S3 : IShape { public double Area() => 3; }
    private sealed class S4 : IShape { public double Area() => 4; }
    private sealed class S5 : IShape { public double Area() => 5; }
    private sealed class S6 : IShape { public double Area() => 6; }
    private sealed class S7 : IShape { public double Area() => 7; }
    private sealed class S8 : IShape { public double Area() => 8; }
    private sealed class S9 : IShape { public double Area() => 9; }

    private class Animal
    {
        public virtual string Speak() => "...";
        public virtual Animal Self() => this;
        public string Twice() => Speak() + Speak();
    }

    private class Dog : Animal
    {
        public override string Speak() => "wuf";
        public override Dog Self() => this;
        public string Fetch() => "stick";
    }

    private sealed class Puppy : Dog { public override string Speak() => base.Speak() + "!"; }
    private class Hider : Animal { public new virtual string Speak() => "hidden"; }
    private sealed class UnderHider : Hider { public override string Speak() => "under"; }

    private interface ILeft { string Do() => "left"; }
    private interface IRight { string Do(); }
    private interface IMore : ILeft { string ILeft.Do() => "more"; string Extra() => Do() + "+"; }
    private sealed class Both : ILeft, IRight { string ILeft.Do() => "L"; string IRight.Do() => "R"; }
    private sealed class UseMore : IMore;
    private sealed class OwnMore : IMore { string ILeft.Do() => "own"; }
    private struct StructMore : IMore { public int Calls; string ILeft.Do() => "struct" + ++Calls; }

    private interface IGeneric { T Id<T>(T v); string Kind<T>(); }
    private class G1 : IGeneric { public virtual T Id<T>(T v) => v; public virtual string Kind<T>() => "G1:" + typeof(T).Name; }
    private sealed class G2 : G1 { public override string Kind<T>() => "G2:" + typeof(T).Name; }
    private abstract class Visitor { public abstract string Visit<T>(T item); }
    private sealed class Printer : Visitor { public override string Visit<T>(T item) => $"<{typeof(T).Name} {item}>"; }

    private interface IMath<T> where T : IMath<T>
    {
        static abstract T operator +(T a, T b);
        static abstract T Zero { get; }
        static virtual T Twice(T v) => v + v;
    }

    private readonly record struct Vec(int X, int Y) : IMath<Vec>
    {
        public static Vec operator +(Vec a, Vec b) => new(a.X + b.X, a.Y + b.Y);
        public static Vec Zero => default;
    }

    private sealed record Text(string S) : IMath<Text>
    {
        public static Text operator +(Text a, Text b) => new(a.S + b.S);
        public static Text Zero => new("");
        public static Text Twice(Text v) => new(v.S + "2");
    }

    private static T Sum<T>(params IEnumerable<T> items) where T : IMath<T>
    {
        T sum = T.Zero;
        foreach (T item in items) sum += item;
        return sum;
    }

    private interface IHold<T> { T Held { get; } bool Holds(T other); }
    private sealed class Multi : IHold<int>, IHold<string>, IHold<object>
    {
        int IHold<int>.Held => 1;
        string IHold<string>.Held => "one";
        object IHold<object>.Held => this;
        bool IHold<int>.Holds(int other) => other == 1;
        bool IHold<string>.Holds(string other) => other == "one";
        bool IHold<object>.Holds(object other) => other is Multi;
    }

    public static void All()
    {
        Suite.Case("dispatch/interface-over-many-types", () =>
        {
            IShape[] shapes = [new Square(2), new Circle(1), new Point { V = 5 }, new S1(), new S2(), new S3(), new S4(), new S5(), new S6(), new S7(), new S8(), new S9()];
            double area = 0;
            for (int round = 0; round < 200; round++) foreach (IShape s in shapes) area += s.Area();
            Check.Equal(200 * (4 + 3 + 5 + 45.0), area);
        });
        Suite.Case("dispatch/default-interface-method", () =>
        {
            Check.Equal("shape", ((IShape)new Square(1)).Name);
            Check.Equal("circle", ((IShape)new Circle(1)).Name);
            Check.Equal("point", ((IShape)new Point()).Name);
            Check.Equal("big", ((IShape)new Big(1)).Name);
        });
        Suite.Case("dispatch/reimplemented-default-method", () =>
        {
            Check.Equal("more", ((ILeft)new UseMore()).Do());
            Check.Equal("more+", ((IMore)new UseMore()).Extra());
            Check.Equal("own+", ((IMore)new OwnMore()).Extra());
        });
        Suite.Case("dispatch/default-method-on-boxed-struct", () =>
        {
            IMore m = new StructMore();
            Check.Equal("struct1+", m.Extra());
            Check.Equal("struct2+", m.Extra());
        });
        Suite.Case("dispatch/explicit-implementations", () =>
        {
            Both b = new();
            Check.Equal("L", ((ILeft)b).Do());
            Check.Equal("R", ((IRight)b).Do());
        });
        Suite.Case("dispatch/virtual-override", () =>
        {
            Animal a = Hide.Value<Animal>(new Puppy());
            Check.Equal("wuf!", a.Speak());
            Check.Equal("wuf!wuf!", a.Twice());
            Check.Equal("wuf", Hide.Value<Animal>(new Dog()).Speak());
        });
        Suite.Case("dispatch/new-slot-hides", () =>
        {
            UnderHider u = new();
            Check.Equal("...", Hide.Value<Animal>(u).Speak());
            Check.Equal("under", Hide.Value<Hider>(u).Speak());
        });
        Suite.Case("dispatch/covariant-return", () =>
        {
            Dog d = Hide.Value<Dog>(new Puppy()).Self();
            Check.Equal("stick", d.Fetch());
            Check.That(ReferenceEquals(d, ((Animal)d).Self()));
        });
        Suite.Case("dispatch/generic-virtual-method", () =>
        {
            IGeneric g = new G2(), g1 = new G1();
            Check.Equal(5, g.Id(5));
            Check.Equal("x", g.Id("x"));
            Check.Equal((1, "a"), g.Id((1, "a")));
            Check.Equal("G2:Int32", g.Kind<int>());
            Check.Equal("G1:String", g1.Kind<string>());
            Check.Equal("G2:List`1", g.Kind<List<int>>());
        });
        Suite.Case("dispatch/abstract-generic-method", () =>
        {
            Visitor v = Hide.Value<Visitor>(new Printer());
            Check.Equal("<Int32 5><String s><DayOfWeek Friday>", v.Visit(5) + v.Visit("s") + v.Visit(DayOfWeek.Friday));
        });
        Suite.Case("dispatch/static-abstract", () =>
        {
            Check.Equal(new Vec(4, 6), Sum(new Vec(1, 2), new Vec(3, 4)));
            Check.Equal("abc", Sum(new Text("a"), new Text("bc")).S);
        });
        Suite.Case("dispatch/static-virtual-default", () =>
        {
            static T Double<T>(T v) where T : IMath<T> => T.Twice(v);
            Check.Equal(new Vec(2, 4), Double(new Vec(1, 2)));
            Check.Equal("x2", Double(new Text("x")).S);
        });
        Suite.Case("dispatch/generic-math", () =>
        {
            static T Average<T>(params T[] values) where T : System.Numerics.INumber<T>
            {
                T sum = T.Zero;
                foreach (T v in values) sum += v;
                return sum / T.CreateChecked(values.Length);
            }
            Check.Equal(2, Average(1, 2, 3));
            Check.Equal(2.5, Average(1.0, 4.0));
            Check.Equal(2.5m, Average(1m, 4m));
            Check.Equal((Half)3, Average((Half)2, (Half)4));
            Check.Equal((Int128)7, Average((Int128)7));
        });
        Suite.Case("dispatch/same-interface-thrice", () =>
        {
            Multi m = new();
            Check.Equal(1, ((IHold<int>)m).Held);
            Check.Equal("one", ((IHold<string>)m).Held);
            Check.That(((IHold<object>)m).Holds(m));
        });
        Suite.Case("dispatch/constrained-struct-call-mutates", () =>
        {
            static int Count<T>(ref T c) where T : ICounter { c.Bump(); c.Bump(); return c.Count; }
            Counter c = default;
            Check.Equal(2, Count(ref c));
            Check.Equal(2, c.Count);
            object boxed = c;
            ((ICounter)boxed).Bump();
            Check.Equal(2, c.Count);
            Check.Equal(3, ((ICounter)boxed).Count);
        });
        Suite.Case("dispatch/object-methods-on-struct", () =>
        {
            object plain = new Plain { A = 1, B = "x" }, same = new Plain { A = 1, B = new string('x', 1) };
            Check.That(plain.Equals(same));
            Check.Equal(plain.GetHashCode(), same.GetHashCode());
            Check.That(!plain.Equals(new Plain { A = 2, B = "x" }));
            Check.That(plain.ToString()!.EndsWith("Plain", StringComparison.Ordinal));
            Check.Equal(typeof(Plain), plain.GetType());
        });
        Suite.Case("dispatch/equality-of-doubles-in-struct", () =>
        {
            Check.That(new Floats { D = double.NaN }.Equals(new Floats { D = double.NaN }));
            Check.That(new Floats { D = 0.0 }.Equals(new Floats { D = -0.0 }));
        });
        Suite.Case("dispatch/events", () =>
        {
            Source s = new();
            string log = "";
            EventHandler<int> first = (_, n) => log += "a" + n, second = (_, n) => log += "b" + n;
            s.Changed += first;
            s.Changed += second;
            s.Raise(1);
            s.Changed -= first;
            s.Raise(2);
            s.Changed -= second;
            s.Raise(3);
            Check.Equal("a1b1b2", log);
        });
        Suite.Case("dispatch/interface-with-indexer-and-ref-return", () =>
        {
            IGrid grid = new Grid();
            grid[1, 2] = 5;
            grid.At(1, 2)++;
            Check.Equal(6, grid[1, 2]);
        });
        Suite.Case("dispatch/interface-inherited-through-generic-base", () =>
        {
            IComparable<Money> m = new Money(5);
            Check.That(m.CompareTo(new Money(3)) > 0);
            Check.Equal(2, new[] { new Money(5), new Money(2) }.Min()!.Value);
        });
    }

    private interface ICounter { int Count { get; } void Bump(); }
    private struct Counter : ICounter { public int Count { get; private set; } public void Bump() => Count++; }
    private struct Plain { public int A; public string B; }
    private struct Floats { public double D; }

    private sealed class Source
    {
        public event EventHandler<int>? Changed;
        public void Raise(int n) => Changed?.Invoke(this, n);
    }

    private interface IGrid { int this[int x, int y] { get; set; } ref int At(int x, int y); }
    private sealed class Grid : IGrid
    {
        private readonly int[,] _cells = new int[4, 4];
        public int this[int x, int y] { get => _cells[x, y]; set => _cells[x, y] = value; }
        public ref int At(int x, int y) => ref _cells[x, y];
    }

    private abstract class Ordered<T> : IComparable<T> where T : Ordered<T>
    {
        public abstract int Value { get; }
        public int CompareTo(T? other) => Value.CompareTo(other?.Value ?? int.MinValue);
    }

    private sealed class Money(int value) : Ordered<Money> { public override int Value => value; }
}
