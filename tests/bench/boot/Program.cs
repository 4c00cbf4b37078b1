// Prints the first line and marks the moment for the instruction-counting plugin.
Console.WriteLine("Hello, World!");
Host.Mark();
Host.Leave();
