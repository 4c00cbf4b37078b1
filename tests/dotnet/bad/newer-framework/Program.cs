// Targets a framework that is newer than the pinned compiler.
Console.WriteLine("never");
