package instrument_test

import (
	"context"
	"math"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/wexec/wexec/host/internal/instrument"
)

// ways are how BenchmarkSafepoints runs a kernel. The first is what the others
// are compared with.
var ways = []struct {
	name    string
	rewrite rewriter
	// closeOnDone is wazero's own means to stop code.
	closeOnDone bool
	// every is how many rounds there are for one that is run: more than one
	// for what is so slow that it would take most of the time.
	every int
}{
	{"plain", plain, false, 1},
	{"fuel", rewritten(instrument.Options{Stack: -1}), false, 1},
	{"stack", rewritten(instrument.Options{}), false, 1},
	{"wazero", plain, true, 4},
}

// BenchmarkSafepoints is what safepoints cost: the time that each kernel takes
// with fuel counted, with stack counted too, and with wazero's own means,
// divided by the plain time. In each round each way has its turn, and the
// fastest turn counts, so that what else the machine does changes little.
//
// geomean and worst are of all kernels but fib, which does nothing but call.
func BenchmarkSafepoints(b *testing.B) {
	ratios := make([][]float64, len(ways))
	for _, g := range kernelGuests {
		b.Run(g.language, func(b *testing.B) {
			tracks := newTracks(b, g.wasm(b))
			for _, k := range kernels {
				n, ok := k.work[g.language]
				if !ok {
					continue
				}
				b.Run(k.name, func(b *testing.B) {
					best := race(b, tracks, k.name, n)
					b.ReportMetric(0, "ns/op") // that of a round
					b.ReportMetric(best[0].Seconds()*1e3, "plain-ms")
					for i, way := range ways[1:] {
						ratio := best[1+i].Seconds() / best[0].Seconds()
						b.ReportMetric(ratio, way.name+"/plain")
						if k.name != "fib" {
							ratios[1+i] = append(ratios[1+i], ratio)
						}
					}
				})
			}
		})
	}
	summary := func(name string, of func([]float64) float64) {
		b.Run(name, func(b *testing.B) {
			b.ReportMetric(0, "ns/op")
			for i, way := range ways[1:] {
				if len(ratios[1+i]) > 0 {
					b.ReportMetric(of(ratios[1+i]), way.name+"/plain")
				}
			}
		})
	}
	summary("geomean", geomean)
	summary("worst", slices.Max[[]float64])
}

func geomean(ratios []float64) float64 {
	sum := 0.0
	for _, r := range ratios {
		sum += math.Log(r)
	}
	return math.Exp(sum / float64(len(ratios)))
}

// A track is a guest compiled in one of the ways.
type track struct {
	runtime wazero.Runtime
	guest   wazero.CompiledModule
}

// newTracks compiles a guest in each way.
func newTracks(b *testing.B, wasm []byte) []track {
	ctx := context.Background()
	tracks := make([]track, len(ways))
	for i, way := range ways {
		config := wazero.NewRuntimeConfigCompiler().WithCloseOnContextDone(way.closeOnDone)
		r := wazero.NewRuntimeWithConfig(ctx, config)
		b.Cleanup(func() { r.Close(ctx) })
		wasi_snapshot_preview1.MustInstantiate(ctx, r)
		_, err := r.NewHostModuleBuilder(instrument.Module).NewFunctionBuilder().
			WithGoModuleFunction(api.GoModuleFunc(giveWay), nil, nil).
			Export(instrument.Pause).Instantiate(ctx)
		if err != nil {
			b.Fatal(err)
		}
		rewritten, err := way.rewrite(wasm)
		if err != nil {
			b.Fatal(err)
		}
		compiled, err := r.CompileModule(ctx, rewritten.Wasm)
		if err != nil {
			b.Fatal(err)
		}
		tracks[i] = track{r, compiled}
	}
	return tracks
}

// benchSlice is the fuel between pauses.
const benchSlice = 500_000

// giveWay is the pause of a host that has nothing else to do.
func giveWay(_ context.Context, m api.Module, _ []uint64) {
	runtime.Gosched()
	m.ExportedGlobal(instrument.Countdown).(api.MutableGlobal).Set(benchSlice)
}

// A runner runs a kernel in an instance of its own.
type runner struct {
	kernel           api.Function
	countdown, stack api.MutableGlobal // nil if there is none
}

func newRunner(b *testing.B, t track, kernel string) *runner {
	ctx := context.Background()
	config := wazero.NewModuleConfig().WithName("").WithStartFunctions("_initialize").
		WithSysNanotime().WithSysWalltime()
	m, err := t.runtime.InstantiateModule(ctx, t.guest, config)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { m.Close(ctx) })
	r := &runner{kernel: m.ExportedFunction(kernel)}
	r.countdown, _ = m.ExportedGlobal(instrument.Countdown).(api.MutableGlobal)
	r.stack, _ = m.ExportedGlobal(instrument.Stack).(api.MutableGlobal)
	return r
}

func (r *runner) run(ctx context.Context, n int32) (checksum int32, took time.Duration, err error) {
	if r.countdown != nil {
		r.countdown.Set(benchSlice)
	}
	if r.stack != nil {
		r.stack.Set(instrument.DefaultStack)
	}
	stack := []uint64{api.EncodeI32(n)}
	start := time.Now()
	err = r.kernel.CallWithStack(ctx, stack)
	return api.DecodeI32(stack[0]), time.Since(start), err
}

// roundsPerInstance is how long race keeps an instance. Where its memory and
// stack happen to be changes the time of some code by a fifth.
const roundsPerInstance = 16

// race runs a kernel on each track, a turn in each round, and returns the
// times of the fastest turns. There is one P meanwhile: if another were idle,
// Gosched would wake a thread for it, or find one awake, by chance, in 9 µs or
// 0.1, and that for each slice.
func race(b *testing.B, tracks []track, kernel string, n int32) []time.Duration {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	ctx, cancel := context.WithCancel(context.Background()) // one that wazero has to watch
	defer cancel()
	want, _, err := newRunner(b, tracks[0], kernel).run(ctx, n)
	if err != nil {
		b.Fatal(err)
	}
	runners := make([]*runner, len(tracks))
	best := make([]time.Duration, len(tracks))
	for round := 0; b.Loop(); round++ {
		for turn := range tracks {
			i := (turn + round) % len(tracks)
			if round%ways[i].every != 0 {
				continue
			}
			if round%roundsPerInstance == 0 {
				runners[i] = newRunner(b, tracks[i], kernel)
			}
			checksum, took, err := runners[i].run(ctx, n)
			if err != nil || checksum != want {
				b.Fatalf("%s: the checksum is %d, %v; want %d", ways[i].name, checksum, err, want)
			}
			if round == 0 || took < best[i] {
				best[i] = took
			}
		}
	}
	return best
}
