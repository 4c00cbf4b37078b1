// The part of reflection that ahead-of-time compilation keeps: names, types, attributes, activation, members that are used.
using System.ComponentModel;
using System.Reflection;
using Cermet.Testing;

internal static class Reflection
{
    [AttributeUsage(AttributeTargets.All, AllowMultiple = true)]
    private sealed class MarkAttribute(string text, int n = 0) : Attribute { public string Text { get; } = text; public int N { get; } = n; public Type? Of { get; set; } }

    [Mark("first", 1), Mark("second", Of = typeof(string))]
    private sealed class Marked { [Mark("field")] public int Field = 5; [Description("a property")] public string? Name { get; set; } public int Twice(int x) => x * 2; }

    public static void All()
    {
        Suite.Case("reflection/names", () =>
        {
            Check.Equal("System.Collections.Generic.List`1[System.Int32]", new List<int>().GetType().ToString());
            Check.Equal("Int32[,]", typeof(int[,]).Name);
            Check.Equal("System", typeof(int).Namespace);
            Check.Equal("Reflection+Marked", typeof(Marked).FullName);
            Check.Equal("Nullable`1", typeof(int?).Name);
        });
        Suite.Case("reflection/shape", () =>
        {
            Check.That(typeof(int).IsValueType && typeof(DayOfWeek).IsEnum && typeof(IDisposable).IsInterface && typeof(List<int>).IsGenericType && typeof(string[]).IsArray);
            Check.Equal(typeof(int), typeof(int[]).GetElementType());
            Check.Equal(typeof(List<>), typeof(List<string>).GetGenericTypeDefinition());
            Check.Equal(typeof(string), typeof(Dictionary<string, int>).GetGenericArguments()[0]);
            Check.Equal(typeof(SystemException), typeof(ArgumentException).BaseType);
            Check.Equal(TypeCode.Decimal, Type.GetTypeCode(typeof(decimal)));
            Check.That(typeof(int).IsPrimitive && !typeof(decimal).IsPrimitive);
        });
        Suite.Case("reflection/type-identity", () =>
        {
            Check.That(ReferenceEquals(typeof(string), "x".GetType()));
            Check.Equal(typeof(List<string>), new List<string>().GetType());
            Check.That(typeof(List<string>) != typeof(List<object>));
            Check.Equal(typeof(Marked), Type.GetType("Reflection+Marked, types"));
            Check.Equal(typeof(Marked).TypeHandle, new Marked().GetType().TypeHandle);
        });
        Suite.Case("reflection/attributes", () =>
        {
            MarkAttribute[] marks = typeof(Marked).GetCustomAttributes<MarkAttribute>().OrderBy(m => m.Text, StringComparer.Ordinal).ToArray();
            Check.Equal(2, marks.Length);
            Check.Equal("first1", marks[0].Text + marks[0].N);
            Check.Equal(typeof(string), marks[1].Of);
        });
        Suite.Case("reflection/members", () =>
        {
            Marked m = new() { Name = "n" };
            PropertyInfo name = typeof(Marked).GetProperty("Name")!;
            Check.Equal("n", (string)name.GetValue(m)!);
            name.SetValue(m, "set");
            Check.Equal("set", m.Name);
            Check.Equal("a property", name.GetCustomAttribute<DescriptionAttribute>()!.Description);
            FieldInfo field = typeof(Marked).GetField("Field")!;
            field.SetValue(m, 8);
            Check.Equal(8, m.Field);
            MethodInfo twice = typeof(Marked).GetMethod("Twice")!;
            Check.Equal(42, (int)twice.Invoke(m, [21])!);
            Check.Equal("x", twice.GetParameters()[0].Name);
        });
        Suite.Case("reflection/activator", () =>
        {
            Check.Equal(5, Activator.CreateInstance<Marked>().Field);
            Check.Equal(5, ((Marked)Activator.CreateInstance(typeof(Marked))!).Field);
            Check.Equal(0, (int)Activator.CreateInstance(typeof(int))!);
        });
        Suite.Case("reflection/array-creation", () =>
        {
            Array a = Array.CreateInstance(typeof(string), 3);
            Check.Equal(typeof(string[]), a.GetType());
            Check.Equal(3, a.Length);
        });
        Suite.Case("reflection/enum-attributes", () => Check.That(typeof(AttributeTargets).IsDefined(typeof(FlagsAttribute), false)));
        Suite.Case("reflection/assembly", () =>
        {
            Check.Equal("types", typeof(Reflection).Assembly.GetName().Name);
            Check.Equal("System.Private.CoreLib", typeof(object).Assembly.GetName().Name);
            Check.That(Assembly.GetExecutingAssembly() == typeof(Reflection).Assembly);
        });
        Suite.Case("reflection/convert-through-type-code", () =>
        {
            Check.Equal(5, (int)Convert.ChangeType("5", typeof(int), System.Globalization.CultureInfo.InvariantCulture));
            Check.Equal(1.5m, (decimal)Convert.ChangeType(1.5, TypeCode.Decimal, System.Globalization.CultureInfo.InvariantCulture)!);
        });
    }
}
