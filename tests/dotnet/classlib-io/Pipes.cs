// System.IO.Pipelines.
using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Cermet.Testing;

internal static class Pipes
{
    public static void All()
    {
        Suite.Case("pipeline/lines", async () =>
        {
            Pipe pipe = new();
            Task writer = Task.Run(async () =>
            {
                for (int i = 0; i < 100; i++)
                {
                    Encoding.ASCII.GetBytes($"line {i}\n", pipe.Writer);
                    if (i % 7 == 0) await pipe.Writer.FlushAsync();
                }
                await pipe.Writer.CompleteAsync();
            });
            int lines = 0, bytes = 0;
            while (true)
            {
                ReadResult r = await pipe.Reader.ReadAsync();
                ReadOnlySequence<byte> b = r.Buffer;
                while (b.PositionOf((byte)'\n') is SequencePosition at)
                {
                    if (Encoding.ASCII.GetString(b.Slice(0, at)) != "line " + lines) Check.Fail("line " + lines);
                    bytes += (int)b.Slice(0, at).Length;
                    lines++;
                    b = b.Slice(b.GetPosition(1, at));
                }
                pipe.Reader.AdvanceTo(b.Start, b.End);
                if (r.IsCompleted) break;
            }
            await writer;
            Check.Equal((100, 690), (lines, bytes));
        });
        Suite.Case("pipeline/back-pressure", async () =>
        {
            Pipe pipe = new(new PipeOptions(pauseWriterThreshold: 100, resumeWriterThreshold: 50));
            pipe.Writer.Write(new byte[150]);
            ValueTask<FlushResult> flush = pipe.Writer.FlushAsync();
            Check.That(!flush.IsCompleted);
            ReadResult r = await pipe.Reader.ReadAsync();
            pipe.Reader.AdvanceTo(r.Buffer.GetPosition(120));
            await flush;
            Check.That(true);
        });
        Suite.Case("pipeline/errors-and-cancel", async () =>
        {
            Pipe pipe = new();
            await pipe.Writer.CompleteAsync(new FormatException("writer failed"));
            try { await pipe.Reader.ReadAsync(); Check.Fail("nothing thrown"); } catch (FormatException e) { Check.Equal("writer failed", e.Message); }
            Pipe other = new();
            other.Reader.CancelPendingRead();
            Check.That((await other.Reader.ReadAsync()).IsCanceled);
            Pipe third = new();
            await third.Reader.CompleteAsync();
            Check.That((await third.Writer.WriteAsync(new byte[1])).IsCompleted);
        });
        Suite.Case("pipeline/over-streams", async () =>
        {
            MemoryStream m = new();
            PipeWriter w = PipeWriter.Create(m, new StreamPipeWriterOptions(leaveOpen: true));
            await w.WriteAsync("from a pipe"u8.ToArray());
            await w.CompleteAsync();
            m.Position = 0;
            PipeReader r = PipeReader.Create(m);
            ReadResult all = await r.ReadAtLeastAsync(11);
            Check.Equal("from a pipe", Encoding.ASCII.GetString(all.Buffer));
            await r.CompleteAsync();
        });
    }
}
