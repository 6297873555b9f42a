//go:build unix

package executors

import (
	"context"
	"sync"
	"syscall"
	"testing"
	"time"
)

// outstanding is how many jobs are in flight in the benchmarks of executors.
const outstanding = 1000

// BenchmarkHandoff is the floor that the executors are compared with: a bare
// channel round trip, between two goroutines and between many and one.
func BenchmarkHandoff(b *testing.B) {
	b.Run("pair", benchPair)
	b.Run("callers", benchServer)
}

func benchServer(b *testing.B) {
	requests := make(chan chan int)
	go func() {
		for reply := range requests {
			reply <- 1
		}
	}()
	benchCallers(b, func(context.Context) func() {
		reply := make(chan int, 1)
		return func() {
			requests <- reply
			<-reply
		}
	})
	close(requests)
}

func benchPair(b *testing.B) {
	there, back := make(chan int), make(chan int)
	go func() {
		defer close(back)
		for i := range there {
			back <- i
		}
	}()
	reportCPU(b, func() {
		for i := range b.N {
			there <- i
			<-back
		}
	})
	close(there)
	<-back
}

func BenchmarkFuture(b *testing.B) {
	b.Run("done", func(b *testing.B) { // resolved before anybody waits
		b.ReportAllocs()
		for i := range b.N {
			p := &Promise[int]{}
			p.Resolve(i)
			p.Future().Wait(b.Context())
		}
	})
	b.Run("waited", func(b *testing.B) { // resolved by another goroutine, meanwhile
		promises := make(chan *Promise[int])
		go func() {
			for p := range promises {
				p.Resolve(1)
			}
		}()
		reportCPU(b, func() {
			for range b.N {
				p := &Promise[int]{}
				promises <- p
				p.Future().Wait(b.Context())
			}
		})
		close(promises)
	})
}

func BenchmarkPool(b *testing.B) {
	pool := NewPool[*noop](PoolConfig{
		Name: "bench", Limits: Limits{Queue: outstanding, InFlight: 2 * outstanding},
		Workers: 2, Spare: 2, Idle: time.Second,
	})
	benchExecutor(b, pool.Submit)
	pool.Close(b.Context(), time.Second)
}

func BenchmarkLoop(b *testing.B) {
	actor := &finisher{}
	loop := NewLoop(LoopConfig{
		Name: "bench", Limits: Limits{Queue: outstanding, InFlight: 2 * outstanding},
		Batch: 256, Idle: time.Second,
	}, actor)
	actor.loop = loop
	benchExecutor(b, loop.Submit)
	loop.Close(b.Context(), time.Second)
}

// benchExecutor measures submit to result with many jobs outstanding: first
// with a caller for each job, then with one caller that has a window of them.
func benchExecutor(b *testing.B, submit func(*noop) error) {
	for _, timeout := range []time.Duration{0, time.Minute} {
		name := ""
		if timeout > 0 {
			name = "/deadlines"
		}
		call := func() *noop {
			j := &noop{Ticket: Ticket{QueueTimeout: timeout, RunTimeout: timeout}}
			if err := submit(j); err != nil {
				b.Error(err)
				j.Reject(err)
			}
			return j
		}
		b.Run("callers"+name, func(b *testing.B) {
			benchCallers(b, func(ctx context.Context) func() {
				return func() { call().Future().Wait(ctx) }
			})
		})
		b.Run("window"+name, func(b *testing.B) { benchWindow(b, call) })
	}
}

func benchCallers(b *testing.B, caller func(context.Context) (call func())) {
	var callers sync.WaitGroup
	reportCPU(b, func() {
		for c := range outstanding {
			callers.Go(func() {
				ctx, cancel := context.WithCancel(b.Context()) // each has its own
				defer cancel()
				call := caller(ctx)
				for i := c; i < b.N; i += outstanding {
					call()
				}
			})
		}
		callers.Wait()
	})
}

func benchWindow(b *testing.B, call func() *noop) {
	var window [outstanding]*noop
	reportCPU(b, func() {
		for begin := 0; begin < b.N; begin += outstanding {
			window := window[:min(outstanding, b.N-begin)]
			for i := range window {
				window[i] = call()
			}
			for _, j := range window {
				j.Future().Wait(b.Context())
			}
		}
	})
}

// reportCPU reports the processor time of the whole process for each of b.N.
func reportCPU(b *testing.B, run func()) {
	b.ReportAllocs()
	b.ResetTimer()
	before := cpuTime(b)
	run()
	b.ReportMetric(float64(cpuTime(b)-before)/float64(b.N), "cpu-ns/op")
}

func cpuTime(b *testing.B) time.Duration {
	var use syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &use); err != nil {
		b.Fatal(err)
	}
	return time.Duration(use.Utime.Nano() + use.Stime.Nano())
}

// noop is a job that does nothing.
type noop struct {
	Ticket
	Promise[int]
}

func (j *noop) Run(*Worker)       {}
func (j *noop) Ended()            { j.Resolve(1) }
func (j *noop) Abandon(err error) { j.Reject(err) }
func (j *noop) Stop(error)        {}

// finisher is an actor that ends every job at once.
type finisher struct{ loop *Loop[*noop, int] }

func (a *finisher) Turn(_ context.Context, jobs []*noop, _ []int) bool {
	for _, job := range jobs {
		job.Resolve(1)
		a.loop.Finish(job)
	}
	return false
}

func (a *finisher) Rest() {}
