package python_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/wexec/wexec/host"
	"github.com/wexec/wexec/host/capability"
	web "github.com/wexec/wexec/host/capability/http"
)

// demo runs the demo program, and keeps the spans of its calls.
type demo struct {
	m   *host.Module
	url string

	mu    sync.Mutex
	spans []host.Span
}

func newDemo(t testing.TB) *demo {
	d := &demo{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-time.After(400 * time.Millisecond):
		case <-r.Context().Done():
		}
		io.WriteString(w, "a page")
	}))
	t.Cleanup(server.Close)
	d.url = server.URL
	h := newHost(t, host.Config{
		Capabilities: []capability.Capability{&web.Client{Allow: []string{server.Listener.Addr().String()}}},
		Observe: func(s host.Span) {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.spans = append(d.spans, s)
		},
	})
	d.m = script(t, h, program(t, "demo.py"))
	return d
}

// play runs main, and returns how long that took, and the spans of what it called.
func (d *demo) play(t testing.TB, how string, count int) (time.Duration, []host.Span) {
	d.mu.Lock()
	d.spans = nil
	d.mu.Unlock()
	began := time.Now()
	out, err := d.m.Call(t.Context(), "main", fmt.Appendf(nil, "[%q,%d,%q]", how, count, d.url)).Wait(t.Context())
	took := time.Since(began)
	if err != nil || string(out) != "11" {
		t.Fatal(string(out), err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return took, d.spans[:len(d.spans)-1]
}

func TestDemo(t *testing.T) {
	_, spans := newDemo(t).play(t, "futures", 1000)
	if len(spans) != 11 {
		t.Errorf("%d tasks ran, want 11", len(spans))
	}
}

// BenchmarkDemo runs the demo with futures. It reports the time as a multiple of the
// ideal, which it takes from one run in sequence: the time of the longest task, or that
// of the cpu tasks on the cores if it is longer.
func BenchmarkDemo(b *testing.B) {
	d := newDemo(b)
	call := func(task, input string) time.Duration {
		began := time.Now()
		if _, err := d.m.Call(b.Context(), task, []byte(input)).Wait(b.Context()); err != nil {
			b.Fatal(err)
		}
		return time.Since(began)
	}
	const sample = 200_000
	call("compute_some", "1000")
	count := int(500 * time.Millisecond * sample / call("compute_some", fmt.Sprint(sample)))
	inSequence, spans := d.play(b, "sequence", count)
	var longest, computed time.Duration
	for _, s := range spans {
		took := s.Ended.Sub(s.Started)
		if longest = max(longest, took); s.Mode == host.CPU {
			computed = max(computed, took)
		}
	}
	const computations = 3 // all equally long
	cores := runtime.GOMAXPROCS(0)
	ideal := max(longest, computed*time.Duration((computations+cores-1)/cores))
	var total time.Duration
	for b.Loop() {
		took, _ := d.play(b, "futures", count)
		total += took
	}
	mean := total / time.Duration(b.N)
	b.ReportMetric(inSequence.Seconds(), "s-sequence")
	b.ReportMetric(ideal.Seconds(), "s-ideal")
	b.ReportMetric(mean.Seconds(), "s-futures")
	b.ReportMetric(float64(mean)/float64(ideal), "ratio")
}
