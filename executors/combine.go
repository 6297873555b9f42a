package executors

import (
	"context"
	"iter"
	"sync"

	"golang.org/x/sync/errgroup"
)

// Then returns the future of fn applied to f's value. If f fails, so does the
// new future, with the same error and without fn. fn runs on a goroutine of
// its own and may block; its context ends when the new future is cancelled,
// which also cancels f.
func Then[T, U any](f *Future[T], fn func(context.Context, T) (U, error)) *Future[U] {
	ctx, cancel := context.WithCancelCause(context.Background())
	p := &Promise[U]{}
	p.OnCancel(func() {
		cancel(ErrCancelled)
		f.Cancel()
		p.Reject(ErrCancelled)
	})
	f.Notify(func() {
		value, err := f.value, f.err
		if err != nil {
			cancel(err)
			p.Reject(err)
			return
		}
		go func() {
			defer cancel(nil)
			if u, err := fn(ctx, value); err != nil {
				p.Reject(err)
			} else {
				p.Resolve(u)
			}
		}()
	})
	return p.Future()
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
	var mu sync.Mutex
	left := len(fs)
	for _, f := range fs {
		f.Notify(func() {
			if f.err != nil {
				end(f.err)
				return
			}
			mu.Lock()
			left--
			last := left == 0
			mu.Unlock()
			if last {
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

func cancelAll[T any](fs []*Future[T]) {
	for _, f := range fs {
		f.Cancel()
	}
}

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
			if p.future.settle(f.value, f.err) {
				cancelAll(fs)
			}
		})
	}
	return p.Future()
}

// AsCompleted yields the futures as they are done, each with its place in fs.
// It stops early if ctx ends; the work goes on.
func AsCompleted[T any](ctx context.Context, fs ...*Future[T]) iter.Seq2[int, *Future[T]] {
	return func(yield func(int, *Future[T]) bool) {
		done := make(chan int, len(fs))
		for i, f := range fs {
			f.Notify(func() { done <- i })
		}
		for range fs {
			select {
			case i := <-done:
				if !yield(i, fs[i]) {
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}
}

// Map calls fn for every item, at most limit at a time, and returns the future
// of the values in the order of items. The first error is its error; it ends
// fn's context, and no more items are started.
func Map[T, U any](ctx context.Context, limit int, items []T, fn func(context.Context, T) *Future[U]) *Future[[]U] {
	ctx, cancel := context.WithCancelCause(offLoop(ctx))
	p := &Promise[[]U]{}
	p.OnCancel(func() {
		cancel(ErrCancelled)
		p.Reject(ErrCancelled)
	})
	go func() {
		defer cancel(nil)
		if out, err := mapAll(ctx, limit, items, fn); err != nil {
			p.Reject(err)
		} else {
			p.Resolve(out)
		}
	}()
	return p.Future()
}

func mapAll[T, U any](ctx context.Context, limit int, items []T, fn func(context.Context, T) *Future[U]) ([]U, error) {
	group, each := errgroup.WithContext(ctx)
	group.SetLimit(max(limit, 1))
	out := make([]U, len(items))
	for i, item := range items {
		group.Go(func() error {
			if each.Err() != nil {
				return context.Cause(each)
			}
			f := fn(each, item)
			var err error
			if out[i], err = f.Wait(each); err != nil {
				f.Cancel()
			}
			return err
		})
	}
	return out, group.Wait()
}
