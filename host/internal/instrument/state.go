package instrument

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/wexec/wexec/host/internal/wasm"
)

// The state of an instance is its memory, its mutable globals, its tables, and
// which of its segments are dropped. Memory, and globals that are numbers, can
// be read and written from outside if they are exported. The rest can't: code
// that changes it sets a mark.

// What a module has that was rewritten with Options.State.
const (
	// Start is the export of the function that was the start function.
	Start = namePrefix + "start"
	// Changed is the export of the mark: a mutable i64, which is not 0 once code
	// has changed a table, dropped a segment, or set a global that is not a
	// number. A module without such code has no mark.
	Changed = namePrefix + "changed"
)

// Global names the export of the i-th of the module's mutable globals that are
// numbers, from 0 to Rewritten.Globals.
func Global(i int) string { return namePrefix + "global " + strconv.Itoa(i) }

// numbers returns the module's own mutable globals that are numbers. They can be
// read and set from outside. A vector can't: wazero's Set clears its upper half.
func (m *module) numbers() (indices []uint32) {
	imported := m.Imported(wasm.KindGlobal)
	for i, g := range m.Globals[imported:] {
		if g.Mutable && g.Type.IsNumber() {
			indices = append(indices, uint32(imported+i))
		}
	}
	return indices
}

// irreversible says why no instance of the module can be restored. It returns
// "" if instances can.
func (m *module) irreversible() string {
	shared := func(memory wasm.Memory) bool { return memory.Shared }
	switch {
	case slices.ContainsFunc(m.Memories[m.Imported(wasm.KindMemory):], shared):
		return "its memory is shared"
	case len(m.numbers()) > maxNumbers:
		return fmt.Sprintf("it has more than %d globals that can change", maxNumbers)
	case slices.ContainsFunc(m.Data, isUnknown):
		return "where its data goes is known only when it is instantiated"
	}
	return ""
}

// maxNumbers is the most globals that are restored: each takes a few
// nanoseconds, and 16 bytes of each instance.
const maxNumbers = 1_000

// hasState reports whether there is state to make reachable.
func (m *module) hasState() bool {
	own := m.Globals[m.Imported(wasm.KindGlobal):]
	mutable := slices.ContainsFunc(own, func(g wasm.Global) bool { return g.Mutable })
	return mutable || len(m.Data) > 0 || m.marks || m.sections.Has(wasm.SectionStart)
}

// noteState notes what the instruction that w stands on has to do with state.
func (m *module) noteState(w *wasm.Walker) {
	switch w.Op {
	case wasm.OpMemoryInit, wasm.OpDataDrop:
		m.dataUsed = max(m.dataUsed, int(w.X)+1)
	}
	m.marks = m.marks || m.changesIrreversibly(w.Op, w.X)
}

// changesIrreversibly reports whether an instruction, with its index, changes
// state that can't be restored from outside.
func (m *module) changesIrreversibly(op wasm.Opcode, index uint32) bool {
	switch op {
	case wasm.OpGlobalSet:
		g := &m.Globals[index]
		return int(index) >= m.Imported(wasm.KindGlobal) && g.Mutable && !g.Type.IsNumber()
	case wasm.OpTableSet, wasm.OpElemDrop, wasm.OpDataDrop:
		return true
	}
	return op.BulkTable()
}

// exportGlobals exports the mutable globals that are numbers, and counts them.
func (m *module) exportGlobals() int {
	var exports []byte
	numbers := m.numbers()
	for i, index := range numbers {
		exports = append(wasm.AppendName(exports, Global(i)), byte(wasm.KindGlobal))
		exports = wasm.AppendU32(exports, index)
	}
	m.sections.Append(wasm.SectionExport, len(numbers), exports)
	return len(numbers)
}

// exportStart makes an export of the start function. In an invalid module the
// start function stays: an export would allow references to it.
func (m *module) exportStart(moved func(uint32) uint32) {
	if !m.sections.Has(wasm.SectionStart) || m.undeclared {
		return
	}
	if t, _ := m.FuncTypeOf(m.Start); len(t.Params)+len(t.Results) > 0 {
		return
	}
	m.sections.Delete(wasm.SectionStart)
	m.export(Start, wasm.KindFunction, moved(m.Start))
}
