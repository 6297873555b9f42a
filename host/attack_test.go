package host_test

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host"
	"github.com/wexec/wexec/host/capability"
	"github.com/wexec/wexec/host/hosttest"
)

// TestOddModules loads modules that are valid and odd: each is refused, or
// fails, with an error that says why, and none harms the host.
func TestOddModules(t *testing.T) {
	for _, c := range []struct {
		file string
		kind abi.Status // of the load, or else of a call of its task run
		want string
		call host.Options
	}{
		{file: "manifest_nowhere", kind: abi.InvalidManifest, want: "4 bytes at 0x0, which are not inside the memory"},
		{file: "wrong_import", kind: abi.InvalidModule, want: "imports wexec/v1.log as (i64) -> (); it is (i32, i32, i32) -> ()"},
		{file: "imports_global", kind: abi.InvalidModule, want: "can't be instantiated"},
		{file: "hidden_memory", kind: abi.Trap, want: "starts with 262144 bytes, and may have 65536", call: host.Options{Memory: 65536}},
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
	if err := h.Close(ctx); err != nil { // the loop is asleep, and goes at once
		t.Error(err)
	}
}

// TestZombies: a call that nobody waits for may start no more ops, keeps no
// input, and when there are too many the instance ends.
func TestZombies(t *testing.T) {
	h := hosttest.New(t, host.Config{IO: host.ExecutorLimits{Workers: 1}, Limits: host.Limits{Orphans: 3}})
	m := hosttest.Load(t, h, puppets(t)["resumable"])
	alive := m.Call(t.Context(), "io", script{}.sleepLong().do(doNoMore))
	for over := false; !over; {
		f := m.Call(t.Context(), "io", script{}.sleepLong().do(doNoMore))
		time.Sleep(time.Millisecond) // so that the guest most likely has it
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

// TestHoards: a guest that starts ops without end costs it its instance, not
// the host its memory.
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
	_, m := waiter(t, host.Config{Limits: host.Limits{Held: 2500}}, func(context.Context, *capability.Use) ([]byte, error) {
		return make([]byte, 1000), nil
	})
	one := script{}.testWait().do(doOpWait, theLast)
	out, err := m.Call(t.Context(), "io", bytes.Repeat(one, 3)).Wait(t.Context())
	if err != nil || abi.Status(out[4]) != abi.OK || abi.Status(out[12]) != abi.OK || abi.Status(out[20]) != abi.QueueFull {
		t.Errorf("% x, %v", out, err)
	}
}

// TestInputOfACancelledCall: the caller has its input back when the future is
// done, although the guest may go on. The race detector says so.
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

// TestNeverBoots: a module that does not start holds its loop for one turn,
// not for one a call, and calls that are cancelled are over at once.
func TestNeverBoots(t *testing.T) {
	_, m := resumable(t, host.Config{IO: host.ExecutorLimits{Workers: 1}, Limits: host.Limits{TurnTimeout: 100 * time.Millisecond}}, "never_boots", "run")
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
		all = append(all, m.With(host.Options{Tenant: tenant}).Call(t.Context(), "io", script{}.do(doSpin)))
	}
	for h.Stats().IO.Running < 3 {
		time.Sleep(time.Millisecond)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := h.Close(ctx); err != nil {
		t.Error(err)
	}
	for _, f := range all {
		if _, err := f.Wait(t.Context()); !errors.Is(err, host.ErrClosed) {
			t.Error(err)
		}
	}
}

// TestCancelWaitingForAPlace: a call whose op has ended, but which has no
// place to go on, is cancelled at once.
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
	time.Sleep(5 * time.Millisecond) // its sleep is over, its place taken
	waits.Cancel()
	<-waits.Done()
	spins.Cancel()
	if _, err := spins.Wait(t.Context()); !errors.Is(err, host.ErrCancelled) {
		t.Error(err)
	}
}

// TestCapabilitiesAreBounded: there are only so many at a time in a host.
func TestCapabilitiesAreBounded(t *testing.T) {
	_, m := waiter(t, host.Config{Limits: host.Limits{Capabilities: 2}}, func(ctx context.Context, _ *capability.Use) ([]byte, error) {
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
	if _, err := m.With(host.Options{Mode: "gpu"}).Call(t.Context(), "nothing", nil).Wait(t.Context()); host.Kind(err) != abi.InvalidInput {
		t.Error(err)
	}
}

// TestSchemaReferences: a schema may refer to its own parts, and may not be a
// bomb.
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
	if _, err := m.With(host.Options{Validate: true}).Call(t.Context(), "io", []byte(`"x"`)).Wait(t.Context()); host.Kind(err) != abi.InvalidInput {
		t.Error(err)
	}
	tree, err := load("tree", `{"$defs": {"a": {"type": "array", "items": {"$ref": "#/$defs/a"}}}, "$ref": "#/$defs/a"}`)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tree.With(host.Options{Validate: true}).Call(t.Context(), "io", []byte(`[[], [1]]`)).Wait(t.Context()); host.Kind(err) != abi.InvalidInput {
		t.Error(err)
	}
	bomb := `{"$ref": "#/$defs/a0", "$defs": {`
	for i := range 40 {
		next := string(rune('a'+(i+1)/10)) + string(rune('0'+(i+1)%10))
		bomb += `"` + string(rune('a'+i/10)) + string(rune('0'+i%10)) + `": {"allOf": [{"$ref": "#/$defs/` + next + `"}, {"$ref": "#/$defs/` + next + `"}]},`
	}
	bomb += `"e0": true}}`
	for name, schema := range map[string]string{
		"bomb":      bomb,
		"endless":   `{"$defs": {"a": {"allOf": [{"$ref": "#/$defs/a"}]}}, "$ref": "#/$defs/a"}`,
		"elsewhere": `{"$ref": "https://example.com/schema"}`,
		"renamed":   `{"$id": "https://example.com/", "$ref": "#/$defs/a", "$defs": {"a": true}}`,
	} {
		if _, err := load(name, schema); host.Kind(err) != abi.InvalidManifest || !strings.Contains(err.Error(), "tasks[0].input") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
