// JsonDocument, JsonElement and JsonNode.
using System.Text.Json;
using System.Text.Json.Nodes;
using Cermet.Testing;

internal static class JsonDom
{
    public static void All()
    {
        Suite.Case("json-document/navigate", () =>
        {
            using JsonDocument d = JsonDocument.Parse("""{"a":[1,2,{"b":null}],"s":"t","d":1.25,"nested":{"x":{"y":true}}}""");
            JsonElement root = d.RootElement;
            Check.Equal(2, root.GetProperty("a")[1].GetInt32());
            Check.Equal(JsonValueKind.Null, root.GetProperty("a")[2].GetProperty("b").ValueKind);
            Check.That(root.TryGetProperty("s", out JsonElement s) && s.GetString() == "t" && !root.TryGetProperty("zz", out _));
            Check.That(root.GetProperty("nested").GetProperty("x").GetProperty("y").GetBoolean());
            Check.Equal("a s d nested", string.Join(' ', root.EnumerateObject().Select(p => p.Name)));
            Check.Equal(3, root.GetProperty("a").EnumerateArray().Count());
            Check.Equal("{\"b\":null}", root.GetProperty("a")[2].GetRawText());
            Check.Throws<KeyNotFoundException>(() => root.GetProperty("none"));
            Check.Throws<InvalidOperationException>(() => root.GetProperty("s").GetInt32());
        });
        Suite.Case("json-document/lifetime", () =>
        {
            JsonElement kept;
            using (JsonDocument d = JsonDocument.Parse("[1,2]")) kept = d.RootElement.Clone();
            Check.Equal(2, kept[1].GetInt32());
            JsonDocument gone = JsonDocument.Parse("[1]");
            gone.Dispose();
            Check.Throws<ObjectDisposedException>(() => _ = gone.RootElement[0]);
            Check.That(JsonElement.DeepEquals(JsonDocument.Parse("{\"a\":1,\"b\":2}").RootElement, JsonDocument.Parse("{\"b\":2.0,\"a\":1}").RootElement));
        });
        Suite.Case("json-node/build-and-edit", () =>
        {
            JsonObject o = new() { ["name"] = "x", ["list"] = new JsonArray(1, "two", null), ["inner"] = new JsonObject { ["deep"] = true } };
            o["list"]!.AsArray().Add((JsonNode)3.5);
            o["inner"]!["more"] = 5;
            o.Remove("name");
            Check.Equal("""{"list":[1,"two",null,3.5],"inner":{"deep":true,"more":5}}""", o.ToJsonString());
            Check.Equal(5, (int)o["inner"]!["more"]!);
            Check.Equal("$.inner.deep", o["inner"]!["deep"]!.GetPath());
            Check.Equal(null, o["absent"]);
            Check.Throws<InvalidOperationException>(() => o["copy"] = o["inner"]);
        });
        Suite.Case("json-node/parse", () =>
        {
            JsonNode n = JsonNode.Parse("""{"a":{"b":[10,20]}}""")!;
            Check.Equal(20, n["a"]!["b"]![1]!.GetValue<int>());
            Check.Equal(1, n.AsObject().Count);
            Check.That(JsonNode.DeepEquals(n, n.DeepClone()));
            try { JsonNode.Parse("{bad}"); Check.Fail("nothing thrown"); } catch (JsonException e) { Check.Equal(1, (int)e.BytePositionInLine!); }
            Check.Equal(JsonValueKind.Array, n["a"]!["b"]!.GetValueKind());
        });
    }
}
