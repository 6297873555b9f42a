package instrument

import (
	"encoding/binary"
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

// Data is the initial contents of memory: pieces of it, one after the other,
// each an address and a length, both u32 in little-endian, and that many bytes.
// A later piece may overwrite an earlier one.
type Data []byte

const pieceHead = 8

// CopyTo copies the pieces to memory, by means of copy. Like an instantiation, it
// stops at the first that reaches over the end of the memory.
func (d Data) CopyTo(memory []byte, copy func(to, from []byte) int) error {
	for i := 0; len(d) > 0; i++ {
		at, n := uint64(binary.LittleEndian.Uint32(d)), uint64(binary.LittleEndian.Uint32(d[4:]))
		d = d[pieceHead:]
		if at+n > uint64(len(memory)) {
			const outside = "data[%d]: out of bounds memory access: %d bytes at %#x, in a memory of %d"
			return fmt.Errorf(outside, i, n, at, len(memory))
		}
		copy(memory[at:], d[:n])
		d = d[n:]
	}
	return nil
}

// isUnknown reports whether the address of a segment is not a plain number.
func isUnknown(s wasm.Segment) bool { return s.Active && !s.Known }

// canTakeData reports whether the active data segments can be taken out of the
// module. They can't if an address is unknown, if the module shares memory or
// tables with others, or if it is invalid.
func (m *module) canTakeData() bool {
	own := len(m.Memories) - m.Imported(wasm.KindMemory)
	linked := len(m.Imports) > m.imported
	miscounted := m.DataCount >= 0 && m.DataCount != len(m.Data)
	return own == 1 && !linked && m.dataUsed <= len(m.Data) && !miscounted && !slices.ContainsFunc(m.Data, isUnknown)
}

// takeData takes the active data segments out of the module. An instruction
// that refers to one would have found it dropped: it finds an empty one.
func (m *module) takeData() Data {
	if !m.canTakeData() {
		return nil
	}
	var taken Data
	var kept []byte
	for i, s := range m.Data {
		encoded := s.Encoded
		if s.Active {
			taken = binary.LittleEndian.AppendUint32(taken, s.Address)
			taken = binary.LittleEndian.AppendUint32(taken, uint32(len(s.Bytes)))
			taken = append(taken, s.Bytes...)
			encoded = []byte{1, 0} // passive, and empty
		}
		if i < m.dataUsed {
			kept = append(kept, encoded...)
		}
	}
	m.sections.Delete(wasm.SectionDataCount)
	m.sections.Delete(wasm.SectionData)
	if m.dataUsed > 0 {
		if m.DataCount >= 0 {
			m.sections.Find(wasm.SectionDataCount).Body = wasm.AppendU32(nil, uint32(m.dataUsed))
		}
		m.sections.Append(wasm.SectionData, m.dataUsed, kept)
	}
	return taken
}
