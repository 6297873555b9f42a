package executors

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"sync/atomic"
)

// Then returns the future of fn applied to f's value. If f fails, so does the
// new future, with the same error and without fn. fn runs on a goroutine of
// its own and may block; if it panics or calls runtime.Goexit, the new future
// fails with a [*PanicError]. Cancelling the new future cancels f, or, once fn
// has begun, ends fn's context: the future is then done when fn has returned.
func Then[T, U any](f *Future[T], fn func(context.Context, T) (U, error)) *Future[U] {
	ctx, cancel := context.WithCancelCause(context.Background())
	p := &Promise[U]{}
	var begun atomic.Bool // by fn, or by Cancel in its place
	p.OnCancel(func() {
		cancel(ErrCancelled)
		if begun.CompareAndSwap(false, true) {
			p.Reject(ErrCancelled)
			f.Cancel()
		}
	})
	f.Notify(func() {
		if !begun.CompareAndSwap(false, true) {
			return
		}
		if f.err != nil {
			p.Reject(f.err)
			return
		}
		go protect(func() (U, error) { return fn(ctx, f.value) }, func(u U, err error) {
			p.Settle(u, endedBy(ctx, err))
			cancel(nil)
		})
	})
	return p.Future()
}

// endedBy returns the cause of the end of ctx in place of an error that only
// says that ctx ended.
func endedBy(ctx context.Context, err error) error {
	cause := context.Cause(ctx)
	if cause != nil && errors.Is(err, context.Canceled) && !errors.Is(err, cause) {
		return cause
	}
	return err
}

// All returns the future of all values, in the order of fs. The first error
// is its error, and cancels the others.
func All[T any](fs ...*Future[T]) *Future[[]T] {
	p := &Promise[[]T]{}
	if len(fs) == 0 {
		p.Resolve(nil)
		return p.Future()
	}
	end := func(err error) {
		if p.Reject(err) {
			cancelAll(fs)
		}
	}
	p.OnCancel(func() { end(ErrCancelled) })
	var done atomic.Int64
	for _, f := range fs {
		f.Notify(func() {
			if f.err != nil {
				end(f.err)
				return
			}
			if done.Add(1) == int64(len(fs)) {
				p.Resolve(values(fs))
			}
		})
	}
	return p.Future()
}

func values[T any](fs []*Future[T]) []T {
	out := make([]T, len(fs))
	for i, f := range fs {
		out[i] = f.value
	}
	return out
}

func cancelAll[T any](fs []*Future[T]) { forEach(fs, (*Future[T]).Cancel) }

// Race returns the future of the first result, value or error, and cancels
// the others. With no futures at all it ends with ErrCancelled.
func Race[T any](fs ...*Future[T]) *Future[T] {
	p := &Promise[T]{}
	p.OnCancel(func() {
		if p.Reject(ErrCancelled) {
			cancelAll(fs)
		}
	})
	if len(fs) == 0 {
		p.Reject(ErrCancelled)
	}
	for _, f := range fs {
		f.Notify(func() {
			if p.Settle(f.value, f.err) {
				cancelAll(fs)
			}
		})
	}
	return p.Future()
}

// AsCompleted yields the futures as they are done, each with its place in fs.
// It stops early if ctx ends; the work goes on. Inside an event loop it does
// not wait: the futures that are not done come last, and their Wait says so.
func AsCompleted[T any](ctx context.Context, fs ...*Future[T]) iter.Seq2[int, *Future[T]] {
	return func(yield func(int, *Future[T]) bool) {
		if onLoop(ctx) {
			doneFirst(fs, yield)
			return
		}
		done := make(chan int, len(fs))
		for i, f := range fs {
			f.Notify(func() { done <- i })
		}
		for range fs {
			select {
			case i := <-done:
				if ctx.Err() != nil || !yield(i, fs[i]) {
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}
}

// doneFirst yields the futures that are done, and then the others.
func doneFirst[T any](fs []*Future[T], yield func(int, *Future[T]) bool) {
	var others []int
	for i, f := range fs {
		if !f.settled.Load() {
			others = append(others, i)
		} else if !yield(i, f) {
			return
		}
	}
	for _, i := range others {
		if !yield(i, fs[i]) {
			return
		}
	}
}

// Map calls fn for every item, at most limit at a time, and returns the future
// of the values in the order of items. The first error, with the index of its
// item, is its error; it ends fn's context, cancels the futures that are not
// done, and no more items are started. So does the end of ctx, or Cancel. The
// future is done when no call of fn is under way. If fn panics, calls
// runtime.Goexit or returns nil, that is an error of the item.
func Map[T, U any](ctx context.Context, limit int, items []T, fn func(context.Context, T) *Future[U]) *Future[[]U] {
	ctx, cancel := context.WithCancelCause(offLoop(ctx))
	p := &Promise[[]U]{}
	p.OnCancel(func() { cancel(ErrCancelled) })
	go func() {
		defer cancel(nil)
		p.Settle(mapAll(ctx, cancel, limit, items, fn))
	}()
	return p.Future()
}

// mapAll is Map, but waits. Its error is the cause of the end of ctx.
func mapAll[T, U any](
	ctx context.Context, cancel context.CancelCauseFunc, limit int, items []T,
	fn func(context.Context, T) *Future[U],
) ([]U, error) {
	out := make([]U, len(items))
	places := make(chan struct{}, max(limit, 1))
	var all sync.WaitGroup
	var failed atomic.Bool
	for i, item := range items {
		places <- struct{}{}
		if ctx.Err() != nil {
			failed.Store(true)
			break
		}
		all.Go(func() {
			protect(func() (U, error) { return waitFor(ctx, fn(ctx, item)) }, func(u U, err error) {
				if err != nil {
					failed.Store(true)
					cancel(fmt.Errorf("item %d: %w", i, err)) // unless there was a cause before
				}
				out[i] = u
				<-places
			})
		})
	}
	all.Wait()
	if failed.Load() {
		return nil, context.Cause(ctx)
	}
	return out, nil
}

// waitFor waits for a future, and cancels it if ctx ends first.
func waitFor[T any](ctx context.Context, f *Future[T]) (T, error) {
	if f == nil {
		var none T
		return none, errNoFuture
	}
	value, err := f.Wait(ctx)
	if err != nil {
		f.Cancel()
	}
	return value, err
}

var errNoFuture = errors.New("the function returned no future")
