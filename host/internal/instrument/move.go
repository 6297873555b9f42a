package instrument

import (
	"strconv"

	"math"
	"slices"
	"strings"

	"github.com/wexec/wexec/host/internal/wasm"
)

// move gives functions their new indices, in all sections but those of code and
// names.
func (m *module) move(moved func(uint32) uint32) error {
	for i := range m.sections {
		s := &m.sections[i]
		c := copier{from: s.Body}
		err := m.EachFunction(s, func(start, end int, index uint32) {
			if to := moved(index); to != index {
				a := c.replace(start, end)
				a.out = wasm.AppendU32(a.out, to)
			}
		})
		if err != nil {
			return err
		}
		if c.done > 0 {
			s.Body = c.finish()
		}
	}
	return nil
}

// boundTables keeps the module's tables from growing too far.
func (m *module) boundTables() {
	own := m.Tables[m.Imported(wasm.KindTable):]
	if len(own) == 0 {
		return
	}
	s := m.sections.Find(wasm.SectionTable)
	c := copier{from: s.Body}
	for _, t := range own {
		most, limit := uint64(math.MaxUint32), uint64(t.Min)+uint64(m.growth)
		if t.HasMax {
			most = uint64(t.Max)
		}
		if most > limit {
			a := c.replace(t.LimitsStart, t.LimitsEnd).byte(1) // with a maximum
			a.out = wasm.AppendU32(wasm.AppendU32(a.out, t.Min), uint32(limit))
		}
	}
	s.Body = c.finish()
}

// speaksOfCode reports whether a custom section has offsets into the code:
// DWARF, source maps, relocations, and hints on branches for engines. They are
// wrong once the code is rewritten.
func speaksOfCode(s wasm.Section) bool {
	if s.ID != wasm.SectionCustom {
		return false
	}
	for _, prefix := range []string{".debug_", "reloc.", "metadata.code."} {
		if strings.HasPrefix(s.Name, prefix) {
			return true
		}
	}
	return slices.Contains([]string{"external_debug_info", "sourceMappingURL", "linking"}, s.Name)
}

// renameFunctions writes the name section of the rewritten module. A function
// without a name gets the one that stack traces showed for it before: its
// number.
func (m *module) renameFunctions(moved func(uint32) uint32) {
	old := m.Names()
	total := uint32(len(m.Functions))
	all := make([][]byte, moved(total+uint32(len(m.helperList))))
	for i, name := range old.Functions {
		if name == nil && i >= m.imported {
			name = strconv.AppendInt([]byte{'$'}, int64(i), 10)
		}
		all[moved(uint32(i))] = name
	}
	for i, k := range m.helperList {
		all[moved(total+uint32(i))] = []byte(k.name())
	}
	m.sections.SetNames(wasm.Names{Module: old.Module, Functions: all})
}

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
