// Suite: exceptions. Both passes of dispatch, hardware faults, stack traces, and what survives an unwind.
using Cermet.Testing;

return Suite.Run(args, Order.All, Nesting.All, Faults.All, Library.All, Generics.All, State.All, Traces.All, Native.All, Load.All);
