package host

import (
	"context"
	"encoding/json"
	"iter"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/executors"
	"github.com/wexec/wexec/host/internal/events"
	"github.com/wexec/wexec/host/internal/fault"
)

// Func makes a Go function of a task. It writes In as JSON and reads Out from JSON,
// but passes a []byte unchanged. It checks input and output against the schemas of
// the manifest. Out is made of the whole output, so a module with Options.Events is
// for tasks that emit progress alone.
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
//	Wait(ctx) (T, error)   blocks until the future is done, or until ctx ends,
//	                       which ends the wait alone: the work goes on
//	Done() <-chan struct{} is closed when the future is done
//	Cancel()               asks the work to end, whether it is queued or runs
//	Notify(fn func())      runs fn when the future is done; see Then
//
// Inside an event loop Wait does not block: it returns ErrWouldBlockLoop. For a call
// that failed after it gave out something, Wait returns both.
type Future[T any] = executors.Future[T]

// Promise sets the result of a Future. The zero value is ready to use.
//
//	Future() *Future[T]       returns the future, always the same one
//	Resolve(value T) bool     sets the value; reports whether nothing was set before
//	Reject(err error) bool    sets the error
//	Settle(value T, err error) bool  sets both
//	OnCancel(cancel func())   sets what the future's Cancel calls
type Promise[T any] = executors.Promise[T]

// Events gives a caller what its calls emit before their end: see Options.Events.
// The zero value is ready to use, for any number of calls. Its methods may be called
// from any goroutine:
//
//	Next(ctx) (Event, error)     returns the next event, and waits for it until
//	                             ctx ends; io.EOF says that all calls that were
//	                             made so far have ended, and all was read
//	All(ctx) iter.Seq[Event]     yields the events until then
//
// It holds at most 1 MiB, of which each event takes 128 bytes and its data. When it
// is full, calls that emit wait until it is half read, or until their time is up. So
// a caller that stops reading should cancel its calls.
type Events = events.Queue

// Event is what a call emitted: Call is the ID of its Span, Task its name, Kind is
// EventChunk or EventProgress, and Data is a chunk of output or JSON.
//
//	Progress() (Progress, error)  reads the Data of an EventProgress
type Event = events.Event

// Progress says how far a call has got, in its own unit: Done of a Total, which is 0
// if it is not known, and a Message for people. The guest may say anything.
type Progress = abi.Progress

// The kinds of Event.
const (
	EventChunk    = abi.EmitChunk
	EventProgress = abi.EmitProgress
)

// Then returns the future of fn applied to f's value. fn runs on a goroutine of its
// own and may block. If f fails, the new future has the same error. Cancelling the
// new future cancels f.
func Then[T, U any](f *Future[T], fn func(context.Context, T) (U, error)) *Future[U] {
	return executors.Then(f, fn)
}

// All returns the future of all values in order. The first error becomes its error
// and cancels the other futures.
func All[T any](fs ...*Future[T]) *Future[[]T] { return executors.All(fs...) }

// Race returns the future of the first result and cancels the others.
func Race[T any](fs ...*Future[T]) *Future[T] { return executors.Race(fs...) }

// Map calls fn for every item, at most limit at a time, and returns the future of
// the values in order. The first error becomes its error and ends fn's context.
func Map[T, U any](ctx context.Context, limit int, items []T, fn func(context.Context, T) *Future[U]) *Future[[]U] {
	return executors.Map(ctx, limit, items, fn)
}

// AsCompleted yields the futures as they are done, each with its index in fs, until
// ctx ends.
func AsCompleted[T any](ctx context.Context, fs ...*Future[T]) iter.Seq2[int, *Future[T]] {
	return executors.AsCompleted(ctx, fs...)
}

// Resolved returns a future that is done.
func Resolved[T any](value T) *Future[T] { return executors.Resolved(value) }

// Rejected returns a future that is done with an error.
func Rejected[T any](err error) *Future[T] { return executors.Rejected[T](err) }
