package policy_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/wexec/wexec/host"
	"github.com/wexec/wexec/host/capability"
	"github.com/wexec/wexec/host/policy"
)

// A file says what each module may use. Programs often have it as a file of their own,
// and call Load.
func Example() {
	folder, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(folder)
	p, err := policy.Parse(`
		[kv]
		file = "state.db"

		[[rule]]
		module = "conformance"
		tenant = "acme"
		kv = {bytes = "10MiB", keys = 1000}
	`, folder)
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	h, err := host.New(host.Config{Capabilities: []capability.Capability{p}}) // which owns it from now on
	if err != nil {
		log.Fatal(err)
	}
	defer h.Close(ctx)
	m, err := h.LoadFile(ctx, "../../guests/c/conformance.wasm")
	if err != nil {
		log.Fatal(err)
	}
	for _, tenant := range []string{"acme", "other"} {
		out, err := m.With(host.Options{Tenant: tenant}).Call(ctx, "kv", []byte("hello")).Wait(ctx)
		fmt.Printf("%s: %s %v\n", tenant, out, err)
	}
	// Output:
	// acme: 101 k=hello;n=42; <nil>
	// other:  task "kv" (mode io): failed: kv.put is denied: its policy does not grant it to module "conformance" for tenant "other"
}
