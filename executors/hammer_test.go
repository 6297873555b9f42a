package executors

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"
)

// The hammers call an executor from many goroutines, in real time: jobs of all
// priorities that end, park, sleep and submit more jobs, with deadlines that
// are too short, are cancelled at any moment. Each job must end exactly once,
// and the figures must add up. The hammer of package executorstest does less,
// since it knows neither workers nor actors.

const (
	hammers = 4
	blows   = 1000 // of each
)

// someTime is from 0 to 300 µs, and sometimes nothing.
func someTime() time.Duration {
	return time.Duration(max(0, rand.IntN(400)-100)) * time.Microsecond
}

// anvil is an executor under the hammer, and counts what it was given.
type anvil[J Job] struct {
	Executor[J]
	mu      sync.Mutex
	jobs    []*task
	refused uint64
}

// strike submits a job and may cancel it later. It returns nil if the job was
// refused.
func (a *anvil[J]) strike(t *testing.T, job J, tk *task) *task {
	tk.Priority = rand.IntN(3)
	tk.QueueTimeout, tk.RunTimeout = 5*someTime(), 5*someTime()
	tk.OnCancel(func() { a.Cancel(job, ErrCancelled) })
	err := a.Submit(job)
	a.mu.Lock()
	defer a.mu.Unlock()
	if err != nil {
		a.refused++
		if !errors.Is(err, ErrQueueFull) && err != ErrClosed { // a child may be late
			t.Error(err)
		}
		return nil
	}
	a.jobs = append(a.jobs, tk)
	return tk
}

// run strikes from many goroutines, sometimes cancels the job, and closes the
// executor.
func (a *anvil[J]) run(t *testing.T, strike func() *task) {
	var all sync.WaitGroup
	for range hammers {
		all.Go(func() {
			for range blows {
				job := strike()
				switch {
				case job == nil:
					time.Sleep(someTime())
				case rand.IntN(4) == 0:
					runtime.Gosched()
					job.Future().Cancel()
				case rand.IntN(4) == 0:
					job.Future().Wait(t.Context())
				}
			}
		})
	}
	all.Wait()
	if err := a.Close(t.Context(), 0); err != nil {
		t.Error(err)
	}
	a.check(t)
}

func (a *anvil[J]) check(t *testing.T) {
	kinds := map[string]int{}
	for _, job := range a.jobs {
		want(t, "ends", job.ends(), 1)
		want(t, "is done", isDone(job.Future()), true)
		_, err := result(t, job.Future())
		kinds[kind(err)]++
	}
	s := a.Stats()
	all := uint64(len(a.jobs))
	want(t, "stats", s, Stats{Submitted: all, Refused: a.refused, Ended: all, TimedOut: s.TimedOut})
	if timeouts := kinds["queue timeout"] + kinds["run timeout"]; uint64(timeouts) > s.TimedOut {
		t.Errorf("%d timeouts, but %d in the stats", timeouts, s.TimedOut)
	}
	t.Log(kinds, a.refused, "refused")
}

func kind(err error) string {
	var timeout *TimeoutError
	switch {
	case err == nil:
		return "done"
	case errors.As(err, &timeout):
		return string(timeout.Phase) + " timeout"
	case errors.Is(err, ErrCancelled):
		return "cancelled"
	}
	return err.Error()
}

func TestPoolHammer(t *testing.T) {
	p := NewPool[*task](PoolConfig{
		Name: "anvil", Limits: Limits{Queue: 10, InFlight: 500},
		Workers: 2, Burst: 4, Spare: 1, Idle: 50 * time.Microsecond,
	})
	a := &anvil[*task]{Executor: p}
	var strike func() *task
	strike = func() *task {
		job := newTask("", func(j *task, w *Worker) (err error) {
			switch rand.IntN(5) {
			case 0:
				w.Park(func() { err = j.sleep(someTime()) })
			case 1:
				if child := strike(); child != nil {
					w.Park(func() { child.Future().Wait(context.Background()) })
				}
			case 2:
				err = j.sleep(someTime())
			}
			return err
		})
		return a.strike(t, job, job)
	}
	a.run(t, strike)
}

// forged is a job of the Loop's hammer: its actor learns of Stop by an event.
type forged struct {
	*task
	loop *Loop[forged, hammerEvent]
}

func (j forged) Stop(err error) { j.loop.Post(hammerEvent{j, err}) }

// hammerEvent ends a job.
type hammerEvent struct {
	job forged
	err error
}

type forge struct {
	t       *testing.T
	loop    *Loop[forged, hammerEvent]
	held    map[*task]bool
	helpers sync.WaitGroup
}

func (f *forge) Turn(_ context.Context, jobs []forged, events []hammerEvent) bool {
	for _, job := range jobs {
		f.begin(job)
	}
	for _, e := range events {
		f.end(e)
	}
	return rand.IntN(4) == 0
}

func (f *forge) begin(j forged) {
	f.held[j.task] = true
	done := hammerEvent{j, nil}
	switch rand.IntN(4) {
	case 0:
		f.end(done)
	case 1:
		f.loop.After(someTime(), done)
	case 2:
		f.helpers.Go(func() {
			time.Sleep(someTime())
			f.loop.Post(done)
		})
	case 3: // from outside: the actor is not told
		delete(f.held, j.task)
		f.helpers.Go(func() { f.finish(j, nil) })
	}
}

// end ends a job, unless another event has done so before.
func (f *forge) end(e hammerEvent) {
	if f.held[e.job.task] {
		delete(f.held, e.job.task)
		f.finish(e.job, e.err)
	}
}

func (f *forge) finish(j forged, err error) {
	j.ran.Add(1)
	j.finish(err)
	f.loop.Finish(j)
}

func (f *forge) Rest() {
	want(f.t, "jobs of an actor that goes to rest", len(f.held), 0)
}

func TestLoopHammer(t *testing.T) {
	f := &forge{t: t, held: map[*task]bool{}}
	f.loop = NewLoop(LoopConfig{
		Name: "anvil", Limits: Limits{Queue: 10, InFlight: 500},
		Batch: 8, Idle: 50 * time.Microsecond,
	}, f)
	a := &anvil[forged]{Executor: f.loop}
	a.run(t, func() *task {
		job := forged{newTask("", nil), f.loop}
		return a.strike(t, job, job.task)
	})
	f.helpers.Wait()
}
