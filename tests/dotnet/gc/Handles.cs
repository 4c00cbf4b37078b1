// GCHandle of every kind, pinned arrays, handles to thread and function objects.
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Cermet.Testing;

internal static class Handles
{
    private sealed class Resurrected { public static Resurrected? Again; ~Resurrected() => Again = this; }

    [MethodImpl(MethodImplOptions.NoInlining)] private static GCHandle Make(GCHandleType type) => GCHandle.Alloc(new int[] { 1, 2, 3 }, type);

    public static void All()
    {
        Suite.Case("handle/normal-keeps", () =>
        {
            GCHandle h = Make(GCHandleType.Normal);
            Heap.Collect();
            Check.Equal(3, ((int[])h.Target!)[2]);
            h.Target = "replaced" + Heap.Hide(1);
            Heap.Collect();
            Check.Equal("replaced1", (string)h.Target!);
            Check.That(h.IsAllocated);
            h.Free();
            Check.That(!h.IsAllocated);
            Check.Throws<InvalidOperationException>(() => _ = h.Target);
        });
        Suite.Case("handle/weak-clears", () =>
        {
            GCHandle h = Make(GCHandleType.Weak);
            Heap.Collect();
            Check.That(h.Target is null && h.IsAllocated);
            h.Free();
        });
        Suite.Case("handle/weak-long-follows-resurrection", () =>
        {
            (GCHandle weak, GCHandle longer) = Pair();
            GC.Collect();
            GC.WaitForPendingFinalizers();
            Check.That(weak.Target is null);
            Check.That(longer.Target is Resurrected && ReferenceEquals(longer.Target, Resurrected.Again));
            Resurrected.Again = null;
            Heap.Collect();
            Check.That(longer.Target is null);
            weak.Free();
            longer.Free();
            [MethodImpl(MethodImplOptions.NoInlining)]
            static (GCHandle, GCHandle) Pair() { Resurrected r = new(); return (GCHandle.Alloc(r, GCHandleType.Weak), GCHandle.Alloc(r, GCHandleType.WeakTrackResurrection)); }
        });
        Suite.Case("handle/pinned-does-not-move", () =>
        {
            GCHandle h = Make(GCHandleType.Pinned);
            IntPtr before = h.AddrOfPinnedObject();
            for (int i = 0; i < 3; i++) { GC.KeepAlive(new byte[10_000]); Heap.Collect(); }
            Check.Equal(before, h.AddrOfPinnedObject());
            Check.Equal(2, Marshal.ReadInt32(before, 4));
            Marshal.WriteInt32(before, 8, 30);
            Check.Equal(30, ((int[])h.Target!)[2]);
            h.Free();
        });
        Suite.Case("handle/pinned-string-and-struct", () =>
        {
            GCHandle s = GCHandle.Alloc("pin" + Heap.Hide("ned"), GCHandleType.Pinned);
            Heap.Collect();
            Check.Equal((short)'d', Marshal.ReadInt16(s.AddrOfPinnedObject(), 10));
            s.Free();
            GCHandle g = GCHandle.Alloc(new Guid("00112233-4455-6677-8899-aabbccddeeff"), GCHandleType.Pinned);
            Check.Equal(0x00112233, Marshal.ReadInt32(g.AddrOfPinnedObject()));
            g.Free();
            Check.Throws<ArgumentException>(() => GCHandle.Alloc(new object[1], GCHandleType.Pinned));
        });
        Suite.Case("handle/to-and-from-intptr", () =>
        {
            GCHandle h = Make(GCHandleType.Normal);
            IntPtr p = GCHandle.ToIntPtr(h);
            Heap.Collect();
            GCHandle again = GCHandle.FromIntPtr(p);
            Check.That(again == h && ReferenceEquals(again.Target, h.Target));
            h.Free();
        });
        Suite.Case("handle/null-targets", () =>
        {
            GCHandle n = GCHandle.Alloc(null), w = GCHandle.Alloc(null, GCHandleType.Weak), p = GCHandle.Alloc(null, GCHandleType.Pinned);
            Heap.Collect();
            Check.That(n.Target is null && w.Target is null && p.Target is null);
            Check.Equal(IntPtr.Zero, p.AddrOfPinnedObject());
            n.Free();
            w.Free();
            p.Free();
        });
        Suite.Case("handle/thousand-allocated-and-freed", () =>
        {
            GCHandle[] all = new GCHandle[1000];
            for (int i = 0; i < all.Length; i++) all[i] = GCHandle.Alloc("h" + i, i % 3 == 0 ? GCHandleType.Weak : GCHandleType.Normal);
            for (int i = 1; i < all.Length; i += 3) all[i].Free();
            Heap.Collect();
            for (int i = 2; i < all.Length; i += 3) if ((string?)all[i].Target != "h" + i) Check.Fail("lost " + i);
            Check.Equal(0, all.Where((h, i) => i % 3 == 0 && h.Target is not null).Count());
            for (int i = 1; i < all.Length; i += 3) all[i] = GCHandle.Alloc("again" + i);
            Heap.Collect();
            Check.Equal("again997", (string)all[997].Target!);
            foreach (GCHandle h in all) h.Free();
        });
        Suite.Case("handle/pinned-object-heap", () =>
        {
            byte[] pinned = GC.AllocateArray<byte>(1000, pinned: true);
            IntPtr at = Marshal.UnsafeAddrOfPinnedArrayElement(pinned, 10);
            pinned[10] = 5;
            Heap.Collect();
            Check.Equal((byte)5, Marshal.ReadByte(at));
            Check.Equal(at, Marshal.UnsafeAddrOfPinnedArrayElement(pinned, 10));
            Check.Equal(100, GC.AllocateUninitializedArray<int>(100).Length);
        });
        Suite.Case("handle/delegate-thunk-keeps-nothing-else", () =>
        {
            unsafe
            {
                Func<int, int> add = Make(5);
                delegate* unmanaged<int, int> p = (delegate* unmanaged<int, int>)Marshal.GetFunctionPointerForDelegate(new Adder(add.Invoke));
                GC.KeepAlive((nint)p);
                Adder kept = new(add.Invoke);
                delegate* unmanaged[Cdecl]<int, int> q = (delegate* unmanaged[Cdecl]<int, int>)Marshal.GetFunctionPointerForDelegate(kept);
                Heap.Collect();
                Check.Equal(12, q(7));
                GC.KeepAlive(kept);
            }
            static Func<int, int> Make(int n) => x => x + n;
        });
    }

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate int Adder(int n);
}
