// Package wasm reads WebAssembly modules. It knows nothing of rewriting them.
//
// Parse takes a module apart into its sections and what they declare: types,
// imports, exports, memories and so on. It takes time in proportion to the
// module's size and does not look at instructions. A Walker steps through the
// instructions of one function body. Sections can be changed and written again:
// what is not changed stays as it was, byte for byte.
//
// Parse accepts every valid module that wazero 1.12 can run, and refuses
// modules that are larger than bounds.go allows. It does not validate: some
// modules that it accepts are invalid. RATIONALE.md says why.
package wasm

// Module is a module taken apart. Indices are those of the module: imports come
// first. Byte slices in it are parts of the module's own bytes. Nothing in it
// changes after Parse.
type Module struct {
	Bytes     []byte
	Sections  Sections // in the order of the file
	Types     []FuncType
	Imports   []Import
	Exports   []Export
	Functions []uint32 // the type of each function
	Tables    []Table
	Memories  []Memory // at most one
	Globals   []Global
	Tags      []uint32 // the type of each tag
	Start     uint32   // the start function, if there is a SectionStart
	Elements  []ElementSegment
	Data      []Segment
	DataCount int // what SectionDataCount says; -1 if there is none
	Bodies    []Body

	// Referenced tells of each function whether a table, a global or an element
	// segment refers to it.
	Referenced []bool
	// TypedReferences reports whether a section has references to functions of
	// a certain type.
	TypedReferences bool

	imported [kinds]int        // by Kind
	results  [][]byte          // by type: see EncodedResults
	exports  map[string]uint32 // by name: the place in Exports
}

// Function is an exported function.
type Function struct {
	Index    uint32
	Type     FuncType
	Imported bool // the module exports one of its imports
}

// Parse takes a module apart. An error is an *Error. The module keeps b, which
// must not change.
func Parse(b []byte) (*Module, error) {
	m := &Module{Bytes: b, DataCount: -1}
	var err error
	if m.Sections, err = split(b); err != nil {
		return nil, err
	}
	for i := range m.Sections {
		s := &m.Sections[i]
		r := &Reader{b: s.Body, at: s.Offset, m: m}
		m.parse(s.ID, r)
		if r.More() && s.ID != SectionCustom {
			r.Fail(r.pos, "the section has %d bytes too many", len(r.b)-r.pos)
		}
		if r.err != nil {
			return nil, r.err
		}
		m.TypedReferences = m.TypedReferences || r.typed
	}
	m.Referenced = append(m.Referenced, make([]bool, len(m.Functions)-len(m.Referenced))...)
	if len(m.Bodies) != len(m.Functions)-m.Imported(KindFunction) {
		return nil, &Error{len(b), "the module has more functions than bodies, or more bodies than functions"}
	}
	return m, nil
}

// Imported returns how many things of a kind are imported.
func (m *Module) Imported(k Kind) int { return m.imported[k] }

// Function returns the function that is exported under that name. ok is false
// if there is no such export, or if it is not a function.
func (m *Module) Function(export string) (f Function, ok bool) {
	i, ok := m.exports[export]
	if !ok || m.Exports[i].Kind != KindFunction {
		return Function{}, false
	}
	f.Index = m.Exports[i].Index
	f.Type = m.Types[m.Functions[f.Index]]
	f.Imported = int(f.Index) < m.Imported(KindFunction)
	return f, true
}

// Custom returns the contents of the first custom section of that name.
func (m *Module) Custom(name string) (data []byte, ok bool) {
	for i := range m.Sections {
		if s := &m.Sections[i]; s.ID == SectionCustom && s.Name == name {
			r := NewReader(s.Body)
			r.Name()
			return s.Body[r.pos:], true
		}
	}
	return nil, false
}

// FuncTypeOf returns the type of a function. ok is false if there is no such
// function.
func (m *Module) FuncTypeOf(index uint32) (t FuncType, ok bool) {
	if uint64(index) >= uint64(len(m.Functions)) {
		return FuncType{}, false
	}
	return m.Types[m.Functions[index]], true
}

// EncodedResults returns the results of a type as the module has them, without
// their number. A ValueType does not say which type a reference refers to; this
// does.
func (m *Module) EncodedResults(index uint32) []byte { return m.results[index] }
