package executors

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

type executor = Executor[*task]

// runner is an actor that runs its jobs inside its turns.
type runner struct{ loop *Loop[*task, int] }

func (a *runner) Turn(_ context.Context, jobs []*task, _ []int) bool {
	for _, job := range jobs {
		job.Run(nil)
		a.loop.Finish(job)
		job.Ended()
	}
	return false
}

func (a *runner) Rest() {}

// oneAtATime runs a test with each executor that runs one job at a time: a
// pool with one worker, and a loop with one job in a turn.
func oneAtATime(t *testing.T, limits Limits, test func(*testing.T, executor)) {
	t.Run("pool", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			test(t, NewPool[*task](PoolConfig{Name: "one", Limits: limits, Workers: 1, Idle: time.Second}))
		})
	})
	t.Run("loop", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			actor := &runner{}
			actor.loop = NewLoop(LoopConfig{Name: "one", Limits: limits, Batch: 1, Idle: time.Second}, actor)
			test(t, actor.loop)
		})
	})
}

var roomy = Limits{Queue: 100, InFlight: 100}

// submit submits jobs in order. Each is in its place before the next follows.
func submit(t *testing.T, e executor, tasks ...*task) {
	t.Helper()
	for _, task := range tasks {
		if err := e.Submit(task); err != nil {
			t.Fatalf("%s: %v", task.name, err)
		}
		synctest.Wait()
	}
}

// closeNow closes an executor whose jobs have all ended.
func closeNow[J Job](t *testing.T, e Executor[J]) {
	t.Helper()
	if err := e.Close(t.Context(), 0); err != nil {
		t.Error(err)
	}
	s := e.Stats()
	if s.Submitted != s.Ended || s.Queued+s.Running+s.Parked+s.Workers != 0 {
		t.Errorf("after Close: %+v", s)
	}
}

func TestQueueFull(t *testing.T) {
	for name, tc := range map[string]struct {
		limits Limits
		want   QueueFullError
	}{
		"queue":     {Limits{Queue: 2, InFlight: 9}, QueueFullError{"one", "queued", 2}},
		"in flight": {Limits{Queue: 9, InFlight: 3}, QueueFullError{"one", "in flight", 3}},
	} {
		t.Run(name, func(t *testing.T) {
			oneAtATime(t, tc.limits, func(t *testing.T, e executor) {
				submit(t, e, sleeper("a", time.Second), quick("b"), quick("c"))
				err := e.Submit(quick("d"))
				wantErr(t, err, ErrQueueFull)
				var full *QueueFullError
				if errors.As(err, &full); *full != tc.want {
					t.Errorf("got %+v, want %+v", *full, tc.want)
				}
				want(t, "stats", e.Stats(), Stats{Queued: 2, Running: 1, Workers: 1, Submitted: 3, Refused: 1})
				time.Sleep(time.Second)
				synctest.Wait()
				submit(t, e, quick("d"))
				closeNow(t, e)
			})
		})
	}
}

// Both deadlines hold also while the one goroutine of a loop is busy.
func TestDeadlines(t *testing.T) {
	for name, tc := range map[string]struct {
		queue, run time.Duration // the deadlines
		takes      time.Duration
		end        time.Duration // when it ends; it starts after 10 s
		err        error
	}{
		"none":                  {0, 0, time.Minute, 70 * time.Second, nil},
		"in time":               {11 * time.Second, time.Hour, time.Minute, 70 * time.Second, nil},
		"queue time is over":    {11 * time.Second, 0, time.Minute, 70 * time.Second, nil},
		"too long in the queue": {9 * time.Second, 0, 0, 9 * time.Second, &TimeoutError{InQueue, 9 * time.Second}},
		"too long running":      {0, time.Second, time.Minute, 11 * time.Second, &TimeoutError{Running, time.Second}},
		"queue time is apart": {
			11 * time.Second, 9 * time.Second, time.Minute, 19 * time.Second, &TimeoutError{Running, 9 * time.Second},
		},
		"as good as none":  {never, never, time.Minute, 70 * time.Second, nil},
		"negative is none": {-1, -1, time.Minute, 70 * time.Second, nil},
	} {
		t.Run(name, func(t *testing.T) {
			oneAtATime(t, roomy, func(t *testing.T, e executor) {
				start := time.Now()
				submit(t, e, sleeper("first", 10*time.Second))
				job := sleeper("second", tc.takes)
				job.QueueTimeout, job.RunTimeout = tc.queue, tc.run
				submit(t, e, job)
				_, err := result(t, job.Future())
				if diff := cmp.Diff(tc.err, err); diff != "" {
					t.Error(diff)
				}
				want(t, "end", time.Since(start), tc.end)
				want(t, "queue time", job.QueueTime(), min(10*time.Second, tc.end))
				time.Sleep(2 * time.Hour) // a deadline that was met does not come back
				synctest.Wait()
				want(t, "timeouts", e.Stats().TimedOut, map[bool]uint64{true: 1}[tc.err != nil])
				closeNow(t, e)
				want(t, "ends", job.ends(), 1)
			})
		})
	}
}

// Close has three phases: it waits, it stops the jobs, it gives up.
func TestClose(t *testing.T) {
	const drain, grace = 10 * time.Second, 5 * time.Second
	for name, tc := range map[string]struct {
		jobs   []*task
		takes  time.Duration
		errs   []error
		lost   int
		linger time.Duration // what is lost ends by itself
	}{
		"nothing to do": {},
		"idle":          {jobs: []*task{quick("a")}, errs: []error{nil}},
		"drained": {
			jobs:  []*task{sleeper("a", time.Second), sleeper("b", time.Second)},
			takes: 2 * time.Second,
			errs:  []error{nil, nil},
		},
		"stopped": {
			jobs:  []*task{sleeper("a", time.Hour), sleeper("b", time.Second)},
			takes: drain,
			errs:  []error{ErrClosed, ErrClosed},
		},
		"stopped, slowly": {
			jobs:  []*task{stubborn("a", drain+grace-1)},
			takes: drain + grace - 1,
			errs:  []error{nil},
		},
		"given up": {
			jobs:   []*task{stubborn("a", time.Hour), sleeper("b", time.Second)},
			takes:  drain + grace,
			errs:   []error{nil, ErrClosed},
			lost:   1,
			linger: time.Hour,
		},
	} {
		t.Run(name, func(t *testing.T) {
			oneAtATime(t, roomy, func(t *testing.T, e executor) {
				jobs := make([]*task, len(tc.jobs))
				for i, job := range tc.jobs { // a fresh one for each executor
					jobs[i] = newTask(job.name, job.do)
				}
				submit(t, e, jobs...)
				start := time.Now()
				ctx, cancel := context.WithTimeout(t.Context(), drain)
				defer cancel()
				err := e.Close(ctx, grace)
				want(t, "takes", time.Since(start), tc.takes)
				if lost, ok := err.(*AbandonedError); ok != (tc.lost > 0) || ok && lost.Jobs != tc.lost {
					t.Errorf("got error %v, want %d jobs lost", err, tc.lost)
				}
				wantErr(t, e.Submit(quick("late")), ErrClosed)
				time.Sleep(tc.linger)
				for i, job := range jobs {
					_, err := result(t, job.Future())
					wantErr(t, err, tc.errs[i])
					want(t, "ends of "+job.name, job.ends(), 1)
				}
				closeNow(t, e) // once more does no harm
			})
		})
	}
}

// slowToEnd is a job whose Abandon takes a second.
type slowToEnd struct{ *task }

func (j slowToEnd) Abandon(err error) {
	time.Sleep(time.Second)
	j.task.Abandon(err)
}

// When Close returns, every job has been told of its end, also if another
// goroutine tells it.
func TestCloseWaitsForNotices(t *testing.T) {
	for name, end := range map[string]func(*Pool[PoolJob], PoolJob){
		"cancel": func(p *Pool[PoolJob], job PoolJob) { go p.Cancel(job, errTest) },
		"expiry": func(*Pool[PoolJob], PoolJob) { time.Sleep(time.Minute) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := NewPool[PoolJob](PoolConfig{Name: "one", Limits: roomy, Workers: 1, Idle: time.Second})
				blocker, job := sleeper("blocker", time.Minute), quick("job")
				job.QueueTimeout = time.Minute - 1
				for _, job := range []PoolJob{blocker, slowToEnd{job}} {
					if err := p.Submit(job); err != nil {
						t.Fatal(err)
					}
					synctest.Wait()
				}
				end(p, slowToEnd{job})
				synctest.Wait()
				p.Cancel(blocker, errTest)
				closeNow(t, p)
				want(t, "ends", job.ends(), 1)
			})
		})
	}
}
