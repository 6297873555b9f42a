package executors

import (
	"context"
	"sync"
	"sync/atomic"
)

// Future is a result to come: a value or an error, set once. Its methods may
// be called from any goroutine. A future that nobody waits for costs nothing
// but its memory.
type Future[T any] struct {
	settled atomic.Bool // set after value and err, and never cleared
	mu      sync.Mutex
	done    chan struct{} // made when somebody waits
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
// first, Wait returns why; the work goes on. Inside an event loop, that is if
// ctx descends from the loop's, Wait does not block: it returns
// ErrWouldBlockLoop if the future is not done.
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

// Cancel asks for the end of the work, wherever it is. The future then ends
// with ErrCancelled, unless the work was faster. Cancel does not wait.
func (f *Future[T]) Cancel() {
	if f.settled.Load() {
		return
	}
	f.mu.Lock()
	cancel := f.cancel
	f.mu.Unlock()
	if cancel != nil {
		cancel()
		return
	}
	var none T
	f.settle(none, ErrCancelled)
}

// Notify runs fn when the future is done, on the goroutine that ends it, or
// at once if it is done already. fn must not block; see Then for what may.
func (f *Future[T]) Notify(fn func()) {
	f.mu.Lock()
	if f.settled.Load() {
		f.mu.Unlock()
		fn()
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
	for _, fn := range notify {
		fn()
	}
	return true
}

// Promise is the other end of a future: whoever holds it sets the result. The
// zero value is ready to use.
type Promise[T any] struct {
	future Future[T]
}

// Future returns the future that the promise resolves: always the same one.
func (p *Promise[T]) Future() *Future[T] { return &p.future }

// Resolve sets the value. It reports whether this was the first result; a
// later one changes nothing.
func (p *Promise[T]) Resolve(value T) bool { return p.future.settle(value, nil) }

// Reject sets the error. It reports whether this was the first result; a
// later one changes nothing.
func (p *Promise[T]) Reject(err error) bool {
	var none T
	return p.future.settle(none, err)
}

// OnCancel says what the future's Cancel does, in place of ending the future
// with ErrCancelled: cancel must see to it that the promise is settled. Call
// it before anybody has the future; cancel may be called more than once.
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
