package host_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host"
	"github.com/wexec/wexec/host/capability"
	"github.com/wexec/wexec/host/hosttest"
)

// TestOddModules loads modules that are valid and odd. Each is refused or fails, with
// an error that says why, and none harms the host.
func TestOddModules(t *testing.T) {
	for _, c := range []struct {
		file string
		kind abi.Status // of the load or, if that succeeds, of a call of the task run
		want string
		call host.Options
	}{
		{file: "manifest_nowhere", kind: abi.InvalidManifest, want: "4 bytes at 0x0, which are not inside the memory"},
		{file: "wrong_import", kind: abi.InvalidModule,
			want: "imports wexec/v1.log as (i64) -> (); it is (i32, i32, i32) -> ()"},
		{file: "imports_global", kind: abi.InvalidModule, want: "imports env.base (a global): "},
		{file: "hidden_memory", kind: abi.Trap,
			want: "starts with 262144 bytes, and may have 65536", call: host.Options{Memory: 65536}},
		{file: "hidden_memory", kind: abi.OK},
		{file: "start_logs", kind: abi.OK},
	} {
		var log hosttest.Log
		h := hosttest.New(t, host.Config{Logger: log.Logger()})
		m, err := h.Load(t.Context(), "odd", guest(t, "wat/"+c.file+".wasm"))
		if err == nil {
			_, err = m.With(c.call).Call(t.Context(), "run", nil).Wait(t.Context())
		}
		if host.Kind(err) != c.kind || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v: %v; want %v with %q", c.file, host.Kind(err), err, c.kind, c.want)
		}
		if strings.Contains(log.String(), "panicked") {
			t.Errorf("%s: taken for a bug of ours: %s", c.file, log.String())
		}
	}
}

func resumable(t *testing.T, cfg host.Config, file string, tasks ...string) (*host.Host, *host.Module) {
	t.Helper()
	var list []host.Task
	for _, name := range tasks {
		list = append(list, host.Task{Name: name, Mode: host.IO})
	}
	h := hosttest.New(t, cfg)
	return h, hosttest.Load(t, h, withTasks(t, guest(t, "wat/"+file+".wasm"), list...))
}

// TestYieldsWithoutCalls: a guest that says it has work left, but has no call,
// is not entered again.
func TestYieldsWithoutCalls(t *testing.T) {
	h, m := resumable(t, host.Config{Limits: host.Limits{TurnTimeout: time.Second}}, "always_yields", "run")
	for range 3 {
		if _, err := m.Call(t.Context(), "run", nil).Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := h.Close(ctx); err != nil { // the loop sleeps, so it ends at once
		t.Error(err)
	}
}

// TestOrphans: a call that was cancelled, and that its guest has not ended, may start
// no more ops and keeps no input. With too many of them, the instance ends.
func TestOrphans(t *testing.T) {
	h := hosttest.New(t, host.Config{IO: host.ExecutorLimits{Workers: 1}, Limits: host.Limits{Orphans: 3}})
	m := hosttest.Load(t, h, puppets(t)["resumable"])
	alive := m.Call(t.Context(), "io", script{}.sleepLong().do(doNoMore))
	for over := false; !over; {
		f := m.Call(t.Context(), "io", script{}.sleepLong().do(doNoMore))
		time.Sleep(time.Millisecond) // by then the guest most likely has it
		f.Cancel()
		if _, err := f.Wait(t.Context()); !errors.Is(err, host.ErrCancelled) && !errors.Is(err, host.ErrInstanceLost) {
			t.Fatal(err)
		}
		select {
		case <-alive.Done():
			over = true
		default:
		}
	}
	_, err := alive.Wait(t.Context())
	if !errors.Is(err, host.ErrInstanceLost) || !strings.Contains(err.Error(), "more than 3 calls that were cancelled") {
		t.Error(err)
	}
}

// TestHoards: a guest that starts ops without end loses its instance. The host does
// not lose its memory.
func TestHoards(t *testing.T) {
	h, m := resumable(t, host.Config{Limits: host.Limits{Ops: 1000, TurnTimeout: host.NoLimit}}, "hoards", "keep", "drop")
	_, err := m.Call(t.Context(), "keep", nil).Wait(t.Context())
	if host.Kind(err) != abi.Trap || !strings.Contains(err.Error(), "drop those that have ended") {
		t.Errorf("kept: %v", err)
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	if _, err := m.Call(t.Context(), "drop", nil).Wait(t.Context()); err != nil {
		t.Errorf("dropped: %v", err)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 8<<20 {
		t.Errorf("the dropped ops left %d bytes", grown)
	}
	if n := h.Stats().Calls; n != 0 {
		t.Errorf("%d calls are left", n)
	}
}

// TestHeld bounds what ops hold for an instance.
func TestHeld(t *testing.T) {
	cfg := host.Config{Limits: host.Limits{Held: 2500}}
	_, m := waiter(t, cfg, func(context.Context, *capability.Use) ([]byte, error) {
		return make([]byte, 1000), nil
	})
	one := script{}.testWait().do(doOpWait, theLast)
	out, err := m.Call(t.Context(), "io", bytes.Repeat(one, 3)).Wait(t.Context())
	if err != nil || abi.Status(out[4]) != abi.OK || abi.Status(out[12]) != abi.OK ||
		abi.Status(out[20]) != abi.QueueFull {
		t.Errorf("% x, %v", out, err)
	}
}

// TestInputOfACancelledCall: the caller may change its input once the future is done,
// although the guest may go on. The race detector finds out.
func TestInputOfACancelledCall(t *testing.T) {
	h := hosttest.New(t, host.Config{Limits: host.Limits{TurnTimeout: 50 * time.Millisecond}})
	m := hosttest.Load(t, h, puppets(t)["resumable"])
	for range 20 {
		var s script
		for range 200 {
			s = s.do(doInput, theCall, 30000, 30000, 0)
		}
		f := m.Call(t.Context(), "io", s)
		runtime.Gosched()
		f.Cancel()
		f.Wait(t.Context())
		clear(s)
	}
}

// TestNeverBoots: a module that does not start occupies its loop for one turn, not for
// one turn a call. Calls that are cancelled end at once.
func TestNeverBoots(t *testing.T) {
	_, m := resumable(t, host.Config{
		IO:     host.ExecutorLimits{Workers: 1},
		Limits: host.Limits{TurnTimeout: 100 * time.Millisecond},
	}, "never_boots", "run")
	var cancelled, left []*host.Future[[]byte]
	for range 20 {
		cancelled = append(cancelled, m.Call(t.Context(), "run", nil))
		left = append(left, m.Call(t.Context(), "run", nil))
	}
	for _, f := range cancelled {
		f.Cancel()
		if _, err := f.Wait(t.Context()); !errors.Is(err, host.ErrCancelled) {
			t.Fatal(err)
		}
	}
	for _, f := range left {
		if _, err := f.Wait(t.Context()); !errors.Is(err, host.ErrTimeout) {
			t.Fatal(err)
		}
	}
}

// TestCloseEndsATurn: Close does not wait for a turn that does not end.
func TestCloseEndsATurn(t *testing.T) {
	h := hosttest.New(t, host.Config{Limits: host.Limits{TurnTimeout: host.NoLimit}})
	m := hosttest.Load(t, h, puppets(t)["resumable"])
	var all []*host.Future[[]byte]
	for _, tenant := range []string{"a", "b", "c"} {
		m := m.With(host.Options{Tenant: tenant})
		for range 3000 { // others in its instances: they are closed, and not lost
			all = append(all, m.Call(t.Context(), "io", script{}.do(doNoMore)))
		}
		all = append(all, m.Call(t.Context(), "io", script{}.do(doSpin)))
	}
	for h.Stats().IO.Running < len(all) {
		time.Sleep(time.Millisecond)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := h.Close(ctx); err != nil {
		t.Error(err)
	}
	for _, f := range all {
		if _, err := f.Wait(t.Context()); host.Kind(err) != abi.Closed {
			t.Fatal(err)
		}
	}
}

// TestCancelWaitingForAPlace: a call whose op has ended, and that waits for a worker,
// is cancelled at once.
func TestCancelWaitingForAPlace(t *testing.T) {
	h, m := conformance(t, host.Config{Blocking: host.ExecutorLimits{Workers: 1}})
	waits := m.Call(t.Context(), "sleep_blocking", []byte("1"))
	for h.Stats().Blocking.Parked == 0 && h.Stats().Blocking.Ended == 0 {
		runtime.Gosched()
	}
	spins := m.Call(t.Context(), "forever", nil)
	for h.Stats().Blocking.Running == 0 {
		runtime.Gosched()
	}
	time.Sleep(5 * time.Millisecond) // its sleep is over, and its worker is taken
	waits.Cancel()
	<-waits.Done()
	spins.Cancel()
	if _, err := spins.Wait(t.Context()); !errors.Is(err, host.ErrCancelled) {
		t.Error(err)
	}
}

// TestCapabilitiesAreBounded: a host runs at most Limits.Capabilities at a time.
func TestCapabilitiesAreBounded(t *testing.T) {
	cfg := host.Config{Limits: host.Limits{Capabilities: 2}}
	_, m := waiter(t, cfg, func(ctx context.Context, _ *capability.Use) ([]byte, error) {
		<-ctx.Done()
		return nil, nil
	})
	s := script{}.testWait().testWait().testWait().do(doOpWait, theLast)
	out, err := m.Call(t.Context(), "io", s).Wait(t.Context())
	if err != nil || abi.Status(out[12]) != abi.QueueFull {
		t.Errorf("% x, %v", out, err)
	}
}

// TestChildOfANarrowCall: a child has no more memory than its caller.
func TestChildOfANarrowCall(t *testing.T) {
	_, m := conformance(t, host.Config{})
	out, err := m.With(host.Options{Memory: 3 << 20}).Call(t.Context(), "call", []byte("grow\n")).Wait(t.Context())
	if err != nil || string(out) != "2" {
		t.Errorf("%s, %v", out, err)
	}
}

func TestUnknownMode(t *testing.T) {
	h := hosttest.New(t, host.Config{})
	m := hosttest.Load(t, h, guest(t, "wat/hazards.wasm"))
	if _, err := result(t, m.With(host.Options{Mode: "gpu"}), "nothing", ""); host.Kind(err) != abi.InvalidInput {
		t.Error(err)
	}
}

// TestSchemaReferences: a schema may refer to its own parts, unless they add up to too
// many.
func TestSchemaReferences(t *testing.T) {
	h := hosttest.New(t, host.Config{})
	load := func(name, schema string) (*host.Module, error) {
		task := host.Task{Name: "io", Mode: host.IO, Input: []byte(schema)}
		return h.Load(t.Context(), name, withTasks(t, guest(t, "wat/puppet.wasm"), task))
	}
	m, err := load("own", `{"$ref": "#/$defs/n", "$defs": {"n": {"type": "integer"}}}`)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := result(t, m.With(host.Options{Validate: true}), "io", `"x"`); host.Kind(err) != abi.InvalidInput {
		t.Error(err)
	}
	tree, err := load("tree", `{"$defs": {"a": {"type": "array", "items": {"$ref": "#/$defs/a"}}}, "$ref": "#/$defs/a"}`)
	if err != nil {
		t.Fatal(err)
	}
	_, err = result(t, tree.With(host.Options{Validate: true}), "io", `[[], [1]]`)
	if host.Kind(err) != abi.InvalidInput {
		t.Error(err)
	}
	bomb := `{"$ref": "#/$defs/0", "$defs": {`
	for i := range 40 {
		bomb += fmt.Sprintf(`"%d": {"allOf": [{"$ref": "#/$defs/%d"}, {"$ref": "#/$defs/%d"}]},`, i, i+1, i+1)
	}
	bomb += `"40": true}}`
	for name, schema := range map[string]string{
		"bomb":      bomb,
		"endless":   `{"$defs": {"a": {"allOf": [{"$ref": "#/$defs/a"}]}}, "$ref": "#/$defs/a"}`,
		"elsewhere": `{"$ref": "https://example.com/schema"}`,
		"renamed":   `{"$id": "https://example.com/", "$ref": "#/$defs/a", "$defs": {"a": true}}`,
	} {
		_, err := load(name, schema)
		if host.Kind(err) != abi.InvalidManifest || !strings.Contains(err.Error(), "tasks[0].input") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
