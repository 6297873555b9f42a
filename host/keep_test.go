package host

import (
	"context"
	"os"
	"runtime"
	"testing"
	"time"
	"weak"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host/capability"
	"github.com/wexec/wexec/host/internal/guest"
)

// TestInstanceIsFreed checks that a closed instance is garbage, although the caller
// keeps the future of its call, or an op of the call goes on.
func TestInstanceIsFreed(t *testing.T) {
	release := make(chan struct{})
	stray := func(context.Context, *capability.Use) ([]byte, error) {
		<-release // even if it is cancelled
		return nil, nil
	}
	h, err := New(Config{Capabilities: []capability.Capability{capability.Func(abi.CapFetch, stray)}})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ name, file, task, input string }{
		{"pool, done", "conformance", "sleep", "300"},
		{"pool, stray", "conformance", "fetch", "http://example.com"},
		{"loop, done", "resumable", "sleep", "300"},
	} {
		t.Run(test.name, func(t *testing.T) {
			wasm, err := os.ReadFile("../guests/c/" + test.file + ".wasm")
			if err != nil {
				t.Fatal(err)
			}
			m, err := h.Load(t.Context(), test.name, wasm)
			if err != nil {
				t.Fatal(err)
			}
			c, err := m.m.submit(t.Context(), nil, test.task, []byte(test.input), m.options)
			if err != nil {
				t.Fatal(err)
			}
			inst := instanceOf(c)
			if test.task == "fetch" {
				for h.grants.Background.Count() == 0 {
					time.Sleep(time.Millisecond)
				}
				c.cancel(ErrCancelled)
			}
			c.promise.Future().Wait(t.Context())
			if test.task == "sleep" && c.inside.Input != nil { // a stray's is the guest's to forget
				t.Error("its input is kept")
			}
			if err := m.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
			for inst.Value() != nil { // or the test times out
				runtime.GC()
				time.Sleep(time.Millisecond)
			}
			runtime.KeepAlive(c)
		})
	}
	close(release)
	if err := h.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// instanceOf waits until a call runs in an instance.
func instanceOf(c *call) weak.Pointer[guest.Instance] {
	for {
		c.mu.Lock()
		inst := c.inst
		c.mu.Unlock()
		if inst != nil {
			return weak.Make(inst)
		}
		time.Sleep(time.Millisecond)
	}
}
