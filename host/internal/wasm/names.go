package wasm

import (
	"bytes"
	"slices"
	"unicode/utf8"
)

// nameSection is the name of the custom section that has names for functions,
// locals and so on: see "name section" in the specification's appendix.
const nameSection = "name"

// The parts of a name section that stack traces show.
const (
	namesOfModule    = 0
	namesOfFunctions = 1
)

// Names are the names that a stack trace shows.
type Names struct {
	Module    []byte
	Functions [][]byte // by index; nil for a function without a name
}

// Names reads the module's name sections. It skips what can't be used: names
// that are empty or not UTF-8, those of functions that don't exist, and all that
// follows an error in a section. If a thing has several names, the first counts.
func (m *Module) Names() Names {
	n := Names{Functions: make([][]byte, len(m.Functions))}
	for i := range m.Sections {
		if s := &m.Sections[i]; s.hasNames() {
			r := NewReader(s.Body)
			r.Name()
			n.read(r)
		}
	}
	return n
}

// WithUsableNames returns the module with one name section at most, which has
// the usable names only. Engines refuse modules for the others.
func (m *Module) WithUsableNames() []byte {
	if !slices.ContainsFunc(m.Sections, Section.hasNames) {
		return m.Bytes
	}
	sections := slices.Clone(m.Sections)
	sections.SetNames(m.Names())
	return sections.Assemble(len(m.Bytes))
}

// SetNames replaces the name sections with one that has those names.
func (s *Sections) SetNames(n Names) {
	body := AppendName(nil, nameSection)
	if n.Module != nil {
		body = appendNames(body, namesOfModule, AppendName(nil, string(n.Module)))
	}
	var list []byte
	count := uint32(0)
	for i, name := range n.Functions {
		if name != nil {
			list = append(AppendU32(AppendU32(list, uint32(i)), uint32(len(name))), name...)
			count++
		}
	}
	body = appendNames(body, namesOfFunctions, append(AppendU32(nil, count), list...))
	*s = append(slices.DeleteFunc(*s, Section.hasNames), Section{ID: SectionCustom, Name: nameSection, Body: body})
}

func appendNames(body []byte, id byte, part []byte) []byte {
	return append(AppendU32(append(body, id), uint32(len(part))), part...)
}

func (s Section) hasNames() bool { return s.ID == SectionCustom && s.Name == nameSection }

// read reads the parts of a name section.
func (n *Names) read(r *Reader) {
	for r.More() {
		id := r.Byte()
		part := NewReader(r.Bytes(r.Count()))
		switch id {
		case namesOfModule:
			if name := part.usableName(); n.Module == nil {
				n.Module = name
			}
		case namesOfFunctions:
			for range part.Count() {
				index, name := part.U32(), part.usableName()
				if uint64(index) < uint64(len(n.Functions)) && n.Functions[index] == nil {
					n.Functions[index] = name
				}
			}
		}
	}
}

// usableName reads a name. It returns nil if the name can't be used, and cuts one
// that would fill a stack trace.
func (r *Reader) usableName() []byte {
	const most, cut = 512, "…"
	name := r.Bytes(r.Count())
	switch {
	case len(name) == 0 || !utf8.Valid(name):
		return nil
	case len(name) > most:
		return append(bytes.ToValidUTF8(name[:most-len(cut)], nil), cut...)
	}
	return name
}
