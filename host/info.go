package host

import (
	"slices"

	"github.com/wexec/wexec/host/internal/kind"
	"github.com/wexec/wexec/host/internal/kind/bare"
	"github.com/wexec/wexec/host/internal/kind/command"
	"github.com/wexec/wexec/host/internal/kind/script"
	"github.com/wexec/wexec/host/internal/kind/wexec"
	"github.com/wexec/wexec/host/internal/linear"
	"github.com/wexec/wexec/host/internal/wasm"
)

// The values of Info.Style.
const (
	Direct    = wexec.Direct    // wexec_call, once for each call
	Resumable = wexec.Resumable // wexec_resume, for many calls at once
	Command   = command.Style   // _start, once for each instance
	Bare      = bare.Style      // the exported function itself
	Script    = script.Style    // an engine interprets the module's files
)

// Info describes a module. The host finds it out without running a task.
type Info struct {
	Name string
	// Style is how its tasks are entered.
	Style string
	// Size is the size of the module in bytes.
	Size int
	// Manifest says where the manifest came from: "section", "export", or "" if
	// there is none. Only an export runs guest code.
	Manifest string
	// Imports and Exports are functions: "wexec/v1.op_start", "add (i32, i32)
	// -> (i32)".
	Imports, Exports []string
	// MemoryMin is the memory that an instance starts with, in bytes. MemoryMax is
	// the most that the module declares, or 0 if it declares none.
	MemoryMin, MemoryMax uint64
	// Irreversible says why instances can't be reset after a task, so that every
	// task has a new one. It is empty if no reason is known. Some reasons are known
	// only after the module's start has run.
	Irreversible string
	// Needs are the fields of Options without which the module would be refused:
	// "Exceptions", "SharedMemory".
	Needs []string
	// Tasks are the tasks of the module.
	Tasks []Task
}

// Info describes the module.
func (m *Module) Info() Info {
	info := m.m.info
	info.Irreversible = m.m.template.Snapshots.Never()
	info.Needs = m.m.template.Code.Needs
	return info
}

// newInfo describes a module by its sections, and by the memories of its code.
func newInfo(name string, m *wasm.Module, memories []wasm.Memory, plan *kind.Plan, f found) Info {
	info := Info{
		Name: name, Style: plan.Style, Size: len(m.Bytes), Manifest: f.source, Tasks: f.manifest.Tasks,
		MemoryMin: minMemory(memories),
	}
	for _, i := range m.Imports {
		if i.Kind == wasm.KindFunction {
			info.Imports = append(info.Imports, i.Module+"."+i.Name)
		}
	}
	for _, e := range m.Exports {
		if f, ok := m.Function(e.Name); ok {
			info.Exports = append(info.Exports, e.Name+" "+f.Type.String())
		}
	}
	slices.Sort(info.Exports)
	for _, memory := range memories {
		if memory.HasMax {
			info.MemoryMax = memory.Max * linear.PageSize
		}
	}
	return info
}
