package host_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host"
	"github.com/wexec/wexec/host/capability"
	"github.com/wexec/wexec/host/hosttest"
)

// waiter loads a puppet into a host with the capability test.wait.
func waiter(t *testing.T, cfg host.Config, wait capability.Op, options ...host.Options) (*host.Host, *host.Module) {
	cfg.Capabilities = []capability.Capability{capability.Func("test.wait", wait)}
	h := hosttest.New(t, cfg)
	return h, hosttest.Load(t, h, puppets(t)["direct"], options...)
}

// awaited starts test.wait, waits for it, and outputs the status.
func awaited() script {
	return script{}.testWait().do(doOpWait, theLast).do(doOutput, theCall, 1024, 8).do(doNoMore)
}

// status is that of the op of awaited.
func status(out []byte) abi.Status { return abi.Status(out[4]) }

func TestCapability(t *testing.T) {
	callers := make(chan capability.Caller, 2)
	_, m := waiter(t, host.Config{}, func(ctx context.Context, u *capability.Use) ([]byte, error) {
		caller := u.Caller
		callers <- caller
		return []byte("result"), nil
	})
	view := m.With(host.Options{Tenant: "acme"})
	s := script{}.testWait().do(doOpWait, theLast).testWait()
	s = s.do(doOpCancel, theLast).do(doOpWait, theLast)
	out, err := view.Call(t.Context(), "io", s).Wait(t.Context())
	if err != nil || abi.Status(out[4]) != abi.OK || abi.Status(out[16]) != abi.Cancelled {
		t.Errorf("% x, %v", out, err)
	}
	if caller := <-callers; caller.Module != "guest" || caller.Task != "io" || caller.Tenant != "acme" {
		t.Errorf("caller %+v", caller)
	}
}

func TestCapabilityErrors(t *testing.T) {
	for _, c := range []struct {
		name string
		fn   capability.Op
		want abi.Status
	}{
		{"its own", func(context.Context, *capability.Use) ([]byte, error) { return nil, errors.New("no") }, abi.Failed},
		{"a denial", func(context.Context, *capability.Use) ([]byte, error) { return nil, host.ErrDenied }, abi.Denied},
		{"a deadline", func(context.Context, *capability.Use) ([]byte, error) {
			return nil, context.DeadlineExceeded
		}, abi.Timeout},
		{"a panic", func(context.Context, *capability.Use) ([]byte, error) { panic("oh") }, abi.Failed},
		{"too large a result", func(context.Context, *capability.Use) ([]byte, error) {
			return make([]byte, 2000), nil
		}, abi.Failed},
	} {
		t.Run(c.name, func(t *testing.T) {
			var log hosttest.Log
			_, m := waiter(t, host.Config{Limits: host.Limits{Output: 1000}, Logger: log.Logger()}, c.fn)
			out, err := m.Call(t.Context(), "io", awaited()).Wait(t.Context())
			if err != nil || status(out) != c.want {
				t.Errorf("% x, %v; want %v", out, err, c.want)
			}
			if c.name == "a panic" && !strings.Contains(log.String(), "capability panicked") {
				t.Error("the panic was not loud")
			}
		})
	}
}

func TestGrants(t *testing.T) {
	ok := func(context.Context, *capability.Use) ([]byte, error) { return nil, nil }
	for _, c := range []struct {
		name   string
		host   []string
		module []string
		call   []string
		want   abi.Status
	}{
		{"no grants are set", nil, nil, nil, abi.OK},
		{"the host grants", []string{"test.wait"}, nil, nil, abi.OK},
		{"the host does not", []string{"clock.sleep"}, nil, nil, abi.Denied},
		{"the module may", nil, []string{"test.wait"}, nil, abi.OK},
		{"the module may not", nil, []string{}, nil, abi.Denied},
		{"the call may not", nil, []string{"test.wait"}, []string{"clock.sleep"}, abi.Denied},
		{"the call can't widen", nil, []string{"clock.sleep"}, []string{"test.wait"}, abi.Denied},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, m := waiter(t, host.Config{Grants: c.host}, ok, host.Options{Grants: c.module})
			out, err := m.With(host.Options{Grants: c.call}).Call(t.Context(), "io", awaited()).Wait(t.Context())
			if err != nil || status(out) != c.want {
				t.Errorf("% x, %v; want %v", out, err, c.want)
			}
		})
	}
}

// TestGrantsOfAChild: a child may use only what its caller may use, too.
func TestGrantsOfAChild(t *testing.T) {
	_, m := conformance(t, host.Config{})
	_, err := result(t, m.With(host.Options{Grants: []string{abi.CapTaskCall}}), "call", "sleep\n1")
	if host.Kind(err) != abi.Denied || !errors.Is(err, host.ErrDenied) ||
		!strings.Contains(err.Error(), "clock.sleep is denied") {
		t.Error(err)
	}
}

// TestStrays: a capability that ignores its cancellation does not hold up the call. It
// is counted as a stray, and past a limit no other capability is started.
func TestStrays(t *testing.T) {
	release := make(chan struct{})
	var started atomic.Int32
	cfg := host.Config{Limits: host.Limits{Capabilities: 2}}
	h, m := waiter(t, cfg, func(context.Context, *capability.Use) ([]byte, error) {
		started.Add(1)
		<-release
		return nil, nil
	})
	for i := range 2 {
		f := m.Call(t.Context(), "io", awaited())
		for started.Load() != int32(i+1) {
			time.Sleep(time.Millisecond)
		}
		f.Cancel()
		if _, err := f.Wait(t.Context()); !errors.Is(err, host.ErrCancelled) {
			t.Error(err)
		}
	}
	for h.Stats().Strays != 2 {
		time.Sleep(time.Millisecond)
	}
	out, err := m.Call(t.Context(), "io", awaited()).Wait(t.Context())
	if err != nil || status(out) != abi.QueueFull {
		t.Errorf("one too many: % x, %v", out, err)
	}
	close(release)
	for h.Stats().Strays != 0 {
		time.Sleep(time.Millisecond)
	}
	out, err = m.Call(t.Context(), "io", awaited()).Wait(t.Context())
	if err != nil || status(out) != abi.OK {
		t.Errorf("afterwards: % x, %v", out, err)
	}
}

// TestCapabilityMayWait: a capability does not run on the loop, so it may wait for a
// task of the same module.
func TestCapabilityMayWait(t *testing.T) {
	var m *host.Module
	cfg := host.Config{IO: host.ExecutorLimits{Workers: 1}}
	_, m = waiter(t, cfg, func(ctx context.Context, _ *capability.Use) ([]byte, error) {
		return m.Call(ctx, "io", script{}.do(doStore, 60000)).Wait(ctx)
	})
	out, err := m.Call(t.Context(), "io", awaited()).Wait(t.Context())
	if err != nil || status(out) != abi.OK {
		t.Errorf("% x, %v", out, err)
	}
}

// tenants is a capability that counts how often it is closed. It takes long to
// configure for the tenant "slow".
type tenants struct {
	release chan struct{}
	closed  int
}

func (c *tenants) Names() []string { return []string{"test.wait"} }

func (c *tenants) For(s capability.Scope) (map[string]capability.Op, error) {
	if s.Tenant == "slow" {
		<-c.release
	}
	done := func(context.Context, *capability.Use) ([]byte, error) { return nil, nil }
	return map[string]capability.Op{"test.wait": done}, nil
}

func (c *tenants) Close() error {
	c.closed++
	return errors.New("closed")
}

// TestCapabilityPerTenant checks that a tenant for whom a capability takes long to
// configure holds up no other, and that Close closes the capability once.
func TestCapabilityPerTenant(t *testing.T) {
	c := &tenants{release: make(chan struct{})}
	h, err := host.New(host.Config{Capabilities: []capability.Capability{c}})
	if err != nil {
		t.Fatal(err)
	}
	m := hosttest.Load(t, h, puppets(t)["direct"])
	call := func(tenant string) *host.Future[[]byte] {
		return m.With(host.Options{Tenant: tenant}).Call(t.Context(), "blocking", awaited())
	}
	slow := call("slow")
	time.Sleep(5 * time.Millisecond) // so that it most likely configures
	if out, err := call("other").Wait(t.Context()); err != nil || status(out) != abi.OK {
		t.Errorf("another tenant: % x, %v", out, err)
	}
	close(c.release)
	if out, err := slow.Wait(t.Context()); err != nil || status(out) != abi.OK {
		t.Errorf("the slow one: % x, %v", out, err)
	}
	for range 2 {
		if err := h.Close(t.Context()); err == nil || c.closed != 1 {
			t.Errorf("closed %d times, the host says %v", c.closed, err)
		}
	}
}

// TestCallIntoAnotherModule calls a task of a module by the module's name.
func TestCallIntoAnotherModule(t *testing.T) {
	h, _ := conformance(t, host.Config{})
	caller, err := h.Load(t.Context(), "caller", puppets(t)["direct"])
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		message, length int // of the puppet
		want            abi.Status
	}{
		{96, 34, abi.OK},          // the task sum of the module guest
		{144, 33, abi.NoSuchTask}, // of a module that is not there
		{48, 15, abi.NoSuchTask},  // the caller has no task run
		{0, 11, abi.InvalidInput}, // not a message
	} {
		s := script{}.do(doOpStart, theCall, 16, 9, c.message, c.length).do(doOpWait, theLast)
		s = s.do(doOutput, theCall, 1024, 8).do(doNoMore)
		out, err := caller.Call(t.Context(), "io", s).Wait(t.Context())
		if err != nil || status(out) != c.want {
			t.Errorf("message at %d: % x, %v; want %v", c.message, out, err, c.want)
		}
	}
}

// panicky is an error whose methods panic if it is nil.
type panicky struct{ text string }

func (p *panicky) Error() string { return p.text }

// TestErrorPanics: an error of a capability's that panics fails only its op.
func TestErrorPanics(t *testing.T) {
	for style, wasm := range puppets(t) {
		var log hosttest.Log
		h := hosttest.New(t, host.Config{
			Logger: log.Logger(), Capabilities: []capability.Capability{capability.Func("test.wait", typedNil)},
		})
		m := hosttest.Load(t, h, wasm)
		op := m.Call(t.Context(), "io", script{}.testWait().do(doNoMore))
		for !strings.Contains(log.String(), "a capability panicked") {
			time.Sleep(time.Millisecond)
		}
		if _, err := m.Call(t.Context(), "io", script{}.do(doOutput, theCall, 0, 4).do(doNoMore)).Wait(t.Context()); err != nil {
			t.Errorf("%s: %v", style, err)
		}
		op.Cancel()
		<-op.Done()
	}
	_, m := waiter(t, host.Config{}, typedNil)
	if out, err := m.Call(t.Context(), "io", awaited()).Wait(t.Context()); err != nil || status(out) != abi.Failed {
		t.Errorf("%v, %v", out, err)
	}
}

// typedNil is an op that fails with an error that panics.
func typedNil(context.Context, *capability.Use) ([]byte, error) { return nil, (*panicky)(nil) }

// scoped is a capability that does harm when it is configured for the tenant "odd".
type scoped struct{ harm func() }

func (scoped) Names() []string { return []string{"test.wait"} }
func (scoped) Close() error    { return nil }

func (c scoped) For(s capability.Scope) (map[string]capability.Op, error) {
	if s.Tenant == "odd" {
		c.harm()
	}
	return nil, nil
}

// TestConfiguringHarms: a capability that panics or exits when it is configured for a
// tenant fails only the op.
func TestConfiguringHarms(t *testing.T) {
	for name, harm := range map[string]func(){"panic": func() { panic("mine") }, "goexit": runtime.Goexit} {
		for style, wasm := range puppets(t) {
			h := hosttest.New(t, host.Config{Capabilities: []capability.Capability{scoped{harm}}})
			m := hosttest.Load(t, h, wasm).With(host.Options{Tenant: "odd", RunTimeout: 5 * time.Second})
			s := script{}.testWait().do(doOutput, theCall, 1024, 8).do(doNoMore)
			for range 2 {
				if out, err := m.Call(t.Context(), "io", s).Wait(t.Context()); err != nil || len(out) != 8 {
					t.Errorf("%s, %s: % x, %v", name, style, out, err)
				}
			}
		}
	}
}
