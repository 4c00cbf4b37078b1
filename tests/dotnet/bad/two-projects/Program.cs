// One source, two projects: which one is meant?
Console.WriteLine("second");
