// Shared by the cases: an exception with a value, throwers that are never inlined, a log of what ran in which order.
using System.Runtime.CompilerServices;

/// <summary>An exception that carries a number.</summary>
internal class Numbered(int value) : Exception("number " + value)
{
    public int Value { get; } = value;
}

/// <summary>Derived, to tell exact from base matches.</summary>
internal sealed class Special(int value) : Numbered(value);

/// <summary>What ran, in order.</summary>
internal sealed class Log
{
    private readonly List<string> _entries = [];

    public void Add(string entry) => _entries.Add(entry);

    /// <summary>For filters: notes that it ran and answers.</summary>
    public bool Filter(string entry, bool answer)
    {
        _entries.Add(entry);
        return answer;
    }

    public override string ToString() => string.Join(' ', _entries);
}

internal static class Throw
{
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Number(int value) => throw new Numbered(value);

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Special(int value) => throw new Special(value);

    /// <summary>Throws from below <paramref name="depth"/> frames that each have work left.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static int Deep(int depth, int value)
    {
        if (depth == 0) Number(value);
        return Deep(depth - 1, value) + 1;
    }

    /// <summary>The value, unknown to the optimiser.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static T Opaque<T>(T value) => value;
}
