package wasm

import "slices"

// parse reads what a section declares.
func (m *Module) parse(id SectionID, r *Reader) {
	switch id {
	case SectionType:
		m.parseTypes(r)
	case SectionImport:
		m.parseImports(r)
	case SectionFunction:
		n := r.countTo(maxFunctions, "functions")
		m.Functions = slices.Grow(m.Functions, n)
		for range n {
			m.Functions = append(m.Functions, r.typeIndex())
		}
	case SectionTable:
		for range r.countTo(maxTables, "tables") {
			m.Tables = append(m.Tables, r.table(m.refer))
		}
	case SectionMemory:
		for range r.Count() {
			m.addMemory(r)
		}
	case SectionTag:
		for range r.countTo(maxTags, "tags") {
			m.Tags = append(m.Tags, r.tagType())
		}
	case SectionGlobal:
		for range r.countTo(maxGlobals, "globals") {
			m.Globals = append(m.Globals, r.global(m.refer))
		}
	case SectionExport:
		m.parseExports(r)
	case SectionStart:
		m.Start = r.function(ignore)
	case SectionElement:
		for range r.countTo(maxElements, "element segments") {
			m.Elements = append(m.Elements, r.elements(m.refer))
		}
	case SectionDataCount:
		m.DataCount = int(r.U32())
	case SectionCode:
		m.parseBodies(r)
	case SectionData:
		m.parseData(r)
	}
}

// What a type section has beside value types.
const (
	functionType   = 0x60
	recursiveGroup = 0x4e
)

func (m *Module) parseTypes(r *Reader) {
	r.m = nil // types may refer to later ones; engines check them
	list := make([]ValueType, 0, len(r.b))
	for range r.countTo(maxTypes, "types") {
		count := 1
		if r.More() && r.b[r.pos] == recursiveGroup {
			r.pos++
			count = r.countTo(maxTypes, "types")
		}
		for range count {
			start := r.pos
			if r.Byte() != functionType {
				r.Fail(start, "a type is not that of a function: garbage collection is not supported")
			}
			var t FuncType
			var encoded []byte
			t.Params, _, list = r.valueTypes(list)
			t.Results, encoded, list = r.valueTypes(list)
			m.Types, m.results = append(m.Types, t), append(m.results, encoded)
			if len(m.Types) > maxTypes {
				r.Fail(start, "more than %d types", maxTypes)
			}
			if len(list) > maxAllParams {
				r.Fail(start, "the types have more than %d parameters and results together", maxAllParams)
			}
			if r.err != nil {
				return
			}
		}
	}
}

// valueTypes reads a vector of value types, which it appends to list: it
// returns those that it read, how they are written, and the list.
func (r *Reader) valueTypes(list []ValueType) (types []ValueType, encoded []byte, all []ValueType) {
	n := r.countTo(maxParams, "parameters or results")
	first, start := len(list), r.pos
	for range n {
		t := r.valueType()
		r.typed = r.typed || t.typed()
		list = append(list, t)
	}
	return list[first:len(list):len(list)], r.b[start:r.pos], list
}

func (m *Module) parseImports(r *Reader) {
	n := r.countTo(maxImports, "imports")
	m.Imports = make([]Import, 0, n)
	for range n {
		start := r.pos
		i := Import{Module: r.Name(), Name: r.Name(), Kind: Kind(r.Byte())}
		switch i.Kind {
		case KindFunction:
			i.Type = r.typeIndex()
			m.Functions = append(m.Functions, i.Type)
		case KindTable:
			m.Tables = append(m.Tables, r.tableType())
		case KindMemory:
			m.addMemory(r)
		case KindGlobal:
			m.Globals = append(m.Globals, r.globalType())
		case KindTag:
			i.Type = r.tagType()
			m.Tags = append(m.Tags, i.Type)
		default:
			r.Fail(start, "unknown kind of import %d", i.Kind)
			return
		}
		m.Imports = append(m.Imports, i)
		m.imported[i.Kind]++
	}
}

func (m *Module) parseExports(r *Reader) {
	n := r.countTo(maxExports, "exports")
	m.Exports = make([]Export, 0, n)
	m.exports = make(map[string]uint32, n)
	for range n {
		start := r.pos
		e := r.export(ignore)
		if _, ok := m.exports[e.Name]; ok {
			r.Fail(start, "there are two exports %q", e.Name)
		}
		if r.err != nil {
			return
		}
		m.exports[e.Name] = uint32(len(m.Exports))
		m.Exports = append(m.Exports, e)
	}
}

// The bits of a limits' flags.
const (
	flagMax = 1 << iota
	flagShared
	flag64
	flagPageSize
)

// addMemory reads the type of a memory.
func (m *Module) addMemory(r *Reader) {
	start := r.pos
	flags := r.Byte()
	switch {
	case flags >= flagPageSize<<1:
		r.Fail(start, "a memory has unknown flags %#x", flags)
	case flags&flagPageSize != 0:
		r.Fail(start, "a memory says how large its pages are: custom page sizes are not supported")
	case flags&flag64 != 0:
		r.Fail(start, "a memory has unknown flags %#x: 64-bit memories are not supported", flags)
	case len(m.Memories) > 0:
		r.Fail(start, "there is more than one memory: that is not supported")
	}
	memory := Memory{Min: uint64(r.U32()), HasMax: flags&flagMax != 0, Shared: flags&flagShared != 0}
	if memory.HasMax {
		memory.Max = uint64(r.U32())
	}
	m.Memories = append(m.Memories, memory)
}

// tableType reads the type of a table.
func (r *Reader) tableType() (t Table) {
	start := r.pos
	r.valueType()
	t.Element = r.b[start:r.pos]
	t.LimitsStart = r.pos
	flags := r.Byte()
	t.Min = r.U32()
	if t.HasMax = flags&flagMax != 0; t.HasMax {
		t.Max = r.U32()
	}
	if flags > flagMax {
		r.Fail(start, "a table has unknown flags %#x", flags)
	}
	t.LimitsEnd = r.pos
	return t
}

// globalType reads the type of a global.
func (r *Reader) globalType() Global {
	return Global{Type: r.valueType(), Mutable: r.Byte()&1 != 0}
}

// tagType reads the type of a tag, which is a function's.
func (r *Reader) tagType() uint32 {
	r.Byte()
	return r.typeIndex()
}
