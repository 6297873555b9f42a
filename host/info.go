package host

import (
	"slices"

	"github.com/tetratelabs/wazero/api"

	"github.com/wexec/wexec/host/internal/instrument"
	"github.com/wexec/wexec/host/internal/linear"
)

// Info is what can be said of a module without running its tasks.
type Info struct {
	Name string
	// Style is how its tasks are entered.
	Style Style
	// Size of the module in bytes.
	Size int
	// Manifest says where the manifest came from: "section", "export", or
	// "" if there is none. Only an export runs guest code.
	Manifest string
	// Imports and Exports are functions: "wexec/v1.op_start", "add (i32, i32)
	// -> (i32)".
	Imports, Exports []string
	// MemoryMin is what an instance starts with, and MemoryMax what the module
	// says it may grow to, or 0 if it says nothing; both in bytes.
	MemoryMin, MemoryMax uint64
	// Lasting says why instances can't be put back to what they were before a
	// task, so that every task has a new one. It is empty if they can, as far as
	// is known: what the module's start does is known when it was run.
	Lasting string
	// Needs are the fields of Options without which the module would be
	// refused: "Exceptions", "SharedMemory".
	Needs []string
	// Tasks of the module.
	Tasks []Task
}

// Info describes the module.
func (m *Module) Info() Info {
	mod := m.m
	info := Info{Name: mod.name, Style: mod.style, Size: mod.size, Tasks: m.Tasks(), MemoryMin: mod.minMemory, Lasting: mod.snapshots.why(), Needs: mod.needed}
	switch {
	case mod.asksGuest:
		info.Manifest = "export"
	case mod.hasManifest:
		info.Manifest = "section"
	}
	for _, f := range mod.compiled.ImportedFunctions() {
		from, name, _ := f.Import()
		if from == instrument.Module {
			continue
		}
		info.Imports = append(info.Imports, from+"."+name)
	}
	for name, f := range mod.compiled.ExportedFunctions() {
		if instrument.Added(name) {
			continue
		}
		info.Exports = append(info.Exports, name+" "+functionType(f))
	}
	slices.Sort(info.Exports)
	for _, mem := range mod.compiled.ExportedMemories() {
		if most, ok := mem.Max(); ok {
			info.MemoryMax = uint64(most) * linear.PageSize
		}
	}
	return info
}

func functionType(f api.FunctionDefinition) string {
	return "(" + typeNames(f.ParamTypes()) + ") -> (" + typeNames(f.ResultTypes()) + ")"
}
