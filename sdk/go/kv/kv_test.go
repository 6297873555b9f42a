//go:build !wasip1

package kv

import (
	"testing"

	"github.com/wexec/wexec/host"
	"github.com/wexec/wexec/host/capability"
	"github.com/wexec/wexec/host/capability/kv"
	"github.com/wexec/wexec/host/hosttest"
)

// TestGuest runs a guest that uses every function in a real host.
func TestGuest(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and compiles a guest")
	}
	store := kv.Memory(kv.Limits{Bytes: 1 << 20})
	h := hosttest.New(t, host.Config{Capabilities: []capability.Capability{store}})
	m := hosttest.Load(t, h, hosttest.GoGuest(t, "testdata/guest"))
	for task, want := range map[string]string{
		"all": `"get 0 0\nswap true\nswap again 0\nput true\nget \"three\" true\nadd -5\nscan 200\n` +
			`first \"a\\x00\"\ndelete the first false\ndelete true\n"`,
		"full": `"denied"`,
	} {
		got, err := m.Call(t.Context(), task, nil).Wait(t.Context())
		if err != nil || string(got) != want {
			t.Errorf("%s: %v\n got %s\nwant %s", task, err, got, want)
		}
	}
}
