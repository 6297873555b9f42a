// Package kind says how modules of different kinds are recognised, and how calls
// enter them. Each kind is a folder here and a line in the table of package host.
package kind

import (
	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host/internal/engine"
	"github.com/wexec/wexec/host/internal/guest"
	"github.com/wexec/wexec/host/internal/wasm"
)

// Kind is a kind of module.
type Kind interface {
	// Imports are the modules of host functions that modules of the kind import.
	Imports() []engine.Import
	// Open plans how to run a module, before it is compiled. It returns nil if the
	// module is of another kind. Its errors are *fault.InvalidModuleError, without
	// the module's name, and *abi.ManifestError.
	Open(m *wasm.Module) (*Plan, error)
}

// Plan says how a module is run.
type Plan struct {
	// Style names the kind for people, and how its tasks are entered.
	Style string
	// Manifest has the module's tasks. It is nil if an instance has to be asked.
	Manifest *abi.Manifest
	// Ask asks a started instance for the text of the manifest.
	Ask func(*guest.Instance) ([]byte, error)
	// Declared says that the manifest is the module's own, and that the caller
	// can't say otherwise.
	Declared bool
	// Program says that an instance is one run of a program, with arguments and
	// streams of the call's.
	Program bool
	// Irreversible says why instances can't be reset, or is empty if they can.
	Irreversible string
	// Shares says that an instance can hold many calls: its Side is a
	// guest.Shared.
	Shares bool
	// Attach makes the kind's side of an instance.
	Attach func(*guest.Instance) guest.Side
}
