// Utf8JsonReader and Utf8JsonWriter.
using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Cermet.Testing;

internal static class Json
{
    private static string Tokens(string json, JsonReaderOptions options = default)
    {
        Utf8JsonReader r = new(Encoding.UTF8.GetBytes(json), options);
        StringBuilder s = new();
        while (r.Read()) s.Append(r.TokenType switch { JsonTokenType.StartObject => "{", JsonTokenType.EndObject => "}", JsonTokenType.StartArray => "[", JsonTokenType.EndArray => "]", JsonTokenType.PropertyName => r.GetString() + ":", JsonTokenType.String => "'" + r.GetString() + "'", JsonTokenType.Number => r.GetDouble().ToString(System.Globalization.CultureInfo.InvariantCulture), JsonTokenType.True => "T", JsonTokenType.False => "F", JsonTokenType.Comment => "#", _ => "N" }).Append(' ');
        return s.ToString().TrimEnd();
    }

    public static void All()
    {
        Suite.Case("json-reader/tokens", () =>
        {
            Check.Equal("{ a: [ 1 -2.5 1000 ] b: { } c: 'x\nž🐎' d: T e: F f: N }", Tokens("""{"a":[1,-2.5,1e3],"b":{},"c":"x\n\u017e\ud83d\udc0e","d":true,"e":false,"f":null}"""));
            Check.Equal("5", Tokens(" 5 "));
            Check.Equal("[ # 1 ]", Tokens("[ /* c */ 1, ]", new() { CommentHandling = JsonCommentHandling.Allow, AllowTrailingCommas = true }));
        });
        Suite.Case("json-reader/errors", () =>
        {
            foreach (string bad in new[] { "{", "[1,]", "01", "1.", "\"\n\"", "\"\\x\"", "{\"a\" 1}", "tru", "[1 2]", "{\"a\":1}}", "'a'", "\"unterminated", "-", "nul" })
            {
                Exception? e = null;
                try { Tokens(bad); } catch (Exception x) { e = x; }
                Check.That(e is JsonException, bad);
            }
            Check.Throws<InvalidOperationException>(() => Tokens("\"\\ud800\""));
        });
        Suite.Case("json-reader/segments", () =>
        {
            byte[] json = Encoding.UTF8.GetBytes("""{"key":"va\u0041lue","n":12345.5}""");
            for (int split = 1; split < json.Length; split += 3)
            {
                Segment first = new(json.AsMemory(0, split)), last = first.Append(json.AsMemory(split));
                Utf8JsonReader r = new(new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length));
                string got = "";
                while (r.Read()) got += r.TokenType switch { JsonTokenType.PropertyName or JsonTokenType.String => r.GetString() + " ", JsonTokenType.Number => r.GetDecimal() + " ", _ => "" };
                Check.Equal("key vaAlue n 12345.5 ", got);
            }
        });
        Suite.Case("json-reader/partial-input", () =>
        {
            ReadOnlySpan<byte> all = "[1,23,4]"u8;
            Utf8JsonReader r = new(all[..4], isFinalBlock: false, default);
            Check.That(r.Read() && r.Read() && r.GetInt32() == 1 && !r.Read());
            JsonReaderState state = r.CurrentState;
            r = new(all[(int)r.BytesConsumed..], isFinalBlock: true, state);
            Check.That(r.Read() && r.GetInt32() == 23 && r.Read() && r.GetInt32() == 4 && r.Read() && r.TokenType == JsonTokenType.EndArray);
        });
        Suite.Case("json-reader/values", () =>
        {
            Utf8JsonReader r = new("""["2024-02-29T01:02:03Z","0f8fad5b-d9cb-469f-a165-70867728950e","AQID",18446744073709551615,79228162514264337593543950335]"""u8);
            r.Read();
            r.Read();
            Check.Equal(new DateTime(2024, 2, 29, 1, 2, 3), r.GetDateTime());
            r.Read();
            Check.Equal(new Guid("0f8fad5b-d9cb-469f-a165-70867728950e"), r.GetGuid());
            r.Read();
            Check.Equal(3, r.GetBytesFromBase64().Length);
            r.Read();
            Check.Equal(ulong.MaxValue, r.GetUInt64());
            Check.That(!r.TryGetInt64(out _));
            r.Read();
            Check.Equal(decimal.MaxValue, r.GetDecimal());
        });
        Suite.Case("json-writer/structure", () =>
        {
            ArrayBufferWriter<byte> buffer = new();
            using (Utf8JsonWriter w = new(buffer, new() { Indented = true, IndentCharacter = '\t', IndentSize = 1 }))
            {
                w.WriteStartObject();
                w.WriteString("s", "a\"<é");
                w.WriteNumber("n", 1.5);
                w.WriteStartArray("a");
                w.WriteBooleanValue(true);
                w.WriteNullValue();
                w.WriteRawValue("{\"raw\":1}");
                w.WriteEndArray();
                w.WriteEndObject();
            }
            Check.Equal("{\n\t\"s\": \"a\\u0022\\u003C\\u00E9\",\n\t\"n\": 1.5,\n\t\"a\": [\n\t\ttrue,\n\t\tnull,{\"raw\":1}\n\t]\n}", Encoding.UTF8.GetString(buffer.WrittenSpan));
        });
        Suite.Case("json-writer/misuse", () =>
        {
            using Utf8JsonWriter w = new(new ArrayBufferWriter<byte>());
            Check.Throws<InvalidOperationException>(() => w.WriteEndArray());
            w.WriteStartObject();
            Check.Throws<InvalidOperationException>(() => w.WriteNumberValue(1));
            Check.Throws<ArgumentException>(() => w.WriteNumber("x", double.NaN));
        });
        Suite.Case("json-writer/encoder", () =>
        {
            ArrayBufferWriter<byte> buffer = new();
            using (Utf8JsonWriter w = new(buffer, new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping })) w.WriteStringValue("<ž🐎\">");
            Check.Equal("\"<ž\\uD83D\\uDC0E\\\">\"", Encoding.UTF8.GetString(buffer.WrittenSpan));
            Check.Equal("&lt;a&gt;", HtmlEncoder.Default.Encode("<a>"));
            Check.Equal("a%20b", UrlEncoder.Default.Encode("a b"));
            Check.Equal("\\u003Cx", JavaScriptEncoder.Default.Encode("<x"));
        });
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory) => Memory = memory;
        public Segment Append(ReadOnlyMemory<byte> memory) { Segment s = new(memory) { RunningIndex = RunningIndex + Memory.Length }; Next = s; return s; }
    }
}
