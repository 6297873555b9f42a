package engine

import (
	"context"

	"github.com/tetratelabs/wazero/api"

	"github.com/wexec/wexec/host/internal/fault"
	"github.com/wexec/wexec/host/internal/instrument"
	"github.com/wexec/wexec/host/internal/wasm"
)

// Import is a module of host functions.
type Import struct {
	Module    string
	Functions []HostFunction
}

// HostFunction is a function that modules may import.
type HostFunction struct {
	Name   string
	Type   wasm.FuncType
	Params []string // their names, for stack traces
	// Call finds the parameters in stack, and leaves the results there. The upper
	// halves of i32 parameters are garbage. ctx is what the code was entered with.
	// A panic that fault.IsEnd knows ends the guest; any other is a bug.
	Call func(ctx context.Context, stack []uint64)
}

// bind registers the host functions with a runtime.
func (e *Engine) bind(ctx context.Context, r *runtime) error {
	for _, imported := range e.cfg.Imports {
		b := r.NewHostModuleBuilder(imported.Module)
		for _, f := range imported.Functions {
			b.NewFunctionBuilder().
				WithGoModuleFunction(e.guarded(f), valueTypes(f.Type.Params), valueTypes(f.Type.Results)).
				WithParameterNames(f.Params...).
				Export(f.Name)
		}
		if _, err := b.Instantiate(ctx); err != nil {
			return err
		}
	}
	pause := func(ctx context.Context, _ api.Module, _ []uint64) { e.cfg.Pause(ctx) } // its panics are all meant
	_, err := r.NewHostModuleBuilder(instrument.Module).NewFunctionBuilder().
		WithGoModuleFunction(api.GoModuleFunc(pause), nil, nil).Export(instrument.Pause).
		Instantiate(ctx)
	return err
}

// guarded reports a panic that is a bug: wazero would turn it into an ordinary
// error of the guest's.
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
