// Package kind defines a kind of module: how the host recognises one, and how calls
// enter it. Each kind is a folder here and a line in the table of package host.
package kind

import (
	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host/internal/engine"
	"github.com/wexec/wexec/host/internal/guest"
	"github.com/wexec/wexec/host/internal/wasm"
)

// Kind is a kind of module.
type Kind interface {
	// Imports returns the modules of host functions that modules of the kind import.
	Imports() []engine.Import
	// Open returns the plan for running a module, before it is compiled, or nil if
	// the module is of another kind. Its errors are *fault.InvalidModuleError,
	// without the module's name, and *abi.ManifestError.
	Open(m *wasm.Module) (*Plan, error)
}

// Plan says how a module is run.
type Plan struct {
	// Style tells people how the tasks are entered: see host.Info.
	Style string
	// Engine is the module that is compiled and run in place of the one that was
	// opened, or nil. Modules with equal engines share its code.
	Engine *engine.Need
	// Manifest has the module's tasks. It is nil if only an instance can tell them.
	Manifest *abi.Manifest
	// Ask asks a started instance for the text of the manifest.
	Ask func(*guest.Instance) ([]byte, error)
	// Declared says that the manifest is the module's own. Callers can't override it.
	Declared bool
	// Irreversible says why instances can't be reset. It is empty if they can be.
	Irreversible string
	// Shares says that an instance can hold many calls: its Side is a
	// guest.Shared.
	Shares bool
	// Attach makes the kind's side of an instance.
	Attach func(*guest.Instance) guest.Side
}
