// Hash codes, non-cryptographic hashes, equality of collections of values.
using System.Collections;
using Cermet.Testing;

internal static class Hashing
{
    public static void All()
    {
        Suite.Case("hash/consistency", () =>
        {
            Check.Equal("text".GetHashCode(), new string("text".AsSpan()).GetHashCode());
            Check.Equal((1, "a").GetHashCode(), (1, new string('a', 1)).GetHashCode());
            Check.Equal(1.0.GetHashCode(), 1.0.GetHashCode());
            Check.Equal(0.0.GetHashCode(), (-0.0).GetHashCode());
            Check.Equal(double.NaN.GetHashCode(), (-double.NaN).GetHashCode());
            Check.Equal(5L.GetHashCode(), 5);
            Check.Equal(Guid.Empty.GetHashCode(), Guid.Empty.GetHashCode());
        });
        Suite.Case("hash/hash-code-struct", () =>
        {
            HashCode h = new();
            h.Add(1);
            h.Add("x");
            h.AddBytes([1, 2, 3]);
            HashCode g = new();
            g.Add(1);
            g.Add("x");
            g.AddBytes([1, 2, 3]);
            Check.Equal(h.ToHashCode(), g.ToHashCode());
        });
        Suite.Case("hash/strings-spread", () =>
        {
            Check.That(Enumerable.Range(0, 500).Select(i => ("key" + i).GetHashCode()).Distinct().Count() > 495);
            Check.That(Enumerable.Range(0, 500).Select(i => string.GetHashCode("key" + i, StringComparison.OrdinalIgnoreCase)).Distinct().Count() > 495);
        });
        Suite.Case("hash/structural", () =>
        {
            IStructuralEquatable a = (1, 2, 3), b = (1, 2, 3);
            Check.That(a.Equals(b, EqualityComparer<object>.Default));
            Check.Equal(a.GetHashCode(EqualityComparer<object>.Default), b.GetHashCode(EqualityComparer<object>.Default));
            Check.That(((IStructuralComparable)(1, 2)).CompareTo((1, 3), Comparer.Default) < 0);
        });
    }
}
