package engine

import (
	"context"
	"strings"

	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental/table"

	"github.com/wexec/wexec/host/internal/fault"
	"github.com/wexec/wexec/host/internal/instrument"
	"github.com/wexec/wexec/host/internal/linear"
	"github.com/wexec/wexec/host/internal/wasm"
)

// Start is the name by which a rewritten module exports its start function. The
// host calls it after it has written the initial contents of memory.
const Start = instrument.Start

// Instance is an instance of a module. It belongs to one goroutine at a time.
type Instance struct {
	// Countdown is the fuel left until the next pause, and Stack is the bytes of
	// stack left. Each is nil if the code does not count it.
	Countdown, Stack Counter

	module  api.Module
	globals []Counter
	changed api.Global // not 0 if the state can't be restored; nil if it always can be
}

// Counter is a global that can be read and set.
type Counter interface {
	Get() uint64
	Set(uint64)
}

func newInstance(module api.Module, globals int) *Instance {
	i := &Instance{module: module, globals: make([]Counter, globals)}
	for n := range i.globals {
		i.globals[n] = module.ExportedGlobal(instrument.Global(n)).(api.MutableGlobal)
	}
	i.changed = module.ExportedGlobal(instrument.Changed)
	if g, ok := module.ExportedGlobal(instrument.Countdown).(api.MutableGlobal); ok {
		i.Countdown = g
	}
	if g, ok := module.ExportedGlobal(instrument.Stack).(api.MutableGlobal); ok {
		i.Stack = g
	}
	return i
}

// Memory returns wazero's view of the instance's memory.
func (i *Instance) Memory() linear.Grower { return i.module.Memory() }

// Changed reports whether code changed something that can't be restored.
func (i *Instance) Changed() bool { return i.changed != nil && i.changed.Get() != 0 }

// Globals returns the values of the globals that can be restored.
func (i *Instance) Globals() []uint64 {
	values := make([]uint64, len(i.globals))
	for n, g := range i.globals {
		values[n] = g.Get()
	}
	return values
}

// SetGlobals restores the values that Globals returned.
func (i *Instance) SetGlobals(values []uint64) {
	for n, g := range i.globals {
		g.Set(values[n])
	}
}

// Close frees the instance. No code may run in it.
func (i *Instance) Close() {
	i.module.Close(context.Background()) // its only errors are those of closing files
}

// Function is an exported function. It has a stack of its own, which takes 11.5 KB.
type Function struct{ f api.Function }

// Function returns the exported function of that name, if there is one.
func (i *Instance) Function(name string) (f Function, ok bool) {
	exported := i.module.ExportedFunction(name)
	return Function{exported}, exported != nil
}

// Indirect returns the guest's own function that the first table has at index, if
// there is one and it has that type.
func (i *Instance) Indirect(index uint32, t wasm.FuncType) (f Function, ok bool) {
	defer func() {
		if recover() != nil { // wazero panics on a wrong index or type
			ok = false
		}
	}()
	found := table.LookupFunction(i.module, 0, index, valueTypes(t.Params), valueTypes(t.Results))
	return Function{found}, found.Definition().GoFunction() == nil
}

// Call runs the function. stack has the parameters, and then the results. Explain
// translates its errors.
func (f Function) Call(ctx context.Context, stack []uint64) error {
	return f.f.CallWithStack(ctx, stack)
}

// Explain turns the error of code that failed, which wazero returns, into an error
// of package fault.
func Explain(err error) error {
	if known := fault.Known(err); known != nil {
		return known
	}
	text, stack, _ := strings.Cut(err.Error(), "\nwasm stack trace:")
	stack, _, _ = strings.Cut(stack, "\n\nGo runtime stack trace:")
	text = strings.TrimPrefix(text, "wasm error: ")
	trap := &fault.TrapError{Reason: strings.TrimSuffix(text, " (recovered by wazero)")}
	for frame := range strings.SplitSeq(stack, "\n") {
		if frame = strings.TrimSpace(frame); frame != "" && !instrument.Added(frame) {
			trap.Stack = append(trap.Stack, frame)
		}
	}
	return trap
}
