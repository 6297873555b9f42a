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
	for language, wasm := range map[string][]byte{
		"c":  guest(t, "c/demo.wasm"),
		"go": hosttest.GoGuest(t, "../guests/go/demo"),
	} {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			spans := &spanLog{}
			client := &http.Client{Allow: []string{web.Listener.Addr().String()}}
			h := hosttest.New(t, host.Config{Capabilities: []capability.Capability{client}, Observe: spans.add})
			m := hosttest.Load(t, h, wasm)
			out, err := m.Call(t.Context(), "main", fmt.Appendf(nil, "futures 1000 %s", web.URL)).Wait(t.Context())
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
