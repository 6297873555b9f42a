package executors

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// after returns a future that is done after d.
func after[T any](d time.Duration, value T, err error) *Future[T] {
	p := &Promise[T]{}
	timer := time.AfterFunc(d, func() {
		if err != nil {
			p.Reject(err)
		} else {
			p.Resolve(value)
		}
	})
	p.OnCancel(func() {
		timer.Stop()
		p.Reject(ErrCancelled)
	})
	return p.Future()
}

func isDone[T any](f *Future[T]) bool { return f.settled.Load() }

type typedError struct{ code int }

func (e *typedError) Error() string { return "code " + strconv.Itoa(e.code) }

func TestThen(t *testing.T) {
	double := func(_ context.Context, n int) (string, error) { return strconv.Itoa(2 * n), nil }
	fail := func(context.Context, int) (string, error) { return "", &typedError{4} }
	for name, tc := range map[string]struct {
		future *Future[string]
		want   string
		code   int
	}{
		"value":               {Then(Resolved(2), double), "4", 0},
		"error of the first":  {Then(Rejected[int](&typedError{3}), double), "", 3},
		"error of the second": {Then(Resolved(2), fail), "", 4},
		"through a chain": {Then(Then(Then(Resolved(2), fail), func(context.Context, string) (int, error) {
			panic("called after an error")
		}), double), "", 4},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := result(t, tc.future)
			want(t, "value", got, tc.want)
			var typed *typedError
			if errors.As(err, &typed) != (tc.code != 0) || typed != nil && typed.code != tc.code {
				t.Errorf("got error %v, want code %d", err, tc.code)
			}
		})
	}
}

func TestThenCancelledBeforeItBegins(t *testing.T) {
	p := &Promise[int]{}
	f := Then(p.Future(), func(context.Context, int) (int, error) { panic("called after Cancel") })
	f.Cancel()
	_, err := result(t, f)
	wantErr(t, err, ErrCancelled)
	_, err = result(t, p.Future())
	wantErr(t, err, ErrCancelled)
}

// The first future need not heed its cancellation.
func TestThenCancelledButTheFirstGoesOn(t *testing.T) {
	p := &Promise[int]{}
	p.OnCancel(func() {})
	f := Then(p.Future(), func(context.Context, int) (int, error) { panic("called after Cancel") })
	f.Cancel()
	p.Resolve(1)
	_, err := result(t, f)
	wantErr(t, err, ErrCancelled)
}

// Once fn has begun, the future is not done before fn has returned.
func TestThenCancelledWhileItRuns(t *testing.T) {
	for name, tc := range map[string]struct {
		end  func(context.Context) (int, error)
		want int
		err  error
	}{
		"heeded":         {func(ctx context.Context) (int, error) { return 0, ctx.Err() }, 0, ErrCancelled},
		"heeded, cause":  {func(ctx context.Context) (int, error) { return 0, context.Cause(ctx) }, 0, ErrCancelled},
		"heeded, typed":  {func(context.Context) (int, error) { return 0, &typedError{1} }, 0, &typedError{1}},
		"was faster":     {func(context.Context) (int, error) { return 7, nil }, 7, nil},
		"other deadline": {func(context.Context) (int, error) { return 0, &TimeoutError{Running, 1} }, 0, ErrTimeout},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				returned := false
				f := Then(Resolved(1), func(ctx context.Context, _ int) (int, error) {
					<-ctx.Done()
					time.Sleep(time.Second) // to clean up
					returned = true
					return tc.end(ctx)
				})
				synctest.Wait()
				f.Cancel()
				got, err := result(t, f)
				want(t, "returned", returned, true)
				want(t, "value", got, tc.want)
				if !errors.Is(err, tc.err) && fmt.Sprint(err) != fmt.Sprint(tc.err) {
					t.Errorf("got error %v, want %v", err, tc.err)
				}
			})
		})
	}
}

func TestAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got, err := result(t, All(after(3, "a", nil), after(1, "b", nil), Resolved("c")))
		if diff := cmp.Diff([]string{"a", "b", "c"}, got); diff != "" || err != nil {
			t.Error(diff, err)
		}
		none, err := result(t, All[int]())
		if len(none) != 0 || err != nil {
			t.Error(none, err)
		}
	})
}

func TestAllFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow, late := after(time.Hour, 1, nil), after(2, 0, &typedError{2})
		_, err := result(t, All(slow, late, after(1, 0, &typedError{1})))
		want(t, "error", err.Error(), "code 1")
		_, err = result(t, slow)
		wantErr(t, err, ErrCancelled)
		_, err = result(t, late)
		wantErr(t, err, ErrCancelled)
	})
}

func TestAllCancelled(t *testing.T) {
	a, b := &Promise[int]{}, &Promise[int]{}
	f := All(a.Future(), b.Future(), a.Future())
	a.Resolve(1)
	want(t, "done", isDone(f), false)
	f.Cancel()
	_, err := result(t, f)
	wantErr(t, err, ErrCancelled)
	_, err = result(t, b.Future())
	wantErr(t, err, ErrCancelled)
}

func TestRace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := after(time.Hour, "slow", nil)
		got, err := result(t, Race(slow, after(1, "fast", nil)))
		want(t, "winner", got, "fast")
		wantErr(t, err, nil)
		_, err = result(t, slow)
		wantErr(t, err, ErrCancelled)

		_, err = result(t, Race(after(time.Hour, "", nil), after(1, "", errTest)))
		wantErr(t, err, errTest)
		_, err = result(t, Race[int]())
		wantErr(t, err, ErrCancelled)

		loser := after(time.Hour, "", nil)
		race := Race(loser)
		race.Cancel()
		_, err = result(t, race)
		wantErr(t, err, ErrCancelled)
		want(t, "loser done", isDone(loser), true)
	})
}

func TestAsCompleted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := []*Future[int]{after(3, 0, nil), after(1, 0, errTest), after(2, 0, nil), Resolved(0)}
		var order []int
		for i, f := range AsCompleted(t.Context(), fs...) {
			want(t, "done", isDone(f), true)
			order = append(order, i)
		}
		if diff := cmp.Diff([]int{3, 1, 2, 0}, order); diff != "" {
			t.Error(diff)
		}
	})
}

func TestAsCompletedStopsEarly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := []*Future[int]{after(1, 0, nil), after(2, 0, nil), after(time.Hour, 0, nil)}
		for i := range AsCompleted(t.Context(), fs...) {
			want(t, "first", i, 0)
			break
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		seen := 0
		for range AsCompleted(ctx, fs...) {
			seen++
		}
		want(t, "seen before the timeout", seen, 2)
		for range AsCompleted(ctx, fs...) {
			t.Error("yields after the end of ctx")
		}
		want(t, "the work goes on", isDone(fs[2]), false)
		fs[2].Cancel()
	})
}

func TestAsCompletedInsideLoop(t *testing.T) {
	fs := []*Future[int]{(&Promise[int]{}).Future(), Resolved(1), Rejected[int](errTest)}
	ctx := inLoop(t.Context())
	var order []int
	for i, f := range AsCompleted(ctx, fs...) {
		order = append(order, i)
		_, err := f.Wait(ctx)
		wantErr(t, err, []error{ErrWouldBlockLoop, nil, errTest}[i])
	}
	if diff := cmp.Diff([]int{1, 2, 0}, order); diff != "" {
		t.Error(diff)
	}
	for range AsCompleted(ctx, fs...) {
		break
	}
}

func TestMap(t *testing.T) {
	for _, limit := range []int{-1, 1, 3, 100} {
		t.Run(fmt.Sprint("limit ", limit), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				items := []int{5, 1, 4, 2, 3, 9, 8, 7}
				var running, most atomic.Int32
				f := Map(t.Context(), limit, items, func(ctx context.Context, n int) *Future[int] {
					most.Store(max(most.Load(), running.Add(1)))
					return Then(after(time.Duration(n), n*n, nil), func(_ context.Context, n int) (int, error) {
						running.Add(-1)
						return n, nil
					})
				})
				got, err := result(t, f)
				if diff := cmp.Diff([]int{25, 1, 16, 4, 9, 81, 64, 49}, got); diff != "" || err != nil {
					t.Error(diff, err)
				}
				want(t, "most at once", int(most.Load()), min(max(limit, 1), len(items)))
			})
		})
	}
	none, err := result(t, Map(t.Context(), 1, nil, func(context.Context, int) *Future[int] { panic("called") }))
	if len(none) != 0 || err != nil {
		t.Error(none, err)
	}
}

// mapOf starts a Map of three items at a time, of which number 3 fails after a
// second and the others take an hour. started gets the futures.
func mapOf(ctx context.Context) (f *Future[[]int], started chan *Future[int]) {
	items := slices.Repeat([]int{1, 2, 3}, 5)
	started = make(chan *Future[int], len(items))
	return Map(ctx, 3, items, func(_ context.Context, n int) *Future[int] {
		f := after(time.Hour, 0, nil)
		if n == 3 {
			f = after(time.Second, 0, &typedError{n})
		}
		started <- f
		return f
	}), started
}

func TestMapEndsEarly(t *testing.T) {
	for name, tc := range map[string]struct {
		end  func(f *Future[[]int], cancel context.CancelCauseFunc)
		want string
	}{
		"first error":           {func(*Future[[]int], context.CancelCauseFunc) {}, "item 2: code 3"},
		"cancelled":             {func(f *Future[[]int], _ context.CancelCauseFunc) { f.Cancel() }, ErrCancelled.Error()},
		"caller's context ends": {func(_ *Future[[]int], cancel context.CancelCauseFunc) { cancel(errTest) }, "test"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(inLoop(t.Context()))
				defer cancel(nil)
				f, started := mapOf(ctx)
				synctest.Wait()
				tc.end(f, cancel)
				got, err := result(t, f)
				want(t, "error", fmt.Sprint(err), tc.want)
				want(t, "values", len(got), 0)
				want(t, "started", len(started), 3)
				for range len(started) {
					want(t, "stopped", isDone(<-started), true)
				}
			})
		})
	}
}
