// Suite: platform. What the class library asks of the system below it: files, directories, links, mappings, pipes,
// clocks, memory, the process and its surroundings, and what is refused. Everything but the group Refusals gives the
// same under Linux, where this suite was written.
using System.Runtime.Versioning;
using Cermet.Testing;

[assembly: SupportedOSPlatform("linux")]

return Suite.Run(args, Files.All, Directories.All, Mappings.All, Pipes.All, Surroundings.All, Digits.All, Refusals.All);

/// <summary>A directory of its own for the cases of a group.</summary>
internal static class Scratch
{
    public static readonly string Root = Directory.CreateTempSubdirectory("platform-").FullName;

    /// <summary>A path in it.</summary>
    public static string At(string name) => Path.Combine(Root, name);
}
