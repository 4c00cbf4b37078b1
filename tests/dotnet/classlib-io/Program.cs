// Suite: classlib-io. Files, directories, paths, streams, readers and writers, pipelines, the console, and what is not there.
using Cermet.Testing;

return Suite.Run(args, Files.All, FileStreams.All, Directories.All, Paths.All, Streams.All, Text.All, Binary.All, Pipes.All, Consoles.All, Absent.All);

/// <summary>A directory of one case's own, gone afterwards.</summary>
internal sealed class Place : IDisposable
{
    public string Root { get; } = Directory.CreateTempSubdirectory("cermet-io-").FullName;

    public string this[string name] => Path.Combine(Root, name);

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
