// Suite: classlib-text. Regular expressions (interpreted and generated), JSON with source generation, XML, text elements.
using Cermet.Testing;

return Suite.Run(args, Expressions.All, GeneratedExpressions.All, Json.All, JsonModels.All, JsonDom.All, Xml.All, XmlTrees.All, Elements.All);
