package wexec

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"sync"
	"time"

	"github.com/wexec/wexec/abi"
)

// Mode says how a task should run.
type Mode = abi.Mode

const (
	// IO is for a task that mostly waits: many calls share one instance.
	IO = abi.IO
	// Blocking is for a task that neither mostly waits nor mostly computes.
	Blocking = abi.Blocking
	// CPU is for a task that computes. It has a core to itself and must not
	// sleep, fetch or call.
	CPU = abi.CPU
)

// None is the input of a task that takes nothing, and the output of a task that
// returns nothing.
type None = struct{}

// Task makes f a task that the host and other tasks can call by its name. Call
// Task in a package variable or an init function. It panics if the name is
// invalid or taken. The Func that it returns calls the task:
//
//	var primes = wexec.Task("primes", wexec.CPU, countPrimes)
//
//	func countPrimes(ctx context.Context, below int) (int, error) { … }
//
// In and Out are encoded as JSON, except []byte, which is passed as it is, and
// None, which is empty.
func Task[In, Out any](
	name string, mode Mode, f func(context.Context, In) (Out, error), options ...Option,
) Func[In, Out] {
	t := &task{
		Task:   abi.Task{Name: name, Mode: mode},
		input:  reflect.TypeFor[In](),
		output: reflect.TypeFor[Out](),
		run: func(c *call) {
			e := outcome{code: errCode, message: "the task left its goroutine by runtime.Goexit"}
			defer c.end(&e)
			in, err := decodeInput[In](c.input())
			if err != nil {
				e.set(nil, err)
				return
			}
			out, err := f(c, in)
			if err != nil {
				e.set(nil, err)
				return
			}
			e.set(encode(out))
		},
	}
	for _, option := range options {
		option(t)
	}
	register(t)
	return Func[In, Out]{Task: name}
}

// Option sets a field of a task's manifest entry.
type Option func(*task)

// Doc describes the task to people: a first line that stands alone, then what
// the task takes and returns.
func Doc(text string) Option {
	return func(t *task) { t.Doc = text }
}

// Timeout is the longest time that the task asks to run, rounded up to whole
// milliseconds. It narrows the host's limit and never widens it.
func Timeout(d time.Duration) Option {
	if d <= 0 {
		panic("wexec: Timeout must be positive")
	}
	return func(t *task) { t.Timeout = (d + time.Millisecond - 1).Truncate(time.Millisecond) }
}

// Memory is the most linear memory, in bytes, that the task asks for. It
// narrows the host's limit and never widens it.
func Memory(bytes uint64) Option {
	return func(t *task) { t.Memory = bytes }
}

// Fuel is how much the task asks to compute; a unit is about one instruction. It
// narrows the host's limit and never widens it.
func Fuel(units uint64) Option {
	return func(t *task) { t.Fuel = units }
}

// task is a registered task: its entry in the manifest and the function that
// runs it.
type task struct {
	abi.Task
	input, output reflect.Type
	// run runs the task. It calls the author's function directly: the collector
	// scans every frame of every goroutine that waits, so there should be few.
	run func(c *call)
}

// tasks has the tasks in the order of registration, which is the order of the
// manifest.
var tasks []*task

func register(t *task) {
	if err := abi.CheckTaskName(t.Name); err != nil {
		panic("wexec: " + err.Error())
	}
	if _, err := abi.ParseMode(string(t.Mode)); err != nil {
		panic(fmt.Sprintf("wexec: task %q: %v", t.Name, err))
	}
	for _, other := range tasks {
		if other.Name == t.Name {
			panic(fmt.Sprintf("wexec: two tasks of the name %q", t.Name))
		}
	}
	if len(tasks) == abi.MaxTasks {
		panic(fmt.Sprintf("wexec: more than %d tasks", abi.MaxTasks))
	}
	tasks = append(tasks, t)
}

// manifest returns the manifest as JSON. It makes the schemas only now: every
// instance registers its tasks, but the host asks only the first for a manifest.
func manifest() []byte {
	m := &abi.Manifest{Reseeds: reseeds()}
	for _, t := range tasks {
		entry := t.Task
		entry.Input = schemaOf(t.input)
		entry.Output = schemaOf(t.output)
		m.Tasks = append(m.Tasks, entry)
	}
	b, err := json.Marshal(m)
	if err != nil {
		panic("wexec: the manifest: " + err.Error())
	}
	return b
}

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
