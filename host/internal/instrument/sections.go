package instrument

import (
	"bytes"
	"slices"
	"strings"
)

// The sections of a module.
const (
	secCustom    = 0
	secType      = 1
	secImport    = 2
	secFunction  = 3
	secTable     = 4
	secMemory    = 5
	secGlobal    = 6
	secExport    = 7
	secStart     = 8
	secElement   = 9
	secCode      = 10
	secData      = 11
	secDataCount = 12
	secTag       = 13
)

// sectionOrder is the order in which sections must stand.
var sectionOrder = []byte{secType, secImport, secFunction, secTable, secMemory, secTag, secGlobal, secExport, secStart, secElement, secDataCount, secCode, secData}

const magic = "\x00asm\x01\x00\x00\x00"

// section is a part of a module. Its body is the module's own bytes until a
// rewritten one takes their place.
type section struct {
	id   byte
	name string // of a custom section
	at   int    // of the body in the module
	head []byte // id and size, as they were written
	size int    // that head says
	body []byte
}

func split(wasm []byte) ([]section, error) {
	if !bytes.HasPrefix(wasm, []byte(magic)) {
		return nil, &Error{0, "not a WebAssembly module of version 1"}
	}
	r := &reader{b: wasm, pos: len(magic)}
	var all []section
	seen := -1
	for r.more() {
		start := r.pos
		s := section{id: r.byte()}
		s.size = int(r.u32())
		s.head = r.b[start:r.pos]
		s.at = r.pos
		s.body = r.bytes(s.size)
		switch order := slices.Index(sectionOrder, s.id); {
		case s.id == secCustom:
			name := &reader{b: s.body, at: s.at, err: r.err}
			s.name = name.name()
			r.err = name.err
		case order < 0:
			r.fail(start, "unknown section %d", s.id)
		case order <= seen:
			r.fail(start, "section %d comes too late, or twice", s.id)
		default:
			seen = order
		}
		all = append(all, s)
	}
	return all, r.err
}

// find returns the section with that id, which is made if there is none.
func (m *module) find(id byte) *section {
	before := func(other section) bool {
		return other.id != secCustom && slices.Index(sectionOrder, other.id) >= slices.Index(sectionOrder, id)
	}
	i := slices.IndexFunc(m.sections, before)
	if i < 0 {
		i = len(m.sections)
	}
	if i == len(m.sections) || m.sections[i].id != id {
		m.sections = slices.Insert(m.sections, i, section{id: id, body: []byte{0}, size: -1})
	}
	return &m.sections[i]
}

// extend adds n items to a section, which is a vector.
func (m *module) extend(id byte, n int, items []byte) {
	if n == 0 {
		return
	}
	s := m.find(id)
	r := &reader{b: s.body}
	body := appendU32(make([]byte, 0, len(s.body)+len(items)+4), r.u32()+uint32(n))
	s.body = append(append(body, s.body[r.pos:]...), items...)
}

// move gives the functions their new indices, everywhere but in the code.
func (m *module) move(moved func(uint32) uint32) error {
	i := slices.IndexFunc(m.sections, func(s section) bool { return s.id == secCustom && s.name == nameSection })
	if i < 0 {
		i = len(m.sections)
		m.sections = append(m.sections, section{id: secCustom, name: nameSection, size: -1})
	}
	m.sections[i].body = m.rename(m.sections[i].body, moved)
	return m.moveSections(moved)
}

func (m *module) moveSections(moved func(uint32) uint32) (err error) {
	for i := 0; i < len(m.sections) && err == nil; i++ {
		s := &m.sections[i]
		p := &patcher{reader: reader{b: s.body, at: s.at}}
		again := module{growth: m.growth} // nothing new is learnt
		switch s.id {
		case secTable:
			again.walkTables(p, moved)
		case secGlobal:
			again.walkGlobals(p, moved)
		case secExport:
			again.walkExports(p, moved)
		case secStart:
			p.function(moved)
		case secElement:
			again.walkElements(p, moved)
		default:
			continue
		}
		s.body, err = p.finish()
	}
	return err
}

// assemble writes the module. Custom sections that speak of places in the code
// are left out: the places are others now.
func (m *module) assemble(size int) []byte {
	out := make([]byte, 0, size)
	out = append(out, magic...)
	for i := range m.sections {
		if s := &m.sections[i]; s.id != secCustom || !speaksOfCode(s.name) {
			out = s.appendTo(out)
		}
	}
	return out
}

func (s *section) appendTo(out []byte) []byte {
	if len(s.body) == s.size {
		out = append(out, s.head...)
	} else {
		out = appendU32(append(out, s.id), uint32(len(s.body)))
	}
	return append(out, s.body...)
}

// speaksOfCode reports whether a custom section has offsets into the code:
// DWARF, source maps, relocations, and what engines are told of branches.
func speaksOfCode(name string) bool {
	for _, prefix := range []string{".debug_", "reloc.", "metadata.code."} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return slices.Contains([]string{"external_debug_info", "sourceMappingURL", "linking"}, name)
}

// typeAdder collects types that are added to a module.
type typeAdder struct {
	next  uint32 // index
	count int
	list  []byte
	known map[string]uint32
}

// add returns the index of a type, which is given as it is written.
func (t *typeAdder) add(written []byte) uint32 {
	index, ok := t.known[string(written)]
	if !ok {
		index = t.next
		t.next++
		t.count++
		t.list = append(t.list, written...)
		if t.known == nil {
			t.known = map[string]uint32{}
		}
		t.known[string(written)] = index
	}
	return index
}

// blockOf returns the type of a block that gives what a function gives.
func (t *typeAdder) blockOf(f *funcType) []byte {
	switch f.results {
	case 0:
		return []byte{blockEmpty}
	case 1:
		return f.given
	}
	written := append(appendU32([]byte{0x60, 0}, uint32(f.results)), f.given...)
	return appendS64(nil, int64(t.add(written)))
}
