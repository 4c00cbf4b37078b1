// What a system may not have (sockets, cryptography, compression, processes): it works or fails as a .NET exception.
using System.Diagnostics;
using System.IO.Compression;
using System.IO.MemoryMappedFiles;
using System.IO.Pipes;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Cermet.Testing;

internal static class Absent
{
    /// <summary>Runs the action; whatever it throws must be an exception that a program can expect here.</summary>
    private static void WorksOrThrows(Action action)
    {
        string how = "works";
        try
        {
            action();
        }
        catch (Exception e)
        {
            for (Exception? x = e; ; x = x.InnerException)
            {
                if (x is null) { Check.Fail("unexpected " + e); return; }
                if (x is PlatformNotSupportedException or SocketException or CryptographicException or TypeLoadException or IOException or NotSupportedException or UnauthorizedAccessException or System.ComponentModel.Win32Exception) break;
            }
            how = "throws " + e.GetType().Name;
        }
        Suite.Remark(how);
        Check.That(true);
    }

    public static void All()
    {
        Suite.Case("absent/tcp-listener", () => WorksOrThrows(() => { using TcpListener l = new(IPAddress.Loopback, 0); l.Start(); l.Stop(); }));
        Suite.Case("absent/tcp-connection", () => WorksOrThrows(() => { using TcpClient c = new(); c.Connect(IPAddress.Loopback, 9); }));
        Suite.Case("absent/udp", () => WorksOrThrows(() => { using UdpClient u = new(0); }));
        Suite.Case("absent/dns", () => WorksOrThrows(() => Dns.GetHostAddresses("no-such-host.invalid")));
        Suite.Case("absent/http", () => WorksOrThrows(() =>
        {
            using HttpClient h = new() { Timeout = TimeSpan.FromSeconds(5) };
            try { h.GetStringAsync("http://127.0.0.1:9/").GetAwaiter().GetResult(); } catch (HttpRequestException) { }
        }));
        Suite.Case("absent/sha256", () => WorksOrThrows(() => Check.Equal("BA7816BF8F01CFEA", Convert.ToHexString(SHA256.HashData("abc"u8))[..16])));
        Suite.Case("absent/md5-and-hmac", () => WorksOrThrows(() => { MD5.HashData([1]); HMACSHA256.HashData([1], [2]); }));
        Suite.Case("absent/random-numbers", () => WorksOrThrows(() => Check.Equal(16, RandomNumberGenerator.GetBytes(16).Length)));
        Suite.Case("absent/aes", () => WorksOrThrows(() => { using Aes a = Aes.Create(); a.GenerateKey(); a.EncryptCbc(new byte[3], a.IV); }));
        Suite.Case("absent/rsa", () => WorksOrThrows(() => { using RSA r = RSA.Create(); r.ExportParameters(false); }));
        Suite.Case("absent/gzip", () => WorksOrThrows(() =>
        {
            MemoryStream m = new();
            using (GZipStream z = new(m, CompressionLevel.Optimal, true)) z.Write(new byte[1000]);
            m.Position = 0;
            using GZipStream u = new(m, CompressionMode.Decompress);
            Check.Equal(1000, u.ReadAtLeast(new byte[1000], 1000));
        }));
        Suite.Case("absent/brotli", () => WorksOrThrows(() => { using BrotliStream b = new(new MemoryStream(), CompressionMode.Compress); b.Write([1, 2, 3]); }));
        Suite.Case("absent/zip", () => WorksOrThrows(() => { using ZipArchive z = new(new MemoryStream(), ZipArchiveMode.Create); using Stream s = z.CreateEntry("a").Open(); s.WriteByte(1); }));
        Suite.Case("absent/processes", () => WorksOrThrows(() => { using Process? p = Process.Start("/no/such/program"); }));
        Suite.Case("absent/current-process", () => WorksOrThrows(() => { using Process p = Process.GetCurrentProcess(); Check.Equal(Environment.ProcessId, p.Id); Check.That(p.WorkingSet64 >= 0); }));
        Suite.Case("absent/memory-mapped-files", () => WorksOrThrows(() => { using MemoryMappedFile m = MemoryMappedFile.CreateNew(null, 1000); using MemoryMappedViewAccessor v = m.CreateViewAccessor(); v.Write(10, 5); Check.Equal(5, v.ReadInt32(10)); }));
        Suite.Case("absent/anonymous-pipes", () => WorksOrThrows(() => { using AnonymousPipeServerStream s = new(PipeDirection.Out); using AnonymousPipeClientStream c = new(PipeDirection.In, s.ClientSafePipeHandle); s.Write([1, 2]); Check.Equal(1, c.ReadByte()); }));
        Suite.Case("absent/named-pipes", () => WorksOrThrows(() => { using NamedPipeServerStream s = new("cermet-test"); }));
        Suite.Case("absent/signals", () => WorksOrThrows(() => { using System.Runtime.InteropServices.PosixSignalRegistration r = System.Runtime.InteropServices.PosixSignalRegistration.Create(System.Runtime.InteropServices.PosixSignal.SIGHUP, _ => { }); }));
        Suite.Case("absent/network-interfaces", () => WorksOrThrows(() => System.Net.NetworkInformation.NetworkInterface.GetAllNetworkInterfaces()));
        Suite.Case("absent/user-and-host-names", () => WorksOrThrows(() => Check.That(Environment.UserName.Length > 0 && Dns.GetHostName().Length > 0)));
        Suite.Case("absent/special-folders", () => WorksOrThrows(() => { Check.That(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile) is not null); Check.That(DriveInfo.GetDrives() is not null); }));
        Suite.Case("absent/file-watcher", () => WorksOrThrows(() => { using Place p = new(); using FileSystemWatcher w = new(p.Root); w.EnableRaisingEvents = true; }));
        Suite.Case("absent/everything-still-works", () =>
        {
            using Place p = new();
            File.WriteAllText(p["after"], "fine");
            Check.Equal("fine", File.ReadAllText(p["after"]));
        });
    }
}
