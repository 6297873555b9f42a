//go:build linux

package host_test

import (
	"context"
	"errors"
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wexec/wexec/executors"
	"github.com/wexec/wexec/host"
	"github.com/wexec/wexec/host/hosttest"
)

// The benchmarks of fairness share the loads, which keep the cores busy, and the
// reports of samples.

// hazards loads the module with the endless loop, into a host of its own.
func hazards(b *testing.B, cfg host.Config) (*host.Host, *host.Module) {
	h := hosttest.New(b, cfg)
	return h, hosttest.Load(b, h, guest(b, "wat/hazards.wasm"))
}

// A load keeps every core busy until it is stopped.
type load func(b *testing.B) (stop func())

// sides has the samples that were taken beside guests, and beside the control.
type sides [2]samples

// bothSides are the loads, in the order of sides.
func bothSides(h *host.Host, hazards *host.Module) []load {
	return []load{endlessGuests(h, hazards), yieldingLoops}
}

// inTurns measures beside each load, round by round. It reports how many cores the
// process had; other processes had the rest.
func inTurns(b *testing.B, loads []load, measure func(side int)) {
	start, before := time.Now(), cpuTime()
	for range rounds {
		for side, start := range loads {
			func() {
				stop := start(b)
				defer stop()
				time.Sleep(settleTime)
				measure(side)
			}()
		}
	}
	had := (cpuTime() - before).Seconds() / time.Since(start).Seconds()
	b.Run("load", func(b *testing.B) {
		b.ReportMetric(0, "ns/op") // which says nothing, and so is left out
		b.ReportMetric(had, "cores")
	})
}

// endlessGuests are cpu tasks in the tightest loop there is, one for each core.
func endlessGuests(h *host.Host, hazards *host.Module) load {
	hazards = hazards.With(host.Options{Mode: host.CPU})
	return func(b *testing.B) func() {
		guests := make([]*host.Future[[]byte], runtime.GOMAXPROCS(0))
		for i := range guests {
			guests[i] = hazards.Call(context.Background(), "spin", nil)
		}
		for h.Stats().CPU.Running < len(guests) {
			time.Sleep(time.Millisecond)
		}
		return func() {
			for _, f := range guests {
				f.Cancel()
			}
			for _, f := range guests {
				wantCancelled(b, f)
			}
		}
	}
}

func wantCancelled(b *testing.B, f *host.Future[[]byte]) {
	if _, err := f.Wait(context.Background()); !errors.Is(err, executors.ErrCancelled) {
		b.Errorf("an endless loop ended with %v", err)
	}
}

// yieldingLoops are the control of endlessGuests.
func yieldingLoops(*testing.B) func() {
	var done atomic.Bool
	var loops sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		loops.Go(func() { loopUntil(&done) })
	}
	return func() {
		done.Store(true)
		loops.Wait()
	}
}

// loopUntil computes, and yields from time to time.
func loopUntil(done *atomic.Bool) {
	for !done.Load() {
		for start := time.Now(); time.Since(start) < yieldTime; {
		}
		runtime.Gosched()
	}
}

// plainGuests are guests without safepoints. On each core, one computes for about
// 200 ms, again and again: it could not be stopped if it were endless.
func plainGuests(kernels *host.Module) load {
	return func(b *testing.B) func() {
		var done atomic.Bool
		var guests sync.WaitGroup
		for range runtime.GOMAXPROCS(0) {
			guests.Go(func() {
				for !done.Load() {
					f := kernels.Call(context.Background(), "crc32", []byte("[100000]"))
					if _, err := f.Wait(context.Background()); err != nil {
						b.Error(err)
						return
					}
				}
			})
		}
		return func() {
			done.Store(true)
			guests.Wait()
		}
	}
}

// samples are how long something took, each time.
type samples []time.Duration

// report reports each side on a line.
func (s *sides) report(b *testing.B, name string) {
	s[0].report(b, name+"/guests", s[1])
	s[1].report(b, name+"/control", nil)
}

// report reports the percentiles for which there are enough samples, and their ratios
// to those of the control.
func (s samples) report(b *testing.B, name string, control samples) {
	slices.Sort(s)
	slices.Sort(control)
	b.Run(name, func(b *testing.B) {
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(float64(len(s)), "samples")
		for _, p := range []struct {
			name   string
			q      float64
			enough int
		}{{"p50", 0.5, 1}, {"p90", 0.9, 10}, {"p99", 0.99, 100}, {"p99.9", 0.999, 1000}, {"max", 1, 1}} {
			if len(s) < p.enough {
				continue
			}
			b.ReportMetric(s.at(p.q).Seconds()*1e6, p.name+"-µs")
			if len(control) >= p.enough && p.q < 1 {
				b.ReportMetric(s.at(p.q).Seconds()/control.at(p.q).Seconds(), "ratio-"+p.name)
			}
		}
	})
}

// at returns a quantile of samples that are sorted.
func (s samples) at(q float64) time.Duration {
	return s[int(math.Ceil(q*float64(len(s))))-1]
}
