//go:build linux

package host_test

import (
	"bytes"
	"context"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/wexec/wexec/host"
	"github.com/wexec/wexec/host/hosttest"
)

// worstTime is how long BenchmarkWorstPause measures each stall, in turns with the
// control.
const worstTime = 2 * time.Second

// BenchmarkWorstPause measures how long the world is stopped beside guests that try to
// keep it from that, and beside a control: Go code that does as much, in the way that Go
// code does. Look at the max. It should be below 5 ms, and below 2 ms where the guest's
// memory has all its pages.
//
//	go test ./host -run '^$' -bench WorstPause -benchtime 1x
func BenchmarkWorstPause(b *testing.B) {
	h := hosttest.New(b, host.Config{})
	slow := hosttest.Load(b, h, guest(b, "wat/slow.wasm")).With(host.Options{Mode: host.CPU})
	echo := hosttest.Load(b, hosttest.New(b, host.Config{}), guest(b, "c/conformance.wasm"))
	large := bytes.Repeat([]byte("x"), 64<<20)
	for _, stall := range []struct {
		name string
		call func(ctx context.Context)
	}{
		{"idle", func(context.Context) { time.Sleep(time.Millisecond) }},
		{"touch", calls(slow, "touch", nil)},
		{"straddle", calls(slow, "straddle", nil)},
		{"chase", calls(slow, "chase", nil)},
		{"tiny", calls(slow, "tiny", nil)},
		{"copy", calls(slow, "copy", nil)},
		{"restore", calls(slow, "write", nil)},
		{"echo", calls(echo, "echo_cpu", large)},
	} {
		b.Run(stall.name, func(b *testing.B) {
			b.ReportMetric(0, "ns/op")
			var pauses [2]samples
			for i, call := range []func(context.Context){stall.call, touchPages} {
				stop := keepCalling(call)
				pauses[i] = stopTheWorld(worstTime)
				stop()
			}
			b.ReportMetric(float64(len(pauses[0])), "samples")
			for i, name := range []string{"guest", "control"} {
				slices.Sort(pauses[i])
				b.ReportMetric(pauses[i].at(1).Seconds()*1e3, name+"-max-ms")
				b.ReportMetric(pauses[i].at(0.99).Seconds()*1e3, name+"-p99-ms")
			}
		})
	}
}

// calls returns a function that calls a task, and waits for its end.
func calls(m *host.Module, task string, input []byte) func(context.Context) {
	return func(ctx context.Context) { m.Call(ctx, task, input).Wait(ctx) }
}

// touchPages is the control.
func touchPages(context.Context) {
	b := make([]byte, 64<<20)
	for i := 0; i < len(b); i += 4096 {
		b[i]++
	}
}

// keepCalling calls again and again until it is stopped.
func keepCalling(call func(context.Context)) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			call(ctx)
		}
	}()
	return func() {
		cancel()
		<-done
	}
}

// stopTheWorld stops the world for no time, again and again, and returns how long each
// took.
func stopTheWorld(long time.Duration) (pauses samples) {
	var m runtime.MemStats
	for begin := time.Now(); time.Since(begin) < long; time.Sleep(time.Millisecond) {
		start := time.Now()
		runtime.ReadMemStats(&m)
		pauses = append(pauses, time.Since(start))
	}
	return pauses
}
