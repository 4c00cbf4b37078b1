// Suite: classlib-collections. Every collection of the class library, LINQ, immutable, frozen and concurrent ones.
using Cermet.Testing;

return Suite.Run(args, Lists.All, Dictionaries.All, Sorted.All, Queues.All, Immutable.All, Concurrent.All, Linq.All, LinqMore.All, Legacy.All, Sorting.All);
