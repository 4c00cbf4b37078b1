// Suite: types. Dispatch, generics, casts, delegates, boxing, arrays, structs, enums and what the language builds on them.
using System.Runtime.CompilerServices;
using Cermet.Testing;

return Suite.Run(args, Dispatch.All, GenericTypes.All, Casting.All, Delegates.All, Values.All, Arrays.All, Spans.All, Language.All, Statics.All, Reflection.All);

/// <summary>Helpers of every file.</summary>
internal static class Hide
{
    /// <summary>The value, unknown to the optimiser.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static T Value<T>(T value) => value;
}
