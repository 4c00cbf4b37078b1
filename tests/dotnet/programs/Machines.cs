// Interpreters and compressors: a stack machine, a small language, Brainf*, Huffman, LZ, CRC, MD5, SHA-256 by hand.
using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Text;
using Cermet.Testing;

internal static class Machines
{
    public static void All()
    {
        Suite.Case("machine/expression-calculator", () =>
        {
            Check.Equal(14.0, new Calculator("2 + 3 * 4").Value());
            Check.Equal(-7.5, new Calculator("-(1 + 2) * (5 / 2)").Value());
            Check.Equal(512.0, new Calculator("2 ^ 3 ^ 2").Value());
            Check.Equal(3.0, new Calculator("sqrt(9)").Value());
            Check.Throws<FormatException>(() => new Calculator("2 +").Value());
            Check.Throws<FormatException>(() => new Calculator("(1").Value());
        });
        Suite.Case("machine/brain", () => Check.Equal("Hello World!\n", Brain("++++++++[>++++[>++>+++>+++>+<<<<-]>+>+>->>+[<]<-]>>.>---.+++++++..+++.>>.<-.<.+++.------.--------.>>+.>++.")));
        Suite.Case("machine/lisp", () =>
        {
            Lisp lisp = new();
            Check.Equal("120", lisp.Run("(define fact (lambda (n) (if (< n 2) 1 (* n (fact (- n 1)))))) (fact 5)"));
            Check.Equal("(1 4 9)", lisp.Run("(define map (lambda (f l) (if (null? l) l (cons (f (car l)) (map f (cdr l)))))) (map (lambda (x) (* x x)) (list 1 2 3))"));
            Check.Equal("55", lisp.Run("(define fib (lambda (n) (if (< n 2) n (+ (fib (- n 1)) (fib (- n 2)))))) (fib 10)"));
            Check.Throws<InvalidOperationException>(() => lisp.Run("(undefined 1)"));
        });
        Suite.Case("machine/huffman", () =>
        {
            string text = string.Concat(Enumerable.Repeat("this is an example of a huffman tree ", 5));
            (Dictionary<char, string> codes, string bits) = Huffman(text);
            Check.That(bits.Length < text.Length * 8 / 2 + 40);
            Dictionary<string, char> back = codes.ToDictionary(c => c.Value, c => c.Key);
            StringBuilder decoded = new(), code = new();
            foreach (char b in bits) { code.Append(b); if (back.TryGetValue(code.ToString(), out char c)) { decoded.Append(c); code.Clear(); } }
            Check.Equal(text, decoded.ToString());
        });
        Suite.Case("machine/lzw", () =>
        {
            string text = "TOBEORNOTTOBEORTOBEORNOT";
            List<int> codes = Compress(text);
            Check.Sequence([84, 79, 66, 69, 79, 82, 78, 79, 84, 256, 258, 260, 265, 259, 261, 263], codes);
            Check.Equal(text, Expand(codes));
            string big = string.Concat(Enumerable.Range(0, 500).Select(i => i % 37));
            Check.Equal(big, Expand(Compress(big)));
        });
        Suite.Case("machine/crc32", () => Check.Equal(0xCBF43926u, Crc("123456789"u8)));
        Suite.Case("machine/sha256-by-hand", () =>
        {
            Check.Equal("E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855", Convert.ToHexString(Sha256([])));
            Check.Equal("BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD", Convert.ToHexString(Sha256("abc"u8.ToArray())));
            Check.Equal("CDC76E5C9914FB9281A1C7E284D73E67F1809A48A497200E046D39CCC7112CD0", Convert.ToHexString(Sha256(Enumerable.Repeat((byte)'a', 1_000_0).Concat(Enumerable.Repeat((byte)'a', 990_000)).ToArray())));
        });
        Suite.Case("machine/turing", () =>
        {
            // The busy beaver of three states: six ones after fourteen steps.
            Dictionary<(char, int), (int, int, char)> rules = new() { [('A', 0)] = (1, 1, 'B'), [('A', 1)] = (1, 1, 'H'), [('B', 0)] = (0, 1, 'C'), [('B', 1)] = (1, 1, 'B'), [('C', 0)] = (1, -1, 'C'), [('C', 1)] = (1, -1, 'A') };
            Dictionary<int, int> tape = [];
            int at = 0, steps = 0;
            for (char state = 'A'; state != 'H'; steps++)
            {
                (int write, int move, char next) = rules[(state, tape.GetValueOrDefault(at))];
                tape[at] = write;
                at += move;
                state = next;
            }
            Check.Equal((14, 6), (steps, tape.Values.Sum()));
        });
        Suite.Case("machine/mersenne-twister", () =>
        {
            uint[] mt = new uint[624];
            mt[0] = 5489;
            for (int i = 1; i < 624; i++) mt[i] = 1812433253u * (mt[i - 1] ^ (mt[i - 1] >> 30)) + (uint)i;
            uint last = 0;
            for (int n = 0; n < 10_000; n++)
            {
                int i = n % 624;
                uint y = (mt[i] & 0x80000000) | (mt[(i + 1) % 624] & 0x7FFFFFFF);
                mt[i] = mt[(i + 397) % 624] ^ (y >> 1) ^ ((y & 1) * 0x9908B0DF);
                last = mt[i];
                last ^= last >> 11; last ^= (last << 7) & 0x9D2C5680; last ^= (last << 15) & 0xEFC60000; last ^= last >> 18;
            }
            Check.Equal(4123659995u, last);
        });
    }

    private sealed class Calculator(string text)
    {
        private int _at;
        public double Value() { double v = Sum(); if (Peek() != '\0') throw new FormatException(); return v; }
        private char Peek() { while (_at < text.Length && text[_at] == ' ') _at++; return _at < text.Length ? text[_at] : '\0'; }
        private bool Take(char c) { if (Peek() != c) return false; _at++; return true; }
        private double Sum() { double v = Product(); while (true) { if (Take('+')) v += Product(); else if (Take('-')) v -= Product(); else return v; } }
        private double Product() { double v = Power(); while (true) { if (Take('*')) v *= Power(); else if (Take('/')) v /= Power(); else return v; } }
        private double Power() { double v = Atom(); return Take('^') ? Math.Pow(v, Power()) : v; }
        private double Atom()
        {
            if (Take('-')) return -Power();
            if (Take('(')) { double v = Sum(); if (!Take(')')) throw new FormatException(); return v; }
            Peek();
            int start = _at;
            while (_at < text.Length && (char.IsLetterOrDigit(text[_at]) || text[_at] == '.')) _at++;
            string word = text[start.._at];
            return word == "sqrt" && Take('(') ? Root() : double.Parse(word, CultureInfo.InvariantCulture);
        }
        private double Root() { double v = Math.Sqrt(Sum()); Take(')'); return v; }
    }

    private static string Brain(string program)
    {
        byte[] cells = new byte[100];
        StringBuilder output = new();
        Stack<int> loops = new();
        int at = 0;
        for (int pc = 0; pc < program.Length; pc++)
        {
            switch (program[pc])
            {
                case '>': at++; break;
                case '<': at--; break;
                case '+': cells[at]++; break;
                case '-': cells[at]--; break;
                case '.': output.Append((char)cells[at]); break;
                case '[' when cells[at] == 0: for (int depth = 1; depth > 0;) depth += program[++pc] switch { '[' => 1, ']' => -1, _ => 0 }; break;
                case '[': loops.Push(pc); break;
                case ']' when cells[at] != 0: pc = loops.Peek(); break;
                case ']': loops.Pop(); break;
            }
        }
        return output.ToString();
    }

    /// <summary>Lists, numbers and closures; enough for recursion.</summary>
    private sealed class Lisp
    {
        private sealed class Scope(Scope? outer) : Dictionary<string, object> { public object Find(string name) => TryGetValue(name, out object? v) ? v : outer?.Find(name) ?? throw new InvalidOperationException("undefined " + name); }
        private delegate object Function(object[] args);
        private readonly Scope _global = new(null);

        public Lisp()
        {
            void Def(string name, Function f) => _global[name] = f;
            Def("+", a => (long)a[0] + (long)a[1]);
            Def("-", a => (long)a[0] - (long)a[1]);
            Def("*", a => (long)a[0] * (long)a[1]);
            Def("<", a => (long)a[0] < (long)a[1]);
            Def("list", a => a.ToList());
            Def("car", a => ((List<object>)a[0])[0]);
            Def("cdr", a => ((List<object>)a[0]).Skip(1).ToList());
            Def("cons", a => ((List<object>)a[1]).Prepend(a[0]).ToList());
            Def("null?", a => ((List<object>)a[0]).Count == 0);
        }

        public string Run(string text)
        {
            Queue<string> tokens = new(text.Replace("(", " ( ").Replace(")", " ) ").Split(' ', StringSplitOptions.RemoveEmptyEntries));
            object last = 0L;
            while (tokens.Count > 0) last = Eval(Read(tokens), _global);
            return Show(last);
        }

        private static object Read(Queue<string> tokens)
        {
            string t = tokens.Dequeue();
            if (t != "(") return long.TryParse(t, out long n) ? n : t;
            List<object> list = [];
            while (tokens.Peek() != ")") list.Add(Read(tokens));
            tokens.Dequeue();
            return list;
        }

        private static object Eval(object x, Scope scope)
        {
            switch (x)
            {
                case string name: return scope.Find(name);
                case List<object> and ["define", string name, var value]: return scope[name] = Eval(value, scope);
                case List<object> and ["if", var test, var yes, var no]: return Eval(Eval(test, scope) is true ? yes : no, scope);
                case List<object> and ["lambda", List<object> parameters, var body]:
                    return (Function)(args => { Scope inner = new(scope); for (int i = 0; i < args.Length; i++) inner[(string)parameters[i]] = args[i]; return Eval(body, inner); });
                case List<object> call: return ((Function)Eval(call[0], scope))(call.Skip(1).Select(a => Eval(a, scope)).ToArray());
                default: return x;
            }
        }

        private static string Show(object x) => x is List<object> l ? "(" + string.Join(' ', l.Select(Show)) + ")" : x.ToString()!;
    }

    private static (Dictionary<char, string>, string) Huffman(string text)
    {
        PriorityQueue<List<(char, string)>, (int, int)> queue = new();
        int order = 0;
        foreach (IGrouping<char, char> g in text.GroupBy(c => c).OrderBy(g => g.Key)) queue.Enqueue([(g.Key, "")], (g.Count(), order++));
        while (queue.Count > 1)
        {
            queue.TryDequeue(out List<(char, string)>? a, out (int N, int) pa);
            queue.TryDequeue(out List<(char, string)>? b, out (int N, int) pb);
            queue.Enqueue([.. a!.Select(x => (x.Item1, "0" + x.Item2)), .. b!.Select(x => (x.Item1, "1" + x.Item2))], (pa.N + pb.N, order++));
        }
        Dictionary<char, string> codes = queue.Dequeue().ToDictionary(x => x.Item1, x => x.Item2);
        return (codes, string.Concat(text.Select(c => codes[c])));
    }

    private static List<int> Compress(string text)
    {
        Dictionary<string, int> table = Enumerable.Range(0, 256).ToDictionary(i => ((char)i).ToString());
        List<int> codes = [];
        string word = "";
        foreach (char c in text)
        {
            if (table.ContainsKey(word + c)) { word += c; continue; }
            codes.Add(table[word]);
            table[word + c] = table.Count;
            word = c.ToString();
        }
        if (word.Length > 0) codes.Add(table[word]);
        return codes;
    }

    private static string Expand(List<int> codes)
    {
        Dictionary<int, string> table = Enumerable.Range(0, 256).ToDictionary(i => i, i => ((char)i).ToString());
        string word = table[codes[0]];
        StringBuilder text = new(word);
        foreach (int code in codes.Skip(1))
        {
            string entry = table.TryGetValue(code, out string? known) ? known : word + word[0];
            text.Append(entry);
            table[table.Count] = word + entry[0];
            word = entry;
        }
        return text.ToString();
    }

    private static uint Crc(ReadOnlySpan<byte> data)
    {
        uint crc = ~0u;
        foreach (byte b in data)
        {
            crc ^= b;
            for (int i = 0; i < 8; i++) crc = (crc >> 1) ^ (0xEDB88320 & (uint)-(int)(crc & 1));
        }
        return ~crc;
    }

    private static byte[] Sha256(byte[] message)
    {
        static uint Root(int prime, double power) { double r = Math.Pow(prime, power); return (uint)((r - Math.Floor(r)) * 4294967296.0); }
        int[] primes = Enumerable.Range(2, 311).Where(n => Enumerable.Range(2, n - 2).All(d => n % d != 0)).Take(64).ToArray();
        uint[] k = primes.Select(p => Root(p, 1.0 / 3)).ToArray(), h = primes.Take(8).Select(p => Root(p, 0.5)).ToArray(), w = new uint[64];
        byte[] padded = new byte[(message.Length + 72) / 64 * 64];
        message.CopyTo(padded, 0);
        padded[message.Length] = 0x80;
        BinaryPrimitives.WriteUInt64BigEndian(padded.AsSpan(padded.Length - 8), (ulong)message.Length * 8);
        for (int block = 0; block < padded.Length; block += 64)
        {
            for (int i = 0; i < 16; i++) w[i] = BinaryPrimitives.ReadUInt32BigEndian(padded.AsSpan(block + i * 4));
            for (int i = 16; i < 64; i++) w[i] = w[i - 16] + w[i - 7] + (BitOperations.RotateRight(w[i - 15], 7) ^ BitOperations.RotateRight(w[i - 15], 18) ^ (w[i - 15] >> 3)) + (BitOperations.RotateRight(w[i - 2], 17) ^ BitOperations.RotateRight(w[i - 2], 19) ^ (w[i - 2] >> 10));
            (uint a, uint b, uint c, uint d, uint e, uint f, uint g, uint z) = (h[0], h[1], h[2], h[3], h[4], h[5], h[6], h[7]);
            for (int i = 0; i < 64; i++)
            {
                uint t1 = z + (BitOperations.RotateRight(e, 6) ^ BitOperations.RotateRight(e, 11) ^ BitOperations.RotateRight(e, 25)) + ((e & f) ^ (~e & g)) + k[i] + w[i];
                uint t2 = (BitOperations.RotateRight(a, 2) ^ BitOperations.RotateRight(a, 13) ^ BitOperations.RotateRight(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
                (z, g, f, e, d, c, b, a) = (g, f, e, d + t1, c, b, a, t1 + t2);
            }
            h[0] += a; h[1] += b; h[2] += c; h[3] += d; h[4] += e; h[5] += f; h[6] += g; h[7] += z;
        }
        byte[] result = new byte[32];
        for (int i = 0; i < 8; i++) BinaryPrimitives.WriteUInt32BigEndian(result.AsSpan(i * 4), h[i]);
        return result;
    }
}
