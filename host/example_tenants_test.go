package host_test

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host"
)

// count calls a task that outputs how many calls of it the instance has had.
func count(h *host.Host, m *host.Module, o host.Options) string {
	waitUntilIdle(h)
	out, err := m.With(o).Call(context.Background(), "counter", nil).Wait(context.Background())
	if err != nil {
		panic(err)
	}
	return string(out)
}

// waitUntilIdle returns when every instance is in its pool again, which is a moment
// after the call's future is done.
func waitUntilIdle(h *host.Host) {
	for s := h.Stats(); s.Instances != int(s.Made); s = h.Stats() {
		time.Sleep(time.Millisecond)
	}
}

// By default, each task finds an instance as if it were new. With PerInstance, an
// instance keeps its state from one task to the next.
func ExampleIsolation() {
	ctx := context.Background()
	h, m := open(host.Config{Blocking: host.ExecutorLimits{Workers: 1}}, "c/conformance.wasm")
	defer h.Close(ctx)

	fmt.Println(count(h, m, host.Options{}), count(h, m, host.Options{}))
	kept := host.Options{Isolation: host.PerInstance}
	fmt.Println(count(h, m, kept), count(h, m, kept))
	// Output:
	// 1 1
	// 1 2
}

// Tenants share modules, threads and limits, and never the state of an instance.
func ExampleOptions_tenant() {
	ctx := context.Background()
	h, m := open(host.Config{Blocking: host.ExecutorLimits{Workers: 1}}, "c/conformance.wasm")
	defer h.Close(ctx)

	acme := host.Options{Tenant: "acme", Isolation: host.PerInstance}
	zenith := host.Options{Tenant: "zenith", Isolation: host.PerInstance}
	fmt.Println(count(h, m, acme), count(h, m, acme), count(h, m, zenith), count(h, m, acme))
	// Output: 1 2 1 3
}

// A module that is loaded for a tenant belongs to it. Names are unique for each owner.
func ExampleHost_Load_tenant() {
	ctx := context.Background()
	h, err := host.New(host.Config{})
	if err != nil {
		panic(err)
	}
	defer h.Close(ctx)

	for _, tenant := range []string{"acme", "zenith", "acme"} {
		_, err := h.LoadFile(ctx, "../guests/c/demo.wasm", host.Options{Tenant: tenant})
		fmt.Println(tenant, host.Kind(err))
	}
	// Output:
	// acme ok
	// zenith ok
	// acme invalid_module
}

// A task calls tasks of other modules by name: those of the same owner, and those of
// the host that list it in Callers. Any other module seems not to exist. Here a guest
// passes its input to task.call, and outputs a status and the result.
func ExampleOptions_callers() {
	ctx := context.Background()
	h, err := host.New(host.Config{})
	if err != nil {
		panic(err)
	}
	defer h.Close(ctx)
	if _, err := h.LoadFile(ctx, "../guests/wat/hazards.wasm", host.Options{Callers: []string{"acme"}}); err != nil {
		panic(err)
	}
	wasm, err := os.ReadFile("../guests/wat/calls.wasm")
	if err != nil {
		panic(err)
	}
	wasm = withSection(wasm, abi.ManifestSection, `{"tasks":[{"name":"run"}]}`)

	for _, tenant := range []string{"acme", "zenith"} {
		m, err := h.Load(ctx, "caller", wasm, host.Options{Tenant: tenant})
		if err != nil {
			panic(err)
		}
		out, err := m.Call(ctx, "run", []byte(`{"module":"hazards","task":"add"}`+"\n[1, 2]")).Wait(ctx)
		fmt.Printf("%s: %s %v\n", tenant, out[4:], err)
	}
	// Output:
	// acme: 3 <nil>
	// zenith: no module "hazards" is loaded <nil>
}
