// Suite: classlib-core. Strings, numbers, dates, encodings, maths, random, conversions: what they compute and print.
using Cermet.Testing;

return Suite.Run(args, Strings.All, Builders.All, Numbers.All, Parsing.All, Dates.All, Encodings.All, Maths.All, BigNumbers.All, Bits.All, Conversions.All, Vectors.All, Hashing.All);
