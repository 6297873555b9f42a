package host_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host"
	"github.com/wexec/wexec/host/capability"
	"github.com/wexec/wexec/host/hosttest"
)

// opener is a capability whose op test.open opens a stream.
func opener(stream func() io.Closer) capability.Capability {
	return capability.Func("test.open", func(_ context.Context, u *capability.Use) ([]byte, error) {
		u.Detail = "a test"
		handle, err := u.Open(stream())
		return abi.AppendStream(nil, handle), err
	})
}

// an op of a script, with its argument.
type scriptOp struct{ name, arg string }

func on(handle uint32, rest string) string { return string(abi.AppendStream(nil, handle)) + rest }

// ops is a script that runs ops one after the other, and outputs the first length bytes
// of the result of the last.
func ops(length int, list ...scriptOp) script {
	const (
		scriptAt = 16384 // in the puppet
		resultAt = 12288
		step     = 24
		opOf     = 1 << 24 // the handle of the first op
	)
	var s script
	data := ""
	at := scriptAt + step*(2*len(list)+3)
	put := func(text string) int {
		defer func() { data += text }()
		return at + len(data)
	}
	for _, o := range list {
		name, arg := put(o.name), put(o.arg)
		s = s.do(doOpStart, theCall, name, len(o.name), arg, len(o.arg)).do(doOpWait, theLast)
	}
	s = s.do(doOpResult, opOf+len(list)-1, resultAt, length, 0).do(doOutput, theCall, resultAt, length).do(doNoMore)
	return append(s, data...)
}

func TestStreamOfACapability(t *testing.T) {
	var audit bytes.Buffer
	closed := make(chan struct{})
	stream := func() io.Closer {
		return struct {
			io.Reader
			io.Closer
		}{strings.NewReader("hello, world"), closer(func() { close(closed) })}
	}
	h := hosttest.New(t, host.Config{Audit: &audit, Capabilities: []capability.Capability{opener(stream)}})
	m := hosttest.Load(t, h, puppets(t)["direct"])
	view := m.With(host.Options{Labels: map[string]string{"request": "7"}, Tenant: "acme"})
	out, err := view.Call(t.Context(), "io",
		ops(5, scriptOp{"test.open", ""}, scriptOp{"stream.read", on(1, on(7, ""))}, scriptOp{"stream.read", on(1, on(9, ""))}),
	).Wait(t.Context())
	if err != nil || string(out) != "world" {
		t.Errorf("%q, %v", out, err)
	}
	<-closed // with the call
	if err := h.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(audit.String()), "\n")
	if len(lines) != 2 {
		t.Fatalf("the audit has %d lines: %s", len(lines), audit.String())
	}
	for i, want := range []string{`"bytes_in":0,"bytes_out":4`, `"stream":true,"decision":"granted","status":"ok","bytes_in":0,"bytes_out":12`} {
		whole := `"module":"guest","task":"io","tenant":"acme","call":1,"labels":{"request":"7"},"op":"test.open","detail":"a test"`
		if !json.Valid([]byte(lines[i])) || !strings.Contains(lines[i], want) || !strings.Contains(lines[i], whole) {
			t.Errorf("line %d: %s\nwant %s\nand %s", i, lines[i], whole, want)
		}
	}
	uses := h.Stats().Uses
	if u := uses["stream.read"]; u != (host.Uses{Count: 2, In: 16, Out: 12}) {
		t.Errorf("uses %+v", uses)
	}
}

type closer func()

func (c closer) Close() error {
	c()
	return nil
}

// TestStreamsOfOthers: a call can't reach a stream of another call, and has a limit.
func TestStreamsOfOthers(t *testing.T) {
	var open atomic.Int32
	stream := func() io.Closer {
		open.Add(1)
		return closer(func() { open.Add(-1) })
	}
	h := hosttest.New(t, host.Config{
		Limits: host.Limits{Streams: 2}, Capabilities: []capability.Capability{opener(stream)},
	})
	m := hosttest.Load(t, h, puppets(t)["direct"])
	opens := []scriptOp{{"test.open", ""}, {"test.open", ""}, {"test.open", ""}}
	out, err := m.Call(t.Context(), "io", ops(len("the call has 2"), opens...)).Wait(t.Context())
	if err != nil || string(out) != "the call has 2" {
		t.Errorf("%q, %v", out, err)
	}
	parked := m.Call(t.Context(), "io", ops(0, scriptOp{"test.open", ""}, scriptOp{"clock.sleep", "\x00\xe8\x76\x48\x17\x00\x00\x00"}))
	until(t, func() bool { return open.Load() == 1 })
	for _, handle := range []uint32{0, 1, 2, 1<<32 - 1} {
		want := "the call has no open stream"
		out, err := m.Call(t.Context(), "io", ops(len(want), scriptOp{"stream.read", on(handle, on(9, ""))})).Wait(t.Context())
		if err != nil || string(out) != want {
			t.Errorf("%q, %v", out, err)
		}
	}
	parked.Cancel()
	until(t, func() bool { return open.Load() == 0 })
}

// TestUses: what a manifest says that a task uses is checked before the call, and
// bounds it.
func TestUses(t *testing.T) {
	nothing := func(context.Context, *capability.Use) ([]byte, error) { return nil, nil }
	caps := []capability.Capability{capability.Func("test.wait", nothing), capability.Func("test.other", nothing)}
	for _, c := range []struct {
		name   string
		uses   []string
		grants []string
		early  string // the error of the call
		want   abi.Status
	}{
		{name: "nothing is said", want: abi.OK},
		{name: "the op", uses: []string{"test.wait"}, want: abi.OK},
		{name: "its family", uses: []string{"test"}, want: abi.OK},
		{name: "the family is granted", uses: []string{"test.wait"}, grants: []string{"test"}, want: abi.OK},
		{name: "another op", uses: []string{"test.other"}, want: abi.Denied},
		{name: "none", uses: []string{}, want: abi.Denied},
		{name: "half of the family", uses: []string{"test"}, grants: []string{"test.wait"}, early: "test.other is denied"},
		{name: "not granted", uses: []string{"test.wait"}, grants: []string{}, early: "test.wait is denied"},
		{name: "not there", uses: []string{"mail.send"}, early: "mail.send is denied: this host has no such capability"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := hosttest.New(t, host.Config{Capabilities: caps})
			wasm := withTasks(t, guest(t, "wat/puppet.wasm"), host.Task{Name: "io", Mode: host.IO, Uses: c.uses})
			m := hosttest.Load(t, h, wasm).With(host.Options{Grants: c.grants})
			out, err := m.Call(t.Context(), "io", awaited()).Wait(t.Context())
			switch {
			case c.early != "":
				if !errors.Is(err, host.ErrDenied) || !strings.Contains(err.Error(), c.early) {
					t.Errorf("got %v, want %s", err, c.early)
				}
			case err != nil || status(out) != c.want:
				t.Errorf("% x, %v; want %v", out, err, c.want)
			}
		})
	}
}

// TestAuditFails: an audit that can't be written does not fail calls, and is loud once.
func TestAuditFails(t *testing.T) {
	var log hosttest.Log
	r, w := io.Pipe()
	r.Close()
	_, m := waiter(t, host.Config{Audit: w, Logger: log.Logger()}, func(context.Context, *capability.Use) ([]byte, error) {
		return nil, nil
	})
	for range 3 {
		if out, err := m.Call(t.Context(), "io", awaited()).Wait(t.Context()); err != nil || status(out) != abi.OK {
			t.Errorf("% x, %v", out, err)
		}
	}
	if n := strings.Count(log.String(), "the audit is not complete"); n != 1 {
		t.Errorf("it is said %d times: %s", n, log.String())
	}
}

// until waits for something that a test can only ask for.
func until(t testing.TB, done func() bool) {
	t.Helper()
	for limit := time.Now().Add(time.Minute); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatal("it did not come about in a minute")
		}
	}
}

// TestLabelsTravel: the calls that a task makes have the labels of its own call, and
// the span of each names its parent.
func TestLabelsTravel(t *testing.T) {
	seen := make(chan capability.Caller, 1)
	spans := make(chan host.Span, 2)
	_, m := waiter(t, host.Config{Observe: func(s host.Span) { spans <- s }},
		func(_ context.Context, u *capability.Use) ([]byte, error) {
			seen <- u.Caller
			return nil, nil
		})
	labels := map[string]string{"trace": "4bf92f35"}
	child := scriptOp{"task.call", `{"task":"blocking"}` + "\n" + string(awaited())}
	if _, err := m.With(host.Options{Labels: labels}).Call(t.Context(), "io", ops(0, child)).Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	caller, inner, outer := <-seen, <-spans, <-spans
	if caller.Labels["trace"] != "4bf92f35" || caller.Task != "blocking" || caller.Call != inner.ID {
		t.Errorf("the capability got %+v in call %d", caller, inner.ID)
	}
	if inner.Labels["trace"] != "4bf92f35" || outer.Labels["trace"] != "4bf92f35" || inner.Parent != outer.ID {
		t.Errorf("spans %+v and %+v", inner, outer)
	}
}
