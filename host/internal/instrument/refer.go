package instrument

import "github.com/wexec/wexec/host/internal/wasm"

// wazero makes an object for each ref.func that runs, and keeps it until the
// instance ends: a loop of them takes all memory there is. So each function
// that code refers to gets a global, which is made once. Code reads the global
// in place of the instruction.

// refer notes that code refers to a function. If nothing else refers to it, it
// may not: then the instruction stays, and wazero refuses it.
func (m *module) refer(index uint32) {
	m.taken[index] = true
	m.undeclared = m.undeclared || !m.declared[index]
	if _, ok := m.references[index]; ok || !m.declared[index] {
		return
	}
	if m.references == nil {
		m.references = map[uint32]uint32{}
	}
	m.references[index] = uint32(len(m.referenceList))
	m.referenceList = append(m.referenceList, index)
}

// addReferences adds the globals.
func (m *module) addReferences(e *emitter) {
	var globals asm
	for _, index := range m.referenceList {
		if m.typed {
			globals.byte(byte(wasm.Ref))
			globals.out = wasm.AppendS64(globals.out, int64(m.Functions[index]))
		} else {
			globals.byte(byte(wasm.FuncRef))
		}
		globals.byte(0).index(wasm.OpRefFunc, e.moved(index)).op(wasm.OpEnd)
	}
	m.sections.Append(wasm.SectionGlobal, len(m.referenceList), globals.out)
}
