// Does not compile: an unknown name, on line 4.
Console.WriteLine("before");

Console.WriteLine(noSuchVariable);
