// What there is not yet fails by an exception that says so. Only on Cermet: Linux has it all.
using System.ComponentModel;
using System.Diagnostics;
using System.IO.Compression;
using System.IO.Pipes;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Security.Cryptography;
using Cermet.Testing;

internal static class Refusals
{
    public static void All()
    {
        if (Environment.MachineName != "cermet") return;
        Suite.Case("refusals/sockets", () =>
        {
            Check.Equal(SocketError.AddressFamilyNotSupported, Check.Throws<SocketException>(() => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)).SocketErrorCode);
            Check.Throws<SocketException>(() => new TcpClient().Connect("127.0.0.1", 9));
            Check.Throws<SocketException>(() => new NamedPipeServerStream("x"));
            Check.Equal(SocketError.HostNotFound, Check.Throws<SocketException>(() => Dns.GetHostAddresses("nowhere.example")).SocketErrorCode);
            Check.Equal(0, NetworkInterface.GetAllNetworkInterfaces().Length);
            Check.That(!NetworkInterface.GetIsNetworkAvailable());
            Check.Throws<HttpRequestException>(() => new HttpClient().GetStringAsync("http://127.0.0.1/").GetAwaiter().GetResult());
        });
        Suite.Case("refusals/addresses still work", () =>
        {
            var endpoint = new IPEndPoint(IPAddress.Parse("fe80::1%3"), 80);
            Check.Equal(endpoint, (IPEndPoint)endpoint.Create(endpoint.Serialize()));
            endpoint = new IPEndPoint(IPAddress.Loopback, 8080);
            Check.Equal(endpoint, (IPEndPoint)endpoint.Create(endpoint.Serialize()));
            Check.Equal(IPAddress.Loopback, Dns.GetHostAddresses("127.0.0.1")[0]);
        });
        Suite.Case("refusals/processes", () =>
        {
            Check.Throws<Win32Exception>(() => Process.Start("/bin/echo", "x"));
            Check.Throws<Win32Exception>(() => Process.Start(new ProcessStartInfo("nosuch") { UseShellExecute = false }));
        });
        Suite.Case("refusals/watching files", () => Check.Throws<IOException>(() => new FileSystemWatcher("/tmp") { EnableRaisingEvents = true }));
        Suite.Case("refusals/compression", () =>
        {
            using var stream = new MemoryStream();
            string refusal = "none";
            try
            {
                new GZipStream(stream, CompressionMode.Compress, true).Write(new byte[10]);
            }
            catch (IOException e)
            {
                refusal = e.Message;
            }
            Check.Equal("The underlying compression routine could not be loaded correctly.", refusal);
        });
        Suite.Case("refusals/cryptography", () =>
        {
            Exception inner = Check.Throws<TypeInitializationException>(() => SHA256.HashData(new byte[3])).InnerException!;
            Check.That(inner is DllNotFoundException);
        });
        Suite.Case("refusals/full", () =>
        {
            int count = 0;
            string message = Check.Throws<IOException>(() =>
            {
                for (; count < 10_000; count++) File.WriteAllBytes($"/tmp/full{count}", new byte[1 << 20]);
            }).Message;
            Check.That(message.StartsWith("No space left on device") && count > 8);
            foreach (string path in Directory.GetFiles("/tmp", "full*")) File.Delete(path);
            File.WriteAllBytes("/tmp/again", new byte[8 << 20]);
            Check.Equal(8L << 20, new FileInfo("/tmp/again").Length);
            File.Delete("/tmp/again");
        });
    }
}
