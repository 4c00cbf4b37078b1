// A library has no Main.
namespace Sample;

public static class Library
{
    public static int Answer => 42;
}
