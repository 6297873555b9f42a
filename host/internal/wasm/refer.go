package wasm

// onFunction is called for each index of a function that is read, with where in
// the section it is.
type onFunction func(start, end int, index uint32)

func ignore(int, int, uint32) {}

// EachFunction calls found for each index of a function in one of the module's
// sections, and where in the section it is. The code section is left to a
// Walker, and custom sections to those who know them.
func (m *Module) EachFunction(s *Section, found func(start, end int, index uint32)) error {
	r := &Reader{b: s.Body, at: s.Offset, m: m}
	switch s.ID {
	case SectionTable:
		for range r.Count() {
			r.table(found)
		}
	case SectionGlobal:
		for range r.Count() {
			r.global(found)
		}
	case SectionExport:
		for range r.Count() {
			r.export(found)
		}
	case SectionStart:
		r.function(found)
	case SectionElement:
		for range r.Count() {
			r.elements(found)
		}
	}
	return r.err
}

// refer notes that a section refers to a function.
func (m *Module) refer(_, _ int, index uint32) {
	if m.Referenced == nil {
		m.Referenced = make([]bool, len(m.Functions))
	}
	m.Referenced[index] = true
}

// function reads the index of a function.
func (r *Reader) function(found onFunction) uint32 {
	start := r.pos
	index := r.index("function", len(r.m.Functions))
	if r.err == nil {
		found(start, r.pos, index)
	}
	return index
}

// table reads a table of the module's own. It may say what its elements are at
// first.
func (r *Reader) table(found onFunction) Table {
	const withInit = 0x40
	if !r.More() || r.b[r.pos] != withInit {
		return r.tableType()
	}
	r.pos++
	r.Byte() // reserved
	t := r.tableType()
	r.constant(found)
	return t
}

// global reads a global of the module's own.
func (r *Reader) global(found onFunction) Global {
	g := r.globalType()
	value, known := r.offset(found)
	if known && g.Type == I32 && !g.Mutable {
		g.Value, g.Known = value, true
	}
	return g
}

func (r *Reader) export(found onFunction) Export {
	start := r.pos
	e := Export{Name: r.Name(), Kind: Kind(r.Byte())}
	switch e.Kind {
	case KindFunction:
		e.Index = r.function(found)
	case KindTable:
		e.Index = r.index("table", len(r.m.Tables))
	case KindMemory:
		e.Index = r.index("memory", len(r.m.Memories))
	case KindGlobal:
		e.Index = r.index("global", len(r.m.Globals))
	case KindTag:
		e.Index = r.index("tag", len(r.m.Tags))
	default:
		r.Fail(start, "unknown kind of export %d", e.Kind)
	}
	return e
}

// elements reads an element segment.
func (r *Reader) elements(found onFunction) (e ElementSegment) {
	const passive, explicit, expressions = 1, 2, 4 // the bits of its flags
	start := r.pos
	flags := r.U32()
	if flags > passive|explicit|expressions {
		r.Fail(start, "an element segment has unknown flags %#x", flags)
		return e
	}
	if flags&passive == 0 {
		e.Active = true
		if flags&explicit != 0 {
			e.Table = r.U32()
		}
		e.Place, e.Known = r.offset(found)
	}
	switch {
	case flags&(passive|explicit) == 0: // functions
	case flags&expressions != 0:
		r.valueType()
	default:
		r.Byte() // their kind
	}
	e.Len = r.Count()
	for range e.Len {
		if flags&expressions != 0 {
			r.constant(found)
		} else {
			r.function(found)
		}
	}
	return e
}

// constant reads a constant expression.
func (r *Reader) constant(found onFunction) {
	begin := r.pos
	for r.err == nil {
		start := r.pos
		if start-begin > maxConstant {
			r.Fail(begin, "a constant expression has more than %d bytes", maxConstant)
		}
		switch op := Opcode(r.Byte()); op {
		case OpEnd:
			return
		case OpI32Const:
			r.Signed(32)
		case OpI64Const:
			r.Signed(64)
		case OpF32Const:
			r.Bytes(4)
		case OpF64Const:
			r.Bytes(8)
		case OpGlobalGet:
			r.index("global", len(r.m.Globals))
		case OpRefNull:
			r.heapType()
		case OpRefFunc:
			r.function(found)
		case OpI32Add, OpI32Sub, OpI32Mul, OpI64Add, OpI64Sub, OpI64Mul:
		case prefixVector:
			if r.Byte() != byte(OpV128Const&0xff) {
				r.Fail(start, "an instruction is not constant")
			}
			r.Bytes(16)
		default:
			r.Fail(start, "the instruction %#x is not constant", byte(op))
		}
	}
}
