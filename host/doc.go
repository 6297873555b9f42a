// Package host runs tasks: functions that were compiled to WebAssembly, in a
// sandbox, each in the way that it declares.
//
// The whole of it in one line, with nothing to set up:
//
//	out, err := host.Call(ctx, "images.wasm", "resize", photo).Wait(ctx)
//
// Call returns a [Future] at once. The module's manifest says whether the task
// runs cooperatively with thousands of others (mode io), on a pool of threads
// (blocking) or on a core of its own (cpu). The caller need not know.
//
// A program that wants more makes a [Host]. Its [Config] says what guests may
// use, which by default is nothing that leaves the host, and bounds what they
// may take. [Host.Load] makes a module ready; [Module.Call] runs its tasks;
// [Func] makes Go functions of them; [Module.With] narrows how they run: for a
// tenant, in a time, with fewer grants.
//
//	h, err := host.New(host.Config{
//		Capabilities: []capability.Capability{&http.Client{Allow: []string{"api.example.com"}}},
//	})
//	defer h.Close(ctx)
//	m, err := h.LoadFile(ctx, "images.wasm")
//	resize := host.Func[Size, Result](m.With(host.Options{Tenant: user}), "resize")
//	small, large := resize(ctx, Size{100, 100}), resize(ctx, Size{800, 800})
//	both, err := host.All(small, large).Wait(ctx)
//
// A task finds its sandbox as if it were the first one there: what other tasks
// left, of any tenant, is gone. See [Isolation].
//
// Errors are values of the types in this package; [Kind] sorts them.
package host
