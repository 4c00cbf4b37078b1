// ilpatch: changes methods of compiled .NET assemblies by rules that are data. `--help` is the manual.
using Cermet.IlPatch;

const string Help = """
    ilpatch - changes methods of compiled .NET assemblies by rules

    usage: ilpatch --in APP.dll --out DIR [--rules FILE]... [--plugs DLL]... [--ref DIR]... [--quiet]

      --in APP.dll   the program; assemblies are looked for beside it first
      --out DIR      receives every assembly that a rule changed, and the plug assemblies that they now call
      --rules FILE   rules, as below; may be given several times
      --plugs DLL    an assembly whose methods marked [Plug("...")] are rules of the kind `call`
      --ref DIR      where to look for assemblies next; may be given several times

    A rule file is a list of tables in a small part of TOML:

      [[rule]]
      assembly = "System.Console"                    # default: the program
      method   = "System.Console::Beep(Int32, Int32)"
      return   = "default"

    `method` is Type::Name(Parameters). Types may be written without their namespace; a nested type is Outer/Inner,
    a generic one Name`1; ref and out parameters end with &. Without the parentheses the name alone must be unique.
    Each rule has exactly one action:

      call   = "Type::Name"     the body becomes a call of this static method of assembly `plugs`
      body   = "Type::Name"     the body becomes a copy of this static method's body
      throw  = "text"           the body throws PlatformNotSupportedException with this text
      return = "default"        the body returns this: default, true, false, a number, or 'text' in single quotes

    A plug is static; for an instance method its first parameter is the object (by reference for a struct). Its
    other parameters and its result have the types of the method that it replaces:

      [Plug("System.Console::Beep(Int32, Int32)", Assembly = "System.Console")]
      static void Beep(int frequency, int duration) { }

    Any attribute class named PlugAttribute will do. A rule whose method is missing or ambiguous, or whose plug does
    not fit, is an error that names the rule's file and line; then nothing is written. The same inputs give the same
    bytes. Exit code: 0 done, 1 a rule failed, 2 wrong usage.
    """;

Options? options;
try
{
    options = Options.Parse(args);
}
catch (ArgumentException e)
{
    Console.Error.WriteLine($"ilpatch: error: {e.Message}\nTry ilpatch --help");
    return 2;
}
if (options is null)
{
    Console.WriteLine(Help);
    return 0;
}
try
{
    foreach (string line in new Patcher(options).Run())
    {
        if (!options.Quiet) Console.WriteLine(line);
    }
    return 0;
}
catch (RulesException e)
{
    foreach (string error in e.Errors) Console.Error.WriteLine(error);
    return 1;
}
