// XmlReader, XmlWriter, XmlDocument, XPath, namespaces, entities, errors.
using System.Text;
using System.Xml;
using System.Xml.XPath;
using Cermet.Testing;

internal static class Xml
{
    private const string Sample = """
        <?xml version="1.0"?>
        <!-- stock -->
        <shop xmlns="urn:shop" xmlns:p="urn:price">
          <item id="1" p:cost="2.50">bolt &amp; nut</item>
          <item id="2"><![CDATA[<raw>]]></item>
          <empty/>
        </shop>
        """;

    public static void All()
    {
        Suite.Case("xml-reader/nodes", () =>
        {
            StringBuilder s = new();
            using XmlReader r = XmlReader.Create(new StringReader(Sample), new() { IgnoreWhitespace = true });
            while (r.Read()) s.Append(r.NodeType switch { XmlNodeType.Element => $"<{r.Name}{r.AttributeCount}{(r.IsEmptyElement ? "/" : "")}>", XmlNodeType.EndElement => $"</{r.Name}>", XmlNodeType.Text => r.Value, XmlNodeType.CDATA => "[" + r.Value + "]", XmlNodeType.Comment => "!" + r.Value.Trim(), _ => "?" });
            Check.Equal("?!stock<shop2><item2>bolt & nut</item><item1>[<raw>]</item><empty0/></shop>", s.ToString());
        });
        Suite.Case("xml-reader/attributes-and-typed-content", () =>
        {
            using XmlReader r = XmlReader.Create(new StringReader(Sample));
            Check.That(r.ReadToFollowing("item", "urn:shop"));
            Check.Equal("1", r.GetAttribute("id"));
            Check.Equal("2.50", r.GetAttribute("cost", "urn:price"));
            Check.Equal("bolt & nut", r.ReadElementContentAsString());
            using XmlReader n = XmlReader.Create(new StringReader("<a><n>42</n><d>2024-02-29</d><b>true</b></a>"));
            n.ReadStartElement("a");
            Check.Equal(42, n.ReadElementContentAsInt());
            Check.Equal(new DateTime(2024, 2, 29), n.ReadElementContentAsDateTime());
            Check.That(n.ReadElementContentAsBoolean());
        });
        Suite.Case("xml-reader/errors", () =>
        {
            foreach (string bad in new[] { "<a>", "<a></b>", "<a b=c/>", "<a b='1' b='2'/>", "<a>&nope;</a>", "text", "<a/><b/>", "<a>\u0001</a>", "<p:a/>", "" })
            {
                Exception? e = null;
                try { using XmlReader r = XmlReader.Create(new StringReader(bad)); while (r.Read()) { } } catch (Exception x) { e = x; }
                Check.That(e is XmlException, bad);
            }
            XmlException at = Check.Throws<XmlException>(() => { using XmlReader r = XmlReader.Create(new StringReader("<a>\n <b></c>\n</a>")); while (r.Read()) { } });
            Check.Equal((2, 7), (at.LineNumber, at.LinePosition));
        });
        Suite.Case("xml-reader/dtd-is-prohibited-by-default", () =>
        {
            string dtd = "<!DOCTYPE a [<!ENTITY e \"value\">]><a>&e;</a>";
            Check.Throws<XmlException>(() => { using XmlReader r = XmlReader.Create(new StringReader(dtd)); while (r.Read()) { } });
            using XmlReader ok = XmlReader.Create(new StringReader(dtd), new() { DtdProcessing = DtdProcessing.Parse, MaxCharactersFromEntities = 1000 });
            ok.MoveToContent();
            Check.Equal("value", ok.ReadElementContentAsString());
        });
        Suite.Case("xml-writer/document", () =>
        {
            StringBuilder s = new();
            using (XmlWriter w = XmlWriter.Create(s, new() { Indent = true, NewLineChars = "\n", OmitXmlDeclaration = true }))
            {
                w.WriteStartElement("p", "root", "urn:x");
                w.WriteAttributeString("a", "1 < \"2\"");
                w.WriteElementString("child", "t & u");
                w.WriteStartElement("empty");
                w.WriteEndElement();
                w.WriteComment("c");
                w.WriteCData("<x>");
                w.WriteEndElement();
            }
            Check.Equal("<p:root a=\"1 &lt; &quot;2&quot;\" xmlns:p=\"urn:x\">\n  <child>t &amp; u</child>\n  <empty />\n  <!--c--><![CDATA[<x>]]></p:root>", s.ToString());
        });
        Suite.Case("xml-writer/encoding-and-misuse", () =>
        {
            MemoryStream m = new();
            using (XmlWriter w = XmlWriter.Create(m, new() { Encoding = Encoding.ASCII })) w.WriteElementString("a", "ž");
            Check.Equal("<?xml version=\"1.0\" encoding=\"us-ascii\"?><a>&#x17E;</a>", Encoding.ASCII.GetString(m.ToArray()));
            using XmlWriter bad = XmlWriter.Create(new StringBuilder());
            Check.Throws<InvalidOperationException>(() => { bad.WriteElementString("a", ""); bad.WriteElementString("b", ""); });
            Check.Equal("a_x0020_b", XmlConvert.EncodeName("a b"));
            Check.Equal("2024-02-29T00:00:00Z", XmlConvert.ToString(new DateTime(2024, 2, 29, 0, 0, 0, DateTimeKind.Utc), XmlDateTimeSerializationMode.Utc));
            Check.Equal(TimeSpan.FromMinutes(90), XmlConvert.ToTimeSpan("PT1H30M"));
        });
        Suite.Case("xml-document/dom", () =>
        {
            XmlDocument d = new();
            d.LoadXml("<r><a n='1'/><a n='2'>x</a></r>");
            Check.Equal(2, d.GetElementsByTagName("a").Count);
            XmlElement b = d.CreateElement("b");
            b.SetAttribute("k", "v");
            d.DocumentElement!.InsertBefore(b, d.DocumentElement.FirstChild);
            d.DocumentElement.RemoveChild(d.DocumentElement.LastChild!);
            Check.Equal("<r><b k=\"v\" /><a n=\"1\" /></r>", d.OuterXml);
            Check.Equal("1", d.SelectSingleNode("//a/@n")!.Value);
        });
        Suite.Case("xml-xpath/queries", () =>
        {
            XPathNavigator n = new XPathDocument(new StringReader("<l><i v='3' g='a'/><i v='1' g='b'/><i v='2' g='a'><t>x</t></i></l>")).CreateNavigator();
            Check.Equal(6.0, (double)n.Evaluate("sum(/l/i/@v)")!);
            Check.Equal(2.0, (double)n.Evaluate("count(//i[@g='a'])")!);
            Check.Equal("x", n.SelectSingleNode("/l/i[t]/t")!.Value);
            Check.Equal("1", n.SelectSingleNode("/l/i[position()=2]/@v")!.Value);
            Check.That((bool)n.Evaluate("contains(name(/*), 'l') and not(//none)")!);
            Check.Equal("3-b", (string)n.Evaluate("concat(//i[1]/@v, '-', //i[last()-1]/@g)")!);
            Check.Throws<XPathException>(() => n.Evaluate("//["));
            XPathExpression sorted = n.Compile("/l/i/@v");
            sorted.AddSort(".", XmlSortOrder.Descending, XmlCaseOrder.None, "", XmlDataType.Number);
            Check.Equal("321", string.Concat(n.Select(sorted).Cast<XPathNavigator>().Select(x => x.Value)));
            XmlNamespaceManager ns = new(n.NameTable);
            ns.AddNamespace("s", "urn:shop");
            Check.Equal(2.0, (double)new XPathDocument(new StringReader(Sample)).CreateNavigator().Evaluate("count(//s:item)", ns)!);
        });
    }
}
