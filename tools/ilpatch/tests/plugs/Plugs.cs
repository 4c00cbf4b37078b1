// Plugs for the target.
using Sample;

namespace Plugs;

/// <summary>Any class of this name is the mark.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class PlugAttribute(string method) : Attribute
{
    public string Method { get; } = method;
    public string? Assembly { get; set; }
}

public static class Marked
{
    [Plug("Sample.Target::Add(Int32, Int32)")]
    public static int Add(int a, int b) => a * 100 + b;

    [Plug("Sample.Target::Instance", Assembly = "target")]
    public static int Instance(Target self, int x) => self.Seed * 1000 + x;
}

public static class Named
{
    public static int Zero(int a, int b) => 0 * a * b;
    public static int Native(int x) => x + 1;
    public static int Twice(ref Target.Nested self) => self.Value * 20;
    public static string Describe(object self, object o) => self.GetType().Name + o;
    public static void Swap(ref int a, out string b) { a *= 2; b = "plugged"; }
    public static int Hidden() => 77;
    public static int WrongCount(int a) => a;
    public static long WrongResult(int a, int b) => a + b;

    public static string Complicated(int n, string[] words)
    {
        string result = "";
        for (int i = 0; i < n; i++)
        {
            try
            {
                result += words[i] switch { "a" => "A", "b" => "B", "c" => "C", string w when w.Length > 3 => w[..3], _ => "?" };
            }
            catch (IndexOutOfRangeException e) when (e.Message.Length > 0)
            {
                result += "!";
            }
            finally
            {
                result += ".";
            }
        }
        return result;
    }

    public static int Instance(Target self, int x)
    {
        int local = self.Seed;
        self.Seed = x;
        return local * 7 + x;
    }
}
