//go:build linux

package host_test

import (
	"context"
	"fmt"
	"runtime/debug"
	"syscall"
	"testing"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/wexec/wexec/host"
	"github.com/wexec/wexec/host/hosttest"
)

// noops are the tasks of the conformance guest that do nothing.
var noops = map[host.Mode]string{host.IO: "noop_io", host.Blocking: "noop", host.CPU: "noop_cpu"}

// BenchmarkCall makes one call at a time, from submit to result, in a C guest.
func BenchmarkCall(b *testing.B) {
	_, m := conformance(b, host.Config{})
	for _, mode := range modes {
		b.Run(string(mode), func(b *testing.B) {
			ctx := context.Background()
			b.ReportAllocs()
			for b.Loop() {
				if _, err := m.Call(ctx, noops[mode], nil).Wait(ctx); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkTaskCall is one task that calls another by task.call and waits, again and
// again. Both instances are pristine.
func BenchmarkTaskCall(b *testing.B) {
	h, _ := conformance(b, host.Config{})
	task := host.Task{Name: "run", Mode: host.Blocking}
	caller, err := h.Load(b.Context(), "caller", withTasks(b, guest(b, "wat/puppet.wasm"), task))
	if err != nil {
		b.Fatal(err)
	}
	for _, mode := range modes {
		b.Run(string(mode), func(b *testing.B) {
			const children = 100
			list := make([]scriptOp, children)
			for i := range list {
				list[i] = scriptOp{"task.call", fmt.Sprintf(`{"module":"guest","task":%q}`+"\n", noops[mode])}
			}
			script := ops(0, list...)
			n := 0
			for b.Loop() {
				if n++; n%children != 0 { // one parent for as many children
					continue
				}
				if _, err := caller.Call(b.Context(), "run", script).Wait(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkCallParallel keeps 1,000 calls outstanding. The figure to compare
// is the CPU time of the process for each call, beside that of BenchmarkHandoff.
func BenchmarkCallParallel(b *testing.B) {
	_, m := conformance(b, host.Config{})
	for _, mode := range modes {
		b.Run(string(mode), func(b *testing.B) {
			outstanding(b, func() *host.Future[[]byte] { return m.Call(context.Background(), noops[mode], nil) })
		})
	}
	resumable := func(name string, wasm func(b testing.TB) []byte) {
		b.Run("io-resumable-"+name, func(b *testing.B) {
			h := hosttest.New(b, host.Config{})
			m := hosttest.Load(b, h, wasm(b))
			outstanding(b, func() *host.Future[[]byte] { return m.Call(context.Background(), "noop_io", nil) })
		})
	}
	resumable("go", func(b testing.TB) []byte { return hosttest.GoGuest(b, "../guests/go/conformance") })
	resumable("rust", func(b testing.TB) []byte { return hosttest.RustGuest(b, "../guests/rust", "conformance") })
}

// outstanding keeps 1,000 calls outstanding.
func outstanding(b *testing.B, call func() *host.Future[[]byte]) {
	ctx := context.Background()
	ring := make([]*host.Future[[]byte], 1000)
	for i := range ring {
		ring[i] = call()
	}
	b.ReportAllocs()
	before := cpuTime()
	b.ResetTimer()
	for i := 0; b.Loop(); i++ {
		if _, err := ring[i%len(ring)].Wait(ctx); err != nil {
			b.Fatal(err)
		}
		ring[i%len(ring)] = call()
	}
	b.ReportMetric(float64(cpuTime()-before)/float64(b.N), "cpu-ns/op")
	for _, f := range ring {
		f.Wait(ctx)
	}
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkHandoff is the floor for BenchmarkCallParallel: a round trip
// between two goroutines over bare channels.
func BenchmarkHandoff(b *testing.B) {
	ping, pong := make(chan int), make(chan int)
	go func() {
		for v := range ping {
			pong <- v
		}
		close(pong)
	}()
	before := cpuTime()
	for b.Loop() {
		ping <- 1
		<-pong
	}
	b.ReportMetric(float64(cpuTime()-before)/float64(b.N), "cpu-ns/op")
	close(ping)
}

// BenchmarkRawWazero is the floor for BenchmarkCall: wazero calls an export
// that does nothing, with and without its own means of interruption.
func BenchmarkRawWazero(b *testing.B) {
	for _, interruptible := range []bool{false, true} {
		b.Run(fmt.Sprintf("interruptible=%v", interruptible), func(b *testing.B) {
			ctx := context.Background()
			r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfig().WithCloseOnContextDone(interruptible))
			defer r.Close(ctx)
			wasi_snapshot_preview1.MustInstantiate(ctx, r)
			m, err := r.Instantiate(ctx, guest(b, "wat/hazards.wasm"))
			if err != nil {
				b.Fatal(err)
			}
			f := m.ExportedFunction("nothing")
			for b.Loop() {
				if err := f.CallWithStack(ctx, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkInFlight reports how many bytes of resident memory a sleeping io call
// takes.
func BenchmarkInFlight(b *testing.B) {
	for _, c := range []struct {
		name  string
		calls int
		wasm  func(testing.TB) []byte
		io    host.ExecutorLimits
	}{
		{"c-resumable", 1_000_000, func(b testing.TB) []byte { return guest(b, "c/resumable.wasm") },
			host.ExecutorLimits{Workers: 1, InFlight: 2_000_000, Queue: 2_000_000}},
		{"cpp-resumable", 1_000_000, func(b testing.TB) []byte { return guest(b, "cpp/conformance.wasm") },
			host.ExecutorLimits{Workers: 1, InFlight: 2_000_000, Queue: 2_000_000}},
		{"c-direct", 10_000, func(b testing.TB) []byte { return guest(b, "c/conformance.wasm") },
			host.ExecutorLimits{InFlight: 20_000, Queue: 20_000}},
		{"go-resumable", 100_000, func(b testing.TB) []byte { return hosttest.GoGuest(b, "../guests/go/conformance") },
			host.ExecutorLimits{Workers: 1, InFlight: 200_000, Queue: 200_000}},
		{"rust-resumable", 100_000,
			func(b testing.TB) []byte { return hosttest.RustGuest(b, "../guests/rust", "conformance") },
			host.ExecutorLimits{Workers: 1, InFlight: 200_000, Queue: 200_000}},
		{"js", 10_000, func(b testing.TB) []byte { return guestJS(b, "conformance.js") },
			host.ExecutorLimits{Workers: 1, InFlight: 20_000, Queue: 20_000}},
	} {
		b.Run(c.name, func(b *testing.B) {
			cfg := host.Config{IO: c.io, Limits: host.Limits{Memory: 2 << 30}}
			wasm := c.wasm(b)
			if c.name == "js" {
				cfg.Engines = hosttest.Engines(b, "javascript")
			}
			for b.Loop() {
				holdSleepers(b, c.calls, wasm, cfg)
			}
		})
	}
}

func holdSleepers(b *testing.B, calls int, wasm []byte, cfg host.Config) {
	ctx := context.Background()
	h, err := host.New(cfg)
	if err != nil {
		b.Fatal(err)
	}
	m, err := h.Load(ctx, "guest", wasm)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := m.Call(ctx, "sleep", []byte("1")).Wait(ctx); err != nil {
		b.Fatal(err)
	}
	debug.FreeOSMemory()
	before, cpu := resident(b), cpuTime()
	sleepers := make([]*host.Future[[]byte], calls)
	for i := range sleepers {
		sleepers[i] = m.Call(ctx, "sleep", []byte("10000"))
	}
	for s := h.Stats().IO; s.Queued > 0; s = h.Stats().IO {
		time.Sleep(10 * time.Millisecond)
	}
	if got := h.Stats().Calls; got != calls {
		b.Fatalf("%d calls are in flight, want %d", got, calls)
	}
	debug.FreeOSMemory()
	b.ReportMetric(float64(resident(b)-before)/float64(calls), "B/call")
	for _, f := range sleepers {
		if out, err := f.Wait(ctx); err != nil || string(out) != "slept" {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(cpuTime()-cpu)/float64(calls), "cpu-ns/call")
	if err := h.Close(ctx); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkSleepingPrograms reports how many bytes of resident memory a sleeping WASI
// program takes.
func BenchmarkSleepingPrograms(b *testing.B) {
	const programs = 1000
	h := hosttest.New(b, host.Config{})
	m := hosttest.Load(b, h, guest(b, "c/command.wasm")).With(host.Options{
		WASI: &host.WASI{Args: []string{"sleep", "3600000"}},
	})
	for b.Loop() {
		debug.FreeOSMemory()
		before := resident(b)
		ctx, cancel := context.WithCancel(context.Background())
		var all []*host.Future[[]byte]
		for range programs {
			all = append(all, m.Call(ctx, "main", nil))
		}
		untilParked(b, h, programs)
		debug.FreeOSMemory()
		b.ReportMetric(float64(resident(b)-before)/programs, "B/program")
		b.ReportMetric(float64(h.Stats().Blocking.Running), "workers-held")
		cancel()
		for _, f := range all {
			f.Wait(context.Background())
		}
	}
}
