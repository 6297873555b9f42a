package executors

import (
	"context"
	"sync"
	"sync/atomic"
)

// Future is a result to come: a value and an error, set once. Its methods may
// be called from any goroutine. A future that no one waits for costs only its
// memory.
type Future[T any] struct {
	settled atomic.Bool // set after value and err, and never cleared
	mu      sync.Mutex
	done    chan struct{} // made by the first Done
	notify  []func()
	cancel  func()
	value   T
	err     error
}

// Resolved returns a future that is done.
func Resolved[T any](value T) *Future[T] {
	f := &Future[T]{value: value}
	f.settled.Store(true)
	return f
}

// Rejected returns a future that is done with an error.
func Rejected[T any](err error) *Future[T] {
	f := &Future[T]{err: err}
	f.settled.Store(true)
	return f
}

// Wait blocks until the future is done, and returns its result. If ctx ends
// first, Wait returns the cause, and the work goes on.
//
// Inside an event loop, which is where ctx descends from the one of
// [Actor].Turn, Wait does not block: if the future is not done it returns
// ErrWouldBlockLoop.
func (f *Future[T]) Wait(ctx context.Context) (T, error) {
	if !f.settled.Load() {
		if err := f.block(ctx); err != nil {
			var none T
			return none, err
		}
	}
	return f.value, f.err
}

func (f *Future[T]) block(ctx context.Context) error {
	if onLoop(ctx) {
		return ErrWouldBlockLoop
	}
	if ctx.Done() == nil {
		<-f.Done()
		return nil
	}
	select {
	case <-f.Done():
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Done returns a channel that is closed when the future is done.
func (f *Future[T]) Done() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.done == nil {
		f.done = make(chan struct{})
		if f.settled.Load() {
			close(f.done)
		}
	}
	return f.done
}

// Cancel asks the work to end, whether it waits or runs. The future then fails
// with ErrCancelled, unless the work was faster. Cancel does not wait.
func (f *Future[T]) Cancel() {
	if f.settled.Load() {
		return
	}
	f.mu.Lock()
	cancel := f.cancel
	f.mu.Unlock()
	var none T
	if cancel == nil {
		f.settle(none, ErrCancelled)
		return
	}
	protect(func() (T, error) { cancel(); return none, nil }, func(_ T, err error) {
		if err != nil {
			f.settle(none, err)
		}
	})
}

// Notify runs fn when the future is done, on the goroutine that settles it, or
// at once if it is done already. fn must not block; use [Then] for work that
// may. If fn panics, that is logged with [slog.Default].
func (f *Future[T]) Notify(fn func()) {
	f.mu.Lock()
	if f.settled.Load() {
		f.mu.Unlock()
		runCallback(fn)
		return
	}
	f.notify = append(f.notify, fn)
	f.mu.Unlock()
}

func (f *Future[T]) settle(value T, err error) bool {
	f.mu.Lock()
	if f.settled.Load() {
		f.mu.Unlock()
		return false
	}
	f.value, f.err = value, err
	f.settled.Store(true)
	if f.done != nil {
		close(f.done)
	}
	notify := f.notify
	f.notify, f.cancel = nil, nil
	f.mu.Unlock()
	if len(notify) > 0 {
		forEach(notify, runCallback)
	}
	return true
}

// Promise is the other end of a future: it sets the result. The zero value is
// ready to use.
type Promise[T any] struct {
	future Future[T]
}

// Future returns the future that the promise resolves: always the same one.
func (p *Promise[T]) Future() *Future[T] { return &p.future }

// Settle sets the result: Wait returns both value and err, so that a failure
// can have a value, too. Settle reports whether this was the first result; a
// later one changes nothing.
func (p *Promise[T]) Settle(value T, err error) bool { return p.future.settle(value, err) }

// Resolve is Settle with a value.
func (p *Promise[T]) Resolve(value T) bool { return p.Settle(value, nil) }

// Reject is Settle with an error.
func (p *Promise[T]) Reject(err error) bool {
	var none T
	return p.Settle(none, err)
}

// OnCancel makes the future's Cancel call cancel, in place of settling the
// promise with ErrCancelled. cancel must have the promise settled soon; it may
// be called more than once. If it panics, the future fails with a
// [*PanicError]. Call OnCancel before you give the future away.
func (p *Promise[T]) OnCancel(cancel func()) {
	f := &p.future
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.settled.Load() {
		f.cancel = cancel
	}
}

type loopKey struct{}

// inLoop marks ctx as the context of an event loop.
func inLoop(ctx context.Context) context.Context {
	return context.WithValue(ctx, loopKey{}, true)
}

// offLoop takes the mark away, for work that a loop only starts.
func offLoop(ctx context.Context) context.Context {
	return context.WithValue(ctx, loopKey{}, false)
}

func onLoop(ctx context.Context) bool {
	on, _ := ctx.Value(loopKey{}).(bool)
	return on
}
