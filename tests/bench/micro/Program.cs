// Micro-benchmarks that run on both systems. Output, one line each: "BENCH name unit minimum median maximum".
// Units are seconds scaled to ns, us or ms by the guest's own clock: under -icount shift=0 a nanosecond is an instruction.
// Arguments: name prefixes to run (none: all), rounds=N.
using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;

Host.Prepare();
int rounds = 3;
foreach (string argument in args)
    if (argument.StartsWith("rounds=")) rounds = int.Parse(argument[7..]);
string[] filters = args.Where(a => !a.Contains('=')).ToArray();
Console.WriteLine($"BENCHSTART cpus={Environment.ProcessorCount} frequency={Stopwatch.Frequency}");
long sink = 0;

// `body` returns seconds per operation.
void Run(string name, string unit, Func<double> body)
{
    if (filters.Length > 0 && !filters.Any(f => name.StartsWith(f))) return;
    double scale = unit switch { "ns" => 1e9, "us" => 1e6, _ => 1e3 };
    try
    {
        body(); // warm-up
        var values = new double[rounds];
        for (int i = 0; i < rounds; i++) values[i] = body() * scale;
        Array.Sort(values);
        Console.WriteLine($"BENCH {name} {unit} {values[0]:F2} {values[rounds / 2]:F2} {values[^1]:F2}");
    }
    catch (Exception e)
    {
        Console.WriteLine($"BENCHFAIL {name} {e.GetType().Name}: {e.Message}");
    }
}

double Time(int n, Action action)
{
    long start = Stopwatch.GetTimestamp();
    action();
    return Stopwatch.GetElapsedTime(start).TotalSeconds / n;
}

Run("kernel.null", "ns", () => Time(100_000, () => { for (int i = 0; i < 100_000; i++) Host.NullCall(); }));
Run("kernel.pagefault", "ns", () => Time(2_000, () => Host.TouchPages(2_000)));
Run("alloc.24B", "ns", () => Time(2_000_000, () => { object? o = null; for (int i = 0; i < 2_000_000; i++) o = new Box(i); sink += o!.GetHashCode() & 1; }));
Run("alloc.array1K", "ns", () => Time(100_000, () => { for (int i = 0; i < 100_000; i++) Keep(new byte[1000]); }));
Run("alloc.array64K", "ns", () => Time(5_000, () => { for (int i = 0; i < 5_000; i++) Keep(new byte[65536]); }));
Run("binarytrees.14", "ms", () => Time(1, () => sink += BinaryTrees(14)));
Run("throw.depth1", "us", () => Time(2_000, () => { for (int i = 0; i < 2_000; i++) { try { Deep(1); } catch (SampleException e) { sink += e.Value; } } }));
Run("throw.depth20", "us", () => Time(500, () => { for (int i = 0; i < 500; i++) { try { Deep(20); } catch (SampleException e) { sink += e.Value; } } }));
Run("throw.nullref", "us", () => Time(1_000, () => { for (int i = 0; i < 1_000; i++) { try { sink += Length(null); } catch (NullReferenceException) { sink++; } } }));
var mono = new IStep[] { new StepA(), new StepA(), new StepA(), new StepA() };
var mega = new IStep[] { new StepA(), new StepB(), new StepC(), new StepD() };
Run("iface.mono", "ns", () => Time(4_000_000, () => { int s = 0; for (int i = 0; i < 4_000_000; i++) s = mono[i & 3].Step(s); sink += s; }));
Run("iface.mega4", "ns", () => Time(4_000_000, () => { int s = 0; for (int i = 0; i < 4_000_000; i++) s = mega[i & 3].Step(s); sink += s; }));
Run("virtual", "ns", () => { Base[] b = [new VirtualA(), new VirtualB()]; return Time(4_000_000, () => { int s = 0; for (int i = 0; i < 4_000_000; i++) s = b[i & 1].Step(s); sink += s; }); });
Run("delegate", "ns", () => { Func<int, int> f = Add; return Time(4_000_000, () => { int s = 0; for (int i = 0; i < 4_000_000; i++) s = f(s); sink += s; }); });
Run("cast.class", "ns", () => { object[] o = [new VirtualA(), new VirtualB()]; return Time(4_000_000, () => { int s = 0; for (int i = 0; i < 4_000_000; i++) if (o[i & 1] is Base) s++; sink += s; }); });
Run("lock.uncontended", "ns", () => { var l = new object(); return Time(1_000_000, () => { for (int i = 0; i < 1_000_000; i++) lock (l) sink++; }); });
Run("interlocked.inc", "ns", () => { long x = 0; double t = Time(2_000_000, () => { for (int i = 0; i < 2_000_000; i++) Interlocked.Increment(ref x); }); sink += x; return t; });
Run("lock.contended2", "ns", () => { var l = new object(); return Time(400_000, () => { void Work() { for (int i = 0; i < 200_000; i++) lock (l) sink++; } var t = new Thread(Work); t.Start(); Work(); t.Join(); }); });
Run("stopwatch", "ns", () => Time(200_000, () => { for (int i = 0; i < 200_000; i++) sink += Stopwatch.GetTimestamp() & 1; }));
Run("task.run.await", "us", () => Time(2_000, () => TaskLoop(2_000).GetAwaiter().GetResult()));
Run("task.run.wait", "us", () => Time(1_000, () => { for (int i = 0; i < 1_000; i++) Task.Run(static () => { }).Wait(); }));
Run("async.completed", "ns", () => Time(300_000, () => AsyncLoop(300_000).GetAwaiter().GetResult()));
Run("async.yield", "us", () => Time(5_000, () => Task.Run(async () => { for (int i = 0; i < 5_000; i++) await Task.Yield(); }).GetAwaiter().GetResult()));
Run("thread.start.join", "us", () => Time(100, () => { for (int i = 0; i < 100; i++) { var t = new Thread(() => sink++); t.Start(); t.Join(); } }));
Run("pingpong.semaphoreslim", "us", () => { SemaphoreSlim x = new(0), y = new(0); return Time(2_000, () => { var t = new Thread(() => { for (int i = 0; i < 2_000; i++) { x.Wait(); y.Release(); } }); t.Start(); for (int i = 0; i < 2_000; i++) { x.Release(); y.Wait(); } t.Join(); }); });
Run("pingpong.autoreset", "us", () => { AutoResetEvent x = new(false), y = new(false); return Time(2_000, () => { var t = new Thread(() => { for (int i = 0; i < 2_000; i++) { x.WaitOne(); y.Set(); } }); t.Start(); for (int i = 0; i < 2_000; i++) { x.Set(); y.WaitOne(); } t.Join(); }); });
Run("pingpong.monitor", "us", () => { var l = new object(); int turn = 0; return Time(2_000, () => { var t = new Thread(() => { lock (l) for (int i = 0; i < 2_000; i++) { while (turn != 1) Monitor.Wait(l); turn = 0; Monitor.Pulse(l); } }); t.Start(); lock (l) for (int i = 0; i < 2_000; i++) { turn = 1; Monitor.Pulse(l); while (turn != 0) Monitor.Wait(l); } t.Join(); }); });
Run("parallel.sum4", "ms", () => Time(1, () => { long s = 0; Parallel.For(0, 4, _ => { long x = 0; for (int i = 0; i < 5_000_000; i++) x += i ^ (x >> 3); Interlocked.Add(ref s, x); }); sink += s; }));
Run("dict.int.add", "ns", () => Time(200_000, () => { var d = new Dictionary<int, int>(); for (int i = 0; i < 200_000; i++) d[i * 7] = i; sink += d.Count; }));
var numbers = new Dictionary<int, int>();
for (int i = 0; i < 100_000; i++) numbers[i] = i;
Run("dict.int.get", "ns", () => Time(1_000_000, () => { int s = 0; for (int i = 0; i < 1_000_000; i++) s += numbers[i % 100_000]; sink += s; }));
string[] keys = Enumerable.Range(0, 1000).Select(i => "key number " + i).ToArray();
Dictionary<string, int> words = keys.ToDictionary(k => k, k => k.Length);
Run("dict.string.get", "ns", () => Time(200_000, () => { int s = 0; for (int i = 0; i < 200_000; i++) s += words[keys[i % 1000]]; sink += s; }));
var random = new Random(42);
int[] source = Enumerable.Range(0, 200_000).Select(_ => random.Next()).ToArray();
Run("sort.int200k", "ms", () => { var copy = (int[])source.Clone(); return Time(1, () => Array.Sort(copy)); });
Run("linq.pipeline10k", "us", () => Time(20, () => { for (int k = 0; k < 20; k++) sink += Enumerable.Range(0, 10_000).Where(x => x % 3 == 0).Select(x => (long)x * x).GroupBy(x => x % 7).Select(g => g.Sum()).OrderBy(x => x).Last(); }));
Run("string.concat", "ns", () => Time(100_000, () => { int s = 0; for (int i = 0; i < 100_000; i++) s += string.Concat("item ", i.ToString(), "!").Length; sink += s; }));
Run("stringbuilder", "ns", () => Time(200_000, () => { var b = new StringBuilder(); for (int i = 0; i < 200_000; i++) b.Append(i).Append(' '); sink += b.Length; }));
Run("math.trig", "ns", () => Time(100_000, () => { double x = 0; for (int i = 0; i < 100_000; i++) x += Math.Sin(i) * Math.Cos(i) + Math.Exp(-(i & 7)) + Math.Log(i + 1) + Math.Pow(i, 0.3); sink += (long)x; }));
var order = new Order(17, "ACME", [new Item("bolt", 12, 0.5), new Item("nut", 40, 0.25), new Item("washer", 7, 1.75)]);
Run("json.serialize", "us", () => Time(5_000, () => { for (int i = 0; i < 5_000; i++) sink += JsonSerializer.Serialize(order, Context.Default.Order).Length; }));
string json = JsonSerializer.Serialize(order, Context.Default.Order);
Run("json.deserialize", "us", () => Time(5_000, () => { for (int i = 0; i < 5_000; i++) sink += JsonSerializer.Deserialize(json, Context.Default.Order)!.Items.Length; }));
string text = string.Join(' ', Enumerable.Range(0, 2_000).Select(i => $"user{i}@mail{i % 13}.example 2026-0{i % 9 + 1}-1{i % 9}"));
var interpreted = new Regex(@"(\w+)@(\w+)\.example (\d{4})-(\d{2})-(\d{2})");
Run("regex.interpreted", "us", () => Time(1, () => sink += interpreted.Matches(text).Count));
Run("regex.generated", "us", () => Time(1, () => sink += Generated.Mail().Matches(text).Count));
Run("gc.collect.4MB", "ms", () => Collect(4, 5));
Run("gc.collect.64MB", "ms", () => Collect(64, 2));
Pause("gcpause.4MB", 4, 200);
Pause("gcpause.64MB", 64, 200);
if (sink == long.MinValue) Console.WriteLine(sink);
Console.WriteLine($"BENCHEND heap={GC.GetTotalMemory(false)} collections={GC.CollectionCount(0)}");
Host.Leave();
return 0;

double Collect(int megabytes, int n)
{
    Node[] graph = Graph(megabytes);
    GC.Collect();
    double t = Time(n, () => { for (int i = 0; i < n; i++) GC.Collect(); });
    GC.KeepAlive(graph);
    return t;
}

// Churn of 64-byte objects against a live graph; one in eight replaces a random live slot. The allocating thread reads its
// clock every 32 allocations; gaps in which the collection count moved are pauses.
void Pause(string name, int megabytes, int churn)
{
    if (filters.Length > 0 && !filters.Any(f => name.StartsWith(f))) return;
    GC.Collect();
    Node[] live = Graph(megabytes);
    var r = new Random(5);
    var pauses = new List<double>(4096);
    int collections = GC.CollectionCount(0);
    long start = Stopwatch.GetTimestamp(), last = start;
    for (long i = 0, n = (long)churn * (1 << 20) / 64; i < n; i += 32)
    {
        for (int k = 0; k < 32; k++)
        {
            var node = new Node { Parent = live[(int)((i + k) % live.Length)] };
            if ((k & 7) != 0) { Keep(node); continue; }
            node.Parent = null;
            live[r.Next(live.Length)] = node;
        }
        long now = Stopwatch.GetTimestamp();
        int count = GC.CollectionCount(0);
        if (count != collections) { pauses.Add((now - last) * 1e6 / Stopwatch.Frequency); collections = count; now = Stopwatch.GetTimestamp(); }
        last = now;
    }
    double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
    GC.KeepAlive(live);
    pauses.Sort();
    double median = pauses.Count == 0 ? 0 : pauses[pauses.Count / 2], longest = pauses.Count == 0 ? 0 : pauses[^1];
    Console.WriteLine($"BENCH {name} us {(pauses.Count == 0 ? 0 : pauses[0]):F2} {median:F2} {longest:F2}");
    Console.WriteLine($"BENCH {name}.longest us {longest:F2} {longest:F2} {longest:F2}");
    Console.WriteLine($"BENCH {name}.total ms {seconds * 1e3:F2} {seconds * 1e3:F2} {seconds * 1e3:F2}");
}

static Node[] Graph(int megabytes)
{
    var all = new Node[megabytes * (1 << 20) / 72]; // 64 bytes a node and 8 its slot
    for (int i = 0; i < all.Length; i++) all[i] = new Node { Parent = i > 0 ? all[i / 2] : null };
    return all;
}

[MethodImpl(MethodImplOptions.NoInlining)] static void Keep(object o) { }
[MethodImpl(MethodImplOptions.NoInlining)] static void Deep(int depth) { if (depth <= 1) throw new SampleException(1); Deep(depth - 1); Nothing(); }
[MethodImpl(MethodImplOptions.NoInlining)] static void Nothing() { }
[MethodImpl(MethodImplOptions.NoInlining)] static int Length(string? s) => s!.Length;
[MethodImpl(MethodImplOptions.NoInlining)] static int Add(int x) => x + 1;
static async Task TaskLoop(int n) { for (int i = 0; i < n; i++) await Task.Run(static () => { }); }
static async Task AsyncLoop(int n) { for (int i = 0; i < n; i++) await Done(i); }
static async ValueTask<int> Done(int i) { await Task.CompletedTask; return i; }

static int BinaryTrees(int n)
{
    int check = Tree.Make(n + 1).Check();
    Tree longLived = Tree.Make(n);
    for (int d = 4; d <= n; d += 4)
        for (int i = 0, iterations = 1 << (n - d + 4); i < iterations; i++) check += Tree.Make(d).Check();
    return check + longLived.Check();
}

sealed class Tree
{
    Tree? left, right;
    public static Tree Make(int depth) => depth == 0 ? new Tree() : new Tree { left = Make(depth - 1), right = Make(depth - 1) };
    public int Check() => left == null ? 1 : 1 + left.Check() + right!.Check();
}

sealed class Box(long value) { public long Value = value; }
sealed class Node { public Node? Parent; public long A = 0, B = 0, C = 0, D = 0, E = 0; } // with header and table pointer 64 bytes
sealed class SampleException(int value) : Exception { public int Value = value; }
interface IStep { int Step(int x); }
sealed class StepA : IStep { [MethodImpl(MethodImplOptions.NoInlining)] public int Step(int x) => x + 1; }
sealed class StepB : IStep { [MethodImpl(MethodImplOptions.NoInlining)] public int Step(int x) => x + 2; }
sealed class StepC : IStep { [MethodImpl(MethodImplOptions.NoInlining)] public int Step(int x) => x + 3; }
sealed class StepD : IStep { [MethodImpl(MethodImplOptions.NoInlining)] public int Step(int x) => x + 4; }
abstract class Base { public abstract int Step(int x); }
sealed class VirtualA : Base { [MethodImpl(MethodImplOptions.NoInlining)] public override int Step(int x) => x + 1; }
sealed class VirtualB : Base { [MethodImpl(MethodImplOptions.NoInlining)] public override int Step(int x) => x + 2; }
record Item(string Name, int Count, double Price);
record Order(int Id, string Customer, Item[] Items);
[JsonSerializable(typeof(Order))] partial class Context : JsonSerializerContext { }
static partial class Generated { [GeneratedRegex(@"(\w+)@(\w+)\.example (\d{4})-(\d{2})-(\d{2})")] public static partial Regex Mail(); }
