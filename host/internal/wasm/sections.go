package wasm

import (
	"bytes"
	"slices"
)

// SectionID says what is in a section.
type SectionID byte

// The sections of a module.
const (
	SectionCustom    SectionID = 0
	SectionType      SectionID = 1
	SectionImport    SectionID = 2
	SectionFunction  SectionID = 3
	SectionTable     SectionID = 4
	SectionMemory    SectionID = 5
	SectionGlobal    SectionID = 6
	SectionExport    SectionID = 7
	SectionStart     SectionID = 8
	SectionElement   SectionID = 9
	SectionCode      SectionID = 10
	SectionData      SectionID = 11
	SectionDataCount SectionID = 12
	SectionTag       SectionID = 13
)

// sectionOrder is the order in which sections must stand. Custom sections may
// be anywhere.
var sectionOrder = []SectionID{
	SectionType, SectionImport, SectionFunction, SectionTable, SectionMemory, SectionTag, SectionGlobal,
	SectionExport, SectionStart, SectionElement, SectionDataCount, SectionCode, SectionData,
}

// magic is what a module of version 1 begins with.
const magic = "\x00asm\x01\x00\x00\x00"

// Section is a part of a module.
type Section struct {
	ID     SectionID
	Name   string // of a custom section
	Offset int    // of Body in the module
	Body   []byte
	head   []byte // the id and the size, as the module has them; nil for a section that was added
	size   int    // that head says
}

// Sections are the sections of a module, in order.
type Sections []Section

func split(b []byte) (Sections, error) {
	if !bytes.HasPrefix(b, []byte(magic)) {
		return nil, &Error{0, "not a WebAssembly module of version 1"}
	}
	r := &Reader{b: b, pos: len(magic)}
	var all Sections
	seen := -1
	for r.More() {
		start := r.pos
		s := Section{ID: SectionID(r.Byte())}
		s.size = int(r.U32())
		s.head = r.b[start:r.pos]
		s.Offset = r.pos
		s.Body = r.Bytes(s.size)
		switch order := slices.Index(sectionOrder, s.ID); {
		case s.ID == SectionCustom:
			name := &Reader{b: s.Body, at: s.Offset, err: r.err}
			s.Name = name.Name()
			r.err = name.err
		case order < 0:
			r.Fail(start, "unknown section %d", s.ID)
		case order <= seen:
			r.Fail(start, "section %d comes too late, or twice", s.ID)
		default:
			seen = order
		}
		if all = append(all, s); len(all) > maxSections {
			r.Fail(start, "the module has more than %d sections", maxSections)
		}
	}
	return all, r.err
}

// Has reports whether there is a section with that id.
func (s Sections) Has(id SectionID) bool {
	return slices.ContainsFunc(s, func(s Section) bool { return s.ID == id })
}

// Find returns the section with that id. If there is none, it adds one in the
// right place, an empty vector.
func (s *Sections) Find(id SectionID) *Section {
	order := slices.Index(sectionOrder, id)
	i := slices.IndexFunc(*s, func(other Section) bool {
		return other.ID != SectionCustom && slices.Index(sectionOrder, other.ID) >= order
	})
	if i < 0 {
		i = len(*s)
	}
	if i == len(*s) || (*s)[i].ID != id {
		*s = slices.Insert(*s, i, Section{ID: id, Body: []byte{0}})
	}
	return &(*s)[i]
}

// Delete deletes the section with that id, if there is one.
func (s *Sections) Delete(id SectionID) {
	*s = slices.DeleteFunc(*s, func(s Section) bool { return s.ID == id })
}

// Append adds n items to the end of a section that is a vector.
func (s *Sections) Append(id SectionID, n int, items []byte) {
	if n == 0 {
		return
	}
	section := s.Find(id)
	r := NewReader(section.Body)
	body := AppendU32(make([]byte, 0, len(section.Body)+len(items)+4), r.U32()+uint32(n))
	section.Body = append(append(body, section.Body[r.pos:]...), items...)
}

// Assemble writes a module with the sections. It makes room for size bytes.
func (s Sections) Assemble(size int) []byte {
	out := append(make([]byte, 0, size), magic...)
	for i := range s {
		section := &s[i]
		if section.head != nil && len(section.Body) == section.size {
			out = append(out, section.head...)
		} else {
			out = AppendU32(append(out, byte(section.ID)), uint32(len(section.Body)))
		}
		out = append(out, section.Body...)
	}
	return out
}
