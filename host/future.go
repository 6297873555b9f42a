package host

import (
	"context"
	"encoding/json"
	"iter"

	"github.com/wexec/wexec/executors"
	"github.com/wexec/wexec/host/internal/fault"
)

// Func makes a Go function of a task. In is written as JSON and Out is read
// from it, unless they are []byte, which is passed as it is. What the manifest
// says of input and output is checked.
//
//	primes := host.Func[int, []int](module, "primes")
//	found, err := primes(ctx, 100).Wait(ctx)
func Func[In, Out any](module *Module, task string) func(context.Context, In) *Future[Out] {
	module = module.With(Options{Validate: true})
	return func(ctx context.Context, in In) *Future[Out] {
		input, err := encode(in)
		if err != nil {
			return executors.Rejected[Out](fault.InvalidInput("%v", err))
		}
		return executors.Then(module.Call(ctx, task, input), func(_ context.Context, output []byte) (Out, error) {
			return decode[Out](output)
		})
	}
}

func encode(in any) ([]byte, error) {
	if raw, ok := in.([]byte); ok {
		return raw, nil
	}
	return json.Marshal(in)
}

func decode[Out any](output []byte) (out Out, err error) {
	if raw, ok := any(&out).(*[]byte); ok {
		*raw = output
		return out, nil
	}
	if err := json.Unmarshal(output, &out); err != nil {
		return out, &OutputError{Reason: "it can't be read: " + err.Error()}
	}
	return out, nil
}

// Future is a result to come: a value or an error, set once. Its methods may be
// called from any goroutine:
//
//	Wait(ctx) (T, error)   blocks until the future is done, or until ctx ends
//	Done() <-chan struct{} is closed when the future is done
//	Cancel()               asks for the end of the work, wherever it is
//	Notify(fn func())      runs fn when the future is done; see Then
//
// Inside an event loop Wait does not block: it returns ErrWouldBlockLoop. A call
// that failed may have given out something before: Wait returns both.
type Future[T any] = executors.Future[T]

// Promise is the other end of a Future: its holder sets the result. The zero value
// is ready to use.
//
//	Future() *Future[T]       returns the future, always the same one
//	Resolve(value T) bool     sets the value; it reports whether it was the first
//	Reject(err error) bool    sets the error
//	Settle(value T, err error) bool  sets both
//	OnCancel(cancel func())   says what the future's Cancel does
type Promise[T any] = executors.Promise[T]

// Then returns the future of fn applied to f's value. fn runs on a goroutine
// of its own and may block. An error of f is the new future's. Cancelling the
// new future cancels f.
func Then[T, U any](f *Future[T], fn func(context.Context, T) (U, error)) *Future[U] {
	return executors.Then(f, fn)
}

// All returns the future of all values in order. The first error is its error
// and cancels the others.
func All[T any](fs ...*Future[T]) *Future[[]T] { return executors.All(fs...) }

// Race returns the future of the first result and cancels the others.
func Race[T any](fs ...*Future[T]) *Future[T] { return executors.Race(fs...) }

// Map calls fn for every item, at most limit at a time, and returns the future
// of the values in order. The first error is its error and ends fn's context.
func Map[T, U any](ctx context.Context, limit int, items []T, fn func(context.Context, T) *Future[U]) *Future[[]U] {
	return executors.Map(ctx, limit, items, fn)
}

// AsCompleted yields the futures as they are done, each with its place in fs,
// until ctx ends.
func AsCompleted[T any](ctx context.Context, fs ...*Future[T]) iter.Seq2[int, *Future[T]] {
	return executors.AsCompleted(ctx, fs...)
}

// Resolved returns a future that is done.
func Resolved[T any](value T) *Future[T] { return executors.Resolved(value) }

// Rejected returns a future that is done with an error.
func Rejected[T any](err error) *Future[T] { return executors.Rejected[T](err) }
