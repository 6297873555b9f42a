// Package command runs WASI programs: modules without a manifest that export
// _start. A program is one task, main: standard input in, standard output out.
package command

import (
	"slices"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host/internal/engine"
	"github.com/wexec/wexec/host/internal/guest"
	"github.com/wexec/wexec/host/internal/kind"
	"github.com/wexec/wexec/host/internal/wasm"
)

// Style is the style of programs.
const Style = "WASI command"

// Kind implements kind.Kind.
type Kind struct{}

// Imports implements kind.Kind. Every engine has WASI.
func (Kind) Imports() []engine.Import { return nil }

// Open implements kind.Kind.
func (Kind) Open(m *wasm.Module) (*kind.Plan, error) {
	start, ok := m.Function(abi.ExportStart)
	if !ok || isEmpty(m, start) && hasOthers(m) {
		return nil, nil
	}
	return &kind.Plan{
		Style: Style,
		Manifest: &abi.Manifest{Tasks: []abi.Task{{
			Name: "main", Mode: abi.Blocking, Program: true,
			Doc: "The program: standard input in, standard output out.",
		}}},
		Irreversible: "it is a program, which runs once",
		Attach:       func(inst *guest.Instance) guest.Side { return &side{inst: inst} },
	}, nil
}

// isEmpty reports whether a function does nothing. A module of functions whose
// _start is empty is not a program.
func isEmpty(m *wasm.Module, f wasm.Function) bool {
	if f.Imported {
		return false
	}
	body := m.Bodies[int(f.Index)-m.Imported(wasm.KindFunction)]
	const end = 0x0b
	return len(body.Entry)-body.Code == 1 && body.Entry[body.Code] == end
}

// hasOthers reports whether the module exports functions that don't start it.
func hasOthers(m *wasm.Module) bool {
	return slices.ContainsFunc(m.Exports, func(e wasm.Export) bool {
		f, ok := m.Function(e.Name)
		return ok && !f.Imported && e.Name != abi.ExportStart && e.Name != abi.ExportInitialize
	})
}

// side runs the program of an instance.
type side struct {
	guest.Alone
	inst *guest.Instance
}

// Serve implements guest.Side.
func (s *side) Serve(c *guest.Call) error {
	start, _ := s.inst.Function(abi.ExportStart)
	return s.inst.Enter(start, nil)
}
