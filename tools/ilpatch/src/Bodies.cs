// The four kinds of new bodies.
using System.Globalization;
using Mono.Cecil;
using Mono.Cecil.Cil;
using Mono.Cecil.Rocks;

namespace Cermet.IlPatch;

/// <summary>Writes method bodies.</summary>
public static class Bodies
{
    /// <summary>The body becomes a call of <paramref name="plug"/> with the same arguments.</summary>
    /// <exception cref="FormatException">The plug does not fit.</exception>
    public static void Call(MethodDefinition method, MethodDefinition plug)
    {
        Fit(method, plug);
        ILProcessor il = Fresh(method);
        if (method.HasThis) il.Emit(OpCodes.Ldarg_0);
        foreach (ParameterDefinition p in method.Parameters) il.Emit(OpCodes.Ldarg, p);
        il.Emit(OpCodes.Call, method.Module.ImportReference(plug));
        il.Emit(OpCodes.Ret);
        method.Body.OptimizeMacros();
    }

    /// <summary>The body becomes a copy of the body of <paramref name="plug"/>.</summary>
    /// <exception cref="FormatException">The plug does not fit.</exception>
    public static void Copy(MethodDefinition method, MethodDefinition plug)
    {
        Fit(method, plug);
        ModuleDefinition module = method.Module;
        MethodBody from = plug.Body, to = Fresh(method).Body;
        from.SimplifyMacros();
        to.InitLocals = from.InitLocals;
        foreach (VariableDefinition v in from.Variables) to.Variables.Add(new VariableDefinition(module.ImportReference(v.VariableType)));
        Dictionary<Instruction, Instruction> copies = from.Instructions.ToDictionary(i => i, _ => Instruction.Create(OpCodes.Nop));
        Instruction? At(Instruction? i) => i is null ? null : copies[i];
        foreach (Instruction i in from.Instructions)
        {
            Instruction copy = copies[i];
            copy.OpCode = i.OpCode;
            copy.Operand = i.Operand switch
            {
                Instruction target => copies[target],
                Instruction[] targets => targets.Select(t => copies[t]).ToArray(),
                VariableDefinition v => to.Variables[v.Index],
                // A plug is static: its argument numbers already count the object.
                ParameterDefinition p => method.HasThis ? (p.Index == 0 ? to.ThisParameter : method.Parameters[p.Index - 1]) : method.Parameters[p.Index],
                TypeReference t => module.ImportReference(t),
                FieldReference f => module.ImportReference(f),
                MethodReference m => module.ImportReference(m),
                CallSite => throw new FormatException($"plug '{plug.FullName}' calls through a function pointer, which a copied body cannot"),
                object other => other,
                null => null,
            };
            to.Instructions.Add(copy);
        }
        foreach (ExceptionHandler h in from.ExceptionHandlers)
        {
            to.ExceptionHandlers.Add(new ExceptionHandler(h.HandlerType)
            {
                TryStart = At(h.TryStart), TryEnd = At(h.TryEnd), HandlerStart = At(h.HandlerStart), HandlerEnd = At(h.HandlerEnd), FilterStart = At(h.FilterStart),
                CatchType = h.CatchType is null ? null : module.ImportReference(h.CatchType),
            });
        }
        to.OptimizeMacros();
        from.OptimizeMacros();
    }

    /// <summary>The body throws PlatformNotSupportedException.</summary>
    public static void Throw(MethodDefinition method, string text, MethodReference constructor)
    {
        ILProcessor il = Fresh(method);
        il.Emit(OpCodes.Ldstr, text);
        il.Emit(OpCodes.Newobj, method.Module.ImportReference(constructor));
        il.Emit(OpCodes.Throw);
    }

    /// <summary>The body returns a constant.</summary>
    /// <exception cref="FormatException">The constant is not of the method's type.</exception>
    public static void Return(MethodDefinition method, string value)
    {
        TypeReference type = method.ReturnType;
        // Read before the body is touched, so that a wrong constant changes nothing.
        Action<ILProcessor>? load = value == "default" ? null : Constant(type, value);
        ILProcessor il = Fresh(method);
        if (load is not null) load(il);
        else if (type.MetadataType != MetadataType.Void)
        {
            VariableDefinition v = new(type);
            il.Body.InitLocals = true;
            il.Body.Variables.Add(v);
            il.Emit(OpCodes.Ldloc, v);
        }
        il.Emit(OpCodes.Ret);
        il.Body.OptimizeMacros();
    }

    private static Action<ILProcessor> Constant(TypeReference type, string value)
    {
        TypeDefinition? definition = type.IsPrimitive || type.IsArray ? null : type.Resolve();
        MetadataType kind = definition is { IsEnum: true } ? definition.GetEnumUnderlyingType().MetadataType : type.MetadataType;
        switch (kind)
        {
            case MetadataType.Boolean when value is "true" or "false":
                return il => il.Emit(OpCodes.Ldc_I4, value == "true" ? 1 : 0);
            case MetadataType.SByte or MetadataType.Byte or MetadataType.Int16 or MetadataType.UInt16 or MetadataType.Char or MetadataType.Int32 or MetadataType.UInt32
                when long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long n) && n >= Low(kind) && n <= High(kind):
                return il => il.Emit(OpCodes.Ldc_I4, unchecked((int)n));
            case MetadataType.Int64 when long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long n):
                return il => il.Emit(OpCodes.Ldc_I8, n);
            case MetadataType.UInt64 when ulong.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out ulong n):
                return il => il.Emit(OpCodes.Ldc_I8, unchecked((long)n));
            case MetadataType.Single when float.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out float n):
                return il => il.Emit(OpCodes.Ldc_R4, n);
            case MetadataType.Double when double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out double n):
                return il => il.Emit(OpCodes.Ldc_R8, n);
            case MetadataType.String when value.Length >= 2 && value[0] == '\'' && value[^1] == '\'':
                return il => il.Emit(OpCodes.Ldstr, value[1..^1]);
            default:
                throw new FormatException($"'{value}' is not a constant of type '{type.FullName}'");
        }
    }

    private static long Low(MetadataType kind) => kind switch { MetadataType.SByte => sbyte.MinValue, MetadataType.Int16 => short.MinValue, MetadataType.Int32 => int.MinValue, _ => 0 };

    private static long High(MetadataType kind) => kind switch
    {
        MetadataType.SByte => sbyte.MaxValue,
        MetadataType.Byte => byte.MaxValue,
        MetadataType.Int16 => short.MaxValue,
        MetadataType.UInt16 or MetadataType.Char => ushort.MaxValue,
        MetadataType.Int32 => int.MaxValue,
        _ => uint.MaxValue,
    };

    /// <summary>Gives the method an empty body of IL, whatever it was before.</summary>
    private static ILProcessor Fresh(MethodDefinition method)
    {
        if (method.IsAbstract) throw new FormatException($"'{method.FullName}' is abstract: it has no body to replace");
        // In this order: setting the information, even to nothing, sets the flag.
        if (method.HasPInvokeInfo) method.PInvokeInfo = null;
        method.IsPInvokeImpl = false;
        method.IsInternalCall = false;
        method.IsRuntime = false;
        method.IsIL = true;
        method.Body = new MethodBody(method);
        method.DebugInformation.SequencePoints.Clear();
        method.DebugInformation.Scope = null;
        return method.Body.GetILProcessor();
    }

    /// <summary>Checks that the plug takes and returns what the method does.</summary>
    private static void Fit(MethodDefinition method, MethodDefinition plug)
    {
        if (!plug.IsStatic) throw new FormatException($"plug '{plug.FullName}' is not static");
        if (!plug.HasBody) throw new FormatException($"plug '{plug.FullName}' has no body");
        if (method.HasGenericParameters || method.DeclaringType.HasGenericParameters || plug.HasGenericParameters || plug.DeclaringType.HasGenericParameters)
        {
            throw new FormatException($"'{method.FullName}': a generic method, or a method of a generic type, cannot be plugged");
        }
        List<string> want = method.Parameters.Select(p => p.ParameterType.FullName).ToList();
        if (method.HasThis) want.Insert(0, method.DeclaringType.FullName + (method.DeclaringType.IsValueType ? "&" : ""));
        List<string> have = plug.Parameters.Select(p => p.ParameterType.FullName).ToList();
        // The object of a private class cannot be named by a plug: it may be taken as System.Object.
        bool isAnonymous = method.HasThis && !method.DeclaringType.IsValueType && have.Count > 0 && have[0] == "System.Object";
        if (isAnonymous) want[0] = "System.Object";
        if (!want.SequenceEqual(have)) throw new FormatException($"plug '{plug.FullName}' takes ({string.Join(", ", have)}), it must take ({string.Join(", ", want)})");
        if (plug.ReturnType.FullName != method.ReturnType.FullName) throw new FormatException($"plug '{plug.FullName}' returns {plug.ReturnType.FullName}, it must return {method.ReturnType.FullName}");
    }
}
