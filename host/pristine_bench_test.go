//go:build linux

package host_test

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host"
	"github.com/wexec/wexec/host/hosttest"
)

// BenchmarkPristine runs tasks that do nothing, one at a time, each in a pristine
// instance, from submit to result. It compares them with a new instance in wazero
// alone: to make it, call it and close it.
func BenchmarkPristine(b *testing.B) {
	for _, g := range pristineGuests {
		wasm := g.wasm(b)
		benchmarkPristine(b, g.name, wasm, "noop_cpu")
		if g.name == "go" { // a task that may wait costs more there
			benchmarkPristine(b, "go-blocking", wasm, "noop")
		}
	}
}

func benchmarkPristine(b *testing.B, name string, wasm []byte, task string) {
	b.Run(name, func(b *testing.B) {
		ctx := context.Background()
		h := hosttest.New(b, host.Config{})
		m := hosttest.Load(b, h, wasm)
		call := func() {
			if _, err := m.Call(ctx, task, nil).Wait(ctx); err != nil {
				b.Fatal(err)
			}
		}
		call()
		b.ReportAllocs()
		cpu := cpuTime()
		b.ResetTimer()
		for b.Loop() {
			call()
		}
		b.ReportMetric(float64(cpuTime()-cpu)/float64(b.N), "cpu-ns/op")
		fresh := newInWazero(b, wasm)
		b.ReportMetric(float64(fresh), "wazero-ns")
		b.ReportMetric(float64(fresh)*float64(b.N)/float64(b.Elapsed()), "wazero/pristine")
	})
}

// newInWazero returns how long wazero takes to make a new instance, call the function
// that runs tasks, and close it.
func newInWazero(b *testing.B, wasm []byte) time.Duration {
	b.StopTimer()
	ctx := context.Background()
	r := wazero.NewRuntime(ctx)
	defer r.Close(ctx)
	wasi_snapshot_preview1.MustInstantiate(ctx, r)
	imports := r.NewHostModuleBuilder(abi.ImportModule)
	for _, f := range abi.Imports {
		params := make([]api.ValueType, len(f.Params))
		for i := range params {
			params[i] = api.ValueTypeI32
		}
		var results []api.ValueType
		if f.Result != "" {
			results = []api.ValueType{api.ValueTypeI32}
		}
		nothing := api.GoModuleFunc(func(_ context.Context, _ api.Module, stack []uint64) {
			if len(results) > 0 {
				stack[0] = 0
			}
		})
		imports.NewFunctionBuilder().WithGoModuleFunction(nothing, params, results).Export(f.Name)
	}
	if _, err := imports.Instantiate(ctx); err != nil {
		b.Fatal(err)
	}
	compiled, err := r.CompileModule(ctx, wasm)
	if err != nil {
		b.Fatal(err)
	}
	config := wazero.NewModuleConfig().WithName("").WithStartFunctions("_initialize").WithSysWalltime().WithSysNanotime()
	once := func() {
		m, err := r.InstantiateModule(ctx, compiled, config)
		if err != nil {
			b.Fatal(err)
		}
		if f := m.ExportedFunction(abi.ExportResume); f != nil {
			_, err = f.Call(ctx)
		} else {
			_, err = m.ExportedFunction(abi.ExportCall).Call(ctx, 0, 0)
		}
		if err != nil {
			b.Fatal(err)
		}
		m.Close(ctx)
	}
	once()
	start, n := time.Now(), 0
	for ; time.Since(start) < 300*time.Millisecond; n++ {
		once()
	}
	return time.Since(start) / time.Duration(n)
}

// BenchmarkPristineTouched runs a task that writes to some pages of 4 KB, in a memory of
// 4 MB that is reset afterwards.
func BenchmarkPristineTouched(b *testing.B) {
	ctx := context.Background()
	h := hosttest.New(b, host.Config{})
	m := hosttest.Load(b, h, guest(b, "wat/pages.wasm"))
	for _, pages := range []int{1, 16, 64, 256} {
		b.Run(fmt.Sprint(pages), func(b *testing.B) {
			input := fmt.Appendf(nil, "[%d]", pages)
			for b.Loop() {
				if _, err := m.Call(ctx, "touch", input).Wait(ctx); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkPristineScaling measures how many more tasks two cores run than one does.
// The tasks do nothing, each in a pristine instance. It compares that with how much
// more a loop in Go does that computes for as long.
func BenchmarkPristineScaling(b *testing.B) {
	if runtime.NumCPU() < 2 {
		b.Skip("one core")
	}
	for _, g := range pristineGuests {
		b.Run(g.name, func(b *testing.B) {
			wasm := g.wasm(b)
			const each = 300 * time.Millisecond
			var tasks, loops [2]float64
			for b.Loop() {
				// In turns: the machine may be faster now than later.
				for cores := range 2 {
					loops[cores] += perSecond(cores+1, each, func() func() { return spinInGo })
					tasks[cores] += pristinePerSecond(b, wasm, cores+1, each)
				}
			}
			b.ReportMetric(tasks[1]/float64(b.N), "tasks/s")
			b.ReportMetric(tasks[1]/tasks[0], "x-tasks")
			b.ReportMetric(loops[1]/loops[0], "x-loops")
			b.ReportMetric(tasks[1]/tasks[0]/(loops[1]/loops[0]), "scaling")
		})
	}
}

var spun atomic.Uint64

// spinInGo takes a few microseconds.
func spinInGo() {
	x := uint64(1)
	for range 5000 {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
	}
	spun.Store(x)
}

// perSecond returns how often a number of goroutines, each with a function of its own,
// can call it in a second.
func perSecond(goroutines int, d time.Duration, work func() func()) float64 {
	before := runtime.GOMAXPROCS(goroutines)
	defer runtime.GOMAXPROCS(before)
	counts := make(chan int)
	for range goroutines {
		do := work()
		go func() {
			n := 0
			for start := time.Now(); time.Since(start) < d; n++ {
				do()
			}
			counts <- n
		}()
	}
	sum := 0
	for range goroutines {
		sum += <-counts
	}
	return float64(sum) / d.Seconds()
}

// pristinePerSecond keeps a host with a number of cores busy, with tasks from as many
// goroutines.
func pristinePerSecond(b *testing.B, wasm []byte, cores int, d time.Duration) float64 {
	ctx := context.Background()
	h, err := host.New(host.Config{CPU: host.ExecutorLimits{Workers: cores}})
	if err != nil {
		b.Fatal(err)
	}
	defer h.Close(ctx)
	m, err := h.Load(ctx, "guest", wasm)
	if err != nil {
		b.Fatal(err)
	}
	return perSecond(cores, d, func() func() {
		ring := make([]*host.Future[[]byte], 100)
		for i := range ring {
			ring[i] = m.Call(ctx, "noop_cpu", nil)
		}
		n := 0
		return func() {
			f := &ring[n%len(ring)]
			n++
			if _, err := (*f).Wait(ctx); err != nil {
				b.Error(err)
			}
			*f = m.Call(ctx, "noop_cpu", nil)
		}
	})
}

// BenchmarkMake makes an instance from its module's snapshot, and closes it. A task
// costs that much more if the one before it has ended its instance.
func BenchmarkMake(b *testing.B) {
	for _, g := range pristineGuests {
		b.Run(g.name, func(b *testing.B) {
			ctx := context.Background()
			h := hosttest.New(b, host.Config{})
			m := hosttest.Load(b, h, g.wasm(b))
			for b.Loop() {
				if _, err := m.Call(ctx, "trap", nil).Wait(ctx); err == nil {
					b.Fatal("it did not trap")
				}
			}
		})
	}
}

// BenchmarkIdle reports how many bytes of resident memory an idle instance takes, and a
// module with one of them. Memory that several share counts once.
func BenchmarkIdle(b *testing.B) {
	ctx := context.Background()
	for _, c := range []struct {
		name string
		wasm func() []byte
	}{
		{"c", func() []byte { return guest(b, "c/conformance.wasm") }},
		{"go", func() []byte { return hosttest.GoGuest(b, "../guests/go/conformance") }},
		{"rust", func() []byte { return hosttest.RustGuest(b, "../guests/rust", "conformance") }},
	} {
		wasm := c.wasm()
		b.Run(c.name+"/instance", func(b *testing.B) {
			const instances = 200
			for b.Loop() {
				h := hosttest.New(b, host.Config{Idle: time.Hour, Blocking: host.ExecutorLimits{Workers: instances}})
				m := hosttest.Load(b, h, wasm)
				if _, err := m.Call(ctx, "sleep_blocking", []byte("1")).Wait(ctx); err != nil {
					b.Fatal(err)
				}
				before := proportional(b)
				calls := make([]*host.Future[[]byte], instances)
				for i := range calls {
					calls[i] = m.Call(ctx, "sleep_blocking", []byte("1000"))
				}
				if _, err := host.All(calls...).Wait(ctx); err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(proportional(b)-before)/float64(h.Stats().Instances-1), "B/instance")
			}
		})
		b.Run(c.name+"/module", func(b *testing.B) {
			const modules = 5
			for b.Loop() {
				h := hosttest.New(b, host.Config{Idle: time.Hour})
				var before int64
				for i := range modules + 1 {
					m, err := h.Load(ctx, fmt.Sprint(i), withSection(wasm, "n", fmt.Sprint(i)))
					if err != nil {
						b.Fatal(err)
					}
					if _, err := m.Call(ctx, "noop", nil).Wait(ctx); err != nil {
						b.Fatal(err)
					}
					if i == 0 {
						before = proportional(b)
					}
				}
				b.ReportMetric(float64(proportional(b)-before)/modules, "B/module")
			}
		})
	}
}
