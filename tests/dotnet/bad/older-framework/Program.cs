// Targets net8.0; it is built and run as net9.0.
Console.WriteLine($"running on {Environment.Version.Major}");
