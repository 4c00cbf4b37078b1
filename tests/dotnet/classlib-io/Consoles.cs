// Console when nothing is a terminal: redirection, encodings, replaced writers. What reaches the outside is the outcomes' matter.
using System.Text;
using Cermet.Testing;

internal static class Consoles
{
    public static void All()
    {
        Suite.Case("console/replaced-writers", () =>
        {
            TextWriter before = Console.Out;
            StringWriter s = new() { NewLine = "\n" };
            try
            {
                Console.SetOut(s);
                Console.Write("a{0}", 1);
                Console.WriteLine(2.5);
                Console.WriteLine(['x', 'y']);
                Console.Out.Write('z');
            }
            finally { Console.SetOut(before); }
            Check.Equal("a12.5\nxy\nz", s.ToString());
        });
        Suite.Case("console/replaced-reader", () =>
        {
            TextReader before = Console.In;
            try
            {
                Console.SetIn(new StringReader("line one\nx\nrest"));
                Check.Equal("line one", Console.ReadLine());
                Check.Equal((int)'x', Console.Read());
                Check.Equal("", Console.ReadLine());
                Check.Equal("rest", Console.In.ReadToEnd());
                Check.Equal(null, Console.ReadLine());
            }
            finally { Console.SetIn(before); }
        });
        Suite.Case("console/encodings-and-redirection", () =>
        {
            Check.Equal("utf-8", Console.OutputEncoding.WebName);
            Check.Equal("utf-8", Console.InputEncoding.WebName);
            Check.That(Console.IsOutputRedirected);
            Check.Throws<InvalidOperationException>(() => Console.ReadKey());
            Console.ForegroundColor = ConsoleColor.Red;
            Console.ResetColor();
        });
        Suite.Case("console/raw-streams", () =>
        {
            using Stream o = Console.OpenStandardOutput();
            Check.That(o.CanWrite && !o.CanRead && !o.CanSeek);
            o.Write("# raw bytes on standard output\n"u8);
            o.Flush();
            using Stream i = Console.OpenStandardInput();
            Check.That(i.CanRead && !i.CanWrite);
            Check.Throws<UnauthorizedAccessException>(() => i.WriteByte(1));
        });
        Suite.Case("console/from-many-threads", () =>
        {
            Thread[] threads = Enumerable.Range(0, 4).Select(t => new Thread(() => { for (int i = 0; i < 5; i++) Console.WriteLine($"# thread {t} line {i}"); })).ToArray();
            foreach (Thread t in threads) t.Start();
            foreach (Thread t in threads) t.Join();
            Check.That(true);
        });
        Suite.Case("console/error-stream", () =>
        {
            Console.Error.WriteLine("# a line on standard error");
            Check.Equal(Encoding.UTF8.WebName, Console.Error.Encoding.WebName);
        });
    }
}
