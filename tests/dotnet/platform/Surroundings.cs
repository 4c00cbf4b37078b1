// The process, its environment, clocks, random numbers, the console without a terminal.
using System.ComponentModel;
using System.Diagnostics;
using System.Net;
using System.Runtime.InteropServices;
using Cermet.Testing;

internal static class Surroundings
{
    public static void All()
    {
        Suite.Case("surroundings/system", () =>
        {
            Check.Equal(PlatformID.Unix, Environment.OSVersion.Platform);
            Check.That(Environment.OSVersion.Version.Major >= 4 && OperatingSystem.IsLinux() && !OperatingSystem.IsWindows());
            Check.That(Environment.MachineName.Length > 0 && Environment.UserName.Length > 0 && RuntimeInformation.OSDescription.Length > 0);
            Check.Equal(RuntimeInformation.ProcessArchitecture, RuntimeInformation.OSArchitecture);
            Check.Equal(4096, Environment.SystemPageSize);
            Check.That(Environment.ProcessorCount >= 1 && Environment.ProcessId > 0 && Thread.GetCurrentProcessorId() >= 0);
            Check.Equal("\n", Environment.NewLine);
            Check.Equal(Environment.MachineName, Dns.GetHostName());
        });
        Suite.Case("surroundings/paths", () =>
        {
            Check.That(File.Exists(Environment.ProcessPath));
            Check.That(Directory.Exists(AppContext.BaseDirectory) && AppContext.BaseDirectory.EndsWith('/'));
            Check.That(Directory.Exists(Path.GetTempPath()) && Directory.Exists(Environment.CurrentDirectory));
            Check.That(Directory.Exists(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile)));
        });
        Suite.Case("surroundings/variables", () =>
        {
            Check.Equal(null, Environment.GetEnvironmentVariable("SURELY_NOT_SET"));
            Environment.SetEnvironmentVariable("SET_HERE", "value");
            Check.Equal("value", Environment.GetEnvironmentVariable("SET_HERE"));
            Check.That(Environment.GetEnvironmentVariables().Contains("SET_HERE"));
            Check.Equal("value %NOT%", Environment.ExpandEnvironmentVariables("%SET_HERE% %NOT%"));
        });
        Suite.Case("surroundings/clocks", () =>
        {
            long ticks = Environment.TickCount64;
            var watch = Stopwatch.StartNew();
            DateTime now = DateTime.UtcNow;
            Thread.Sleep(30);
            Check.That(watch.ElapsedMilliseconds >= 30 && Environment.TickCount64 - ticks >= 15);
            Check.That((DateTime.UtcNow - now).TotalMilliseconds >= 25 && now.Year >= 2024);
            Check.Equal(1_000_000_000L, Stopwatch.Frequency);
            Check.That(TimeZoneInfo.Utc.BaseUtcOffset == TimeSpan.Zero && TimeZoneInfo.Local.Id.Length > 0);
            Check.Throws<TimeZoneNotFoundException>(() => TimeZoneInfo.FindSystemTimeZoneById("Europe/Nowhere"));
            object gate = new();
            watch.Restart();
            lock (gate) Check.That(!Monitor.Wait(gate, 40));
            Check.That(watch.ElapsedMilliseconds >= 39);
        });
        Suite.Case("surroundings/process", () =>
        {
            using Process process = Process.GetCurrentProcess();
            Check.Equal(Environment.ProcessId, process.Id);
            Check.That(process.ProcessName.Length > 0 && process.WorkingSet64 > 100_000 && Environment.WorkingSet > 100_000);
            Check.That(process.Threads.Count > 0 && process.TotalProcessorTime >= TimeSpan.Zero && process.ProcessorAffinity != 0);
            Check.Equal(ProcessPriorityClass.Normal, process.PriorityClass);
            Check.That((DateTime.Now - process.StartTime).TotalDays < 10);
            Check.That(process.MainModule is not null && Process.GetProcesses().Length > 0);
            Check.That(Environment.CpuUsage.TotalTime > TimeSpan.Zero);
            Check.Throws<ArgumentException>(() => Process.GetProcessById(987_654));
        });
        Suite.Case("surroundings/random", () =>
        {
            Check.Equal(2000, Enumerable.Range(0, 2000).Select(_ => Guid.NewGuid()).Distinct().Count());
            Check.That(Enumerable.Range(0, 100).Select(_ => Random.Shared.Next()).Distinct().Count() > 90);
            Check.That(new Random().NextInt64() != new Random().NextInt64());
        });
        Suite.Case("surroundings/errors", () =>
        {
            Marshal.SetLastSystemError(2);
            Check.Equal(2, Marshal.GetLastSystemError());
            Check.Equal("Permission denied", Marshal.GetPInvokeErrorMessage(13));
            Check.Equal("Unknown error 4711", Marshal.GetPInvokeErrorMessage(4711));
            Check.Equal("File exists", new Win32Exception(17).Message);
        });
        Suite.Case("surroundings/console", () =>
        {
            Check.That(Console.IsOutputRedirected);
            Check.Equal("utf-8", Console.OutputEncoding.WebName);
            Check.Throws<InvalidOperationException>(() => Console.ReadKey());
            Check.Throws<InvalidOperationException>(() => Console.KeyAvailable.ToString());
            Console.ForegroundColor = ConsoleColor.Red;
            Console.ResetColor();
            Console.CancelKeyPress += (_, _) => { };
            using var registration = PosixSignalRegistration.Create(PosixSignal.SIGTERM, _ => { });
            Check.That(registration is not null);
        });
        Suite.Case("surroundings/libraries", () =>
        {
            string message = Check.Throws<DllNotFoundException>(() => NativeLibrary.Load("libnope.so")).Message;
            Check.That(message.Contains("libnope.so: cannot open shared object file: No such file or directory"));
            Check.That(!NativeLibrary.TryLoad("libnope.so", out _));
        });
    }
}
