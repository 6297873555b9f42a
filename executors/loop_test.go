package executors

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// actor is an Actor made of functions. The zero value keeps all its jobs.
type actor struct {
	turn  func(ctx context.Context, jobs []*task, events []string) bool
	rest  func()
	rests int
}

func (a *actor) Turn(ctx context.Context, jobs []*task, events []string) bool {
	return a.turn != nil && a.turn(ctx, jobs, events)
}

func (a *actor) Rest() {
	a.rests++
	if a.rest != nil {
		a.rest()
	}
}

type testLoop struct{ *Loop[*task, string] }

func (l testLoop) finish(tasks ...*task) {
	for _, task := range tasks {
		task.Run(nil)
		l.Finish(task)
		task.Ended()
	}
}

func newTestLoop(a *actor) testLoop {
	return testLoop{NewLoop(LoopConfig{Name: "test", Limits: roomy, Batch: 3, Idle: time.Minute}, a)}
}

func TestLoopBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &actor{}
		l := newTestLoop(a)
		var turns []string
		a.turn = func(_ context.Context, jobs []*task, events []string) bool {
			turn := fmt.Sprint(events)
			for _, job := range jobs {
				turn += " " + job.name
			}
			turns = append(turns, turn)
			l.finish(jobs...)
			time.Sleep(time.Second) // meanwhile the others come
			return false
		}
		submit(t, l, quick("first"))
		for i := range 5 {
			job := quick(fmt.Sprint(i))
			job.Priority = i % 2
			submit(t, l, job)
		}
		l.Post("a")
		l.Post("b")
		time.Sleep(time.Minute / 2)
		closeNow(t, l)
		if diff := cmp.Diff([]string{"[] first", "[a b] 1 3 0", "[] 2 4"}, turns); diff != "" {
			t.Error(diff)
		}
	})
}

func TestLoopTurnsAsLongAsTheActorWants(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &actor{}
		l := newTestLoop(a)
		turns := 0
		a.turn = func(_ context.Context, jobs []*task, _ []string) bool {
			l.finish(jobs...)
			turns++
			return turns < 5
		}
		submit(t, l, quick("a"))
		want(t, "turns", turns, 5)
		closeNow(t, l)
	})
}

func TestLoopAlarms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &actor{}
		l := newTestLoop(a)
		start := time.Now()
		var heard []string
		a.turn = func(_ context.Context, _ []*task, events []string) bool {
			for _, e := range events {
				heard = append(heard, fmt.Sprint(e, " ", time.Since(start)))
			}
			return false
		}
		wantDropped := l.After(time.Second, "before the first job")
		job := quick("a")
		submit(t, l, job)
		for _, e := range []struct {
			after time.Duration
			name  string
		}{{3, "c"}, {1, "a"}, {2, "b"}, {-1, "past"}, {never, "never"}} {
			l.After(e.after, e.name)
		}
		stopped := l.After(2, "stopped")
		want(t, "in time", stopped.Stop(), true)
		want(t, "twice", stopped.Stop(), false)
		want(t, "dropped", wantDropped.Stop(), false)
		time.Sleep(time.Hour)
		l.finish(job)
		closeNow(t, l)
		if diff := cmp.Diff([]string{"past 0s", "a 1ns", "b 2ns", "c 3ns"}, heard); diff != "" {
			t.Error(diff)
		}
	})
}

func TestLoopRests(t *testing.T) {
	for name, tc := range map[string]struct {
		jobs     bool // has one that does not end
		alarm    time.Duration
		after    time.Duration
		rests    int
		workers  int
		finishes bool
	}{
		"not before its time":       {after: time.Minute - 1, rests: 0, workers: 1},
		"idle":                      {after: time.Minute, rests: 1, workers: 0},
		"not with a job":            {jobs: true, after: time.Hour, rests: 0, workers: 1},
		"when the last job is done": {jobs: true, finishes: true, after: time.Minute, rests: 1, workers: 0},
		"an event is work":          {alarm: time.Second, after: time.Minute, rests: 0, workers: 1},
		"for a while":               {alarm: time.Second, after: time.Minute + time.Second, rests: 1, workers: 0},
		"though an alarm is set":    {alarm: time.Hour, after: time.Minute, rests: 1, workers: 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := &actor{}
				l := newTestLoop(a)
				job := quick("a")
				submit(t, l, job)
				if tc.alarm > 0 {
					l.After(tc.alarm, "")
				}
				if tc.finishes {
					time.Sleep(time.Hour)
				}
				if !tc.jobs || tc.finishes {
					l.finish(job) // not from inside a turn
				}
				time.Sleep(tc.after)
				synctest.Wait()
				want(t, "rests", a.rests, tc.rests)
				want(t, "workers", l.Stats().Workers, tc.workers)
				l.finish(job)
				time.Sleep(2 * time.Hour)
				synctest.Wait()
				want(t, "rests once", a.rests, 1)
				closeNow(t, l)
			})
		})
	}
}

func TestLoopRestsOnClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &actor{}
		l := newTestLoop(a)
		job := quick("a")
		submit(t, l, job)
		go l.Close(t.Context(), 0)
		synctest.Wait()
		want(t, "rests with a job", a.rests, 0)
		l.finish(job)
		closeNow(t, l)
		want(t, "rests", a.rests, 1)
	})
}

// A job that comes while the actor goes to rest is not lost.
func TestLoopSubmitDuringRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &actor{}
		l := newTestLoop(a)
		a.turn = func(_ context.Context, jobs []*task, _ []string) bool {
			l.finish(jobs...)
			return false
		}
		late := quick("late")
		a.rest = func() {
			if a.rests == 1 {
				l.Post("dropped, or not")
				if err := l.Submit(late); err != nil {
					t.Error(err)
				}
			}
		}
		submit(t, l, quick("a"))
		time.Sleep(time.Hour)
		_, err := result(t, late.Future())
		wantErr(t, err, nil)
		synctest.Wait()
		want(t, "rests", a.rests, 2)
		l.Post("dropped")
		submit(t, l, quick("b"))
		closeNow(t, l)
		want(t, "rests", a.rests, 3)
	})
}

func TestLoopMarksItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &actor{}
		l := newTestLoop(a)
		pending := &Promise[int]{}
		var mapped *Future[[]int]
		a.turn = func(ctx context.Context, jobs []*task, _ []string) bool {
			ctx, cancel := context.WithCancel(ctx)
			defer cancel()
			_, err := pending.Future().Wait(ctx)
			want(t, "pending", err, ErrWouldBlockLoop)
			_, err = Resolved(1).Wait(ctx)
			want(t, "resolved", err, nil)
			// What a loop only starts may wait.
			mapped = Map(context.WithoutCancel(ctx), 2, []int{1, 2}, func(ctx context.Context, n int) *Future[int] {
				return Then(pending.Future(), func(_ context.Context, m int) (int, error) { return m * n, nil })
			})
			l.finish(jobs...)
			return false
		}
		submit(t, l, quick("a"))
		pending.Resolve(5)
		got, err := result(t, mapped)
		if diff := cmp.Diff([]int{5, 10}, got); diff != "" || err != nil {
			t.Error(diff, err)
		}
		closeNow(t, l)
	})
}

func TestLoopBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &actor{}
		l := newTestLoop(a)
		a.turn = func(_ context.Context, jobs []*task, _ []string) bool {
			time.Sleep(time.Second)
			l.finish(jobs...)
			return false
		}
		check := func(wantTurn bool, wantJobs int) {
			t.Helper()
			turn, jobs := l.Busy()
			want(t, "turn", turn, wantTurn)
			want(t, "jobs", jobs, wantJobs)
		}
		check(false, 0)
		submit(t, l, quick("a"), quick("b"))
		check(true, 2)
		time.Sleep(time.Hour)
		check(false, 0)
		closeNow(t, l)
	})
}

// Close returns though the actor always wants another turn.
func TestLoopCloseWithGreedyActor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &actor{}
		l := newTestLoop(a)
		a.turn = func(_ context.Context, jobs []*task, _ []string) bool {
			l.finish(jobs...)
			time.Sleep(time.Millisecond)
			return true
		}
		submit(t, l, quick("a"))
		time.Sleep(time.Second)
		closeNow(t, l)
		want(t, "rests", a.rests, 1)
	})
}

// Close returns though a turn goes on after its jobs have ended.
func TestLoopCloseWithEndlessTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &actor{}
		l := newTestLoop(a)
		a.turn = func(_ context.Context, jobs []*task, _ []string) bool {
			l.finish(jobs...)
			time.Sleep(time.Hour)
			return false
		}
		submit(t, l, quick("a"))
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		err := l.Close(ctx, time.Minute)
		if diff := cmp.Diff(&AbandonedError{"test", 0}, err); diff != "" {
			t.Error(diff)
		}
		time.Sleep(time.Hour)
		closeNow(t, l)
	})
}
