package engine

import (
	"context"
	"strings"

	"github.com/tetratelabs/wazero/api"

	"github.com/wexec/wexec/host/internal/fault"
	"github.com/wexec/wexec/host/internal/instrument"
	"github.com/wexec/wexec/host/internal/linear"
)

// Start is the export of the function that a rewritten module no longer starts
// with: the host calls it, once memory has its data.
const Start = instrument.Start

// Instance is an instance of a module. It belongs to one goroutine at a time.
type Instance struct {
	// Countdown has the fuel that is left until the next pause, and Stack the
	// bytes of stack that are left. They are nil if the code does not count them.
	Countdown, Stack Counter

	module  api.Module
	globals []Counter
	changed api.Global // not 0 if the state can't be restored; nil if it always can
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

// Memory is the instance's memory as wazero sees it.
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

// SetGlobals restores what Globals returned.
func (i *Instance) SetGlobals(values []uint64) {
	for n, g := range i.globals {
		g.Set(values[n])
	}
}

// Close frees the instance. No code runs in it.
func (i *Instance) Close() {
	i.module.Close(context.Background()) // its only errors are those of closing files
}

// Function is an exported function. It has a stack of its own, of 11.5 KB.
type Function struct{ f api.Function }

// Function returns the export of that name. It reports whether there is one.
func (i *Instance) Function(name string) (f Function, ok bool) {
	exported := i.module.ExportedFunction(name)
	return Function{exported}, exported != nil
}

// Call runs the function: parameters and results are in stack. Explain says what
// an error of it means.
func (f Function) Call(ctx context.Context, stack []uint64) error {
	return f.f.CallWithStack(ctx, stack)
}

// Explain turns wazero's error of code that ended badly into ours.
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
