// System.Text.Json with source generation: polymorphism, converters, constructors, naming, ignoring, enums, references.
using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Cermet.Testing;

internal sealed record Person(string Name, int Age, List<string> Tags);

[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(Circle), "circle")]
[JsonDerivedType(typeof(Rectangle), "rectangle")]
internal abstract class Shape { public string? Label { get; set; } }
internal sealed class Circle : Shape { public double Radius { get; set; } }
internal sealed class Rectangle : Shape { public double Width { get; set; } public double Height { get; set; } }

internal enum Level { Low, High }

internal sealed class Everything
{
    public bool Bool { get; set; }
    public byte Byte { get; set; }
    public long Long { get; set; }
    public double Double { get; set; }
    public decimal Decimal { get; set; }
    public char Char { get; set; }
    public string? Text { get; set; }
    public DateTime Date { get; set; }
    public DateTimeOffset Offset { get; set; }
    public TimeSpan Span { get; set; }
    public DateOnly Day { get; set; }
    public Guid Id { get; set; }
    public Uri? Link { get; set; }
    public byte[]? Bytes { get; set; }
    public int? Maybe { get; set; }
    public Level Level { get; set; }
    public int[]? Numbers { get; set; }
    public Dictionary<string, int>? Map { get; set; }
    public ImmutableArray<string> Frozen { get; set; } = [];
    public (int, int) Ignored { get; set; }
}

internal sealed class Attributes
{
    [JsonPropertyName("other_name")] public string Name { get; set; } = "";
    [JsonIgnore] public int Hidden { get; set; } = 5;
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public string? Optional { get; set; }
    [JsonPropertyOrder(-1)] public int First { get; set; }
    [JsonInclude] public int Field;
    [JsonConverter(typeof(JsonStringEnumConverter<Level>))] public Level Level { get; set; }
    [JsonConverter(typeof(HexConverter))] public int Hex { get; set; }
    [JsonNumberHandling(JsonNumberHandling.AllowReadingFromString | JsonNumberHandling.WriteAsString)] public int Quoted { get; set; }
    [JsonExtensionData] public Dictionary<string, JsonElement>? Rest { get; set; }
}

internal sealed class Immutable
{
    [JsonConstructor] public Immutable(int x, string y) => (X, Y) = (x, y);
    public int X { get; }
    public string Y { get; }
    public required int Z { get; init; }
}

internal sealed class Chain { public int N { get; set; } public Chain? Next { get; set; } }

internal sealed class HexConverter : JsonConverter<int>
{
    public override int Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) => Convert.ToInt32(reader.GetString(), 16);
    public override void Write(Utf8JsonWriter writer, int value, JsonSerializerOptions options) => writer.WriteStringValue("0x" + value.ToString("X"));
}

[JsonSerializable(typeof(Person))]
[JsonSerializable(typeof(Person[]))]
[JsonSerializable(typeof(Shape))]
[JsonSerializable(typeof(List<Shape>))]
[JsonSerializable(typeof(Attributes))]
[JsonSerializable(typeof(Immutable))]
[JsonSerializable(typeof(Chain))]
[JsonSerializable(typeof(Dictionary<string, Person>))]
[JsonSerializable(typeof(int[]))]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(object))]
internal sealed partial class Plain : JsonSerializerContext;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true, UseStringEnumConverter = true, AllowTrailingCommas = true, ReadCommentHandling = JsonCommentHandling.Skip, PropertyNameCaseInsensitive = true)]
[JsonSerializable(typeof(Person))]
[JsonSerializable(typeof(Level[]))]
internal sealed partial class Styled : JsonSerializerContext;

[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
[JsonSerializable(typeof(Everything))]
internal sealed partial class Full : JsonSerializerContext;

internal static class JsonModels
{
    public static void All()
    {
        Suite.Case("json/record-round-trip", () =>
        {
            string text = JsonSerializer.Serialize(new Person("Ann", 33, ["x", "y"]), Plain.Default.Person);
            Check.Equal("{\"Name\":\"Ann\",\"Age\":33,\"Tags\":[\"x\",\"y\"]}", text);
            Person p = JsonSerializer.Deserialize(text, Plain.Default.Person)!;
            Check.That(p is { Name: "Ann", Age: 33, Tags: ["x", "y"] });
            Check.Equal(2, JsonSerializer.Deserialize("[{\"Name\":\"a\"},{\"Name\":\"b\"}]", Plain.Default.PersonArray)!.Length);
        });
        Suite.Case("json/polymorphism", () =>
        {
            List<Shape> shapes = [new Circle { Radius = 1.5, Label = "c" }, new Rectangle { Width = 2, Height = 3 }];
            string text = JsonSerializer.Serialize(shapes, Plain.Default.ListShape);
            Check.Equal("""[{"kind":"circle","Radius":1.5,"Label":"c"},{"kind":"rectangle","Width":2,"Height":3,"Label":null}]""", text);
            List<Shape> back = JsonSerializer.Deserialize(text, Plain.Default.ListShape)!;
            Check.That(back is [Circle { Radius: 1.5, Label: "c" }, Rectangle { Height: 3 }]);
            Check.Throws<JsonException>(() => JsonSerializer.Deserialize("{\"kind\":\"blob\"}", Plain.Default.Shape));
            Check.Throws<NotSupportedException>(() => JsonSerializer.Deserialize("{\"Radius\":1}", Plain.Default.Shape));
        });
        Suite.Case("json/attributes", () =>
        {
            Attributes a = new() { Name = "n", First = 1, Field = 2, Level = Level.High, Hex = 255, Quoted = 7 };
            string text = JsonSerializer.Serialize(a, Plain.Default.Attributes);
            Check.Equal("""{"First":1,"other_name":"n","Level":"High","Hex":"0xFF","Quoted":"7","Field":2}""", text);
            Attributes b = JsonSerializer.Deserialize("""{"other_name":"m","Hidden":9,"Level":"low","Hex":"1f","Quoted":"8","extra":[1],"Field":3}""", Plain.Default.Attributes)!;
            Check.That(b is { Name: "m", Hidden: 5, Level: Level.Low, Hex: 31, Quoted: 8, Field: 3 } && b.Rest!["extra"].GetArrayLength() == 1);
        });
        Suite.Case("json/constructors-and-required", () =>
        {
            Immutable i = JsonSerializer.Deserialize("""{"Y":"y","Z":3,"X":1}""", Plain.Default.Immutable)!;
            Check.That(i is { X: 1, Y: "y", Z: 3 });
            JsonException e = Check.Throws<JsonException>(() => JsonSerializer.Deserialize("""{"X":1}""", Plain.Default.Immutable));
            Check.That(e.Message.Contains('Z'));
        });
        Suite.Case("json/options-of-a-context", () =>
        {
            Check.Equal("{\n  \"name\": \"A\",\n  \"age\": 1,\n  \"tags\": [\n    \"t\"\n  ]\n}", JsonSerializer.Serialize(new Person("A", 1, ["t"]), Styled.Default.Person));
            Person p = JsonSerializer.Deserialize("{ /* c */ \"NAME\": \"B\", \"age\": 2, }", Styled.Default.Person)!;
            Check.That(p is { Name: "B", Age: 2, Tags: null });
            Check.Sequence([Level.High, Level.Low], JsonSerializer.Deserialize("[\"High\",\"Low\"]", Styled.Default.LevelArray)!);
        });
        Suite.Case("json/every-type", () =>
        {
            Everything e = new()
            {
                Bool = true, Byte = 200, Long = long.MinValue, Double = 1.5e-300, Decimal = 1.10m, Char = 'ž', Text = "q\"\\\n\u0001é<🐎", Date = new(2024, 2, 29, 1, 2, 3, DateTimeKind.Utc), Offset = new(2024, 2, 29, 1, 2, 3, TimeSpan.FromHours(2)),
                Span = new(1, 2, 3), Day = new(2024, 2, 29), Id = new("0f8fad5b-d9cb-469f-a165-70867728950e"), Link = new("https://example.org/x"), Bytes = [1, 2, 255], Maybe = 5, Level = Level.High, Numbers = [1, 2], Map = new() { ["k"] = 1 }, Frozen = ["f"],
            };
            string text = JsonSerializer.Serialize(e, Full.Default.Everything);
            Check.Equal("""{"Bool":true,"Byte":200,"Long":-9223372036854775808,"Double":1.5E-300,"Decimal":1.10,"Char":"\u017E","Text":"q\u0022\\\n\u0001\u00E9\u003C\uD83D\uDC0E","Date":"2024-02-29T01:02:03Z","Offset":"2024-02-29T01:02:03+02:00","Span":"01:02:03","Day":"2024-02-29","Id":"0f8fad5b-d9cb-469f-a165-70867728950e","Link":"https://example.org/x","Bytes":"AQL/","Maybe":5,"Level":1,"Numbers":[1,2],"Map":{"k":1},"Frozen":["f"]}""", text);
            Everything back = JsonSerializer.Deserialize(text, Full.Default.Everything)!;
            Check.Equal(text, JsonSerializer.Serialize(back, Full.Default.Everything));
            Check.Equal("{\"Frozen\":[]}", JsonSerializer.Serialize(new Everything(), Full.Default.Everything));
        });
        Suite.Case("json/errors-tell-where", () =>
        {
            JsonException e = Check.Throws<JsonException>(() => JsonSerializer.Deserialize("{\"Name\":\"a\",\n\"Age\":\"x\"}", Plain.Default.Person));
            Check.Equal("$.Age", e.Path);
            Check.Equal(1, (int)e.LineNumber!);
            Check.Throws<JsonException>(() => JsonSerializer.Deserialize("{", Plain.Default.Person));
            Check.Throws<JsonException>(() => JsonSerializer.Deserialize("[1,2", Plain.Default.Int32Array));
            Check.Throws<JsonException>(() => JsonSerializer.Deserialize("[1.5]", Plain.Default.Int32Array));
            Check.Throws<JsonException>(() => JsonSerializer.Deserialize("", Plain.Default.Person));
            Check.That(JsonSerializer.Deserialize("null", Plain.Default.Person) is null);
        });
        Suite.Case("json/without-metadata-is-refused", () =>
        {
            JsonSerializerOptions o = new() { TypeInfoResolver = Plain.Default };
            Check.Throws<NotSupportedException>(() => o.GetTypeInfo(typeof(DateTime[])));
            Check.Equal("\"s\"", JsonSerializer.Serialize("s", o.GetTypeInfo(typeof(string))));
        });
        Suite.Case("json/cycles-and-depth", () =>
        {
            Chain loop = new() { N = 1 };
            loop.Next = loop;
            Check.Throws<InvalidOperationException>(() => JsonSerializer.Serialize(loop, Plain.Default.Chain));
            Plain keep = new(new JsonSerializerOptions { ReferenceHandler = ReferenceHandler.Preserve });
            string text = JsonSerializer.Serialize(loop, keep.Chain);
            Check.Equal("""{"$id":"1","N":1,"Next":{"$ref":"1"}}""", text);
            Chain back = JsonSerializer.Deserialize(text, keep.Chain)!;
            Check.That(ReferenceEquals(back, back.Next));
        });
        Suite.Case("json/dictionaries-and-streams", async () =>
        {
            Dictionary<string, Person> d = new() { ["a"] = new("A", 1, []), ["ž"] = new("Z", 2, []) };
            using MemoryStream m = new();
            await JsonSerializer.SerializeAsync(m, d, Plain.Default.DictionaryStringPerson);
            m.Position = 0;
            Dictionary<string, Person> back = (await JsonSerializer.DeserializeAsync(m, Plain.Default.DictionaryStringPerson))!;
            Check.Equal(2, back["ž"].Age);
            using MemoryStream numbers = new("[1,2,3]"u8.ToArray());
            int sum = 0;
            await foreach (Person? p in JsonSerializer.DeserializeAsyncEnumerable(new MemoryStream("[{\"Age\":4},{\"Age\":5}]"u8.ToArray()), Plain.Default.Person)) sum += p!.Age;
            Check.Equal(9, sum);
        });
        Suite.Case("json/large-document", () =>
        {
            Person[] many = Enumerable.Range(0, 300).Select(i => new Person("name" + i, i, ["t" + i % 7])).ToArray();
            byte[] bytes = JsonSerializer.SerializeToUtf8Bytes(many, Plain.Default.PersonArray);
            Person[] back = JsonSerializer.Deserialize(bytes, Plain.Default.PersonArray)!;
            Check.That(back.Length == 300 && back.All(p => p.Name == "name" + p.Age && p.Tags[0] == "t" + p.Age % 7));
        });
    }
}
