package host_test

import (
	"context"
	"strings"
	"testing"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host"
	"github.com/wexec/wexec/host/hosttest"
)

// TestRustPanic panics in Rust, which can't unwind in a guest. The call ends with the
// message and the place. A call of mode io takes the other calls of its instance along,
// and they are told so.
func TestRustPanic(t *testing.T) {
	one := host.ExecutorLimits{Workers: 1}
	h := hosttest.New(t, host.Config{IO: one})
	m := hosttest.Load(t, h, hosttest.RustGuest(t, "../guests/rust", "conformance"))
	for _, task := range []string{"panic", "panic_blocking"} {
		_, err := m.Call(t.Context(), task, []byte("a reason")).Wait(t.Context())
		for _, want := range []string{"panic: a reason", "conformance.rs:"} {
			if host.Kind(err) != abi.Failed || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v (%v), want %q", task, err, host.Kind(err), want)
			}
		}
	}
	var hang []*host.Future[[]byte]
	for range 3 {
		hang = append(hang, m.Call(t.Context(), "hang", nil))
	}
	if out, err := m.Call(t.Context(), "sleep", []byte("1")).Wait(t.Context()); err != nil || string(out) != "slept" {
		t.Errorf("sleep: %q, %v", out, err)
	}
	if _, err := m.Call(t.Context(), "panic", nil).Wait(t.Context()); host.Kind(err) != abi.Failed {
		t.Error(err)
	}
	for _, f := range hang {
		if _, err := f.Wait(context.Background()); host.Kind(err) != abi.InstanceLost {
			t.Errorf("another call: %v", err)
		}
	}
	if out, err := m.Call(t.Context(), "echo", []byte("on")).Wait(t.Context()); err != nil || string(out) != "on" {
		t.Errorf("afterwards: %q, %v", out, err)
	}
}
