package host_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host"
	"github.com/wexec/wexec/host/capability"
	"github.com/wexec/wexec/host/hosttest"
)

// harmful is a stream that does harm when it is closed. A read of it waits for that.
type harmful struct {
	harm   func()
	closed chan struct{}
	once   *sync.Once
}

func (s harmful) Read([]byte) (int, error) {
	<-s.closed
	return 0, errors.New("closed")
}

func (s harmful) Close() error {
	s.once.Do(func() { close(s.closed) })
	s.harm()
	return nil
}

// TestStreamHarms: a stream of an embedder that panics or ends its goroutine when it is
// closed takes neither the process along nor the other streams of the call.
func TestStreamHarms(t *testing.T) {
	open, read := scriptOp{"test.open", ""}, scriptOp{"stream.read", on(1, on(9, ""))}
	for harmName, harm := range map[string]func(){"panic": func() { panic("mine") }, "goexit": runtime.Goexit} {
		for name, script := range map[string]script{
			"the call ends":    ops(0, open, open, open),
			"a read waits":     ops(0, open, open, open, read),
			"the guest closes": ops(0, open, open, open, scriptOp{"stream.close", on(2, "")}),
		} {
			t.Run(harmName+"/"+name, func(t *testing.T) {
				var closed atomic.Int32
				var log hosttest.Log
				stream := func() io.Closer {
					return harmful{func() { closed.Add(1); harm() }, make(chan struct{}), &sync.Once{}}
				}
				h := hosttest.New(t, host.Config{
					Logger: log.Logger(), Capabilities: []capability.Capability{opener(stream)},
				})
				m := hosttest.Load(t, h, puppets(t)["direct"])
				f := m.Call(t.Context(), "io", script)
				if name == "a read waits" {
					until(t, func() bool { return h.Stats().Uses["test.open"].Count == 3 })
					f.Cancel()
				} else if _, err := f.Wait(t.Context()); err != nil {
					t.Fatal(err)
				}
				until(t, func() bool { return closed.Load() >= 3 })
				if err := h.Close(t.Context()); err != nil {
					t.Error(err)
				}
				if harmName == "panic" && !strings.Contains(log.String(), "closing a stream panicked") {
					t.Errorf("the log does not say it: %s", log.String())
				}
			})
		}
	}
}

type panicWriter struct{}

func (panicWriter) Write([]byte) (int, error) { panic("mine") }

type exitWriter struct{}

func (exitWriter) Write([]byte) (int, error) {
	runtime.Goexit()
	return 0, nil
}

// TestAuditHarms: an audit that panics or ends its goroutine loses its lines, and no op.
func TestAuditHarms(t *testing.T) {
	for _, w := range []io.Writer{panicWriter{}, exitWriter{}} {
		_, m := waiter(t, host.Config{Audit: w}, func(context.Context, *capability.Use) ([]byte, error) { return nil, nil })
		for range 3 {
			if out, err := m.Call(t.Context(), "io", awaited()).Wait(t.Context()); err != nil || status(out) != abi.OK {
				t.Errorf("%T: % x, %v", w, out, err)
			}
		}
	}
}

// TestUnreceivedResults: a guest that starts ops and looks at none keeps no more of
// their results than Limits.Held.
func TestUnreceivedResults(t *testing.T) {
	const size, most, n = 1 << 20, 8 << 20, 100
	for style, wasm := range puppets(t) {
		var done atomic.Int32
		op := func(context.Context, *capability.Use) ([]byte, error) {
			defer done.Add(1)
			return make([]byte, size), nil
		}
		h := hosttest.New(t, host.Config{
			Limits: host.Limits{Held: most}, Capabilities: []capability.Capability{capability.Func("test.wait", op)},
		})
		m := hosttest.Load(t, h, wasm)
		var s script
		for range n {
			s = s.testWait()
		}
		before := heap()
		f := m.Call(t.Context(), "blocking", s.do(doSpin))
		until(t, func() bool { return done.Load() == n && h.Stats().Uses["test.wait"].Count == n })
		if grown := int64(heap()) - int64(before); grown > 3*most {
			t.Errorf("%s: the host keeps %d bytes, at most %d are allowed", style, grown, most)
		}
		f.Cancel()
		<-f.Done()
		// The count begins anew with the next task, in the same instance or not.
		out, err := m.Call(t.Context(), "blocking", script{}.testWait().sleepShort().do(doStore, 60000)).Wait(t.Context())
		if err != nil || len(out) < 8 {
			t.Errorf("%s: % x, %v", style, out, err)
		}
	}
}

// TestResultsAreForgotten: results of ops that the guest has dropped don't count for ever.
func TestResultsAreForgotten(t *testing.T) {
	const size = 1 << 20
	op := func(context.Context, *capability.Use) ([]byte, error) { return make([]byte, size), nil }
	_, m := waiter(t, host.Config{Limits: host.Limits{Held: 4 * size}}, op)
	for range 20 {
		s := script{}.testWait().do(doOpDrop, theLast).testWait().do(doOpWait, theLast)
		out, err := m.Call(t.Context(), "io", s).Wait(t.Context())
		if err != nil || abi.Status(out[12]) != abi.OK {
			t.Fatalf("% x, %v", out, err)
		}
	}
}

// TestStreamsOfUnwantedOps: a stream whose handle the guest never gets is closed before
// the end of the call: the op was cancelled when it had just ended, or its result does
// not fit.
func TestStreamsOfUnwantedOps(t *testing.T) {
	var open atomic.Int32
	ended := make(chan struct{})
	opens := func(_ context.Context, u *capability.Use) ([]byte, error) {
		open.Add(1)
		_, err := u.Open(closer(func() { open.Add(-1) }))
		return make([]byte, 2000), err
	}
	waits := capability.Func("test.wait", func(context.Context, *capability.Use) ([]byte, error) {
		<-ended
		return nil, nil
	})
	h := hosttest.New(t, host.Config{
		Limits:       host.Limits{Output: 1000},
		Capabilities: []capability.Capability{capability.Func("test.open", opens), waits},
	})
	m := hosttest.Load(t, h, puppets(t)["direct"])
	f := m.Call(t.Context(), "io", ops(0, scriptOp{"test.open", ""}, scriptOp{"test.wait", ""}))
	until(t, func() bool { return h.Stats().Uses["test.open"].Count == 1 })
	until(t, func() bool { return open.Load() == 0 })
	close(ended)
	if _, err := f.Wait(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestPipesTakeNotAll: a tenant whose ops wait for pipes that nobody writes leaves
// places for others.
func TestPipesTakeNotAll(t *testing.T) {
	const most = 16
	h := hosttest.New(t, host.Config{Limits: host.Limits{Capabilities: most}})
	m := hosttest.Load(t, h, puppets(t)["direct"])
	floods := m.With(host.Options{Tenant: "floods"})
	var waiting []*host.Future[[]byte]
	for range most {
		pipes := ops(0, scriptOp{"stream.pipe", ""}, scriptOp{"stream.read", on(1, on(9, ""))})
		waiting = append(waiting, floods.Call(t.Context(), "io", pipes))
	}
	until(t, func() bool { // one reads and waits, or was refused
		n := 0
		for _, f := range waiting {
			if done(f) {
				n++
			}
		}
		return n == most-most*3/4
	})
	out, err := m.With(host.Options{Tenant: "other"}).
		Call(t.Context(), "io", ops(4, scriptOp{"stream.pipe", ""})).Wait(t.Context())
	if err != nil || string(out) != on(1, "") {
		t.Errorf("%q, %v", out, err)
	}
	for _, f := range waiting {
		f.Cancel()
		<-f.Done()
	}
}

func done(f *host.Future[[]byte]) bool {
	select {
	case <-f.Done():
		return true
	default:
		return false
	}
}

// TestStreamNames: a capability is not granted to all because its name looks like that
// of an op on streams.
func TestStreamNames(t *testing.T) {
	nothing := func(context.Context, *capability.Use) ([]byte, error) { return nil, nil }
	h := hosttest.New(t, host.Config{
		Grants: []string{"clock"}, Capabilities: []capability.Capability{capability.Func("stream.tap", nothing)},
	})
	m := hosttest.Load(t, h, puppets(t)["direct"])
	out, err := m.Call(t.Context(), "io", ops(20, scriptOp{"stream.tap", ""})).Wait(t.Context())
	if err != nil || string(out) != "stream.tap is denied" {
		t.Errorf("%q, %v", out, err)
	}
}

// TestAuditOfOddNames: what a guest calls its op stays inside its line of the audit.
func TestAuditOfOddNames(t *testing.T) {
	var audit strings.Builder
	h := hosttest.New(t, host.Config{Audit: &audit})
	m := hosttest.Load(t, h, puppets(t)["direct"])
	odd := []string{"a\n{\"op\":\"kv.get\"}", "\x00\x1b[2J", "\xff\xfe", strings.Repeat("x", 5000), "\"", "\u2028", ""}
	for _, name := range odd {
		if _, err := m.Call(t.Context(), "io", ops(0, scriptOp{name, ""})).Wait(t.Context()); err != nil {
			t.Errorf("%.20q: %v", name, err)
		}
	}
	if err := h.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(audit.String(), "\n"), "\n")
	if len(lines) != len(odd) {
		t.Fatalf("%d lines: %s", len(lines), audit.String())
	}
	for _, line := range lines {
		var l struct{ Op, Decision string }
		if err := json.Unmarshal([]byte(line), &l); err != nil || l.Decision != "denied" || len(line) > 1000 {
			t.Errorf("%d bytes, %v: %s", len(line), err, line)
		}
	}
}

// TestCloseWithStuckStream: a stream that hangs when it is closed keeps what capabilities
// use from being freed, and Close says so; a later Close frees it.
func TestCloseWithStuckStream(t *testing.T) {
	release := make(chan struct{})
	c := &opensStuck{release: release}
	h, err := host.New(host.Config{Grace: time.Millisecond, Capabilities: []capability.Capability{c}})
	if err != nil {
		t.Fatal(err)
	}
	m := hosttest.Load(t, h, puppets(t)["direct"])
	if _, err := m.Call(t.Context(), "io", ops(0, scriptOp{"test.open", ""})).Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	abandoned := (*host.AbandonedError)(nil)
	if err := h.Close(t.Context()); !errors.As(err, &abandoned) || c.closed.Load() {
		t.Errorf("got %v, closed %v", err, c.closed.Load())
	}
	close(release)
	until(t, func() bool { return h.Close(t.Context()) == nil })
	if !c.closed.Load() {
		t.Error("the capability is not closed")
	}
}

// opensStuck opens streams that hang when they are closed.
type opensStuck struct {
	release chan struct{}
	closed  atomic.Bool
}

func (*opensStuck) Names() []string { return []string{"test.open"} }

func (c *opensStuck) For(s capability.Scope) (map[string]capability.Op, error) {
	return opener(func() io.Closer { return closer(func() { <-c.release }) }).For(s)
}

func (c *opensStuck) Close() error {
	c.closed.Store(true)
	return nil
}
