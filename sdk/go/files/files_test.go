//go:build !wasip1

package files

import (
	"strings"
	"testing"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host"
	"github.com/wexec/wexec/host/capability"
	"github.com/wexec/wexec/host/capability/files"
	"github.com/wexec/wexec/host/hosttest"
)

// TestGuest runs a guest that uses every function in a real host.
func TestGuest(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and compiles a guest")
	}
	folders, err := files.Open(host.Mount{Host: t.TempDir(), Guest: "/data"})
	if err != nil {
		t.Fatal(err)
	}
	h := hosttest.New(t, host.Config{Capabilities: []capability.Capability{folders}})
	m := hosttest.Load(t, h, hosttest.GoGuest(t, "testdata/guest"))
	for task, want := range map[string]string{
		"all": `"hello world 11 true g true"`, "errors": `"true true true true false"`,
	} {
		if got, err := m.Call(t.Context(), task, nil).Wait(t.Context()); err != nil || string(got) != want {
			t.Errorf("%s: got %s, %v\nwant %s", task, got, err, want)
		}
	}
	_, err = m.Call(t.Context(), "missing", nil).Wait(t.Context())
	if host.Kind(err) != abi.Failed || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("missing: %v", err)
	}
}
