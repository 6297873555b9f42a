package wexec

import (
	"context"
	"encoding/json"
	"sync"

	"github.com/wexec/wexec/abi"
)

// Func is a task that can be called: its name and the types of its input and
// output. Task returns one. For a task of another module, in any language,
// write one:
//
//	var lookup = wexec.Func[Query, Place]{Module: "geo", Task: "lookup"}
type Func[In, Out any] struct {
	Task string
	// Module is the name of the task's module; empty means the caller's own.
	Module string
}

// Call starts the task and returns at once. Many calls may be in flight.
func (f Func[In, Out]) Call(ctx context.Context, in In) *Future[Out] {
	input, err := encode(in)
	if err != nil {
		return &Future[Out]{err: err}
	}
	head, err := json.Marshal(abi.TaskCall{Task: f.Task, Module: f.Module})
	if err != nil {
		return &Future[Out]{err: err}
	}
	o, err := start(ctx, abi.CapTaskCall, abi.JoinMessage(head, input))
	return &Future[Out]{op: o, err: err}
}

// Call starts a task of this module by its name. The input is encoded as usual:
// []byte as it is, nil and None as nothing, anything else as JSON.
func Call[Out any](ctx context.Context, task string, in any) *Future[Out] {
	return Func[any, Out]{Task: task}.Call(ctx, in)
}

// Future is the result of a call that may not have ended yet.
type Future[Out any] struct {
	op    *op
	taken sync.Once
	out   Out
	err   error
}

// Wait waits for the call to end. It returns the task's output, or an *Error
// that says how the call failed. It may be called more than once.
func (f *Future[Out]) Wait() (Out, error) {
	if f.op != nil {
		f.op.wait()
		f.taken.Do(f.take)
	}
	return f.out, f.err
}

// Err is like Wait, but returns only the error. It has the same signature for
// every Out, so futures of different tasks fit into one list.
func (f *Future[Out]) Err() error {
	_, err := f.Wait()
	return err
}

func (f *Future[Out]) take() {
	var output []byte
	if output, f.err = f.op.take(); f.err != nil {
		return
	}
	f.out, f.err = decode[Out](output)
}

// Cancel cancels the call: the result is no longer wanted. The context of the
// called task is cancelled, and Wait returns a context.Canceled unless the
// result came first.
func (f *Future[Out]) Cancel() {
	if f.op != nil {
		f.op.cancel()
	}
}
