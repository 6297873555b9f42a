package host_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host"
	"github.com/wexec/wexec/host/hosttest"
)

// puppets are the two guests of puppet.wat, each with a task in every mode.
func puppets(t testing.TB) map[string][]byte {
	var tasks []host.Task
	for _, mode := range modes {
		tasks = append(tasks, host.Task{Name: string(mode), Mode: mode})
	}
	return map[string][]byte{
		"direct":    withTasks(t, guest(t, "wat/puppet.wasm"), tasks...),
		"resumable": withTasks(t, guest(t, "wat/actor.wasm"), tasks...),
	}
}

// TestHostile runs scripts that break the rules of the ABI, in guests of both styles
// and tasks of every mode. The guest ends with an error that says what it did, and the
// next call is served.
func TestHostile(t *testing.T) {
	const page, far = 65536, 1 << 20
	type bad struct {
		name   string
		script script
		want   string
		only   string // style, if not both
		except host.Mode
		after  bool // the call is over by then; in a shared instance its future is done
	}
	cases := []bad{
		{name: "input: bad handle", script: script{}.do(doInput, 12345, 0, 8, 0),
			want: "input: no call has the handle 12345"},
		{name: "output: bad handle", script: script{}.do(doOutput, 0, 0, 0), want: "output: no call has the handle 0"},
		{name: "fail: bad handle", script: script{}.do(doFail, 1, 1, 0, 0), want: "fail: no call has the handle 1"},
		{name: "op_start: bad handle", script: script{}.do(doOpStart, 99, 0, 11, 32, 8),
			want: "op_start: no call has the handle 99"},
		{name: "op_result: bad handle", script: script{}.do(doOpResult, 77, 0, 0, 0),
			want: "op_result: no op has the handle 77"},
		{name: "op_cancel: bad handle", script: script{}.do(doOpCancel, 77), want: "op_cancel: no op has the handle 77"},
		{name: "op_drop: bad handle", script: script{}.do(doOpDrop, 77), want: "op_drop: no op has the handle 77"},
		{name: "op_wait: bad handle", script: script{}.do(doOpWait, 77), want: "op_wait: no op has the handle 77"},

		{name: "input: bad pointer", script: script{}.do(doInput, theCall, page-4, 8, 0),
			want: "input: 8 bytes at 0xfffc are not inside the memory"},
		{name: "input: pointer wraps", script: script{}.do(doInput, theCall, -4, 24, 0),
			want: "input: 24 bytes at 0xfffffffc are not inside the memory"},
		{name: "output: bad pointer", script: script{}.do(doOutput, theCall, far, 1),
			want: "output: 1 bytes at 0x100000 are not inside the memory"},
		{name: "output: bad length", script: script{}.do(doOutput, theCall, 0, 1<<31),
			want: "output: 2147483648 bytes at 0x0 are not inside the memory"},
		{name: "fail: bad pointer", script: script{}.do(doFail, theCall, 1, far, 9), want: "fail: 9 bytes at 0x100000"},
		{name: "op_start: bad name", script: script{}.do(doOpStart, theCall, far, 9, 0, 0),
			want: "op_start: 9 bytes at 0x100000"},
		{name: "op_start: bad argument", script: script{}.do(doOpStart, theCall, 0, 11, page-1, 2),
			want: "op_start: 2 bytes at 0xffff"},
		{name: "op_result: bad pointer", script: script{}.noSuch().do(doOpResult, theLast, far, 64, 0),
			want: "op_result: ", except: host.CPU},
		{name: "log: bad pointer", script: script{}.do(doLog, 1, far, 1), want: "log: 1 bytes at 0x100000"},
		{name: "emit: bad handle", script: script{}.do(doEmit, 12345, 0, 0, 1),
			want: "emit: no call has the handle 12345"},
		{name: "emit: bad kind", script: script{}.do(doEmit, theCall, 2, 0, 1), want: "emit: there is no kind 2"},
		{name: "emit: worse kind", script: script{}.do(doEmit, theCall, 1<<31, 0, 1), want: "no kind 2147483648"},
		{name: "emit: bad pointer", script: script{}.do(doEmit, theCall, 0, far, 1), want: "emit: 1 bytes at 0x100000"},
		{name: "emit: pointer wraps", script: script{}.do(doEmit, theCall, 0, -4, 24),
			want: "emit: 24 bytes at 0xfffffffc are not inside the memory"},
		{name: "emit: bad length", script: script{}.do(doEmit, theCall, 1, 0, page+1),
			want: "emit: 65537 bytes, at most 65536 are allowed"},
		{name: "emit: worse length", script: script{}.do(doEmit, theCall, 0, 0, -24), want: "at most 65536 are allowed"},
		{name: "next: bad pointer", script: script{}.noSuch().do(doNext, page-8, 1),
			want: "next: 16 bytes at 0xfff8", only: "resumable", except: host.CPU},

		{name: "output twice", script: script{}.do(doOutput, theCall, 0, 4),
			want: "output: no call has the handle", after: true},
		{name: "fail, then output", script: script{}.do(doFail, theCall, 5, 0, 4),
			want: "output: no call has the handle", after: true},
		{name: "emit after the end", script: script{}.do(doOutput, theCall, 0, 0).do(doEmit, theCall, 0, 0, 1),
			want: "emit: no call has the handle", after: true},
		{name: "op after the end", script: script{}.do(doOutput, theCall, 0, 0).sleepLong(),
			want: "op_start: no call has the handle", after: true},
		{name: "result of a running op", script: script{}.sleepLong().do(doOpResult, theLast, 0, 0, 0),
			want: "op_result: the op has not ended", except: host.CPU},
		{name: "drop twice", script: script{}.sleepLong().do(doOpDrop, theLast).do(doOpDrop, theLast),
			want: "op_drop: no op has the handle", except: host.CPU},
		{name: "op_wait of a resumable guest", script: script{}.sleepShort().do(doOpWait, theLast),
			want: "op_wait: a resumable guest would block its loop", only: "resumable", except: host.CPU},
		{name: "next of a direct guest", script: script{}.do(doNext, 8192, 1),
			want: "next: only resumable guests take events", only: "direct"},
		{name: "trap", script: script{}.do(doTrap), want: "unreachable"},
	}
	for style, wasm := range puppets(t) {
		h := hosttest.New(t, host.Config{})
		m := hosttest.Load(t, h, wasm)
		for _, c := range cases {
			for _, mode := range modes {
				if c.only != "" && c.only != style || c.except == mode {
					continue
				}
				if c.after && style == "resumable" && mode == host.IO {
					continue
				}
				t.Run(fmt.Sprintf("%s/%s/%s", style, c.name, mode), func(t *testing.T) {
					_, err := m.Call(t.Context(), string(mode), c.script).Wait(t.Context())
					if host.Kind(err) != abi.Trap || !strings.Contains(err.Error(), c.want) {
						t.Errorf("got %v, want a trap with %q", err, c.want)
					}
					out, err := m.Call(t.Context(), string(mode), script{}.do(doStore, 60000)).Wait(t.Context())
					if err != nil || len(out) != 4 {
						t.Errorf("the next call: %v, %v", out, err)
					}
				})
			}
		}
	}
}

// TestHarmless runs scripts that look wrong and are allowed.
func TestHarmless(t *testing.T) {
	const far = 1 << 20
	for style, wasm := range puppets(t) {
		h := hosttest.New(t, host.Config{})
		m := hosttest.Load(t, h, wasm)
		for name, s := range map[string]script{
			"copy of nothing to nowhere":   script{}.do(doInput, theCall, far, 0, 0),
			"copy from past the end":       script{}.do(doInput, theCall, far, 100, 1<<30),
			"an empty log line":            script{}.do(doLog, 1, far, 0),
			"an empty chunk":               script{}.do(doEmit, theCall, 0, far, 0),
			"progress that is not JSON":    script{}.do(doEmit, theCall, 1, 0, 65536),
			"a level that does not exist":  script{}.do(doLog, 1000, 0, 11),
			"an op that is left to itself": script{}.sleepLong(),
			"cancelled twice":              script{}.sleepLong().do(doOpCancel, theLast).do(doOpCancel, theLast),
			"result of a cancelled op":     script{}.sleepLong().do(doOpCancel, theLast).do(doOpResult, theLast, 0, 4, 0),
			"dropped while it runs":        script{}.sleepLong().do(doOpDrop, theLast),
		} {
			t.Run(style+"/"+name, func(t *testing.T) {
				if _, err := m.Call(t.Context(), "io", s).Wait(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// TestNeverEnds: a guest that never ends its call does not keep it open.
func TestNeverEnds(t *testing.T) {
	h := hosttest.New(t, host.Config{Limits: host.Limits{RunTimeout: 100 * time.Millisecond}})
	all := puppets(t)
	load := func(style string) *host.Module {
		m, err := h.Load(t.Context(), style, all[style])
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	for _, c := range []struct {
		style, task string
		kind        abi.Status
		want        string
	}{
		{"direct", "io", abi.Trap, "wexec_call returned without ending the call"},
		{"direct", "cpu", abi.Trap, "wexec_call returned without ending the call"},
		{"resumable", "blocking", abi.Trap, "waits for events, but no op is running"},
		{"resumable", "io", abi.Timeout, "ran for more than 100ms"}, // an event of another call might still end it
	} {
		m := load(c.style)
		_, err := m.Call(t.Context(), c.task, script{}.do(doNoMore)).Wait(t.Context())
		if host.Kind(err) != c.kind || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %s: got %v, want %q", c.style, c.task, err, c.want)
		}
		if err := m.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// TestInstanceLost: when a call ends the instance that others share, it gets the cause
// and they get ErrInstanceLost. The next call gets a new instance.
func TestInstanceLost(t *testing.T) {
	h := hosttest.New(t, host.Config{IO: host.ExecutorLimits{Workers: 1}})
	m := hosttest.Load(t, h, puppets(t)["resumable"])
	sleeping := script{}.sleepLong().do(doNoMore)
	var others []*host.Future[[]byte]
	for range 10 {
		others = append(others, m.Call(t.Context(), "io", sleeping))
	}
	_, err := m.Call(t.Context(), "io", script{}.do(doTrap)).Wait(t.Context())
	if host.Kind(err) != abi.Trap {
		t.Errorf("the call at fault: %v", err)
	}
	for _, f := range others {
		_, err := f.Wait(t.Context())
		var trap *host.TrapError
		if host.Kind(err) != abi.InstanceLost || !errors.Is(err, host.ErrInstanceLost) || !errors.As(err, &trap) {
			t.Errorf("another call: %v", err)
		}
	}
	if _, err := m.Call(t.Context(), "io", script{}.do(doStore, 60000)).Wait(t.Context()); err != nil {
		t.Errorf("the next call: %v", err)
	}
}

// TestTurnTimeout: a resumable guest that does not return from its turn is ended,
// although it has other calls.
func TestTurnTimeout(t *testing.T) {
	h := hosttest.New(t, host.Config{
		IO:     host.ExecutorLimits{Workers: 1},
		Limits: host.Limits{TurnTimeout: 50 * time.Millisecond},
	})
	m := hosttest.Load(t, h, puppets(t)["resumable"])
	other := m.Call(t.Context(), "io", script{}.sleepLong().do(doNoMore))
	_, err := m.Call(t.Context(), "io", script{}.do(doSpin)).Wait(t.Context())
	if host.Kind(err) != abi.Timeout || !strings.Contains(err.Error(), "held its loop for more than 50ms") {
		t.Errorf("the call at fault: %v", err)
	}
	if _, err := other.Wait(t.Context()); host.Kind(err) != abi.InstanceLost {
		t.Errorf("the other call: %v", err)
	}
}

// TestRunDeadlineInALongTurn: a call ends at its deadline even while its guest does not
// return from its turn.
func TestRunDeadlineInALongTurn(t *testing.T) {
	limits := host.Limits{TurnTimeout: 300 * time.Millisecond, RunTimeout: 20 * time.Millisecond}
	h := hosttest.New(t, host.Config{Limits: limits})
	m := hosttest.Load(t, h, puppets(t)["resumable"])
	_, err := m.Call(t.Context(), "io", script{}.do(doSpin)).Wait(t.Context())
	if host.Kind(err) != abi.Timeout || !strings.Contains(err.Error(), "ran for more than 20ms") {
		t.Error(err)
	}
}

// TestOpsInFlight bounds the ops of a call.
func TestOpsInFlight(t *testing.T) {
	h := hosttest.New(t, host.Config{Limits: host.Limits{Ops: 2}})
	m := hosttest.Load(t, h, puppets(t)["direct"])
	s := script{}.sleepLong().sleepLong().sleepLong().do(doOpWait, theLast)
	out, err := m.Call(context.Background(), "io", s).Wait(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := abi.Status(out[12]); got != abi.QueueFull {
		t.Errorf("the third op ended as %v, want %v", got, abi.QueueFull)
	}
}

// FuzzScripts calls every import with arguments of any kind, in guests of both styles.
// Each call ends soon, with an error that is the guest's, and its events end too.
func FuzzScripts(f *testing.F) {
	var log hosttest.Log
	h := hosttest.New(f, host.Config{Logger: log.Logger(), Limits: host.Limits{
		RunTimeout: 20 * time.Millisecond, TurnTimeout: 20 * time.Millisecond, Ops: 10, Output: 200_000, LogRate: 1,
	}})
	var guests []*host.Module
	for style, wasm := range puppets(f) {
		m, err := h.Load(f.Context(), style, wasm)
		if err != nil {
			f.Fatal(err)
		}
		guests = append(guests, m)
	}
	numbers := []int{theCall, theLast, 0, 1, 2, 7, 8, 11, 16, 64, 80, 1024, 65535, 65536, 65537, 1 << 20, 1 << 31, -16}
	f.Add(false, []byte{doEmit, 0, 2, 2, 13, 0, doOutput, 0, 2, 2, 0, 0})
	f.Add(true, []byte{doOpStart, 0, 2, 7, 2, 2, doOpDrop, 1, 0, 0, 0, 0, doEmit, 0, 2, 2, 12, 0, doAgain, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, reads bool, steps []byte) {
		var s script
		for step := range slices.Chunk(steps[:min(len(steps), 6*100)], 6) {
			var args []int
			for _, b := range step[1:] {
				args = append(args, numbers[int(b)%len(numbers)])
			}
			s = s.do(int(step[0])%(doAgain+1), args...)
		}
		for _, m := range guests {
			for _, mode := range modes {
				var events host.Events
				view := m
				if reads {
					view = m.With(host.Options{Events: &events})
				}
				view.Call(t.Context(), string(mode), s).Wait(t.Context())
				drain(t, &events)
			}
		}
		if strings.Contains(log.String(), "panicked") {
			t.Error(log.String())
		}
	})
}
