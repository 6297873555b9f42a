package executors

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

var errTest = errors.New("test")

func TestFutureResult(t *testing.T) {
	for name, tc := range map[string]struct {
		future func() *Future[int]
		value  int
		err    error
	}{
		"resolved": {func() *Future[int] { return Resolved(1) }, 1, nil},
		"rejected": {func() *Future[int] { return Rejected[int](errTest) }, 0, errTest},
		"promise resolved": {func() *Future[int] {
			p := &Promise[int]{}
			p.Resolve(2)
			return p.Future()
		}, 2, nil},
		"promise rejected": {func() *Future[int] {
			p := &Promise[int]{}
			p.Reject(errTest)
			return p.Future()
		}, 0, errTest},
		"cancelled": {func() *Future[int] {
			p := &Promise[int]{}
			p.Future().Cancel()
			return p.Future()
		}, 0, ErrCancelled},
		"cancelled too late": {func() *Future[int] {
			f := Resolved(3)
			f.Cancel()
			return f
		}, 3, nil},
	} {
		t.Run(name, func(t *testing.T) {
			f := tc.future()
			got, err := result(t, f)
			if got != tc.value || err != tc.err {
				t.Errorf("got %v, %v; want %v, %v", got, err, tc.value, tc.err)
			}
			<-f.Done()
			notified := false
			f.Notify(func() { notified = true })
			want(t, "notified", notified, true)
		})
	}
}

func TestWaitEndsWithContext(t *testing.T) {
	p := &Promise[int]{}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errTest)
	_, err := p.Future().Wait(ctx)
	wantErr(t, err, errTest)
	p.Resolve(1)
	got, err := p.Future().Wait(ctx) // a result that is there needs no waiting
	if got != 1 || err != nil {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestWaitWithoutContextEnd(t *testing.T) {
	p := &Promise[int]{}
	go p.Resolve(1)
	got, err := p.Future().Wait(context.Background())
	if got != 1 || err != nil {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestWaitInsideLoop(t *testing.T) {
	type key struct{}
	loop := inLoop(context.Background())
	below, cancel := context.WithTimeout(context.WithValue(loop, key{}, 1), time.Hour)
	defer cancel()
	pending := (&Promise[int]{}).Future()
	for name, tc := range map[string]struct {
		ctx    context.Context
		future *Future[int]
		want   error
	}{
		"pending":              {loop, pending, ErrWouldBlockLoop},
		"pending, ctx below":   {below, pending, ErrWouldBlockLoop},
		"done":                 {loop, Resolved(1), nil},
		"failed":               {below, Rejected[int](errTest), errTest},
		"outside of the loop":  {context.Background(), Resolved(1), nil},
		"started from a loop":  {offLoop(below), Resolved(1), nil},
		"a loop started there": {inLoop(offLoop(below)), pending, ErrWouldBlockLoop},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := tc.future.Wait(tc.ctx); err != tc.want {
				t.Errorf("got %v, want %v", err, tc.want)
			}
		})
	}
}

func TestOnCancel(t *testing.T) {
	p := &Promise[int]{}
	asked := 0
	p.OnCancel(func() { asked++ })
	p.Future().Cancel()
	p.Future().Cancel()
	want(t, "asked", asked, 2)
	want(t, "the work was faster", p.Resolve(1), true)
	p.Future().Cancel()
	p.OnCancel(func() { asked++ })
	p.Future().Cancel()
	want(t, "asked after the end", asked, 2)
}

func TestWaitersAreWokenTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &Promise[int]{}
		var woken atomic.Int32
		for range 10 {
			go func() {
				p.Future().Wait(t.Context())
				woken.Add(1)
			}()
		}
		synctest.Wait()
		want(t, "woken", woken.Load(), 0)
		p.Resolve(1)
		synctest.Wait()
		want(t, "woken", woken.Load(), 10)
	})
}

// Of results that come at the same time one wins, and every reader sees it.
func TestFutureHammer(t *testing.T) {
	for range 200 {
		p := &Promise[int]{}
		f := p.Future()
		var winners, notified atomic.Int32
		var seen [8]int
		var all sync.WaitGroup
		for i := range seen {
			f.Notify(func() { notified.Add(1) })
			all.Go(func() {
				if p.Resolve(i + 1) {
					winners.Add(1)
				}
				f.Notify(func() { notified.Add(1) })
				<-f.Done()
				seen[i], _ = f.Wait(t.Context())
			})
		}
		all.Wait()
		want(t, "winners", winners.Load(), 1)
		want(t, "notified", notified.Load(), 2*int32(len(seen)))
		for _, v := range seen {
			want(t, "value", v, seen[0])
		}
	}
}

// A future behaves like a model in which only the first result counts.
func TestFutureModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := &Promise[int]{}
		var done bool
		var value, asked, told int
		var err error
		settle := func(v int, e error) bool {
			first := !done
			if first {
				done, value, err = true, v, e
			}
			return first
		}
		t.Repeat(map[string]func(*rapid.T){
			"resolve": func(t *rapid.T) {
				v := rapid.Int().Draw(t, "value")
				if settle(v, nil) != p.Resolve(v) {
					t.Fatal("not the first")
				}
			},
			"reject": func(t *rapid.T) {
				if settle(0, errTest) != p.Reject(errTest) {
					t.Fatal("not the first")
				}
			},
			"cancel": func(*rapid.T) {
				settle(0, ErrCancelled)
				p.Future().Cancel()
			},
			"notify": func(*rapid.T) {
				asked++
				p.Future().Notify(func() { told++ })
			},
			"done": func(t *rapid.T) {
				select {
				case <-p.Future().Done():
					if !done {
						t.Fatal("done too early")
					}
				default:
					if done {
						t.Fatal("not done")
					}
				}
			},
			"": func(t *rapid.T) {
				if !done {
					value, err = 0, ErrWouldBlockLoop
				}
				v, e := p.Future().Wait(inLoop(context.Background()))
				if v != value || e != err {
					t.Fatalf("got %v, %v; want %v, %v", v, e, value, err)
				}
				if done && told != asked || !done && told != 0 {
					t.Fatalf("told %d of %d", told, asked)
				}
			},
		})
	})
}
