// Package wexec runs modules with a manifest, which are made for the ABI of this
// project (abi/SPEC.md). A direct guest is entered once for each call. A resumable
// guest holds many calls at once.
package wexec

import (
	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host/internal/engine"
	"github.com/wexec/wexec/host/internal/fault"
	"github.com/wexec/wexec/host/internal/guest"
	"github.com/wexec/wexec/host/internal/kind"
	"github.com/wexec/wexec/host/internal/wasm"
)

// The styles of the two kinds of guest.
const (
	Direct    = "direct"
	Resumable = "resumable"
)

// Kind implements kind.Kind.
type Kind struct{}

// Imports implements kind.Kind.
func (Kind) Imports() []engine.Import { return []engine.Import{hostModule()} }

// Open implements kind.Kind.
func (Kind) Open(m *wasm.Module) (*kind.Plan, error) {
	section, hasSection := m.Custom(abi.ManifestSection)
	ask, asks := m.Function(abi.ExportManifest)
	if !hasSection && !asks {
		return nil, nil
	}
	var manifest *abi.Manifest
	var err error
	switch {
	case hasSection:
		manifest, err = abi.ParseManifest(section)
	case !ask.Type.Equal(wasm.FuncType{Results: []wasm.ValueType{wasm.I64}}):
		err = &abi.ManifestError{Reason: "the export " + abi.ExportManifest + " must take nothing and return an i64"}
	}
	if err != nil {
		return nil, err
	}
	plan, err := planStyle(m)
	if err != nil {
		return nil, err
	}
	plan.Manifest = manifest
	if manifest == nil {
		plan.Ask = manifestOf
	}
	return plan, nil
}

// planStyle finds out how the tasks are entered.
func planStyle(m *wasm.Module) (*kind.Plan, error) {
	call, isDirect := m.Function(abi.ExportCall)
	resume, isResumable := m.Function(abi.ExportResume)
	switch {
	case isDirect && isResumable:
		return nil, fault.InvalidModule("it exports both %s and %s: a guest is direct or resumable",
			abi.ExportCall, abi.ExportResume)
	case isDirect && !call.Type.Equal(wasm.FuncType{Params: []wasm.ValueType{wasm.I32, wasm.I32}}):
		return nil, fault.InvalidModule("its export %s must take two i32 and return nothing", abi.ExportCall)
	case isResumable && !resume.Type.Equal(wasm.FuncType{Results: []wasm.ValueType{wasm.I32}}):
		return nil, fault.InvalidModule("its export %s must take nothing and return an i32", abi.ExportResume)
	case !isDirect && !isResumable:
		return nil, fault.InvalidModule("it has a manifest, but exports neither %s nor %s to run its tasks",
			abi.ExportCall, abi.ExportResume)
	}
	if !exportsMemory(m) {
		return nil, fault.InvalidModule("it does not export its memory as %q", abi.ExportMemory)
	}
	plan := &kind.Plan{Style: Direct, Declared: true, Attach: newDirect}
	if isResumable {
		plan.Style, plan.Attach, plan.Shares = Resumable, newResumable, true
	}
	return plan, nil
}

func exportsMemory(m *wasm.Module) bool {
	for _, e := range m.Exports {
		if e.Kind == wasm.KindMemory && e.Name == abi.ExportMemory {
			return true
		}
	}
	return false
}

// manifestOf asks a guest for its manifest.
func manifestOf(inst *guest.Instance) ([]byte, error) {
	ask, _ := inst.Function(abi.ExportManifest)
	var place [1]uint64
	if err := inst.Enter(ask, place[:]); err != nil {
		return nil, err
	}
	at, length := uint32(place[0]>>32), uint32(place[0])
	text, ok := inst.Peek(at, length)
	if !ok {
		return nil, &abi.ManifestError{Reason: abi.ExportManifest + misplaced(at, length)}
	}
	return text, nil
}
