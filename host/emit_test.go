package host_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host"
	"github.com/wexec/wexec/host/hosttest"
)

// fill emits more than a queue holds: 16 of 20 chunks of 65,000 bytes fit. Then a
// direct guest has waited for room, and a resumable one waits for the event.
func fill() script {
	var s script
	for range 20 {
		s = s.do(doEmit, theCall, int(abi.EmitChunk), 0, 65_000)
	}
	return s
}

const fits = 16

// drain reads what is left, and checks that it ends.
func drain(t *testing.T, events *host.Events) (n int) {
	t.Helper()
	ctx, stop := patience(t)
	defer stop()
	for range events.All(ctx) {
		n++
	}
	if _, err := events.Next(ctx); err != io.EOF {
		t.Errorf("after the end: %v", err)
	}
	return n
}

// untilFull waits until n calls of a host wait for room, or anything else.
func untilFull(t *testing.T, h *host.Host, n int) {
	t.Helper()
	ctx, stop := patience(t)
	defer stop()
	parked := func() int { s := h.Stats(); return s.IO.Parked + s.Blocking.Parked + s.CPU.Parked }
	for parked() < n && ctx.Err() == nil {
		time.Sleep(time.Millisecond)
	}
	if parked() < n {
		t.Fatalf("%+v: %d calls should wait", h.Stats(), n)
	}
}

// TestEmitFloods: a reader that never reads holds up the calls that emit, until they
// are cancelled or their time is up.
func TestEmitFloods(t *testing.T) {
	for style, wasm := range puppets(t) {
		b := newBench(t, host.Limits{})
		m := b.load(t, wasm)
		flood := fill()
		if style == "resumable" {
			flood = flood.do(doNoMore)
		}
		for _, mode := range modes {
			for _, e := range asleep {
				var events host.Events
				e.options.Events = &events
				b.try(t, e, m, mode, string(mode), flood)
				if n := drain(t, &events); n > fits { // fewer, if its time was up early
					t.Errorf("%s/%s, %s: %d events", style, mode, e.name, n)
				}
			}
		}
	}
}

// TestEmitCancelledWhileFull: a call that waits for room is cancelled at once, and what it
// emitted before can be read.
func TestEmitCancelledWhileFull(t *testing.T) {
	b := newBench(t, host.Limits{})
	m := b.load(t, puppets(t)["direct"])
	for _, mode := range modes {
		var events host.Events
		f := m.With(host.Options{Events: &events}).Call(t.Context(), string(mode), fill())
		untilFull(t, b.Host, 1)
		f.Cancel()
		if out, err := f.Wait(t.Context()); len(out) > 0 || !errors.Is(err, host.ErrCancelled) {
			t.Errorf("%s: %q, %v", mode, out, err)
		}
		b.serves(t, mode)
		if n := drain(t, &events); n != fits {
			t.Errorf("%s: %d events", mode, n)
		}
	}
}

// TestEmitWaits: a call that waits for room goes on when the reader has made some. A
// reader that leaves half-way holds it up again.
func TestEmitWaits(t *testing.T) {
	for style, wasm := range puppets(t) {
		h := hosttest.New(t, host.Config{})
		m := hosttest.Load(t, h, wasm)
		for _, mode := range modes {
			if style == "resumable" && mode != host.CPU {
				continue // its script does not wait: see the conformance suite
			}
			var events host.Events
			f := m.With(host.Options{Events: &events}).Call(t.Context(), string(mode), append(fill(), fill()...))
			for read := range events.All(t.Context()) {
				if len(read.Data) != 65_000 || read.Kind != host.EventChunk || read.Task != string(mode) {
					t.Fatalf("%d bytes of kind %d of %s", len(read.Data), read.Kind, read.Task)
				}
				break
			}
			untilFull(t, h, 1)
			if n := drain(t, &events); n != 39 {
				t.Errorf("%s/%s: %d events", style, mode, n)
			}
			out, err := f.Wait(t.Context())
			if err != nil || !bytes.Equal(out, bytes.Repeat([]byte{1, 0, 0, 0}, 40)) {
				t.Errorf("%s/%s: % x, %v", style, mode, out, err)
			}
		}
	}
}

// TestEmitRoomWithoutAnOp: a resumable guest may wait for room alone. If it then does
// nothing, its call never ends, and the host says so.
func TestEmitRoomWithoutAnOp(t *testing.T) {
	h := hosttest.New(t, host.Config{})
	m := hosttest.Load(t, h, puppets(t)["resumable"])
	var events host.Events
	f := m.With(host.Options{Events: &events}).Call(t.Context(), "blocking", fill().do(doNoMore))
	untilFull(t, h, 1)
	if n := drain(t, &events); n != fits {
		t.Errorf("%d events", n)
	}
	if _, err := f.Wait(t.Context()); host.Kind(err) != abi.Trap || !strings.Contains(err.Error(), "no op is running") {
		t.Error(err)
	}
}

// TestEmitOfAnOrphan: what a call emits after it was cancelled is dropped, although its
// guest goes on.
func TestEmitOfAnOrphan(t *testing.T) {
	h := hosttest.New(t, host.Config{
		IO: host.ExecutorLimits{Workers: 1}, Limits: host.Limits{TurnTimeout: 200 * time.Millisecond},
	})
	m := hosttest.Load(t, h, puppets(t)["resumable"])
	var events host.Events
	other := m.Call(t.Context(), "io", script{}.sleepLong().do(doNoMore))
	endless := script{}.do(doEmit, theCall, 0, 0, 1).do(doAgain)
	f := m.With(host.Options{Events: &events}).Call(t.Context(), "io", endless)
	if _, err := events.Next(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.Cancel()
	<-f.Done()
	drain(t, &events)
	for over := false; !over; { // its turn goes on until the host ends it
		if e, err := events.Next(t.Context()); err != io.EOF {
			t.Fatalf("after the end: %v, %v", e, err)
		}
		select {
		case <-other.Done():
			over = true
		default:
			runtime.Gosched()
		}
	}
	if _, err := other.Wait(t.Context()); !errors.Is(err, host.ErrInstanceLost) {
		t.Error(err)
	}
}

// TestEmitInALostInstance: a call that waits for room ends with its instance, and so do
// its events.
func TestEmitInALostInstance(t *testing.T) {
	h := hosttest.New(t, host.Config{IO: host.ExecutorLimits{Workers: 1}})
	m := hosttest.Load(t, h, puppets(t)["resumable"])
	var events host.Events
	view := m.With(host.Options{Events: &events})
	waits := view.Call(t.Context(), "io", fill().do(doNoMore))
	if _, err := m.Call(t.Context(), "io", script{}.do(doTrap)).Wait(t.Context()); host.Kind(err) != abi.Trap {
		t.Error(err)
	}
	if _, err := waits.Wait(t.Context()); !errors.Is(err, host.ErrInstanceLost) {
		t.Error(err)
	}
	if n := drain(t, &events); n != fits {
		t.Errorf("%d events", n)
	}
	if _, err := view.Call(t.Context(), "io", script{}.do(doEmit, theCall, 0, 0, 3)).Wait(t.Context()); err != nil {
		t.Error(err)
	}
	if n := drain(t, &events); n != 1 {
		t.Errorf("%d events of the next call", n)
	}
}

// TestEmitMillions: a million of the smallest events pass, and the process does not
// grow.
func TestEmitMillions(t *testing.T) {
	total := 1_000_000
	if testing.Short() {
		total = 100_000
	}
	h := hosttest.New(t, host.Config{})
	m := hosttest.Load(t, h, puppets(t)["direct"])
	var events host.Events
	s := script{}.do(doEmit, theCall, 0, 0, 0).do(doEmit, theCall, 1, 0, 1).do(doAgain)
	f := m.With(host.Options{Events: &events}).Call(t.Context(), "cpu", s)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for range total {
		if _, err := events.Next(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 4<<20 {
		t.Errorf("the process grew by %d bytes", grown)
	}
	f.Cancel()
	<-f.Done()
	drain(t, &events)
}

// TestEmitTogether: calls of several tenants and modes share one queue, and several
// readers. Each call's chunks come in order, and none is lost.
func TestEmitTogether(t *testing.T) {
	const lines = 1000
	_, m := conformance(t, host.Config{})
	var events host.Events
	var calls []*host.Future[[]byte]
	for i := range 60 {
		o := host.Options{Tenant: fmt.Sprint(i % 3), Events: &events}
		task := []string{"count_out", "count_out_io", "count_out_cpu"}[i%3]
		calls = append(calls, m.With(o).Call(t.Context(), task, fmt.Append(nil, lines)))
	}
	outputs := map[uint64]*bytes.Buffer{}
	var mu sync.Mutex
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			for {
				mu.Lock() // so that the order holds
				e, err := events.Next(t.Context())
				if err != nil {
					mu.Unlock()
					return
				}
				if outputs[e.Call] == nil {
					outputs[e.Call] = &bytes.Buffer{}
				}
				if e.Kind == host.EventChunk {
					outputs[e.Call].Write(e.Data)
				}
				mu.Unlock()
			}
		})
	}
	for _, f := range calls {
		if out, err := f.Wait(t.Context()); err != nil || string(out) != "end" {
			t.Errorf("%q, %v", out, err)
		}
	}
	readers.Wait()
	var want bytes.Buffer
	for i := range lines {
		fmt.Fprintln(&want, i)
	}
	if len(outputs) != len(calls) {
		t.Errorf("events of %d calls, want %d", len(outputs), len(calls))
	}
	for id, got := range outputs {
		if !bytes.Equal(got.Bytes(), want.Bytes()) {
			t.Errorf("call %d: %d bytes, want %d", id, got.Len(), want.Len())
		}
	}
}

// TestEmitWithoutEvents: the result has the chunks of a call whose caller reads no
// events, even if the call fails. They are bounded as outputs are.
func TestEmitWithoutEvents(t *testing.T) {
	const chunk = int(abi.EmitChunk)
	for style, wasm := range puppets(t) {
		limits := host.Limits{Output: 100_000, TurnTimeout: 250 * time.Millisecond}
		h := hosttest.New(t, host.Config{Limits: limits, IO: host.ExecutorLimits{Workers: 1}})
		m := hosttest.Load(t, h, wasm)
		for _, mode := range modes {
			for name, c := range map[string]struct {
				script script
				length int
				want   string // in the error
			}{
				"ends": {script{}.do(doEmit, theCall, chunk, 0, 11).do(doEmit, theCall, 1, 0, 9).
					do(doOutput, theCall, 0, 11).do(doNoMore), 22, ""},
				"fails": {script{}.do(doEmit, theCall, chunk, 0, 11).do(doFail, theCall, 7, 0, 5).do(doNoMore),
					11, "failed with code 7: clock"},
				"too much in the end": {script{}.do(doEmit, theCall, chunk, 0, 60_000).do(doOutput, theCall, 0, 40_001).
					do(doNoMore), 60_000, "its output has 100001 bytes, at most 100000 are allowed"},
			} {
				out, err := m.Call(t.Context(), string(mode), c.script).Wait(t.Context())
				if len(out) != c.length || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) ||
					c.want == "" && err != nil || !strings.HasPrefix(string(out), "clock.sleep") {
					t.Errorf("%s/%s, %s: %d bytes, %v", style, mode, name, len(out), err)
				}
			}
			// The host stops a call that emits too much.
			endless := script{}.do(doEmit, theCall, chunk, 0, 30_000).do(doAgain)
			_, err := m.Call(t.Context(), string(mode), endless).Wait(t.Context())
			if host.Kind(err) != abi.Failed || !strings.Contains(err.Error(), "its output has 120000 bytes, at most 100000") {
				t.Errorf("%s/%s: %v", style, mode, err)
			}
		}
	}
}

// TestEmitHeld: the chunks that the host keeps for an instance count as what its ops
// hold, until their call ends.
func TestEmitHeld(t *testing.T) {
	h := hosttest.New(t, host.Config{
		Limits: host.Limits{Output: 50_000, Held: 100_000}, IO: host.ExecutorLimits{Workers: 1},
	})
	m := hosttest.Load(t, h, puppets(t)["resumable"])
	keeps := script{}.do(doEmit, theCall, 0, 0, 40_000).do(doNoMore)
	for range 3 { // what was held is released
		first, second := m.Call(t.Context(), "io", keeps), m.Call(t.Context(), "io", keeps)
		_, err := m.Call(t.Context(), "io", keeps).Wait(t.Context())
		if !errors.Is(err, host.ErrQueueFull) && host.Kind(err) != abi.QueueFull {
			t.Errorf("the third: %v", err)
		}
		for _, f := range []*host.Future[[]byte]{first, second} {
			f.Cancel()
			<-f.Done()
		}
	}
}

// TestEmitCancelledWhileAsleep: a call that is cancelled while it waits for an op keeps
// its chunks beside the error.
func TestEmitCancelledWhileAsleep(t *testing.T) {
	h := hosttest.New(t, host.Config{})
	m := hosttest.Load(t, h, puppets(t)["direct"])
	f := m.Call(t.Context(), "io", script{}.do(doEmit, theCall, 0, 0, 11).sleepLong().do(doOpWait, theLast))
	untilFull(t, h, 1)
	f.Cancel()
	if out, err := f.Wait(t.Context()); string(out) != "clock.sleep" || !errors.Is(err, host.ErrCancelled) {
		t.Errorf("%q, %v", out, err)
	}
}

// TestEventsEnd: Events end although a call was refused or never started.
func TestEventsEnd(t *testing.T) {
	one := host.ExecutorLimits{Workers: 1, Queue: 1}
	h, m := conformance(t, host.Config{CPU: one})
	var events host.Events
	m = m.With(host.Options{Events: &events})
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for _, task := range []string{"count_out_cpu", "nosuch task"} {
		if _, err := m.Call(gone, task, []byte("1")).Wait(t.Context()); err == nil {
			t.Error("a call ran whose caller has gone")
		}
	}
	drain(t, &events)
	spins := m.Call(t.Context(), "forever_cpu", nil)
	for h.Stats().CPU.Running == 0 {
		runtime.Gosched()
	}
	queued := m.Call(t.Context(), "count_out_cpu", []byte("1"))
	if _, err := m.Call(t.Context(), "count_out_cpu", []byte("1")).Wait(t.Context()); !errors.Is(err, host.ErrQueueFull) {
		t.Error(err)
	}
	queued.Cancel()
	spins.Cancel()
	drain(t, &events)
}

// TestEventsOfTaskCall: the callee's output goes to its caller, whatever the options
// that its module was loaded with.
func TestEventsOfTaskCall(t *testing.T) {
	var events host.Events
	_, m := conformance(t, host.Config{}, host.Options{Events: &events})
	out, err := result(t, m, "call", "count_out\n3")
	if n := drain(t, &events); out != "0\n1\n2\nend" || err != nil || n != 0 {
		t.Errorf("%q, %v, %d events", out, err, n)
	}
}

// TestEventsAndSchemas: an output of which a part went to the reader is not held against
// the schema. One that is whole is.
func TestEventsAndSchemas(t *testing.T) {
	h := hosttest.New(t, host.Config{})
	task := host.Task{Name: "io", Mode: host.IO, Output: []byte(`{"type":"string"}`)}
	m := hosttest.Load(t, h, withTasks(t, guest(t, "wat/puppet.wasm"), task))
	var events host.Events
	m = m.With(host.Options{Events: &events, Validate: true})
	if _, err := result(t, m, "io", string(script{}.do(doEmit, theCall, 0, 0, 1))); err != nil {
		t.Error(err)
	}
	var wrong *host.OutputError
	_, err := result(t, m, "io", string(script{}.do(doEmit, theCall, 1, 0, 1)))
	if !errors.As(err, &wrong) {
		t.Error(err)
	}
	drain(t, &events)
}
