// Suite: programs. Small whole programs whose output is known; sizes are those of a test, not of a benchmark.
using Cermet.Testing;

return Suite.Run(args, Classics.All, Puzzles.All, Machines.All, Data.All, Graphics.All);
