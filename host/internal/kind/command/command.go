// Package command runs WASI programs: modules without a manifest that export
// _start. A program is one task, main: standard input in, standard output out.
package command

import (
	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host/internal/engine"
	"github.com/wexec/wexec/host/internal/fault"
	"github.com/wexec/wexec/host/internal/guest"
	"github.com/wexec/wexec/host/internal/kind"
	"github.com/wexec/wexec/host/internal/wasm"
)

// Kind implements kind.Kind.
type Kind struct{}

// Imports implements kind.Kind. Every engine has WASI.
func (Kind) Imports() []engine.Import { return nil }

// Open implements kind.Kind.
func (Kind) Open(m *wasm.Module) (*kind.Plan, error) {
	if _, ok := m.Function(abi.ExportStart); !ok {
		return nil, nil
	}
	return &kind.Plan{
		Style: "WASI command",
		Manifest: &abi.Manifest{Tasks: []abi.Task{{
			Name: "main", Mode: abi.Blocking, Doc: "The program: standard input in, standard output out.",
		}}},
		Program:      true,
		Irreversible: "it is a program, which runs once",
		Attach:       func(inst *guest.Instance) guest.Side { return &side{inst: inst} },
	}, nil
}

// side runs the program of an instance.
type side struct {
	guest.Alone
	inst *guest.Instance
}

// Serve implements guest.Side.
func (s *side) Serve(c *guest.Call) error {
	s.inst.Feed(c.Input)
	start, _ := s.inst.Function(abi.ExportStart)
	err := s.inst.Enter(start, nil)
	c.Output = s.inst.Printed()
	if exit, ok := err.(*fault.ExitError); ok && exit.Code == 0 {
		return nil
	}
	return err
}

// Idle implements guest.Side: a program runs once.
func (s *side) Idle() bool { return false }
