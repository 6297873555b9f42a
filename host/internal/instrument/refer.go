package instrument

// wazero makes an object for each ref.func that runs, and keeps it until the
// instance ends: a loop of them takes all memory there is. So each function
// that code refers to gets a global, which is made once, and read in place of
// the instruction.

// refer notes that code refers to a function. One that nothing else refers to
// may not be: then the instruction stays, which wazero refuses.
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
	var globals []byte
	for _, index := range m.referenceList {
		a := asm{globals}
		if m.have.typed {
			a.byte(0x64) // a reference to a function of that type
			a.out = appendS64(a.out, int64(m.typeIndexOf(index)))
		} else {
			a.byte(0x70) // funcref
		}
		globals = a.byte(0).index(opRefFunc, e.moved(index)).op(opEnd).out
	}
	m.extend(secGlobal, len(m.referenceList), globals)
}

// typeIndexOf returns the index of a function's type.
func (m *module) typeIndexOf(function uint32) uint32 {
	if n := uint32(len(m.imported)); function >= n {
		return m.defined[function-n]
	}
	return m.imported[function]
}
