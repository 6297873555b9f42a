package host_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host"
	"github.com/wexec/wexec/host/hosttest"
)

// spanLog keeps the spans that a host reports.
type spanLog struct {
	mu    sync.Mutex
	spans []host.Span
}

func (l *spanLog) add(s host.Span) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.spans = append(l.spans, s)
}

func (l *spanLog) last() host.Span {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.spans[len(l.spans)-1]
}

func conformance(t testing.TB, cfg host.Config, options ...host.Options) (*host.Host, *host.Module) {
	t.Helper()
	h := hosttest.New(t, cfg)
	return h, hosttest.Load(t, h, guest(t, "c/conformance.wasm"), options...)
}

// result calls a task and waits for its output.
func result(t testing.TB, m *host.Module, task, input string) (string, error) {
	t.Helper()
	out, err := m.Call(t.Context(), task, []byte(input)).Wait(t.Context())
	return string(out), err
}

func TestTimeouts(t *testing.T) {
	_, m := conformance(t, host.Config{CPU: host.ExecutorLimits{Workers: 1}})
	short := m.With(host.Options{RunTimeout: 30 * time.Millisecond})
	for _, c := range [][2]string{
		{"hang", ""}, {"forever", ""}, {"forever_cpu", ""},
		{"call", "hang\n"}, {"call", "forever\n"}, {"call_blocking", "forever_cpu\n"},
	} {
		_, err := result(t, short, c[0], c[1])
		if !errors.Is(err, host.ErrTimeout) {
			t.Errorf("%v: %v", c, err)
		}
		if c[1] != "" {
			continue // the task that it calls runs out of time a little earlier
		}
		var timeout *host.TimeoutError
		if !errors.Is(err, context.DeadlineExceeded) || !errors.As(err, &timeout) || timeout.Phase != "run" {
			t.Errorf("%v: %v", c, err)
		}
	}
	// While the only cpu worker is taken, a call waits in the queue until its time is up.
	blocker := m.Call(t.Context(), "forever_cpu", nil)
	_, err := result(t, m.With(host.Options{QueueTimeout: 20 * time.Millisecond}), "echo_cpu", "")
	var timeout *host.TimeoutError
	if !errors.As(err, &timeout) || timeout.Phase != "queue" {
		t.Errorf("in the queue: %v", err)
	}
	blocker.Cancel()
}

// TestNarrowed: time limits in the manifest, the module's options and the call's
// options narrow and never widen.
func TestNarrowed(t *testing.T) {
	_, m := conformance(t, host.Config{Limits: host.Limits{RunTimeout: 40 * time.Millisecond}})
	for _, c := range []struct {
		task    string
		options host.Options
		want    string
	}{
		{"hang", host.Options{}, "40ms"},
		{"hang", host.Options{RunTimeout: time.Hour}, "40ms"},
		{"hang", host.Options{RunTimeout: host.NoLimit}, "40ms"},
		{"hang", host.Options{RunTimeout: 10 * time.Millisecond}, "10ms"},
		{"slow", host.Options{}, "40ms"},
	} {
		_, err := m.With(c.options).Call(t.Context(), c.task, nil).Wait(t.Context())
		if err == nil || !strings.Contains(err.Error(), "more than "+c.want) {
			t.Errorf("%s with %+v: %v, want %s", c.task, c.options, err, c.want)
		}
	}
}

func TestCancelInTheQueue(t *testing.T) {
	_, m := conformance(t, host.Config{CPU: host.ExecutorLimits{Workers: 1}})
	blocker := m.Call(t.Context(), "forever_cpu", nil)
	waiting := m.Call(t.Context(), "echo_cpu", nil)
	waiting.Cancel()
	if _, err := waiting.Wait(t.Context()); !errors.Is(err, host.ErrCancelled) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	waiting = m.Call(ctx, "echo_cpu", nil)
	cause := errors.New("the user left")
	cancel(cause)
	if _, err := waiting.Wait(t.Context()); !errors.Is(err, host.ErrCancelled) || !errors.Is(err, cause) {
		t.Error(err)
	}
	blocker.Cancel()
	if _, err := blocker.Wait(t.Context()); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if out, err := m.Call(t.Context(), "echo_cpu", []byte("free")).Wait(t.Context()); string(out) != "free" {
		t.Error(err)
	}
}

func TestQueueFull(t *testing.T) {
	h, m := conformance(t, host.Config{CPU: host.ExecutorLimits{Workers: 1, Queue: 2}})
	blocker := m.Call(t.Context(), "forever_cpu", nil)
	defer blocker.Cancel()
	for h.Stats().CPU.Running == 0 {
		time.Sleep(time.Millisecond)
	}
	a := m.Call(t.Context(), "echo_cpu", nil)
	b := m.Call(t.Context(), "echo_cpu", nil)
	_, err := m.Call(t.Context(), "echo_cpu", nil).Wait(t.Context())
	if !errors.Is(err, host.ErrQueueFull) || !strings.Contains(err.Error(), "cpu has 2 jobs queued") {
		t.Errorf("got %v", err)
	}
	a.Cancel()
	b.Cancel()
}

func TestPriority(t *testing.T) {
	spans := &spanLog{}
	h, m := conformance(t, host.Config{CPU: host.ExecutorLimits{Workers: 1}, Observe: spans.add})
	blocker := m.Call(t.Context(), "forever_cpu", nil)
	for h.Stats().CPU.Running == 0 {
		time.Sleep(time.Millisecond)
	}
	var all []*host.Future[[]byte]
	for i := range 6 {
		view := m.With(host.Options{Priority: i % 3, Tenant: fmt.Sprint("priority ", i%3)})
		all = append(all, view.Call(t.Context(), "echo_cpu", nil))
	}
	blocker.Cancel()
	if _, err := host.All(all...).Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	var order []string
	for _, s := range spans.spans[1:] {
		order = append(order, strings.TrimPrefix(s.Tenant, "priority "))
	}
	if got := strings.Join(order, ""); got != "221100" {
		t.Errorf("ran in the order %s", got)
	}
}

// TestDepth: endless recursion of task calls ends with an error before it takes all
// memory.
func TestDepth(t *testing.T) {
	_, m := conformance(t, host.Config{Limits: host.Limits{Depth: 5}})
	endless := strings.Repeat("call\n", 50) + "echo\nx"
	_, err := m.Call(t.Context(), "call", []byte(endless)).Wait(t.Context())
	if host.Kind(err) != abi.Denied || !strings.Contains(err.Error(), "5 deep already: call → call") {
		t.Error(err)
	}
}

func TestInputTooLarge(t *testing.T) {
	_, m := conformance(t, host.Config{Limits: host.Limits{Input: 10, Output: 10}})
	_, err := m.Call(t.Context(), "echo", make([]byte, 11)).Wait(t.Context())
	if host.Kind(err) != abi.InvalidInput || !strings.Contains(err.Error(), "11 bytes, at most 10 are allowed") {
		t.Errorf("input: %v", err)
	}
	_, err = m.Call(t.Context(), "big", []byte("11")).Wait(t.Context())
	if host.Kind(err) != abi.Failed || !strings.Contains(err.Error(), "11 bytes, at most 10 are allowed") {
		t.Errorf("output: %v", err)
	}
}

func TestMemoryLimits(t *testing.T) {
	_, m := conformance(t, host.Config{Limits: host.Limits{Memory: 8 << 20}})
	grow := func(m *host.Module, task string) string {
		t.Helper()
		out, err := m.Call(t.Context(), task, nil).Wait(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	if got := grow(m, "grow"); got != "7" {
		t.Errorf("of 8 MiB a task found %s", got)
	}
	if got := grow(m.With(host.Options{Memory: 3 << 20}), "grow"); got != "2" {
		t.Errorf("of 3 MiB a task found %s", got)
	}
	if got := grow(m, "small"); got != "0" {
		t.Errorf("of the 1 MiB that it asks for a task found %s", got)
	}
	_, err := m.With(host.Options{Memory: 1}).Call(t.Context(), "echo", nil).Wait(t.Context())
	if host.Kind(err) != abi.Trap || !strings.Contains(err.Error(), "out of memory") {
		t.Errorf("less than it starts with: %v", err)
	}
}

// TestIsolation: a task finds the state of an earlier task only with PerInstance, and
// never that of another tenant's task.
func TestIsolation(t *testing.T) {
	h, m := conformance(t, host.Config{Blocking: host.ExecutorLimits{Workers: 1}})
	count := func(o host.Options) string {
		waitUntilIdle(h)
		out, err := m.With(o).Call(t.Context(), "counter", nil).Wait(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	kept := host.PerInstance
	for i, c := range []struct {
		tenant    string
		isolation host.Isolation
		want      string
	}{
		{"a", kept, "1"}, {"b", kept, "1"}, {"", kept, "1"}, {"a", kept, "2"},
		{"a", "", "1"}, {"a", "", "1"}, {"b", host.PerTask, "1"}, {"a", kept, "3"}, {"a", "", "1"},
	} {
		if got := count(host.Options{Tenant: c.tenant, Isolation: c.isolation}); got != c.want {
			t.Errorf("call %d, of tenant %q, isolation %q: the instance has had %s calls, want %s",
				i, c.tenant, c.isolation, got, c.want)
		}
	}
	_, err := m.With(host.Options{Isolation: "none"}).Call(t.Context(), "counter", nil).Wait(t.Context())
	if host.Kind(err) != abi.InvalidInput || !strings.Contains(err.Error(), `want "task" or "instance"`) {
		t.Errorf("an unknown isolation: %v", err)
	}
	// PerTask can't be widened.
	m = m.With(host.Options{Isolation: host.PerTask})
	for range 2 {
		if got := count(host.Options{Tenant: "a", Isolation: kept}); got != "1" {
			t.Errorf("isolation task, then instance: the instance has had %s calls", got)
		}
	}
}

func TestSpans(t *testing.T) {
	spans := &spanLog{}
	_, m := conformance(t, host.Config{Observe: spans.add})
	if _, err := result(t, m.With(host.Options{Tenant: "acme"}), "call", "echo_cpu\nhi"); err != nil {
		t.Fatal(err)
	}
	child, parent := spans.spans[0], spans.spans[1]
	if child.Task != "echo_cpu" || child.Mode != host.CPU || child.Parent != parent.ID || child.Tenant != "acme" ||
		!strings.HasPrefix(child.Lane, "core ") {
		t.Errorf("child: %+v", child)
	}
	if parent.Task != "call" || parent.Parent != 0 || parent.HostCalls == 0 || parent.MemoryBytes == 0 ||
		parent.Err != nil || !strings.HasPrefix(parent.Lane, "io ") {
		t.Errorf("parent: %+v", parent)
	}
	for _, s := range spans.spans {
		if s.Queued.After(s.Started) || s.Started.After(s.Ended) {
			t.Errorf("times out of order: %+v", s)
		}
	}
	if _, err := m.Call(t.Context(), "fail", nil).Wait(t.Context()); err == nil || spans.last().Err == nil {
		t.Errorf("a failure: %v, %+v", err, spans.last())
	}
}

// TestClose: Close waits for a call that ends in time and cancels one that does not.
// A closed host takes no more calls.
func TestClose(t *testing.T) {
	h, err := host.New(host.Config{})
	if err != nil {
		t.Fatal(err)
	}
	m, err := h.Load(t.Context(), "guest", guest(t, "c/conformance.wasm"))
	if err != nil {
		t.Fatal(err)
	}
	quick := m.Call(t.Context(), "call", []byte("sleep_blocking\n20"))
	hanging := m.Call(t.Context(), "hang", nil)
	spinning := m.Call(t.Context(), "forever_cpu", nil)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if err := h.Close(ctx); err != nil {
		t.Errorf("close: %v", err)
	}
	if out, err := quick.Wait(t.Context()); string(out) != "slept" {
		t.Errorf("the quick call: %v", err)
	}
	for _, f := range []*host.Future[[]byte]{hanging, spinning, m.Call(t.Context(), "echo", nil)} {
		if _, err := f.Wait(t.Context()); !errors.Is(err, host.ErrClosed) {
			t.Errorf("got %v, want ErrClosed", err)
		}
	}
	if _, err := h.Load(t.Context(), "more", guest(t, "wat/hazards.wasm")); !errors.Is(err, host.ErrClosed) {
		t.Errorf("load: %v", err)
	}
}

// TestTreeWiderThanThePool: a call that waits for its children occupies no worker.
func TestTreeWiderThanThePool(t *testing.T) {
	_, m := conformance(t, host.Config{Blocking: host.ExecutorLimits{Workers: 2}})
	out, err := m.Call(t.Context(), "tree", []byte("7")).Wait(t.Context())
	if err != nil || string(out) != "128" {
		t.Errorf("%s, %v", out, err)
	}
}
