// Suite: gc. What must survive a collection, what must not, finalizers, handles, figures, many threads.
//
// Every case that needs a collection asks Collect for it, which checks that one happened: nothing here can pass because
// the collector never ran.
using System.Runtime.CompilerServices;
using Cermet.Testing;

return Suite.Run(args, Liveness.All, Interior.All, Weak.All, Handles.All, Finalizers.All, Reuse.All, Figures.All, Parallelism.All);

/// <summary>Collections on demand, and small object graphs.</summary>
internal static class Heap
{
    /// <summary>Runs a full collection and all finalizers that it made ready; checks that the collector counted it.</summary>
    public static void Collect([CallerLineNumber] int line = 0)
    {
        int before = GC.CollectionCount(0);
        Clobber(3);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        if (GC.CollectionCount(0) <= before) Check.Fail("no collection happened", line);
    }

    /// <summary>Overwrites stack that dead frames left, so that nothing lives on by accident.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Clobber(int depth)
    {
        Span<long> s = stackalloc long[256];
        s.Fill(depth);
        if (s[5] != depth) throw new InvalidOperationException("stack memory changed");
        if (depth > 0) Clobber(depth - 1);
    }

    /// <summary>A full binary tree.</summary>
    public static Node Tree(int depth) => depth == 0 ? new Node() : new Node { Left = Tree(depth - 1), Right = Tree(depth - 1) };

    /// <summary>The value, unknown to the optimiser.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static T Hide<T>(T value) => value;
}

/// <summary>A tree node with something between its references.</summary>
internal sealed class Node
{
    public Node? Left;
    public int Value = 1;
    public byte[] Pad = new byte[16];
    public Node? Right;

    public int Count() => Value + (Left?.Count() ?? 0) + (Right?.Count() ?? 0);
}
