// Pipes within the process, and what waits on them.
using System.IO.Pipes;
using Cermet.Testing;

internal static class Pipes
{
    public static void All()
    {
        Suite.Case("pipes/lines", () =>
        {
            var server = new AnonymousPipeServerStream(PipeDirection.Out);
            var client = new AnonymousPipeClientStream(PipeDirection.In, server.ClientSafePipeHandle);
            var thread = new Thread(() =>
            {
                using var writer = new StreamWriter(server);
                for (int i = 0; i < 5_000; i++) writer.WriteLine("line " + i);
            });
            thread.Start();
            using var reader = new StreamReader(client);
            int count = 0;
            string? last = null;
            for (string? line; (line = reader.ReadLine()) is not null; last = line) count++;
            thread.Join();
            Check.Equal(5_000, count);
            Check.Equal("line 4999", last);
        });
        Suite.Case("pipes/asynchronous", async () =>
        {
            Task<long>[] readers = Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
            {
                using var server = new AnonymousPipeServerStream(PipeDirection.In);
                var client = new AnonymousPipeClientStream(PipeDirection.Out, server.ClientSafePipeHandle);
                Task writer = Task.Run(async () =>
                {
                    for (int i = 0; i < 200; i++) await client.WriteAsync(new byte[1000 + i]);
                    client.Dispose();
                });
                long sum = 0;
                byte[] buffer = new byte[3000];
                for (int count; (count = await server.ReadAsync(buffer)) > 0;) sum += count;
                await writer;
                return sum;
            })).ToArray();
            foreach (long sum in await Task.WhenAll(readers)) Check.Equal(219_900L, sum);
        });
        Suite.Case("pipes/closed", () =>
        {
            var server = new AnonymousPipeServerStream(PipeDirection.Out);
            var client = new AnonymousPipeClientStream(PipeDirection.In, server.ClientSafePipeHandle);
            client.Dispose();
            Check.Throws<IOException>(() => server.Write(new byte[10]));
            Check.That(!server.CanSeek && server.CanWrite && !server.CanRead);
        });
    }
}
