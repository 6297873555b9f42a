package instrument

// Operations on memory and tables whose cost is in their operands become calls
// of functions that are added to the module, one for each instruction with its
// indices. These charge for the length, and do what is long in pieces, with a
// safepoint before each.

// bulk is such an operation.
type bulk struct {
	op   opcode
	x, y uint32 // its indices, as they are written
}

const (
	pieceBytes    = 64 << 10
	pieceElements = 8 << 10
	// A unit of fuel is this many bytes, as a power of two: about what is
	// copied in the time of an instruction. Of elements, it is one.
	bytesShift = 3
)

// fewBytes are what the static cost of an operation pays for: bulkCost.
const fewBytes = bulkCost << bytesShift

// twoI32 is the type of a block that takes two of the operands.
var twoI32 = []byte{0x60, 2, 0x7f, 0x7f, 0}

// onMemory reports whether an operation is on memory, of those on memory and
// tables.
func onMemory(op opcode) bool { return op <= opMemoryFill }

// maxHelpers bounds what is added: an operation is a few bytes, a helper is two
// hundred.
const maxHelpers = 1_000

// needs notes that the module has the operation that w stands on.
func (m *module) needs(w *walker) {
	key := bulk{w.op, w.x, w.y}
	if _, ok := m.helpers[key]; ok {
		return
	}
	if m.refuses(w, key) {
		return
	}
	if len(m.helperList) == maxHelpers {
		w.fail(w.start, "there are more than %d different operations on memory and tables", maxHelpers)
		return
	}
	if m.helpers == nil {
		m.helpers = map[bulk]uint32{}
	}
	m.helpers[key] = uint32(len(m.imported) + len(m.defined) + len(m.helperList))
	m.helperList = append(m.helperList, key)
}

// refuses refuses an operation on what there is not. Data segments come after
// the code.
func (m *module) refuses(w *walker, key bulk) bool {
	missing := func(what string, index uint32, have int) bool {
		if int(index) < have {
			return false
		}
		w.fail(w.start, "there is no %s %d", what, index)
		return true
	}
	switch key.op {
	case opTableFill, opTableGrow:
		return missing("table", key.x, len(m.tables))
	case opTableCopy:
		return missing("table", key.x, len(m.tables)) || missing("table", key.y, len(m.tables))
	case opTableInit:
		return missing("element segment", key.x, len(m.elements)) || missing("table", key.y, len(m.tables))
	}
	return false
}

// helperFor returns the function that does the operation that w stands on.
func (m *module) helperFor(w *walker) (index uint32, ok bool) {
	index, ok = m.helpers[bulk{w.op, w.x, w.y}]
	return index, ok
}

// name is what stack traces show.
func (k bulk) name() string {
	return namePrefix + map[opcode]string{
		opMemoryFill: "memory.fill", opMemoryCopy: "memory.copy", opMemoryInit: "memory.init",
		opTableFill: "table.fill", opTableCopy: "table.copy", opTableInit: "table.init", opTableGrow: "table.grow",
	}[k.op]
}

// namePrefix begins the names of added functions.
const namePrefix = "wexec:"

// signature returns the helper's type, as it is written in the type section.
func (m *module) signature(k bulk) []byte {
	const i32 = 0x7f
	switch k.op {
	case opTableGrow:
		return append(append([]byte{0x60, 2}, m.tables[k.x].element...), i32, 1, i32)
	case opTableFill:
		return append(append([]byte{0x60, 3, i32}, m.tables[k.x].element...), i32, 0)
	}
	return []byte{0x60, 3, i32, i32, i32, 0}
}

// The parameters of a helper: those of the instruction. That of table.grow has
// what and how many alone.
const (
	paramTo = iota
	paramFrom
	paramLength
)

// helper returns the entry of a helper in the code section.
func (e *emitter) helper(k bulk) []byte {
	a := &asm{[]byte{1, 1, 0x7e}} // a local, an i64
	if k.op == opTableGrow {
		e.charge(a, 2, func() { a.index(opLocalGet, 1).op(opI64ExtendI32U) })
		a.index(opLocalGet, 0).index(opLocalGet, 1).index(opTableGrow, k.x).op(opEnd)
		return a.out
	}
	piece, shift := int32(pieceElements), int64(0)
	if onMemory(k.op) {
		piece, shift = pieceBytes, bytesShift
	}
	a.op(opBlock, blockEmpty)
	a.index(opLocalGet, paramLength).i32(piece).op(opI32LeU).index(opBrIf, 0)
	// What is out of bounds is left to the instruction, which traps and changes
	// nothing.
	e.skipOutside(a, k, paramTo)
	if k.op != opMemoryFill && k.op != opTableFill {
		e.skipOutside(a, k, paramFrom)
	}
	forward := func() { e.pieces(a, k, piece, shift, false) }
	if k.op == opMemoryCopy || k.op == opTableCopy {
		a.index(opLocalGet, paramTo).index(opLocalGet, paramFrom).op(opI32GtU).op(opIf, blockEmpty)
		e.pieces(a, k, piece, shift, true) // they may overlap: the end first
		a.op(opElse)
		forward()
		a.op(opEnd)
	} else {
		forward()
	}
	a.op(opEnd)
	e.charge(a, 3, func() {
		a.index(opLocalGet, paramLength).op(opI64ExtendI32U).i64(shift).op(opI64ShrU)
	})
	a.index(opLocalGet, paramTo).index(opLocalGet, paramFrom).index(opLocalGet, paramLength)
	k.write(a)
	a.op(opEnd)
	return a.out
}

// charge takes the fuel that push leaves on the stack off the countdown, and
// pauses. left is the local.
func (e *emitter) charge(a *asm, left uint32, push func()) {
	a.index(opGlobalGet, e.countdown)
	push()
	a.op(opI64Sub).index(opLocalTee, left).index(opGlobalSet, e.countdown)
	a.index(opLocalGet, left).i64(0).op(opI64LtS)
	a.op(opIf, blockEmpty).index(opCall, e.pause).op(opEnd)
}

// skipOutside leaves the block if the parameter and the length reach over the
// end of what they are in.
func (e *emitter) skipOutside(a *asm, k bulk, param uint32) {
	a.index(opLocalGet, param).op(opI64ExtendI32U)
	a.index(opLocalGet, paramLength).op(opI64ExtendI32U).op(opI64Add)
	memory := func() { a.op(opMemorySize, 0).op(opI64ExtendI32U).i64(16).op(opI64Shl) }
	table := func(index uint32) { a.index(opTableSize, index).op(opI64ExtendI32U) }
	to := param == paramTo
	switch {
	case k.op == opMemoryInit && !to:
		a.i64(int64(e.m.dataLength(k.x)))
	case k.op == opTableInit && !to:
		a.i64(int64(e.m.elements[k.x]))
	case k.op == opTableInit || k.op == opTableCopy && !to:
		table(k.y)
	case k.op == opTableCopy || k.op == opTableFill:
		table(k.x)
	default:
		memory()
	}
	a.op(opI64GtU).index(opBrIf, 0)
}

// pieces does all but the last piece.
func (e *emitter) pieces(a *asm, k bulk, piece int32, shift int64, backward bool) {
	add := func(param uint32, n int32) {
		a.index(opLocalGet, param).i32(n).op(opI32Add).index(opLocalSet, param)
	}
	a.op(opLoop, blockEmpty)
	e.charge(a, 3, func() { a.i64(int64(piece) >> shift) })
	if backward {
		add(paramLength, -piece)
		a.index(opLocalGet, paramTo).index(opLocalGet, paramLength).op(opI32Add)
		a.index(opLocalGet, paramFrom).index(opLocalGet, paramLength).op(opI32Add)
	} else {
		a.index(opLocalGet, paramTo).index(opLocalGet, paramFrom)
	}
	a.i32(piece)
	k.write(a)
	if !backward {
		add(paramTo, piece)
		if k.op != opMemoryFill && k.op != opTableFill {
			add(paramFrom, piece)
		}
		add(paramLength, -piece)
	}
	a.index(opLocalGet, paramLength).i32(piece).op(opI32GtU).index(opBrIf, 0)
	a.op(opEnd)
}

// write writes the instruction itself.
func (k bulk) write(a *asm) {
	a.index(k.op, k.x)
	if shapes[prefixIndex(byte(k.op>>8))][byte(k.op)].imm == immTwo {
		a.out = appendU32(a.out, k.y)
	}
}

// dataLength returns the length of a data segment.
func (m *module) dataLength(segment uint32) int {
	if int(segment) < len(m.data) {
		return len(m.data[segment].bytes)
	}
	return 0 // there is none: the module is invalid
}
