// Package host runs tasks: functions that were compiled to WebAssembly, in a
// sandbox, each in the way that it declares.
//
// The simplest use needs no setup:
//
//	out, err := host.Call(ctx, "images.wasm", "resize", photo).Wait(ctx)
//
// Call returns a [Future] at once. The module's manifest says whether the task
// runs cooperatively with thousands of others (mode io), on a pool of threads
// (blocking) or on a core of its own (cpu). The caller need not know.
//
// A program that needs more control makes a [Host]. Its [Config] says what guests
// may use, which by default is nothing outside of the host, and bounds what they
// may consume. [Host.Load] loads a module; [Module.Call] runs its tasks; [Func]
// makes Go functions of them; [Module.With] sets a tenant, and narrows timeouts,
// limits and grants.
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
// By default a task finds its sandbox as if it were the first to run there: it sees
// nothing of earlier tasks. See [Isolation].
//
// Errors are values of the types in this package, and [Kind] tells them apart.
package host
