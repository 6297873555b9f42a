package engine

import (
	"context"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/wexec/wexec/host/internal/fault"
	"github.com/wexec/wexec/host/internal/instrument"
	"github.com/wexec/wexec/host/internal/wasm"
)

// Import is a module of host functions.
type Import struct {
	Module    string
	Functions []HostFunction
	// Private says that only modules which others run on may import the functions:
	// see Library.
	Private bool
}

// HostFunction is a function that modules may import.
type HostFunction struct {
	Name   string
	Type   wasm.FuncType
	Params []string // their names, for stack traces
	// Call reads the parameters from stack, and writes the results to it. The upper
	// halves of i32 parameters are garbage. ctx is the context that the code was
	// entered with. A panic that fault.IsEnd recognises ends the guest; any other is
	// a bug.
	Call func(ctx context.Context, stack []uint64)
}

// bind registers the host functions with a runtime.
func (e *Engine) bind(ctx context.Context, r *runtime) error {
	builders := map[string]wazero.HostModuleBuilder{} // several imports may have the same module
	for _, imported := range e.cfg.Imports {
		b, ok := builders[imported.Module]
		if !ok {
			b = r.NewHostModuleBuilder(imported.Module)
			builders[imported.Module] = b
		}
		for _, f := range imported.Functions {
			b.NewFunctionBuilder().
				WithGoModuleFunction(e.guarded(f), valueTypes(f.Type.Params), valueTypes(f.Type.Results)).
				WithParameterNames(f.Params...).
				Export(f.Name)
		}
	}
	for _, b := range builders {
		if _, err := b.Instantiate(ctx); err != nil {
			return err
		}
	}
	// All panics of Pause are meant to end the guest.
	pause := func(ctx context.Context, _ api.Module, _ []uint64) { e.cfg.Pause(ctx) }
	_, err := r.NewHostModuleBuilder(instrument.Module).NewFunctionBuilder().
		WithGoModuleFunction(api.GoModuleFunc(pause), nil, nil).Export(instrument.Pause).
		Instantiate(ctx)
	return err
}

// guarded wraps a host function to report panics that are bugs, which wazero would
// turn into ordinary errors of the guest.
func (e *Engine) guarded(f HostFunction) api.GoModuleFunc {
	call, logger := f.Call, e.cfg.Logger
	return func(ctx context.Context, _ api.Module, stack []uint64) {
		defer func() {
			if r := recover(); r != nil {
				if !fault.IsEnd(r) {
					r = fault.ReportPanic(logger, "a host function", r, "import", f.Name)
				}
				panic(r)
			}
		}()
		call(ctx, stack)
	}
}

func valueTypes(types []wasm.ValueType) []api.ValueType {
	out := make([]api.ValueType, len(types))
	for i, t := range types {
		out[i] = api.ValueType(t)
	}
	return out
}
