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
	"github.com/wexec/wexec/host/internal/wasm"
)

// Code is a compiled module.
type Code struct {
	// Irreversible says why instances can't be reset to an earlier state, or is
	// empty if they can.
	Irreversible string
	// Memories are those of the module.
	Memories []wasm.Memory
	// Needs are the Options without which the module would be refused.
	Needs []string
	// Note is the note that Keep stored, if the code came from the cache.
	Note json.RawMessage

	engine   *Engine
	logger   *slog.Logger // its lines name the module
	runtime  *runtime
	compiled wazero.CompiledModule
	data     instrument.Data // the initial contents of memory
	globals  int             // how many can be captured
	hard     bool            // a child compiles it
	tooHard  bool            // only a child may compile it
	outside  error           // an element segment does not fit into its table
	shared   bool            // other modules run on it: see Share

	key     cache.Key
	wasm    []byte     // the bytes that were compiled; nil after Keep
	written cache.Code // native code for Keep to store; empty if there is none

	closing sync.Once
	err     error
}

// Close frees the code, unless others share it. The caller has closed all instances
// of it. Only the first call counts, since wazero counts the modules with equal bytes
// and frees their code with the last.
func (c *Code) Close(ctx context.Context) error {
	if c.shared {
		return nil
	}
	c.closing.Do(func() { c.err = c.compiled.Close(ctx) })
	return c.err
}

// Data writes the initial contents of memory.
func (c *Code) Data(memory []byte) error { return c.data.CopyTo(memory, linear.Copy) }

// Instantiate makes an instance with that memory. It runs no code of a rewritten
// module, but it runs the start function of a plain one. Host functions get ctx, by
// which they find the guest. An error that is not of package fault must go through
// Explain.
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
