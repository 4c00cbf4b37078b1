// Convert, Environment, Uri, Path-free odds and ends of System.
using System.Globalization;
using Cermet.Testing;

internal static class Conversions
{
    public static void All()
    {
        Suite.Case("convert/numbers", () =>
        {
            Check.Equal(2, Convert.ToInt32(2.5));
            Check.Equal(4, Convert.ToInt32(3.5));
            Check.Equal(255, Convert.ToInt32("FF", 16));
            Check.Equal(-1, Convert.ToInt32("11111111111111111111111111111111", 2));
            Check.Equal("377", Convert.ToString(255, 8));
            Check.Equal("11111111111111111111111111111111", Convert.ToString(-1, 2));
            Check.Equal(0, Convert.ToInt32((string?)null));
            Check.Equal(97, Convert.ToInt32('a'));
            Check.Throws<OverflowException>(() => Convert.ToByte(256));
            Check.Throws<FormatException>(() => Convert.ToBoolean("maybe"));
            Check.Throws<InvalidCastException>(() => Convert.ToInt32(DateTime.Now));
        });
        Suite.Case("convert/objects", () =>
        {
            Check.Equal(1.0, Convert.ToDouble((object)true));
            Check.Equal("5", Convert.ToString((object)5, CultureInfo.InvariantCulture));
            Check.Equal(TypeCode.Int64, Convert.GetTypeCode(5L));
            Check.That(Convert.IsDBNull(DBNull.Value));
            Check.Equal(new DateTime(2024, 1, 2), Convert.ToDateTime("2024-01-02", CultureInfo.InvariantCulture));
        });
        Suite.Case("environment/basics", () =>
        {
            Check.Equal("\n", Environment.NewLine);
            Check.That(Environment.ProcessorCount > 0 && Environment.TickCount64 > 0 && Environment.Is64BitProcess);
            Check.Equal(null, Environment.GetEnvironmentVariable("CERMET_NO_SUCH_VARIABLE"));
            Environment.SetEnvironmentVariable("CERMET_TEST", "value");
            Check.Equal("value", Environment.GetEnvironmentVariable("CERMET_TEST"));
            Check.Equal("<value>", Environment.ExpandEnvironmentVariables("<%CERMET_TEST%>"));
            Environment.SetEnvironmentVariable("CERMET_TEST", null);
            Check.Equal(null, Environment.GetEnvironmentVariable("CERMET_TEST"));
            Check.That(Environment.GetEnvironmentVariables() is not null && Environment.MachineName.Length > 0);
            Check.That(Environment.Version.Major >= 9);
            Check.That(OperatingSystem.IsLinux() && !OperatingSystem.IsWindows());
            Check.That(Environment.CommandLine.Length > 0 && Environment.ProcessPath is not null);
        });
        Suite.Case("environment/app-context", () =>
        {
            Check.That(Path.IsPathRooted(AppContext.BaseDirectory) && AppContext.BaseDirectory.EndsWith('/'));
            AppContext.SetSwitch("Cermet.Switch", true);
            Check.That(AppContext.TryGetSwitch("Cermet.Switch", out bool on) && on);
            AppContext.SetData("Cermet.Data", "d");
            Check.Equal("d", (string)AppContext.GetData("Cermet.Data")!);
            Check.That(System.Runtime.InteropServices.RuntimeInformation.FrameworkDescription.StartsWith(".NET", StringComparison.Ordinal));
        });
        Suite.Case("uri/parts", () =>
        {
            Uri u = new("https://user@example.org:8080/a/b%20c/../d?q=1&r=ž#frag");
            Check.Equal("https", u.Scheme);
            Check.Equal("example.org", u.Host);
            Check.Equal(8080, u.Port);
            Check.Equal("/a/d", u.AbsolutePath);
            Check.Equal("?q=1&r=%C5%BE", u.Query);
            Check.Equal("#frag", u.Fragment);
            Check.Equal("https://example.org/x/z", new Uri(new Uri("https://example.org/x/y"), "z").ToString());
            Check.Equal("a%2Fb%20%C5%BE", Uri.EscapeDataString("a/b ž"));
            Check.Equal("a/b ž", Uri.UnescapeDataString("a%2Fb%20%C5%BE"));
            Check.That(!Uri.TryCreate("http://", UriKind.Absolute, out _) && Uri.IsWellFormedUriString("http://a/b", UriKind.Absolute));
            Check.That(new Uri("http://[::1]/").HostNameType == UriHostNameType.IPv6);
        });
        Suite.Case("net/addresses-without-sockets", () =>
        {
            Check.Equal("127.0.0.1", System.Net.IPAddress.Parse("127.0.0.1").ToString());
            Check.Equal("::1", System.Net.IPAddress.IPv6Loopback.ToString());
            Check.That(System.Net.IPNetwork.Parse("10.0.0.0/8").Contains(System.Net.IPAddress.Parse("10.2.3.4")));
            Check.Equal("a&lt;b&gt;&quot;", System.Net.WebUtility.HtmlEncode("a<b>\""));
            Check.Equal("é<", System.Net.WebUtility.HtmlDecode("&eacute;&#60;"));
        });
        Suite.Case("system/tuples-index-range", () =>
        {
            Check.Equal(2, new Index(1, true).GetOffset(3));
            Check.Equal((1, 2), (1..3).GetOffsetAndLength(5));
            Check.Equal("^1", new Index(1, true).ToString());
            Check.Equal("(1, a)", Tuple.Create(1, "a").ToString());
            Check.That(Tuple.Create(1, 2).Equals(Tuple.Create(1, 2)));
            Check.Equal(HashCode.Combine(1, 2), HashCode.Combine(1, 2));
        });
        Suite.Case("system/activator-and-gchandle-free-helpers", () =>
        {
            Check.Equal("", string.Concat(Enumerable.Empty<string>()));
            Check.Equal(16, System.Runtime.InteropServices.Marshal.SizeOf<Guid>());
            IntPtr p = System.Runtime.InteropServices.Marshal.StringToHGlobalAnsi("ansi é");
            Check.Equal("ansi é", System.Runtime.InteropServices.Marshal.PtrToStringAnsi(p));
            System.Runtime.InteropServices.Marshal.FreeHGlobal(p);
            IntPtr q = System.Runtime.InteropServices.Marshal.AllocHGlobal(100);
            System.Runtime.InteropServices.Marshal.Copy(new byte[] { 1, 2, 3 }, 0, q, 3);
            Check.Equal((byte)3, System.Runtime.InteropServices.Marshal.ReadByte(q, 2));
            q = System.Runtime.InteropServices.Marshal.ReAllocHGlobal(q, 10_000);
            Check.Equal((byte)2, System.Runtime.InteropServices.Marshal.ReadByte(q, 1));
            System.Runtime.InteropServices.Marshal.FreeHGlobal(q);
        });
        Suite.Case("globalization/invariant-mode", () =>
        {
            Check.Equal("", CultureInfo.CurrentCulture.Name);
            Check.Equal("Invariant Language (Invariant Country)", CultureInfo.InvariantCulture.EnglishName);
            Check.That(CultureInfo.InvariantCulture.CompareInfo.IndexOf("häuser", "Ä", CompareOptions.OrdinalIgnoreCase) == 1);
            Check.Equal(5, CultureInfo.InvariantCulture.CompareInfo.LastIndexOf("banana", "a"));
            Check.Equal("xn--bcher-kva.example", new IdnMapping().GetAscii("bücher.example"));
        });
    }
}
