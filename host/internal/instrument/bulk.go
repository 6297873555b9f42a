package instrument

import "github.com/wexec/wexec/host/internal/wasm"

// An operation on memory or a table whose cost depends on an operand becomes a
// call of a helper: a function that is added to the module, one for each
// instruction and its indices. The helper charges for the length. It does a long
// operation in pieces, with a safepoint before each.

// bulk is such an operation.
type bulk struct {
	op   wasm.Opcode
	x, y uint32 // its indices, in the order in which they are written
}

const (
	pieceBytes    = 64 << 10
	pieceElements = 8 << 10
	// bytesShift makes a unit of fuel pay for 8 bytes, which takes about as long
	// as an instruction. It pays for one element of a table.
	bytesShift = 3
)

// fewBytes is how many bytes bulkCost pays for.
const fewBytes = bulkCost << bytesShift

// twoI32 is the type of a block that takes two of the operands.
var twoI32 = []byte{0x60, 2, 0x7f, 0x7f, 0}

// maxHelpers bounds the number of helpers: an operation is a few bytes, a helper
// is two hundred.
const maxHelpers = 1_000

// needHelper notes that the module has the operation that w stands on.
func (m *module) needHelper(w *wasm.Walker) {
	key := bulk{w.Op, w.X, w.Y}
	if _, ok := m.helpers[key]; ok {
		return
	}
	if m.refuses(w, key) {
		return
	}
	if len(m.helperList) == maxHelpers {
		w.Fail(w.Start, "there are more than %d different operations on memory and tables", maxHelpers)
		return
	}
	if m.helpers == nil {
		m.helpers = map[bulk]uint32{}
	}
	m.helpers[key] = uint32(len(m.Functions) + len(m.helperList))
	m.helperList = append(m.helperList, key)
}

// refuses refuses an operation on a table or a segment that does not exist. Data
// segments are not checked: they come after the code.
func (m *module) refuses(w *wasm.Walker, key bulk) bool {
	missing := func(what string, index uint32, have int) bool {
		if int(index) < have {
			return false
		}
		w.Fail(w.Start, "there is no %s %d", what, index)
		return true
	}
	switch key.op {
	case wasm.OpTableFill, wasm.OpTableGrow:
		return missing("table", key.x, len(m.Tables))
	case wasm.OpTableCopy:
		return missing("table", key.x, len(m.Tables)) || missing("table", key.y, len(m.Tables))
	case wasm.OpTableInit:
		return missing("element segment", key.x, len(m.Elements)) || missing("table", key.y, len(m.Tables))
	}
	return false
}

// helperFor returns the helper that does the operation that w stands on.
func (m *module) helperFor(w *wasm.Walker) (index uint32, ok bool) {
	index, ok = m.helpers[bulk{w.Op, w.X, w.Y}]
	return index, ok
}

// name returns the name that stack traces show.
func (k bulk) name() string {
	return namePrefix + map[wasm.Opcode]string{
		wasm.OpMemoryInit: "memory.init",
		wasm.OpMemoryCopy: "memory.copy",
		wasm.OpMemoryFill: "memory.fill",
		wasm.OpTableInit:  "table.init",
		wasm.OpTableCopy:  "table.copy",
		wasm.OpTableGrow:  "table.grow",
		wasm.OpTableFill:  "table.fill",
	}[k.op]
}

// namePrefix begins the names of added functions and exports.
const namePrefix = "wexec:"

// signature returns the type of the helper, encoded.
func (m *module) signature(k bulk) []byte {
	const i32 = byte(wasm.I32)
	switch k.op {
	case wasm.OpTableGrow:
		return append(append([]byte{0x60, 2}, m.Tables[k.x].Element...), i32, 1, i32)
	case wasm.OpTableFill:
		return append(append([]byte{0x60, 3, i32}, m.Tables[k.x].Element...), i32, 0)
	}
	return []byte{0x60, 3, i32, i32, i32, 0}
}

// The parameters of a helper are the operands of the instruction. That of
// table.grow has two: an element, and how many.
const (
	paramTo = iota
	paramFrom
	paramLength
)

// helper returns the entry of a helper in the code section.
func (e *emitter) helper(k bulk) []byte {
	a := &asm{[]byte{1, 1, byte(wasm.I64)}} // one local
	if k.op == wasm.OpTableGrow {
		e.charge(a, 2, func() { a.index(wasm.OpLocalGet, 1).op(wasm.OpI64ExtendI32U) })
		a.index(wasm.OpLocalGet, 0).index(wasm.OpLocalGet, 1).index(wasm.OpTableGrow, k.x).op(wasm.OpEnd)
		return a.out
	}
	piece, shift := int32(pieceElements), int64(0)
	if k.op.BulkMemory() {
		piece, shift = pieceBytes, bytesShift
	}
	a.op(wasm.OpBlock, blockEmpty)
	a.index(wasm.OpLocalGet, paramLength).i32(piece).op(wasm.OpI32LeU).index(wasm.OpBrIf, 0)
	// If it is out of bounds, the instruction itself traps and changes nothing.
	e.skipOutside(a, k, paramTo)
	if k.op != wasm.OpMemoryFill && k.op != wasm.OpTableFill {
		e.skipOutside(a, k, paramFrom)
	}
	forward := func() { e.pieces(a, k, piece, shift, false) }
	if k.op == wasm.OpMemoryCopy || k.op == wasm.OpTableCopy {
		a.index(wasm.OpLocalGet, paramTo).index(wasm.OpLocalGet, paramFrom).op(wasm.OpI32GtU).op(wasm.OpIf, blockEmpty)
		e.pieces(a, k, piece, shift, true) // they may overlap: the end first
		a.op(wasm.OpElse)
		forward()
		a.op(wasm.OpEnd)
	} else {
		forward()
	}
	a.op(wasm.OpEnd)
	e.charge(a, 3, func() {
		a.index(wasm.OpLocalGet, paramLength).op(wasm.OpI64ExtendI32U).i64(shift).op(wasm.OpI64ShrU)
	})
	a.index(wasm.OpLocalGet, paramTo).index(wasm.OpLocalGet, paramFrom).index(wasm.OpLocalGet, paramLength)
	k.write(a)
	a.op(wasm.OpEnd)
	return a.out
}

// charge takes the fuel that push leaves on the stack off the countdown, and
// pauses if that is below zero. left is the local for it.
func (e *emitter) charge(a *asm, left uint32, push func()) {
	a.index(wasm.OpGlobalGet, e.countdown)
	push()
	a.op(wasm.OpI64Sub).index(wasm.OpLocalTee, left).index(wasm.OpGlobalSet, e.countdown)
	a.index(wasm.OpLocalGet, left).i64(0).op(wasm.OpI64LtS)
	a.op(wasm.OpIf, blockEmpty).index(wasm.OpCall, e.pause).op(wasm.OpEnd)
}

// skipOutside leaves the block if the range that begins at the parameter reaches
// over the end of its memory, table or segment.
func (e *emitter) skipOutside(a *asm, k bulk, param uint32) {
	a.index(wasm.OpLocalGet, param).op(wasm.OpI64ExtendI32U)
	a.index(wasm.OpLocalGet, paramLength).op(wasm.OpI64ExtendI32U).op(wasm.OpI64Add)
	memory := func() { a.op(wasm.OpMemorySize, 0).op(wasm.OpI64ExtendI32U).i64(16).op(wasm.OpI64Shl) }
	table := func(index uint32) { a.index(wasm.OpTableSize, index).op(wasm.OpI64ExtendI32U) }
	to := param == paramTo
	switch {
	case k.op == wasm.OpMemoryInit && !to:
		a.i64(int64(e.m.dataLength(k.x)))
	case k.op == wasm.OpTableInit && !to:
		a.i64(int64(e.m.Elements[k.x].Len))
	case k.op == wasm.OpTableInit || k.op == wasm.OpTableCopy && !to:
		table(k.y)
	case k.op == wasm.OpTableCopy || k.op == wasm.OpTableFill:
		table(k.x)
	default:
		memory()
	}
	a.op(wasm.OpI64GtU).index(wasm.OpBrIf, 0)
}

// pieces writes a loop that does all pieces but the last.
func (e *emitter) pieces(a *asm, k bulk, piece int32, shift int64, backward bool) {
	add := func(param uint32, n int32) {
		a.index(wasm.OpLocalGet, param).i32(n).op(wasm.OpI32Add).index(wasm.OpLocalSet, param)
	}
	a.op(wasm.OpLoop, blockEmpty)
	e.charge(a, 3, func() { a.i64(int64(piece) >> shift) })
	if backward {
		add(paramLength, -piece)
		a.index(wasm.OpLocalGet, paramTo).index(wasm.OpLocalGet, paramLength).op(wasm.OpI32Add)
		a.index(wasm.OpLocalGet, paramFrom).index(wasm.OpLocalGet, paramLength).op(wasm.OpI32Add)
	} else {
		a.index(wasm.OpLocalGet, paramTo).index(wasm.OpLocalGet, paramFrom)
	}
	a.i32(piece)
	k.write(a)
	if !backward {
		add(paramTo, piece)
		if k.op != wasm.OpMemoryFill && k.op != wasm.OpTableFill {
			add(paramFrom, piece)
		}
		add(paramLength, -piece)
	}
	a.index(wasm.OpLocalGet, paramLength).i32(piece).op(wasm.OpI32GtU).index(wasm.OpBrIf, 0)
	a.op(wasm.OpEnd)
}

// write writes the instruction itself.
func (k bulk) write(a *asm) {
	a.index(k.op, k.x)
	if k.op.TwoIndices() {
		a.out = wasm.AppendU32(a.out, k.y)
	}
}

// dataLength returns the length of a data segment.
func (m *module) dataLength(segment uint32) int {
	if int(segment) < len(m.Data) {
		return len(m.Data[segment].Bytes)
	}
	return 0 // the module is invalid
}
