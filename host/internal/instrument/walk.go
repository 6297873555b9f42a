package instrument

// walker steps through the instructions of a function.
type walker struct {
	patcher
	m      *module
	locals int // of the function

	// The instruction it stands on, and what follows it.
	op     opcode
	start  int // of the instruction
	x, y   uint32
	block  blockType
	labels []label // of br_table and try_table
	shape  shape
	jumps  []jump // those that are still to come
	depth  int    // of blocks that are open, the function's own included
}

// label is a branch's target: 0 is the innermost block.
type label struct {
	depth      uint32
	written    uint32 // where it is a jump that is a branch, depth is another
	start, end int    // of its number
}

// blockType is what a block takes and gives.
type blockType struct {
	params, results int
	written         []byte
}

// next steps to the next instruction. It returns false after the last one, or
// an error.
func (w *walker) next() bool {
	if w.depth == 0 || w.err != nil {
		if w.err == nil && w.pos != len(w.b) {
			w.fail(w.pos, "instructions follow the end of a function")
		}
		return false
	}
	w.start = w.pos
	if w.pos >= len(w.b) {
		w.fail(w.pos, "unexpected end")
		return false
	}
	first := w.b[w.pos]
	w.pos++
	w.op = opcode(first)
	if first >= 0xfb {
		w.readPrefixed(first)
	} else {
		w.shape = shapes[0][first]
	}
	if !w.shape.known {
		w.unknown(first, uint32(w.op&0xff))
		return false
	}
	w.readImmediate()
	if len(w.jumps) > 0 && w.jumps[0].at == w.start {
		if w.jumps[0].direct {
			w.labels[0].depth = w.jumps[0].depth
		}
		w.jumps = w.jumps[1:]
	}
	switch w.op {
	case opBlock, opLoop, opIf, opTryTable:
		w.depth++
	case opEnd:
		w.depth--
	}
	return w.err == nil
}

// readPrefixed reads the number after a prefix. Those of vectors and atomics
// must be written as short as they can be: wazero looks at the first byte
// alone.
func (w *walker) readPrefixed(prefix byte) {
	start := w.pos
	sub := w.u32()
	long := w.pos-start > 1 && w.b[w.pos-1] == 0
	if sub > 0xff || long && prefix != 0xfc {
		w.unknown(prefix, sub)
		return
	}
	w.op = opcode(prefix)<<8 | opcode(sub)
	if w.shape = (shape{}); prefix >= 0xfc && prefix <= 0xfe {
		w.shape = shapes[prefixIndex(prefix)][sub]
	}
}

func (w *walker) unknown(first byte, sub uint32) {
	if first >= 0xfb {
		w.fail(w.start, "unknown instruction %#x %#x (%s)", first, sub, foreign(first, sub))
	} else {
		w.fail(w.start, "unknown instruction %#x (%s)", first, foreign(first, 0))
	}
}

func (w *walker) readImmediate() {
	switch w.shape.imm {
	case immNone:
	case immIndex:
		w.x = w.u32()
		w.checkIndex()
	case immTwo:
		w.x, w.y = w.u32(), w.u32()
		if w.op == opCallIndirect || w.op == opReturnCallIndirect {
			w.check(w.start, "type", int64(w.x), w.have.types)
		}
	case immLabel:
		w.labels = w.labels[:0]
		w.readLabel()
		w.x = w.labels[0].depth
	case immLabels:
		w.labels = w.labels[:0]
		for range w.count() + 1 {
			w.readLabel()
		}
	case immBlock:
		w.readBlockType()
	case immTry:
		w.readBlockType()
		w.readCatches()
	case immMemory:
		w.readMemory()
	case immMemoryLane:
		w.readMemory()
		w.byte()
	case immByte:
		w.byte()
	case immI32:
		w.x = uint32(w.signed(32))
	case immI64:
		w.signed(64)
	case immF32:
		w.bytes(4)
	case immF64:
		w.bytes(8)
	case immV128:
		w.bytes(16)
	case immHeapType:
		w.heapType()
	case immTypes:
		w.readSelected()
	}
}

// readSelected reads the type of a select: one, in one byte. wazero's compiler
// skips two bytes whatever they are, and would take what is left of a longer
// type for an instruction that nobody has checked.
func (w *walker) readSelected() {
	start := w.pos
	if n := w.byte(); n != 1 {
		w.fail(start, "a select has %d types, one is supported", n)
	}
	switch c := w.byte(); c {
	case 0x7f, 0x7e, 0x7d, 0x7c, 0x7b, 0x70, 0x6f:
	default:
		w.fail(start, "a select of the type %#x is not supported", c)
	}
}

// checkIndex refuses indices of what there is not, where something is added.
func (w *walker) checkIndex() {
	switch index := int64(w.x); w.op {
	case opLocalGet, opLocalSet, opLocalTee:
		w.check(w.start, "local", index, w.locals)
	case opGlobalGet, opGlobalSet:
		w.check(w.start, "global", index, w.have.globals)
	case opCall, opReturnCall, opRefFunc:
		w.check(w.start, "function", index, w.have.functions)
	case opCallRef, opReturnCallRef:
		w.have.typed = true
		w.check(w.start, "type", index, w.have.types)
	}
}

func (w *walker) readLabel() {
	l := label{start: w.pos}
	l.written = w.u32()
	l.depth = l.written
	l.end = w.pos
	if l.depth >= uint32(w.depth) && w.err == nil {
		w.fail(l.start, "a branch leaves %d blocks, and only %d are open", l.depth+1, w.depth)
	}
	w.labels = append(w.labels, l)
}

func (w *walker) readMemory() {
	start := w.pos
	if align := w.u32(); align >= 32 {
		w.fail(start, "invalid alignment %d", align)
	}
	w.u32()
}

func (w *walker) readBlockType() {
	start := w.pos
	if w.pos < len(w.b) && w.b[w.pos] == 0x40 {
		w.pos++
		w.block = blockType{written: w.b[start:w.pos]}
		return
	}
	if w.pos < len(w.b) && w.b[w.pos]&0xc0 == 0x40 { // a negative number of one byte
		valueType(&w.reader)
		w.block = blockType{results: 1, written: w.b[start:w.pos]}
		return
	}
	index := w.signed(33)
	if w.check(start, "type", index, w.have.types); w.err != nil {
		return
	}
	t := &w.m.types[index]
	w.block = blockType{t.params, t.results, w.b[start:w.pos]}
}

// readCatches reads the clauses of a try_table. Their labels count from
// outside of it.
func (w *walker) readCatches() {
	w.labels = w.labels[:0]
	for range w.count() {
		start := w.pos
		kind := w.byte()
		if kind > 3 {
			w.fail(start, "unknown kind of catch %d", kind)
		}
		if kind < 2 {
			w.u32() // the tag
		}
		w.readLabel()
	}
}

// callee returns the type of what a call instruction calls, or nil if it is
// not one.
func (w *walker) callee() *funcType {
	if w.err != nil {
		return nil
	}
	switch w.op {
	case opCall, opReturnCall:
		return w.m.typeOf(w.x)
	case opCallIndirect, opReturnCallIndirect, opCallRef, opReturnCallRef:
		return &w.m.types[w.x]
	}
	return nil
}
