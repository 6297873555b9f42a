package engine

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/wexec/wexec/host/cache"
	"github.com/wexec/wexec/host/internal/fault"
	"github.com/wexec/wexec/host/internal/instrument"
	"github.com/wexec/wexec/host/internal/linear"
)

// Code is a module that is compiled.
type Code struct {
	// Irreversible says why instances can't be reset to an earlier state, or is
	// empty if they can.
	Irreversible string
	// Needs are the Options without which the module would be refused.
	Needs []string
	// Note is what Keep stored with code that came from the cache.
	Note json.RawMessage

	engine   *Engine
	logger   *slog.Logger // that names the module
	runtime  *runtime
	compiled wazero.CompiledModule
	data     instrument.Data // that memory starts with
	globals  int             // that can be captured
	outside  error           // of an element segment that its table has no room for

	key     cache.Key
	wasm    []byte     // what was compiled, until Keep
	written cache.Code // what the cache is to keep, if it can

	closing sync.Once
	err     error
}

// Close frees the code. No instance of it is left. Only the first call counts:
// wazero counts the modules with equal bytes, and frees their code with the last.
func (c *Code) Close(ctx context.Context) error {
	c.closing.Do(func() { c.err = c.compiled.Close(ctx) })
	return c.err
}

// Data copies what memory starts with to where it belongs.
func (c *Code) Data(memory []byte) error { return c.data.CopyTo(memory) }

// Instantiate makes an instance with that memory. Of rewritten code nothing runs
// yet; of plain code the start function does. ctx leads host functions to the
// guest. An error that no fault explains is for Explain.
func (c *Code) Instantiate(ctx context.Context, memory *linear.Memory) (i *Instance, err error) {
	if c.outside != nil {
		return nil, c.outside
	}
	defer func() {
		switch r := recover().(type) {
		case nil:
		case *linear.LimitError:
			err = fault.OutOfMemory(r.Size, r.Limit)
		case *linear.BudgetError:
			err = &fault.FullError{Limit: r.Limit}
		default:
			err = fault.ReportPanic(c.logger, "instantiating a module", r)
		}
	}()
	allocate := func(_, most uint64) experimental.LinearMemory {
		memory.Reserve(most)
		return memory
	}
	ctx = experimental.WithMemoryAllocator(ctx, experimental.MemoryAllocatorFunc(allocate))
	module, err := c.runtime.InstantiateModule(ctx, c.compiled, wazero.NewModuleConfig().WithName("").WithStartFunctions())
	if err != nil {
		return nil, err
	}
	return newInstance(module, c.globals), nil
}
