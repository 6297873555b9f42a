package host_test

import (
	"fmt"
	"io"
	nethttp "net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/wexec/wexec/host"
	"github.com/wexec/wexec/host/capability"
	"github.com/wexec/wexec/host/capability/http"
	"github.com/wexec/wexec/host/hosttest"
)

// TestDemoGuests runs the demo's main in every language: eleven tasks of all
// modes, called at once.
func TestDemoGuests(t *testing.T) {
	web := httptest.NewServer(nethttp.HandlerFunc(func(w nethttp.ResponseWriter, _ *nethttp.Request) {
		io.WriteString(w, strings.Repeat("x", 1000))
	}))
	t.Cleanup(web.Close) // after the parallel ones
	for language, c := range map[string]struct {
		wasm  func(testing.TB) []byte
		input string
	}{
		"c":   {func(t testing.TB) []byte { return guest(t, "c/demo.wasm") }, "futures 1000 %s"},
		"cpp": {func(t testing.TB) []byte { return guest(t, "cpp/demo.wasm") }, "futures 1000 %s"},
		"go":  {func(t testing.TB) []byte { return hosttest.GoGuest(t, "../guests/go/demo") }, "futures 1000 %s"},
		"rust": {
			func(t testing.TB) []byte { return hosttest.RustGuest(t, "../guests/rust", "demo") }, "futures 1000 %s",
		},
		"js": {func(t testing.TB) []byte { return guestJS(t, "demo.js") }, `["futures", 1000, "%s"]`},
	} {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			cfg := host.Config{}
			if language == "js" {
				cfg.Engines = hosttest.Engines(t, "javascript")
			}
			spans := &spanLog{}
			client := &http.Client{Allow: []string{web.Listener.Addr().String()}}
			cfg.Capabilities, cfg.Observe = []capability.Capability{client}, spans.add
			m := hosttest.Load(t, hosttest.New(t, cfg), c.wasm(t))
			out, err := m.Call(t.Context(), "main", fmt.Appendf(nil, c.input, web.URL)).Wait(t.Context())
			if err != nil || string(out) != "11" {
				t.Fatalf("%s, %v", out, err)
			}
			count := map[host.Mode]int{}
			for _, s := range spans.spans {
				count[s.Mode]++
			}
			if count[host.CPU] != 3 || count[host.Blocking] != 2 || count[host.IO] != 7 {
				t.Errorf("ran %v", count)
			}
		})
	}
}
