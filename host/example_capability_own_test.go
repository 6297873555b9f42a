package host_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	nethttp "net/http"
	"net/http/httptest"

	"github.com/wexec/wexec/host"
	"github.com/wexec/wexec/host/capability"
	"github.com/wexec/wexec/host/capability/http"
)

// clients is the capability http.fetch with a client for each tenant, so that
// tenants share neither an allow-list nor connections.
type clients map[string]*http.Client

// Names implements capability.Capability.
func (c clients) Names() []string { return []string{"http.fetch"} }

// For implements capability.Capability. A tenant without a client reaches nothing.
func (c clients) For(scope capability.Scope) (map[string]capability.Op, error) {
	client, ok := c[scope.Tenant]
	if !ok {
		client = &http.Client{}
	}
	return client.For(scope)
}

// Close implements capability.Capability.
func (c clients) Close() error {
	var errs []error
	for _, client := range c {
		errs = append(errs, client.Close())
	}
	return errors.Join(errs...)
}

// A capability is configured for each module and tenant.
func ExampleConfig_ownCapability() {
	ctx := context.Background()
	web := httptest.NewServer(nethttp.HandlerFunc(func(w nethttp.ResponseWriter, _ *nethttp.Request) {
		io.WriteString(w, "a page")
	}))
	defer web.Close()
	h, err := host.New(host.Config{Capabilities: []capability.Capability{
		clients{"acme": {Allow: []string{web.Listener.Addr().String()}}},
	}})
	if err != nil {
		panic(err)
	}
	defer h.Close(ctx)
	m, err := h.LoadFile(ctx, "../guests/c/conformance.wasm")
	if err != nil {
		panic(err)
	}

	for _, tenant := range []string{"acme", "zenith"} {
		view := m.With(host.Options{Tenant: tenant})
		page, err := view.Call(ctx, "fetch", []byte(web.URL)).Wait(ctx)
		fmt.Printf("%s: %q %v\n", tenant, page, host.Kind(err))
	}
	// Output:
	// acme: "a page" ok
	// zenith: "" denied
}
