// Search: queens, sudoku, life, knight's tour, knapsack, edit distance, shortest paths, permutations.
using System.Text;
using Cermet.Testing;

internal static class Puzzles
{
    public static void All()
    {
        Suite.Case("puzzle/queens", () =>
        {
            static int Solve(int n, int row, int columns, int left, int right)
            {
                if (row == n) return 1;
                int count = 0;
                for (int free = ((1 << n) - 1) & ~(columns | left | right); free != 0; free &= free - 1)
                {
                    int bit = free & -free;
                    count += Solve(n, row + 1, columns | bit, (left | bit) << 1, (right | bit) >> 1);
                }
                return count;
            }
            Check.Sequence([1, 0, 0, 2, 10, 4, 40, 92, 352], Enumerable.Range(1, 9).Select(n => Solve(n, 0, 0, 0, 0)));
        });
        Suite.Case("puzzle/sudoku", () =>
        {
            string solved = Sudoku("53..7....6..195....98....6.8...6...34..8.3..17...2...6.6....28....419..5....8..79");
            Check.Equal("534678912672195348198342567859761423426853791713924856961537284287419635345286179", solved);
            Check.Equal(81, Sudoku(new string('.', 81)).Length);
        });
        Suite.Case("puzzle/life", Life);
        Suite.Case("puzzle/edit-distance", () =>
        {
            static int Distance(string a, string b)
            {
                int[] row = Enumerable.Range(0, b.Length + 1).ToArray();
                for (int i = 1; i <= a.Length; i++)
                {
                    int diagonal = row[0];
                    row[0] = i;
                    for (int j = 1; j <= b.Length; j++) (diagonal, row[j]) = (row[j], Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)));
                }
                return row[^1];
            }
            Check.Equal(3, Distance("kitten", "sitting"));
            Check.Equal(8, Distance("rosettacode", "raisethysword"));
        });
        Suite.Case("puzzle/shortest-paths", () =>
        {
            Dictionary<string, (string To, int Cost)[]> graph = new()
            {
                ["a"] = [("b", 7), ("c", 9), ("f", 14)], ["b"] = [("c", 10), ("d", 15)], ["c"] = [("d", 11), ("f", 2)], ["d"] = [("e", 6)], ["e"] = [], ["f"] = [("e", 9)],
            };
            Dictionary<string, int> best = new() { ["a"] = 0 };
            PriorityQueue<string, int> open = new();
            open.Enqueue("a", 0);
            while (open.TryDequeue(out string? at, out int cost))
            {
                if (cost > best[at]) continue;
                foreach ((string to, int step) in graph[at])
                {
                    if (best.TryGetValue(to, out int known) && known <= cost + step) continue;
                    best[to] = cost + step;
                    open.Enqueue(to, cost + step);
                }
            }
            Check.Equal("a0 b7 c9 d20 e20 f11", string.Join(' ', best.OrderBy(p => p.Key).Select(p => p.Key + p.Value)));
        });
        Suite.Case("puzzle/knapsack", () =>
        {
            (int Weight, int Value)[] items = [(12, 4), (2, 2), (1, 1), (4, 10), (1, 2), (7, 13), (3, 5)];
            int[] best = new int[16];
            foreach ((int w, int v) in items) for (int c = 15; c >= w; c--) best[c] = Math.Max(best[c], best[c - w] + v);
            Check.Equal(30, best[15]);
        });
        Suite.Case("puzzle/permutations", () =>
        {
            static IEnumerable<string> All(string s) => s.Length < 2 ? [s] : s.SelectMany((c, i) => All(s.Remove(i, 1)).Select(r => c + r));
            string[] all = All("abcde").ToArray();
            Check.Equal(120, all.Distinct().Count());
            Check.Equal("edcba", all[^1]);
        });
        Suite.Case("puzzle/hanoi", () =>
        {
            List<(int, int)> moves = [];
            void Move(int n, int from, int to) { if (n == 0) return; Move(n - 1, from, 6 - from - to); moves.Add((from, to)); Move(n - 1, 6 - from - to, to); }
            Move(8, 1, 3);
            Check.Equal(255, moves.Count);
            Stack<int>[] pegs = [new(), new(Enumerable.Range(1, 8).Reverse()), new(), new()];
            foreach ((int from, int to) in moves) pegs[to].Push(pegs[from].Pop());
            Check.Sequence(Enumerable.Range(1, 8), pegs[3]);
        });
        Suite.Case("puzzle/knights-tour", () =>
        {
            const int n = 6;
            int[,] board = new int[n, n];
            (int, int)[] jumps = [(1, 2), (2, 1), (2, -1), (1, -2), (-1, -2), (-2, -1), (-2, 1), (-1, 2)];
            IEnumerable<(int X, int Y)> Free(int x, int y) => jumps.Select(j => (x + j.Item1, y + j.Item2)).Where(p => p.Item1 is >= 0 and < n && p.Item2 is >= 0 and < n && board[p.Item1, p.Item2] == 0);
            bool Go(int x, int y, int step)
            {
                board[x, y] = step;
                if (step == n * n) return true;
                foreach ((int X, int Y) p in Free(x, y).OrderBy(p => Free(p.X, p.Y).Count()).ToList()) if (Go(p.X, p.Y, step + 1)) return true;
                board[x, y] = 0;
                return false;
            }
            Check.That(Go(0, 0, 1));
            Check.Equal(n * n * (n * n + 1) / 2, board.Cast<int>().Sum());
        });
        Suite.Case("puzzle/collatz-and-perfect-numbers", () =>
        {
            static int Length(long n) { int steps = 1; for (; n != 1; steps++) n = n % 2 == 0 ? n / 2 : 3 * n + 1; return steps; }
            Check.Equal(6171, Enumerable.Range(1, 9999).MaxBy(n => Length(n)));
            Check.Sequence([6, 28, 496], Enumerable.Range(2, 600).Where(n => Enumerable.Range(1, n / 2).Where(d => n % d == 0).Sum() == n));
        });
    }

    private static string Sudoku(string givens)
    {
        char[] cells = givens.ToCharArray();
        bool Fits(int at, char digit)
        {
            int row = at / 9, column = at % 9, box = row / 3 * 27 + column / 3 * 3;
            for (int i = 0; i < 9; i++) if (cells[row * 9 + i] == digit || cells[i * 9 + column] == digit || cells[box + i / 3 * 9 + i % 3] == digit) return false;
            return true;
        }
        bool Solve(int at)
        {
            while (at < 81 && cells[at] != '.') at++;
            if (at == 81) return true;
            for (char d = '1'; d <= '9'; d++)
            {
                if (!Fits(at, d)) continue;
                cells[at] = d;
                if (Solve(at + 1)) return true;
            }
            cells[at] = '.';
            return false;
        }
        return Solve(0) ? new string(cells) : "none";
    }

    private static void Life()
    {
        // A glider moves one cell down and right every four generations; a pentadecathlon has period 15.
        static HashSet<(int X, int Y)> Next(HashSet<(int X, int Y)> alive) =>
            alive.SelectMany(c => from dx in new[] { -1, 0, 1 } from dy in new[] { -1, 0, 1 } where dx != 0 || dy != 0 select (c.X + dx, c.Y + dy))
                .GroupBy(c => c).Where(g => g.Count() == 3 || (g.Count() == 2 && alive.Contains(g.Key))).Select(g => g.Key).ToHashSet();
        HashSet<(int X, int Y)> glider = [(1, 0), (2, 1), (0, 2), (1, 2), (2, 2)], at = glider;
        for (int i = 0; i < 20; i++) at = Next(at);
        Check.That(at.SetEquals(glider.Select(c => (c.X + 5, c.Y + 5))));
        HashSet<(int X, int Y)> row = Enumerable.Range(0, 10).Select(x => (x, 0)).ToHashSet(), start = row;
        for (int i = 0; i < 3; i++) start = Next(start);
        at = start;
        for (int i = 0; i < 15; i++) at = Next(at);
        Check.That(at.SetEquals(start));
        StringBuilder picture = new();
        for (int y = 0; y < 3; y++) { for (int x = 0; x < 3; x++) picture.Append(glider.Contains((x, y)) ? '#' : '.'); picture.Append('/'); }
        Check.Equal(".#./..#/###/", picture.ToString());
    }
}
