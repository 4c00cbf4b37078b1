// XDocument and friends: building, querying, editing, namespaces, events.
using System.Xml.Linq;
using System.Xml.XPath;
using Cermet.Testing;

internal static class XmlTrees
{
    public static void All()
    {
        Suite.Case("x-tree/build", () =>
        {
            XElement e = new("root", new XAttribute("a", 1), new XElement("x", "t<"), Enumerable.Range(1, 2).Select(i => new XElement("n", i)), new XComment("c"), new XCData("d"));
            Check.Equal("<root a=\"1\"><x>t&lt;</x><n>1</n><n>2</n><!--c--><![CDATA[d]]></root>", e.ToString(SaveOptions.DisableFormatting));
            Check.Equal("<a>\n  <b />\n</a>", new XElement("a", new XElement("b")).ToString().ReplaceLineEndings("\n"));
        });
        Suite.Case("x-tree/query", () =>
        {
            XDocument d = XDocument.Parse("<l><i v='3' g='a'/><i v='1' g='b'/><i v='2' g='a'><t>x</t></i></l>");
            Check.Equal(6, d.Descendants("i").Sum(i => (int)i.Attribute("v")!));
            Check.Equal("a:5 b:1", string.Join(' ', d.Root!.Elements("i").GroupBy(i => (string)i.Attribute("g")!).Select(g => g.Key + ":" + g.Sum(i => (int)i.Attribute("v")!))));
            Check.Equal("x", d.XPathSelectElement("//t")!.Value);
            Check.Equal("i l", string.Join(' ', d.Descendants("t").Single().Ancestors().Select(a => a.Name.LocalName)));
            Check.Equal(null, (int?)d.Root.Element("none"));
            Check.Equal(2, d.Descendants("t").Single().Parent!.ElementsBeforeSelf().Count());
        });
        Suite.Case("x-tree/edit", () =>
        {
            XElement e = XElement.Parse("<r><a>1</a><b>2</b></r>");
            e.Element("a")!.SetValue(10);
            e.Element("b")!.AddAfterSelf(new XElement("c", 3));
            e.Element("b")!.Remove();
            e.SetAttributeValue("n", true);
            e.SetElementValue("d", "new");
            e.Element("c")!.ReplaceWith(new XElement("z"));
            Check.Equal("<r n=\"true\"><a>10</a><z /><d>new</d></r>", e.ToString(SaveOptions.DisableFormatting));
        });
        Suite.Case("x-tree/namespaces", () =>
        {
            XNamespace x = "urn:x", y = "urn:y";
            XElement e = new(x + "r", new XAttribute(XNamespace.Xmlns + "q", y), new XElement(y + "c", new XAttribute(y + "k", 1)));
            Check.Equal("<r xmlns:q=\"urn:y\" xmlns=\"urn:x\"><q:c q:k=\"1\" /></r>", e.ToString(SaveOptions.DisableFormatting));
            Check.Equal("{urn:y}c", XElement.Parse(e.ToString()).Elements().Single().Name.ToString());
        });
        Suite.Case("x-tree/events-and-equality", () =>
        {
            XElement e = new("r");
            List<string> log = [];
            e.Changed += (_, c) => log.Add(c.ObjectChange.ToString());
            e.Add(new XElement("a"));
            e.Element("a")!.Value = "v";
            e.RemoveNodes();
            Check.Equal("Add Add Remove", string.Join(' ', log));
            Check.That(XNode.DeepEquals(XElement.Parse("<a b='1'><c/></a>"), XElement.Parse("<a b=\"1\"><c/></a>")));
        });
        Suite.Case("x-tree/save-and-load", () =>
        {
            XDocument d = new(new XDeclaration("1.0", "utf-8", "yes"), new XElement("r", "ž"));
            MemoryStream m = new();
            d.Save(m, SaveOptions.DisableFormatting);
            Check.Equal("EFBBBF", Convert.ToHexString(m.ToArray(), 0, 3));
            m.Position = 0;
            Check.Equal("ž", XDocument.Load(m).Root!.Value);
            Check.Throws<System.Xml.XmlException>(() => XDocument.Parse("<a><b></a>"));
        });
        Suite.Case("x-tree/large", () =>
        {
            XElement e = new("l", Enumerable.Range(0, 500).Select(i => new XElement("i", new XAttribute("n", i), "text" + i)));
            XElement back = XElement.Parse(e.ToString());
            Check.Equal(124_750, back.Elements().Sum(i => (int)i.Attribute("n")!));
            Check.That(back.Elements().All(i => i.Value == "text" + i.Attribute("n")!.Value));
        });
    }
}
