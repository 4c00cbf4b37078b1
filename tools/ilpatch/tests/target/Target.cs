// What the tests patch.
using System.Runtime.InteropServices;

namespace Sample;

/// <summary>Methods of many shapes.</summary>
public class Target
{
    public int Seed = 5;

    public static int Add(int a, int b) => a + b;
    public static int Over(int a) => a;
    public static int Over(string a) => a.Length;
    public static int Over(List<int> a, int[] b) => a.Count + b.Length;
    public static string Text() => "original";
    public static bool Flag() => true;
    public static long Long() => 1;
    public static double Real() => 1;
    public static byte Small() => 1;
    public static DayOfWeek Day() => DayOfWeek.Monday;
    public static Guid Wide() => new("00112233-4455-6677-8899-aabbccddeeff");
    public static void Nothing() => throw new InvalidOperationException("original");
    public static void Swap(ref int a, out string b) { b = "original"; a++; }
    public static string Complicated(int n, string[] words) => "original" + n + words.Length;
    public static T Generic<T>(T value) => value;
    public static int Untouched() => 42;
    public int Instance(int x) => Seed + x;
    public string Describe(object o) => "original " + o;
    private static int Hidden() => 1;
    public static int CallsHidden() => Hidden();

    [DllImport("nowhere")]
    public static extern int Native(int x);

    public struct Nested
    {
        public int Value;
        public int Twice() => Value * 2;
    }
}

public abstract class Base
{
    public abstract int Abstract();
}
