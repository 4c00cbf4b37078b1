// What differs between the two systems: how the machine is prepared and left, and what a null kernel call is.
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

/// <summary>The system below the benchmark.</summary>
static unsafe partial class Host
{
    /// <summary>Executes the pattern that the instruction-counting QEMU plugin recognises.</summary>
    /// <remarks>Three CPUID instructions from one place, one after the other.</remarks>
    public static int Mark()
    {
        int sum = 0;
        if (X86Base.IsSupported)
            for (int i = 0; i < 3; i++) sum += X86Base.CpuId(0x40000000, i).Eax;
        return sum;
    }

    [DllImport("libSystem.Native", EntryPoint = "SystemNative_MMap", SetLastError = true)]
    static extern byte* MMap(byte* address, ulong length, int protection, int flags, IntPtr fd, long offset);

    [DllImport("libSystem.Native", EntryPoint = "SystemNative_MUnmap", SetLastError = true)]
    static extern int MUnmap(byte* address, ulong length);

    /// <summary>Maps fresh anonymous memory, touches every page of it once, and gives it back.</summary>
    public static void TouchPages(int count)
    {
        const int read = 1, write = 2, @private = 2, anonymous = 0x10;
        ulong length = (ulong)count * 4096;
        byte* p = MMap(null, length, read | write, @private | anonymous, -1, 0);
        if (p == (byte*)-1 || p == null) throw new OutOfMemoryException();
        for (int i = 0; i < count; i++) p[(long)i * 4096] = 1;
        MUnmap(p, length);
    }

#if BASELINE
    [DllImport("libc")] static extern int mount(string source, string target, string type, ulong flags, string? data);
    [DllImport("libc")] static extern int reboot(int command);
    [DllImport("libc")] static extern int getpid();
    [DllImport("libc")] static extern int getppid();

    /// <summary>The cheapest call into the kernel.</summary>
    public static void NullCall() => getppid();

    /// <summary>As the first process: what an init has to do.</summary>
    public static void Prepare()
    {
        if (getpid() != 1) return;
        Directory.CreateDirectory("/proc");
        Directory.CreateDirectory("/sys");
        mount("proc", "/proc", "proc", 0, null);
        mount("sysfs", "/sys", "sysfs", 0, null);
        mount("dev", "/dev", "devtmpfs", 0, null);
    }

    /// <summary>As the first process: ends the machine.</summary>
    public static void Leave()
    {
        Console.Out.Flush();
        if (getpid() == 1) reboot(0x01234567);
    }
#else
    [DllImport("libSystem.Native", EntryPoint = "CermetNative_NullCall")]
    static extern int CermetNullCall();

    /// <summary>The cheapest call into the kernel.</summary>
    public static void NullCall() => CermetNullCall();

    /// <summary>Nothing to do: the machine is ours.</summary>
    public static void Prepare() { }

    /// <summary>Nothing to do: the machine ends when Main returns.</summary>
    public static void Leave() { }
#endif
}
