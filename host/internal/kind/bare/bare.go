// Package bare runs the exported functions of modules without a manifest. It calls
// them with numbers. See ABI section 2.5.
package bare

import (
	"slices"
	"strings"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host/internal/engine"
	"github.com/wexec/wexec/host/internal/fault"
	"github.com/wexec/wexec/host/internal/guest"
	"github.com/wexec/wexec/host/internal/kind"
	"github.com/wexec/wexec/host/internal/wasm"
)

// Style is the style of modules without a manifest.
const Style = "bare functions"

// Kind implements kind.Kind. It takes every module that has such a function, so
// it is the last to be asked.
type Kind struct{}

// Imports implements kind.Kind.
func (Kind) Imports() []engine.Import { return nil }

// Open implements kind.Kind.
func (Kind) Open(m *wasm.Module) (*kind.Plan, error) {
	manifest := &abi.Manifest{}
	types := map[string]wasm.FuncType{}
	for _, e := range m.Exports {
		f, ok := m.Function(e.Name)
		if !ok || !isTaskName(e.Name) || !isBare(f) {
			continue
		}
		types[e.Name] = f.Type
		manifest.Tasks = append(manifest.Tasks, abi.Task{
			Name: e.Name, Mode: abi.Blocking, Doc: "The exported function " + f.Type.String() + ".",
		})
	}
	if len(manifest.Tasks) == 0 {
		return nil, fault.InvalidModule("it has no tasks: no manifest, no %s, and no exported function of numbers",
			abi.ExportStart)
	}
	slices.SortFunc(manifest.Tasks, func(a, b abi.Task) int { return strings.Compare(a.Name, b.Name) })
	return &kind.Plan{
		Style:    Style,
		Manifest: manifest,
		Attach:   func(inst *guest.Instance) guest.Side { return &side{inst: inst, types: types} },
	}, nil
}

// maxName is the most bytes of the name of an export that is a task.
const maxName = 1 << 10

// isTaskName reports whether an export of that name can be a task: it does not start
// the module, and a person can type the name.
func isTaskName(name string) bool {
	start := name == abi.ExportInitialize || name == abi.ExportStart
	return !start && strings.TrimSpace(name) != "" && len(name) <= maxName
}

// isBare reports whether a function is the module's own, and takes and returns
// numbers only.
func isBare(f wasm.Function) bool {
	other := func(t wasm.ValueType) bool { return !t.IsNumber() }
	return !f.Imported && !slices.ContainsFunc(f.Type.Params, other) && !slices.ContainsFunc(f.Type.Results, other)
}

// side calls the functions of an instance.
type side struct {
	guest.Alone
	inst  *guest.Instance
	types map[string]wasm.FuncType // by export; shared by all instances
}

// Serve implements guest.Side.
func (s *side) Serve(c *guest.Call) error {
	t := s.types[c.Task.Name]
	stack, err := parseNumbers(c.Input, t.Params)
	if err != nil {
		return err
	}
	for len(stack) < len(t.Results) {
		stack = append(stack, 0)
	}
	f, _ := s.inst.Function(c.Task.Name)
	if err := s.inst.Enter(f, stack); err != nil {
		return err
	}
	c.Output = formatNumbers(stack, t.Results, c.Unsigned)
	return nil
}
