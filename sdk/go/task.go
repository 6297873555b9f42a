package wexec

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"time"

	"github.com/wexec/wexec/abi"
)

// Mode says how a task is best run.
type Mode = abi.Mode

const (
	// IO is for a task that mostly waits: many calls share one instance.
	IO = abi.IO
	// Blocking is for a task that is neither one nor the other.
	Blocking = abi.Blocking
	// CPU is for a task that computes. It has a core for itself and must not
	// sleep, fetch or call.
	CPU = abi.CPU
)

// None is the input of a task that takes nothing and the output of one that
// gives nothing.
type None = struct{}

// Task makes f a task that the host, and other tasks, can call by its name.
// It belongs in a package variable or an init function, and panics if the
// name is bad or taken. What it returns is a way to call the task:
//
//	var primes = wexec.Task("primes", wexec.CPU, countPrimes)
//
//	func countPrimes(ctx context.Context, below int) (int, error) { … }
//
// In and Out are written as JSON, except []byte, which is passed as it is,
// and None, which is nothing.
func Task[In, Out any](name string, mode Mode, f func(context.Context, In) (Out, error), options ...Option) Func[In, Out] {
	t := &task{
		Task:   abi.Task{Name: name, Mode: mode},
		input:  reflect.TypeFor[In](),
		output: reflect.TypeFor[Out](),
		run: func(c *call) {
			e := ending{code: errCode, message: "the task left its goroutine by runtime.Goexit"}
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

// Option is what a task may say of itself besides its mode.
type Option func(*task)

// Doc describes the task to people: a first line that stands alone, then what
// it takes and gives.
func Doc(text string) Option {
	return func(t *task) { t.Doc = text }
}

// Timeout is the longest that the task asks to run. It narrows the host's
// limit and never widens it. Parts of a millisecond are rounded up.
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

// Fuel is how much the task asks to compute, in units of about an instruction.
// It narrows the host's limit and never widens it.
func Fuel(units uint64) Option {
	return func(t *task) { t.Fuel = units }
}

// task is a registered task: its entry in the manifest and what runs it.
type task struct {
	abi.Task
	input, output reflect.Type
	// run runs the task in a goroutine of its own. It is the only function
	// between that and the author's: the collector looks at every frame of
	// every goroutine that waits.
	run func(c *call)
}

// tasks are in the order of the manifest, which is that of registration.
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

// manifest returns what wexec_manifest hands out. Schemas are made only here:
// every instance registers its tasks, but only the first is asked for them.
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
