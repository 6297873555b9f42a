//go:build linux

package host_test

import (
	"context"
	"math/rand/v2"
	"runtime"
	"runtime/metrics"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wexec/wexec/executors"
	"github.com/wexec/wexec/host"
	"github.com/wexec/wexec/host/hosttest"
)

// These benchmarks measure how much guests that never end disturb the rest of the
// process: how long a collection stops the world, how late a timer is, how soon a
// call is answered, and how soon a guest is stopped. Each runs beside endless guests
// on every core, and beside a control: Go loops on every core that yield often. The
// control is about the best that guests could do, so what counts is the ratio. The
// two take turns, so that the machine's noise affects both, and their samples are
// pooled.
//
//	go test ./host -run '^$' -bench 'Pause|LatencyUnderLoad|Cancel' -benchtime 1x
//
// That takes a minute or more. The number of rounds is fixed: -benchtime changes
// nothing, and -count measures again. On a machine that does other work too, samples
// above the p90 are often caused by that work. The line called load says how many
// cores the process had.
const (
	rounds    = 20
	roundTime = 200 * time.Millisecond
	// settleTime is how long a load runs before anything is measured. Guests adapt
	// their slices in it.
	settleTime = 20 * time.Millisecond
	// yieldTime is how long the control computes before it yields, as guests should.
	yieldTime = 100 * time.Microsecond
)

// BenchmarkPause measures how long collections stop the world (gc), and the time
// between the ticks of a clock that sleeps for 1 ms (tick), while another goroutine
// makes garbage. Go stops the control anywhere, and a guest only at its next
// safepoint. A plain guest holds up both for as long as it runs. Look at its max,
// since a collection's second pause is often short.
func BenchmarkPause(b *testing.B) {
	h, hazards := hazards(b, host.Config{})
	plain := host.Options{Mode: host.CPU, Safepoints: host.Off}
	kernels, err := h.Load(context.Background(), "kernels", guest(b, "c/kernels.wasm"), plain)
	if err != nil {
		b.Fatal(err)
	}
	var pauses, gaps sides
	inTurns(b, bothSides(h, hazards), func(side int) { measurePauses(&pauses[side], &gaps[side]) })
	var plainPauses, plainGaps samples
	stop := plainGuests(kernels)(b)
	for range 3 {
		measurePauses(&plainPauses, &plainGaps)
	}
	stop()

	pauses.report(b, "gc")
	plainPauses.report(b, "gc/plain", pauses[1])
	gaps.report(b, "tick")
	plainGaps.report(b, "tick/plain", gaps[1])
}

func measurePauses(pauses, gaps *samples) {
	before, stop := readPauses(), makeGarbage()
	start := time.Now()
	for last := start; last.Sub(start) < roundTime; {
		time.Sleep(time.Millisecond)
		now := time.Now()
		*gaps = append(*gaps, now.Sub(last))
		last = now
	}
	stop()
	after := readPauses()
	for i := range after.Counts {
		least, width := after.Buckets[i], after.Buckets[i+1]-after.Buckets[i]
		count := after.Counts[i] - before.Counts[i]
		for k := range count {
			pause := least + width*(float64(k)+0.5)/float64(count)
			*pauses = append(*pauses, time.Duration(pause*float64(time.Second)))
		}
	}
}

// readPauses returns how long collections have stopped the world until now. The ends
// of a bucket differ by a quarter at most, so its pauses are taken to be spread
// evenly.
func readPauses() *metrics.Float64Histogram {
	pauses := []metrics.Sample{{Name: "/sched/pauses/total/gc:seconds"}}
	metrics.Read(pauses)
	return pauses[0].Value.Float64Histogram()
}

// makeGarbage allocates all the time, and collects as often as it can with
// pauses of 1 ms. Each collection stops the world twice.
func makeGarbage() (stop func()) {
	var done atomic.Bool
	var maker sync.WaitGroup
	maker.Go(func() {
		garbage := make([][]byte, 256)
		for !done.Load() {
			for i := range garbage {
				garbage[i] = make([]byte, 1<<10)
			}
			runtime.GC()
			time.Sleep(time.Millisecond)
		}
	})
	return func() {
		done.Store(true)
		maker.Wait()
	}
}

// BenchmarkLatencyUnderLoad measures the time from submit to result of calls that do
// almost nothing, one at a time: tasks of mode io that sleep for 1 ms, in a direct and
// in a resumable guest, and a task of mode blocking that does nothing.
func BenchmarkLatencyUnderLoad(b *testing.B) {
	h, hazards := hazards(b, host.Config{})
	load := func(name string, wasm []byte) *host.Module {
		m, err := h.Load(context.Background(), name, wasm)
		if err != nil {
			b.Fatal(err)
		}
		return m
	}
	direct := load("direct", guest(b, "c/conformance.wasm"))
	resumable := load("resumable", hosttest.GoGuest(b, "../guests/go/conformance"))
	tasks := []struct {
		name        string
		module      *host.Module
		task, input string
		took        sides
	}{
		{name: "sleep-direct", module: direct, task: "sleep", input: "1"},
		{name: "sleep-resumable", module: resumable, task: "sleep", input: "1"},
		{name: "noop-blocking", module: direct, task: "noop"},
	}
	call := func(i int) time.Duration {
		start := time.Now()
		f := tasks[i].module.Call(context.Background(), tasks[i].task, []byte(tasks[i].input))
		if _, err := f.Wait(context.Background()); err != nil {
			b.Fatal(err)
		}
		return time.Since(start)
	}
	for i := range tasks {
		call(i) // the first one makes an instance
	}
	inTurns(b, bothSides(h, hazards), func(side int) {
		for i := range tasks {
			took := &tasks[i].took[side]
			for start := time.Now(); time.Since(start) < roundTime/2; {
				time.Sleep(time.Millisecond) // otherwise two goroutines that wake each other would occupy a core
				*took = append(*took, call(i))
			}
		}
	})
	for i := range tasks {
		tasks[i].took.report(b, tasks[i].name)
	}
}

// BenchmarkCancel measures the time from the cancellation of an endless loop to the
// end of its future (future), when its worker must be free, and to the end of a call
// that is made then and does nothing (next). For cpu and blocking there is one free
// worker, so the call shows that the loop has ended. The control is a Go loop that
// looks at a flag, on a pool of the same kind.
func BenchmarkCancel(b *testing.B) {
	h, hazards := hazards(b, host.Config{
		CPU:      host.ExecutorLimits{Workers: runtime.GOMAXPROCS(0) + 1}, // the load's and one
		Blocking: host.ExecutorLimits{Workers: 1},
		IO:       host.ExecutorLimits{Workers: 1},
	})
	pool := executors.NewPool[*goLoop](executors.PoolConfig{
		Name: "control", Limits: executors.Limits{Queue: 2, InFlight: 2}, Workers: 1, Spare: 1, Idle: time.Minute,
	})
	defer pool.Close(context.Background(), time.Minute)

	control := target{
		running: func() int { return pool.Stats().Running },
		loop:    func() *host.Future[[]byte] { return submitLoop(b, pool, true) },
		nothing: func() *host.Future[[]byte] { return submitLoop(b, pool, false) },
	}
	var guests [3]target // in the order of modes
	for i, mode := range modes {
		loop, nothing := hazards.With(host.Options{Mode: mode}), hazards.With(host.Options{Mode: mode, Tenant: "next"})
		guests[i] = target{
			running: func() int {
				s := h.Stats()
				return map[host.Mode]executors.Stats{host.IO: s.IO, host.Blocking: s.Blocking, host.CPU: s.CPU}[mode].Running
			},
			loop:    func() *host.Future[[]byte] { return loop.Call(context.Background(), "spin", nil) },
			nothing: func() *host.Future[[]byte] { return nothing.Call(context.Background(), "nothing", nil) },
		}
	}
	inTurns(b, bothSides(h, hazards), func(side int) {
		if side == 1 {
			control.cancelForAWhile(b)
			return
		}
		for i := range guests {
			guests[i].cancelForAWhile(b)
		}
	})
	for i, mode := range modes {
		guests[i].future.report(b, "future/"+string(mode), control.future)
	}
	control.future.report(b, "future/control", nil)
	for i, mode := range modes {
		guests[i].next.report(b, "next/"+string(mode), control.next)
	}
	control.next.report(b, "next/control", nil)
}

// target is what BenchmarkCancel cancels, and how long that took.
type target struct {
	running       func() int // loops, in the pool
	loop, nothing func() *host.Future[[]byte]
	future, next  samples
}

func (t *target) cancelForAWhile(b *testing.B) {
	for start := time.Now(); time.Since(start) < roundTime; {
		t.cancel(b)
	}
}

func (t *target) cancel(b *testing.B) {
	others := t.running()
	f := t.loop()
	for t.running() == others {
		time.Sleep(time.Millisecond)
	}
	time.Sleep(time.Millisecond + rand.N(time.Millisecond))
	start := time.Now()
	f.Cancel()
	<-f.Done()
	t.future = append(t.future, time.Since(start))
	if wantCancelled(b, f); t.running() != others {
		b.Error("a loop runs although its future has ended")
	}
	if _, err := t.nothing().Wait(context.Background()); err != nil {
		b.Fatal(err)
	}
	t.next = append(t.next, time.Since(start))
}

// goLoop is a job of the control: it loops until it is stopped, or does nothing.
type goLoop struct {
	executors.Ticket
	promise executors.Promise[[]byte]
	endless bool
	stopped atomic.Bool
}

func submitLoop(b *testing.B, pool *executors.Pool[*goLoop], endless bool) *host.Future[[]byte] {
	l := &goLoop{endless: endless}
	l.promise.OnCancel(func() { pool.Cancel(l, executors.ErrCancelled) })
	if err := pool.Submit(l); err != nil {
		b.Fatal(err)
	}
	return l.promise.Future()
}

func (l *goLoop) Run(*executors.Worker) {
	if l.endless {
		loopUntil(&l.stopped)
	}
}

func (l *goLoop) Stop(error)        { l.stopped.Store(true) }
func (l *goLoop) Abandon(err error) { l.promise.Reject(err) }

func (l *goLoop) Ended() {
	if l.endless {
		l.promise.Reject(executors.ErrCancelled)
	} else {
		l.promise.Resolve(nil)
	}
}
