package instrument

import (
	"bytes"
	"math"
	"strings"
)

// What imports and exports can be.
const (
	kindFunction = 0
	kindTable    = 1
	kindMemory   = 2
	kindGlobal   = 3
	kindTag      = 4
)

// funcType is the type of a function: what it takes and gives.
type funcType struct {
	params, results int
	given           []byte // the results, as they are written
}

// table is what is known of a table.
type table struct {
	element []byte // its type, as it is written
	min     uint32
}

// module is a module taken apart, as far as rewriting needs it. Indices are
// those of the module as it was.
type module struct {
	sections   []section
	types      []funcType
	imported   []uint32 // the types of imported functions
	defined    []uint32 // the types of the module's own
	tables     []table
	growth     uint32 // the most that a table may grow; none is changed for 0
	have       counts
	changing   int      // globals that can change
	own        []global // of these, the module's own
	memories   int      // that it defines
	shared     bool     // its memory is
	locals     int      // of all functions
	held       int      // elements, in all segments
	most       int      // of these; 0 for no bound
	tags       []uint32 // their types
	elements   []int    // the lengths of element segments
	data       []segment
	dataCount  int    // data segments, as their count says; -1 if there is none
	dataUsed   int    // data segments that code may refer to
	start      uint32 // the start function, if there is one
	marks      bool   // code changes what can't be put back: see state.go
	taken      []bool // by function: its address is, so that it may be called indirectly
	declared   []bool // by function: code may refer to it
	undeclared bool   // code refers to a function that it may not
	linked     bool   // it imports more than functions
	exports    []string
	functions  []function
	walker     walker // one function at a time

	// Functions that are added: see bulk.go.
	helperList []bulk
	helpers    map[bulk]uint32 // their indices, as if nothing had moved
	// Functions that code refers to, by the order in which they got a global.
	references    map[uint32]uint32
	referenceList []uint32
}

// parse takes a module apart.
func parse(wasm []byte, o Options) (*module, error) {
	m := &module{most: o.Table, dataCount: -1}
	var err error
	if m.sections, err = split(wasm); err != nil {
		return nil, err
	}
	for i := range m.sections {
		s := &m.sections[i]
		p := &patcher{reader: reader{b: s.body, at: s.at, have: &m.have}}
		m.parseSection(s.id, p, o)
		if p.err == nil && p.pos != len(p.b) && s.id != secCustom {
			p.fail(p.pos, "%d bytes are left over in the section", len(p.b)-p.pos)
		}
		if p.err != nil {
			return nil, p.err
		}
	}
	if len(m.functions) != len(m.defined) {
		return nil, &Error{len(wasm), "the module has more functions than bodies, or more bodies than functions"}
	}
	return m, nil
}

func (m *module) parseSection(id byte, r *patcher, o Options) {
	switch id {
	case secType:
		m.parseTypes(&r.reader)
	case secImport:
		m.parseImports(r, o)
	case secFunction:
		for range r.countTo(maxFunctions, "functions") {
			m.defined = append(m.defined, r.typeIndex())
		}
		m.have.functions += len(m.defined)
		m.taken, m.declared = make([]bool, m.have.functions), make([]bool, m.have.functions)
	case secTable:
		imported := len(m.tables)
		m.walkTables(r, m.take)
		m.checkTables(&r.reader, imported, o.Table)
	case secMemory:
		for range r.count() {
			m.shared = memoryType(&r.reader, o)
			m.memories++
		}
	case secTag:
		for range r.count() {
			r.byte()
			m.tags = append(m.tags, r.typeIndex())
		}
	case secGlobal:
		m.walkGlobals(r, m.take)
	case secExport:
		m.walkExports(r, m.declare)
	case secStart:
		m.start = r.function(same)
	case secElement:
		m.walkElements(r, m.take)
	case secDataCount:
		m.dataCount = int(r.u32())
	case secCode:
		m.parseCode(&r.reader, o)
	case secData:
		m.parseData(&r.reader)
	case secCustom:
		if r.name() == nameSection {
			checkNames(&r.reader)
		}
	}
}

// same leaves a function where it is.
func same(index uint32) uint32 { return index }

// take notes that a function's address is taken.
func (m *module) take(index uint32) uint32 {
	if int(index) < len(m.taken) {
		m.taken[index] = true
	}
	return m.declare(index)
}

// declare notes that code may refer to a function: something else does.
func (m *module) declare(index uint32) uint32 {
	if int(index) < len(m.declared) {
		m.declared[index] = true
	}
	return index
}

// typeOf returns the type of a function.
func (m *module) typeOf(function uint32) *funcType { return &m.types[m.typeIndexOf(function)] }

func (m *module) parseTypes(r *reader) {
	r.have = nil // types may refer to each other, which wazero checks
	for range r.countTo(maxTypes, "types") {
		count := 1
		if r.more() && r.b[r.pos] == 0x4e { // a recursive group
			r.pos++
			count = r.countTo(maxTypes, "types")
		}
		for range count {
			if start := r.pos; r.byte() != 0x60 {
				r.fail(start, "a type is not that of a function: garbage collection is not supported")
			}
			t := funcType{}
			var taken []byte
			t.params, taken = valueTypes(r)
			m.have.typed = m.have.typed || bytes.ContainsAny(taken, "cd")
			t.results, t.given = valueTypes(r)
			m.have.typed = m.have.typed || bytes.ContainsAny(t.given, "cd")
			m.types = append(m.types, t)
			m.have.types++
			if r.err != nil {
				return
			}
		}
	}
}

// valueTypes reads a vector of value types.
func valueTypes(r *reader) (n int, written []byte) {
	n = r.countTo(maxParams, "parameters or results")
	start := r.pos
	for range n {
		valueType(r)
	}
	return n, r.b[start:r.pos]
}

// valueType reads a value type, and returns its first byte.
func valueType(r *reader) byte {
	start, c := r.pos, r.byte()
	switch c {
	case 0x7f, 0x7e, 0x7d, 0x7c, 0x7b, 0x70, 0x6f, 0x69:
	case 0x63, 0x64: // a reference to a heap type
		r.heapType()
	default:
		r.fail(start, "unknown value type %#x", c)
	}
	return c
}

func (m *module) parseImports(r *patcher, o Options) {
	for range r.countTo(maxImports, "imports") {
		start := r.pos
		if from := r.name(); from == Module {
			r.fail(start, "a module may not import from %q", Module)
		}
		r.name()
		kind := r.byte()
		m.linked = m.linked || kind != kindFunction
		switch kind {
		case kindFunction:
			m.imported = append(m.imported, r.typeIndex())
		case kindTable:
			m.tables = append(m.tables, tableType(r, 0))
		case kindMemory:
			memoryType(&r.reader, o)
		case kindGlobal:
			valueType(&r.reader)
			m.changing += int(r.byte() & 1)
			m.have.globals++
		case kindTag:
			r.byte()
			m.tags = append(m.tags, r.typeIndex())
		default:
			r.fail(start, "unknown kind of import %d", kind)
		}
	}
	m.have.functions = len(m.imported)
	m.taken, m.declared = make([]bool, m.have.functions), make([]bool, m.have.functions)
}

// tableType reads a table's type. If growth is not 0, the table is kept from
// growing by more.
func tableType(r *patcher, growth uint32) table {
	start := r.pos
	valueType(&r.reader)
	t := table{element: r.b[start:r.pos]}
	limits := r.pos
	flags := r.byte()
	t.min = r.u32()
	most := uint32(math.MaxUint32)
	if flags&1 != 0 {
		most = r.u32()
	}
	if flags > 1 {
		r.fail(start, "a table has unknown flags %#x", flags)
	}
	if growth > 0 && most > t.min+growth {
		r.replace(limits, appendU32(appendU32([]byte{1}, t.min), t.min+growth)...)
	}
	return t
}

// checkTables sees to it that the module's tables together, which begin with
// those that are imported, can't have more elements than that.
func (m *module) checkTables(r *reader, imported, most int) {
	own := m.tables[imported:]
	room := most
	for _, t := range own {
		room -= int(t.min)
		if room < 0 {
			r.fail(0, "its tables begin with more than %d elements", most)
			return
		}
	}
	if len(own) > 0 {
		m.growth = uint32(max(room/len(own), 1))
	}
}

func memoryType(r *reader, o Options) (shared bool) {
	start := r.pos
	flags := r.byte()
	switch {
	case flags > 3:
		r.fail(start, "a memory has unknown flags %#x: 64-bit memories are not supported", flags)
	case flags&2 != 0 && !o.SharedMemory:
		r.fail(start, "it has a shared memory, on which a wait can't be stopped: only trusted modules may")
	}
	r.u32()
	if flags&1 != 0 {
		r.u32()
	}
	return flags&2 != 0
}

// walkTables, walkGlobals, walkExports and walkElements read a section, and
// replace the indices of functions in it.

func (m *module) walkTables(r *patcher, moved func(uint32) uint32) {
	for range r.count() {
		withInit := r.more() && r.b[r.pos] == 0x40
		if withInit {
			r.pos++
			r.byte()
		}
		m.tables = append(m.tables, tableType(r, m.growth))
		if withInit {
			walkConstant(r, moved)
		}
	}
}

func (m *module) walkGlobals(r *patcher, moved func(uint32) uint32) {
	for range r.count() {
		g := global{index: uint32(m.have.globals), typ: valueType(&r.reader)}
		if r.byte()&1 != 0 {
			m.changing++
			m.own = append(m.own, g)
		}
		walkConstant(r, moved)
		m.have.globals++
	}
}

func (m *module) walkExports(r *patcher, moved func(uint32) uint32) {
	for range r.countTo(maxExports, "exports") {
		start := r.pos
		name := r.name()
		if strings.HasPrefix(name, namePrefix) {
			r.fail(start, "a module may not export %q", name)
		}
		m.exports = append(m.exports, name)
		switch r.byte() {
		case kindFunction:
			r.function(moved)
		case kindGlobal:
			r.globalIndex()
		default:
			r.u32()
		}
	}
}

func (m *module) walkElements(r *patcher, moved func(uint32) uint32) {
	for range r.count() {
		start := r.pos
		flags := r.u32()
		if flags > 7 {
			r.fail(start, "an element segment has unknown flags %#x", flags)
			return
		}
		passive, explicit, expressions := flags&1 != 0, flags&2 != 0, flags&4 != 0
		if !passive {
			if explicit {
				r.u32() // the table
			}
			walkConstant(r, moved)
		}
		if passive || explicit {
			if expressions {
				valueType(&r.reader)
			} else {
				r.byte()
			}
		}
		n := r.count()
		m.elements = append(m.elements, n)
		if m.held += n; m.most > 0 && m.held > m.most {
			r.fail(start, "its element segments have more than %d elements", m.most)
			return
		}
		for range n {
			if expressions {
				walkConstant(r, moved)
			} else {
				r.function(moved)
			}
		}
	}
}

// walkConstant reads a constant expression.
func walkConstant(r *patcher, moved func(uint32) uint32) {
	for r.err == nil {
		start := r.pos
		switch op := r.byte(); opcode(op) {
		case opEnd:
			return
		case opI32Const:
			r.signed(32)
		case opI64Const:
			r.signed(64)
		case 0x43:
			r.bytes(4)
		case 0x44:
			r.bytes(8)
		case opGlobalGet:
			r.globalIndex()
		case opRefNull:
			r.heapType()
		case opRefFunc:
			r.function(moved)
		case opI32Add, opI32Sub, 0x6c, opI64Add, opI64Sub, 0x7e:
		case 0xfd:
			if r.byte() != 0x0c {
				r.fail(start, "an instruction is not constant")
			}
			r.bytes(16)
		default:
			r.fail(start, "the instruction %#x is not constant", op)
		}
	}
}
