package executors

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// ways are how a function can fail to return.
var ways = map[string]struct {
	out   func()
	value func(any) bool // of the PanicError
	text  string
}{
	"a value":  {func() { panic("boom") }, func(v any) bool { return v == "boom" }, "panic: boom"},
	"an error": {func() { panic(errTest) }, func(v any) bool { return v == errTest }, "panic: test"},
	"not comparable": {
		func() { panic([]int{1}) },
		func(v any) bool { return cmp.Equal(v, []int{1}) },
		"panic: [1]",
	},
	"nil": {
		func() { panic(nil) },
		func(v any) bool { _, ok := v.(*runtime.PanicNilError); return ok },
		"panic: panic called with nil argument",
	},
	"a bug": {
		func() { var v any; _ = v.(int) },
		func(v any) bool { _, ok := v.(runtime.Error); return ok },
		"panic: interface conversion: interface {} is nil, not int",
	},
	"Goexit": {runtime.Goexit, func(v any) bool { return v == ErrGoexit }, "called runtime.Goexit"},
}

// TestFunctionsThatDoNotReturn: a future fails if the function that was to
// give its result panics or calls runtime.Goexit.
func TestFunctionsThatDoNotReturn(t *testing.T) {
	for name, future := range map[string]func(t *testing.T, out func()) *Future[int]{
		"Then": func(t *testing.T, out func()) *Future[int] {
			return Then(Resolved(1), func(context.Context, int) (int, error) { out(); return 1, nil })
		},
		"Then, cancelled": func(t *testing.T, out func()) *Future[int] {
			f := Then(Resolved(1), func(ctx context.Context, _ int) (int, error) { <-ctx.Done(); out(); return 1, nil })
			synctest.Wait()
			f.Cancel()
			return f
		},
		"Map": func(t *testing.T, out func()) *Future[int] {
			all := Map(t.Context(), 2, []int{0, 1, 2}, func(_ context.Context, n int) *Future[int] {
				if n == 1 {
					out()
				}
				return after(time.Hour, n, nil)
			})
			return Then(all, func(context.Context, []int) (int, error) { return 1, nil })
		},
		"OnCancel": func(t *testing.T, out func()) *Future[int] {
			p := &Promise[int]{}
			p.OnCancel(out)
			go p.Future().Cancel()
			return p.Future()
		},
		"OnCancel, of a loser": func(t *testing.T, out func()) *Future[int] {
			logged(t)
			loser, winner, second := &Promise[int]{}, &Promise[int]{}, &Promise[int]{}
			loser.OnCancel(out)
			race := Race(loser.Future(), winner.Future(), second.Future())
			go winner.Resolve(1)
			_, err := result(t, race)
			wantErr(t, err, nil)
			_, err = result(t, second.Future())
			wantErr(t, err, ErrCancelled)
			return loser.Future()
		},
	} {
		for how, way := range ways {
			t.Run(name+"/"+how, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					got, err := result(t, future(t, way.out))
					want(t, "value", got, 0)
					var failure *PanicError
					if !errors.As(err, &failure) || !way.value(failure.Value) {
						t.Fatalf("got error %#v", err)
					}
					want(t, "text", failure.Error(), way.text)
					if !strings.Contains(string(failure.Stack), "panic_test.go") {
						t.Errorf("the stack does not lead here:\n%s", failure.Stack)
					}
				})
			})
		}
	}
}

func TestMapNamesTheItem(t *testing.T) {
	for name, tc := range map[string]struct {
		fn   func() *Future[int]
		want string
	}{
		"error":     {func() *Future[int] { return Rejected[int](errTest) }, "item 1: test"},
		"panic":     {func() *Future[int] { panic("boom") }, "item 1: panic: boom"},
		"no future": {func() *Future[int] { return nil }, "item 1: the function returned no future"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := result(t, Map(t.Context(), 1, []int{0, 1, 2}, func(_ context.Context, n int) *Future[int] {
				if n == 1 {
					return tc.fn()
				}
				return Resolved(n)
			}))
			want(t, "error", err.Error(), tc.want)
		})
	}
}

// A panic in the body of the loop is the caller's own, and harms nothing.
func TestAsCompletedBodyPanics(t *testing.T) {
	p := &Promise[int]{}
	func() {
		defer func() { want(t, "panic", recover(), any("boom")) }()
		for range AsCompleted(t.Context(), Resolved(1), p.Future()) {
			panic("boom")
		}
	}()
	want(t, "settled", p.Resolve(2), true)
	for _, f := range AsCompleted(t.Context(), p.Future()) {
		got, err := result(t, f)
		want(t, "value", got, 2)
		wantErr(t, err, nil)
	}
}

// logged returns what is logged from now on.
func logged(t *testing.T) *bytes.Buffer {
	old, log := slog.Default(), &bytes.Buffer{}
	slog.SetDefault(slog.New(slog.NewTextHandler(log, nil)))
	t.Cleanup(func() { slog.SetDefault(old) })
	return log
}

// TestNotifyDoesNotReturn: the other callbacks are called, and the panic is
// logged.
func TestNotifyDoesNotReturn(t *testing.T) {
	for how, way := range ways {
		t.Run(how, func(t *testing.T) {
			log := logged(t)
			p := &Promise[int]{}
			f := p.Future()
			var told []int
			for i := range 5 {
				f.Notify(func() {
					told = append(told, i)
					if i%2 == 1 {
						way.out()
					}
				})
			}
			var all sync.WaitGroup
			all.Go(func() { p.Resolve(1) })
			all.Wait()
			all.Go(func() { f.Notify(way.out) }) // it is done already
			all.Wait()
			if diff := cmp.Diff([]int{0, 1, 2, 3, 4}, told); diff != "" {
				t.Error(diff)
			}
			want(t, "logged", strings.Count(log.String(), "level=ERROR"), 3)
			for _, part := range []string{way.text, "panic_test.go"} {
				if !strings.Contains(log.String(), part) {
					t.Errorf("no %q in %s", part, log)
				}
			}
		})
	}
}

// TestExecutorSurvivesCallbacks: a callback that does not return ends neither
// the executor that settles its future, nor other jobs.
func TestExecutorSurvivesCallbacks(t *testing.T) {
	for how, way := range ways {
		t.Run(how, func(t *testing.T) {
			logged(t)
			oneAtATime(t, roomy, func(t *testing.T, e executor) {
				var jobs []*task
				add := func(job *task) *task {
					job.Future().Notify(way.out)
					jobs = append(jobs, job)
					return job
				}
				running, expired, cancelled := add(sleeper("running", time.Minute)), add(quick("expired")), add(quick("cancelled"))
				expired.QueueTimeout = time.Second
				submit(t, e, running, expired, cancelled, add(quick("next")), add(quick("last")), add(quick("cancelled")))
				go e.CancelAll(func(job *task) bool { return job.name == "cancelled" }, errTest)
				time.Sleep(time.Hour)
				submit(t, e, add(quick("late")))
				closeNow(t, e)
				for _, job := range jobs {
					want(t, "ends of "+job.name, job.ends(), 1)
				}
			})
		})
	}
}

// Goexit ends a job, and not its worker.
func TestPoolRunCallsGoexit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, e := newTestPool(1, 0, 0)
		leaver := newTask("leaver", func(*task, *Worker) error { runtime.Goexit(); return nil })
		parked := newTask("parked", func(_ *task, w *Worker) error { w.Park(runtime.Goexit); return nil })
		submit(t, e, leaver, parked, quick("next"))
		for _, job := range []*task{leaver, parked} {
			want(t, "done", isDone(job.Future()), true)
		}
		want(t, "stats", p.Stats(), Stats{Workers: 1, Submitted: 3, Ended: 3})
		closeNow(t, e)
	})
}

func TestCancelAllPanics(t *testing.T) {
	oneAtATime(t, roomy, func(t *testing.T, e executor) {
		running, queued := sleeper("running", time.Minute), quick("queued")
		submit(t, e, running, queued)
		func() {
			defer func() { want(t, "panic", recover(), any("boom")) }()
			e.CancelAll(func(job *task) bool {
				if job == running {
					panic("boom")
				}
				return true
			}, errTest)
		}()
		_, err := result(t, queued.Future())
		wantErr(t, err, errTest)
		closeNow(t, e)
	})
}
