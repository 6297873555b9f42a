package host_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	nethttp "net/http"
	"net/http/httptest"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host"
	"github.com/wexec/wexec/host/capability"
	"github.com/wexec/wexec/host/capability/http"
)

// A guest reaches the network by a capability only. Package http has one, with an
// allow-list.
func ExampleConfig_http() {
	ctx := context.Background()
	web := httptest.NewServer(nethttp.HandlerFunc(func(w nethttp.ResponseWriter, _ *nethttp.Request) {
		io.WriteString(w, "a page")
	}))
	defer web.Close()
	client := &http.Client{Allow: []string{web.Listener.Addr().String()}}
	h, m := open(host.Config{Capabilities: []capability.Capability{client}}, "c/conformance.wasm")
	defer h.Close(ctx)

	out, err := m.Call(ctx, "fetch", []byte(web.URL)).Wait(ctx)
	fmt.Printf("%s %v\n", out, err)
	_, err = m.Call(ctx, "fetch", []byte("https://example.com")).Wait(ctx)
	fmt.Println(host.Kind(err))
	// Output:
	// a page <nil>
	// denied
}

// A function is a capability, and knows who asks. Here one takes the place of the
// network, as a test may want.
func ExampleConfig_capabilities() {
	ctx := context.Background()
	answer := func(_ context.Context, u *capability.Use) ([]byte, error) {
		page := fmt.Sprintf("a page for task %s of tenant %s", u.Caller.Task, u.Caller.Tenant)
		return abi.JoinMessage([]byte(`{"status":200}`), []byte(page)), nil
	}
	h, m := open(host.Config{
		Capabilities: []capability.Capability{capability.Func("http.fetch", answer)},
	}, "c/conformance.wasm")
	defer h.Close(ctx)

	m = m.With(host.Options{Tenant: "acme"})
	out, err := m.Call(ctx, "fetch", []byte("https://example.com")).Wait(ctx)
	fmt.Printf("%s %v\n", out, err)
	// Output: a page for task fetch of tenant acme <nil>
}

// Grants narrow what a module may use. Without any, it can only compute.
func ExampleOptions_grants() {
	ctx := context.Background()
	h, m := open(host.Config{}, "c/conformance.wasm")
	defer h.Close(ctx)

	lonely := m.With(host.Options{Grants: []string{}})
	out, err := lonely.Call(ctx, "echo", []byte("hello")).Wait(ctx)
	fmt.Printf("%s %v\n", out, err)
	_, err = lonely.Call(ctx, "sleep", []byte("1")).Wait(ctx)
	fmt.Println(errors.Is(err, host.ErrDenied))
	fmt.Println(err)
	// Output:
	// hello <nil>
	// true
	// task "sleep" (mode io): failed: clock.sleep is denied: it is not granted to module "conformance" (Options.Grants)
}
