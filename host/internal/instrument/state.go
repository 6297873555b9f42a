package instrument

import (
	"fmt"
	"slices"
	"strconv"
)

// The state of an instance is its memory, its mutable globals, its tables, and
// which of its segments are dropped. Memory and numbers in globals can be read
// and written from outside, if they are exported. The rest can't be: whoever
// changes it sets a mark.

// What a module has that was rewritten with Options.State.
const (
	// Start is the export of what was the start function.
	Start = namePrefix + "start"
	// Changed is the export of the mark: a mutable i64, which is not 0 once
	// code has changed a table, dropped a segment, or set a global that is not
	// a number. A module without such code has none.
	Changed = namePrefix + "changed"
)

// Global names the export of the i-th of the module's mutable globals that are
// numbers, from 0 to Rewritten.Globals.
func Global(i int) string { return namePrefix + "global " + strconv.Itoa(i) }

// global is a mutable global.
type global struct {
	index uint32
	typ   byte // the first byte of its type
}

// isNumber reports whether the value can be got and set from outside: it is an
// i32, i64, f32 or f64. Of a vector, wazero's Set clears the upper half.
func (g global) isNumber() bool { return 0x7c <= g.typ && g.typ <= 0x7f }

// lasting says why no instance of the module can be put back, or "".
func (m *module) lasting() string {
	numbers := 0
	for _, g := range m.own {
		if g.isNumber() {
			numbers++
		}
	}
	switch {
	case m.shared:
		return "its memory is shared"
	case numbers > maxNumbers:
		return fmt.Sprintf("it has more than %d globals that can change", maxNumbers)
	case slices.ContainsFunc(m.data, func(s segment) bool { return s.active && !s.known }):
		return "where its data goes is known only when it is instantiated"
	}
	return ""
}

// maxNumbers is the most globals that are put back: each is a few nanoseconds,
// and 16 bytes of each instance.
const maxNumbers = 1_000

// hasState reports whether there is state to make reachable.
func (m *module) hasState() bool {
	hasStart := slices.ContainsFunc(m.sections, func(s section) bool { return s.id == secStart })
	return len(m.own)+len(m.data) > 0 || m.marks || hasStart
}

// noteState notes what the instruction that w stands on has to do with state.
func (m *module) noteState(w *walker) {
	switch w.op {
	case opMemoryInit, opDataDrop:
		m.dataUsed = max(m.dataUsed, int(w.x)+1)
	}
	m.marks = m.marks || m.lasts(w.op, w.x)
}

// lasts reports whether an instruction, with its index, changes state that
// can't be put back from outside.
func (m *module) lasts(op opcode, index uint32) bool {
	switch op {
	case opTableSet, opTableFill, opTableCopy, opTableInit, opTableGrow, opElemDrop, opDataDrop:
		return true
	case opGlobalSet:
		i, ok := slices.BinarySearchFunc(m.own, index, func(g global, index uint32) int { return int(g.index) - int(index) })
		return ok && !m.own[i].isNumber()
	}
	return false
}

// exportGlobals exports the mutable globals that are numbers, and counts them.
func (m *module) exportGlobals() (n int) {
	var exports []byte
	for _, g := range m.own {
		if g.isNumber() {
			exports = appendU32(append(appendName(exports, Global(n)), kindGlobal), g.index)
			n++
		}
	}
	m.extend(secExport, n, exports)
	return n
}

// exportStart makes an export of the start function. In a module that is
// invalid it stays what it is: an export would allow references to it.
func (m *module) exportStart(moved func(uint32) uint32) {
	i := slices.IndexFunc(m.sections, func(s section) bool { return s.id == secStart })
	if i < 0 || m.undeclared || len(m.typeOf(m.start).given) > 0 || m.typeOf(m.start).params > 0 {
		return
	}
	m.sections = slices.Delete(m.sections, i, i+1)
	m.export(Start, kindFunction, moved(m.start))
}
