// What the class library's own exceptions carry and print.
using System.Collections;
using Cermet.Testing;

internal static class Library
{
    public static void All()
    {
        Suite.Case("library/parse", () =>
        {
            Check.Equal("The input string 'x' was not in a correct format.", Check.Throws<FormatException>(() => int.Parse("x")).Message);
            Check.Throws<OverflowException>(() => int.Parse("99999999999"));
            Check.Throws<ArgumentNullException>(() => int.Parse(Throw.Opaque<string>(null!)));
        });
        Suite.Case("library/dictionary-key", () =>
        {
            KeyNotFoundException e = Check.Throws<KeyNotFoundException>(() => GC.KeepAlive(new Dictionary<string, int>()["absent"]));
            Check.Equal("The given key 'absent' was not present in the dictionary.", e.Message);
            Check.Throws<ArgumentException>(() => new Dictionary<int, int> { { 1, 1 }, { 1, 2 } });
        });
        Suite.Case("library/modified-while-enumerating", () =>
        {
            List<int> list = [1, 2, 3];
            Check.Throws<InvalidOperationException>(() => { foreach (int i in list) list.Add(i); });
        });
        Suite.Case("library/linq", () =>
        {
            Check.Equal("Sequence contains no elements", Check.Throws<InvalidOperationException>(() => Array.Empty<int>().First()).Message);
            Check.Equal("Sequence contains more than one element", Check.Throws<InvalidOperationException>(() => new[] { 1, 2 }.Single()).Message);
            int zero = Throw.Opaque(0);
            Check.Throws<DivideByZeroException>(() => new[] { 1 }.Select(x => x / zero).ToList());
        });
        Suite.Case("library/argument-exceptions", () =>
        {
            Check.Equal("Value cannot be null. (Parameter 'p')", new ArgumentNullException("p").Message);
            Check.Equal("bad (Parameter 'p')", new ArgumentException("bad", "p").Message);
            string text = new ArgumentOutOfRangeException("p", 5, "bad").Message;
            Check.Equal("bad (Parameter 'p')\nActual value was 5.", text);
            Check.Throws<ArgumentNullException>(() => ArgumentNullException.ThrowIfNull(Throw.Opaque<object?>(null)));
            Check.Equal("Throw.Opaque(-1)", Check.Throws<ArgumentOutOfRangeException>(() => ArgumentOutOfRangeException.ThrowIfNegative(Throw.Opaque(-1))).ParamName);
            Check.Throws<ArgumentException>(() => ArgumentException.ThrowIfNullOrEmpty(Throw.Opaque("")));
            Check.Throws<ObjectDisposedException>(() => ObjectDisposedException.ThrowIf(true, "x"));
        });
        Suite.Case("library/default-messages", () =>
        {
            Check.Equal("Exception of type 'Library+BareException' was thrown.", new BareException().Message);
            Check.Equal("Operation is not valid due to the current state of the object.", new InvalidOperationException().Message);
            Check.Equal("Specified method is not supported.", new NotSupportedException().Message);
            Check.Equal("The method or operation is not implemented.", new NotImplementedException().Message);
            Check.Equal("The operation was canceled.", new OperationCanceledException().Message);
            Check.Equal("The operation has timed out.", new TimeoutException().Message);
            Check.Equal("Insufficient memory to continue the execution of the program.", new OutOfMemoryException().Message);
        });
        Suite.Case("library/hresults", () =>
        {
            Check.Equal(unchecked((int)0x80131500), new Exception().HResult);
            Check.Equal(unchecked((int)0x80004003), new NullReferenceException().HResult);
            Check.Equal(unchecked((int)0x80070057), new ArgumentException().HResult);
            Check.Equal(unchecked((int)0x80020012), new DivideByZeroException().HResult);
            Check.Equal(unchecked((int)0x80131509), new InvalidOperationException().HResult);
            Check.Equal(unchecked((int)0x80070002), new FileNotFoundException().HResult);
        });
        Suite.Case("library/data", () =>
        {
            Exception e = new Numbered(1) { Data = { ["key"] = 5 } };
            try { throw e; } catch (Numbered caught) { Check.Equal(5, (int)caught.Data["key"]!); }
            int entries = 0;
            foreach (DictionaryEntry entry in e.Data) entries += (int)entry.Value!;
            Check.Equal(5, entries);
        });
        Suite.Case("library/inner-and-base", () =>
        {
            Exception root = new Numbered(1);
            Exception e = new InvalidOperationException("outer", new ArgumentException("middle", root));
            Check.That(ReferenceEquals(root, e.GetBaseException()));
            Check.Equal("System.InvalidOperationException: outer\n ---> System.ArgumentException: middle\n ---> Numbered: number 1\n   --- End of inner exception stack trace ---\n   --- End of inner exception stack trace ---", e.ToString());
        });
        Suite.Case("library/to-string-unthrown", () =>
        {
            Check.Equal("Numbered: number 3", new Numbered(3).ToString());
            Check.Equal(null, new Numbered(3).StackTrace);
        });
        Suite.Case("library/aggregate", () =>
        {
            AggregateException e = new("many", new Numbered(1), new AggregateException(new Numbered(2), new Special(3)));
            Check.Equal(2, e.InnerExceptions.Count);
            Check.Equal(3, e.Flatten().InnerExceptions.Count);
            Check.Equal("many (number 1) (One or more errors occurred. (number 2) (number 3))", e.Message);
            Check.That(ReferenceEquals(e.InnerExceptions[0], e.InnerException));
            AggregateException left = Check.Throws<AggregateException>(() => e.Flatten().Handle(x => x is Special));
            Check.Equal(2, left.InnerExceptions.Count);
        });
        Suite.Case("library/overridden-message", () =>
        {
            Check.Equal("Shouting: LOUD", new Shouting().ToString());
            Check.Equal("custom text", new Custom().ToString());
        });
        Suite.Case("library/target-invocation", () =>
        {
            // A delegate called through DynamicInvoke wraps what its target throws.
            Action<int> act = Throw.Number;
            var e = Check.Throws<System.Reflection.TargetInvocationException>(() => act.DynamicInvoke(6));
            Check.Equal(6, ((Numbered)e.InnerException!).Value);
        });
        Suite.Case("library/enough-stack-check", () =>
        {
            static int Down(int n)
            {
                System.Runtime.CompilerServices.RuntimeHelpers.EnsureSufficientExecutionStack();
                return Down(n + 1) + 1;
            }
            Check.Throws<InsufficientExecutionStackException>(() => Down(0));
            Check.That(System.Runtime.CompilerServices.RuntimeHelpers.TryEnsureSufficientExecutionStack());
        });
        Suite.Case("library/disposed", () =>
        {
            MemoryStream m = new();
            m.Dispose();
            Check.Equal("Cannot access a closed Stream.", Check.Throws<ObjectDisposedException>(() => m.WriteByte(1)).Message);
        });
    }

    private sealed class BareException : Exception;

    private sealed class Shouting : Exception
    {
        public override string Message => "LOUD";
        public override string ToString() => "Shouting: " + Message;
    }

    private sealed class Custom : Exception
    {
        public override string ToString() => "custom text";
    }
}
