package wasm

import "slices"

// Walker steps through the instructions of a function body. It keeps the one
// stack of the blocks that are open: what a user knows of each of these, the
// user keeps in a slice beside it, by the same place.
//
// It checks the indices of types, locals, globals and functions, and that
// blocks and branches fit together. It does not look at the types of operands.
type Walker struct {
	Reader

	// The instruction that it stands on.
	Op     Opcode
	Start  int       // of the instruction in the body's Entry; it ends at Pos
	X, Y   uint32    // its indices; X also has the number of an i32.const
	Shape  *Shape    // of the instruction
	Type   BlockType // of the block that the instruction opens
	Labels []Label   // where it may branch to

	// Blocks are the blocks that are open: first the function's own, last the
	// innermost. A block is among them from the instruction that opens it to its
	// end, both included.
	Blocks []Block

	locals   int // of the function
	numbered int32
	loops    int32
}

// Label is a branch's target.
type Label struct {
	Depth      uint32 // as it is written: 0 is the innermost block
	Block      int32  // the target's place in Blocks
	Start, End int32  // where Depth is in the body's Entry
}

// Block is a block that is open.
type Block struct {
	Op              Opcode // that opened it; OpBlock for the function's own
	Params, Results int32
	Number          int32 // of the block, in the order in which they begin; 0 for the function's own
	Loop            int32 // of the loop, in the order in which they begin, from 0; -1 for other blocks
}

// Arity returns how many operands a branch to the block takes.
func (b *Block) Arity() int32 {
	if b.Op == OpLoop {
		return b.Params
	}
	return b.Results
}

// BlockType is what a block takes and leaves.
type BlockType struct {
	Params, Results int
	Encoded         []byte
}

// Walk puts the walker before the first instruction of the i-th body.
func (m *Module) Walk(w *Walker, i int) {
	b := &m.Bodies[i]
	t := &m.Types[m.Functions[m.Imported(KindFunction)+i]]
	whole := Block{Op: OpBlock, Params: int32(len(t.Params)), Results: int32(len(t.Results)), Loop: -1}
	*w = Walker{
		Reader: Reader{b: b.Entry, pos: b.Code, at: b.Offset, m: m},
		Labels: w.Labels[:0],
		Blocks: append(w.Blocks[:0], whole),
		locals: b.Locals,
	}
}

// Top returns the place of the innermost block in Blocks.
func (w *Walker) Top() int { return len(w.Blocks) - 1 }

// Typed reports whether the instructions up to here refer to the type of a
// function.
func (w *Walker) Typed() bool { return w.typed }

// Next steps to the next instruction. It returns false after the last one, or
// after an error.
func (w *Walker) Next() bool {
	if w.Op == OpEnd {
		w.Blocks = w.Blocks[:len(w.Blocks)-1]
	}
	if len(w.Labels) > 0 {
		w.Labels = w.Labels[:0]
	}
	w.Op, w.Start = OpUnreachable, w.pos
	if len(w.Blocks) == 0 || w.pos >= len(w.b) || w.err != nil {
		w.finish()
		return false
	}
	first := w.b[w.pos]
	w.pos++
	op, shape := Opcode(first), &shapes[0][first]
	if first >= prefixGC {
		op, shape = w.readPrefixed(first)
	}
	if shape == nil || !shape.known {
		w.unknown(first, uint32(op&0xff))
		return false
	}
	w.Op, w.Shape = op, shape
	if shape.imm != immNone {
		w.readImmediate(shape.imm)
	}
	if op.Opens() {
		w.open()
	}
	return w.err == nil
}

// finish checks that the instructions end where the function does.
func (w *Walker) finish() {
	switch {
	case len(w.Blocks) > 0:
		w.Fail(w.pos, "unexpected end")
	case w.pos != len(w.b):
		w.Fail(w.pos, "instructions follow the end of a function")
	}
}

// open adds the block that the instruction opens.
func (w *Walker) open() {
	w.numbered++
	b := Block{Op: w.Op, Params: int32(w.Type.Params), Results: int32(w.Type.Results), Number: w.numbered, Loop: -1}
	if w.Op == OpLoop {
		b.Loop = w.loops
		w.loops++
	}
	w.Blocks = append(w.Blocks, b)
}

// readPrefixed reads the number after a prefix. The numbers of vectors and
// atomics must be as short as they can be: wazero looks at the first byte alone.
func (w *Walker) readPrefixed(prefix byte) (op Opcode, shape *Shape) {
	start := w.pos
	sub := w.U32()
	long := w.pos-start > 1 && w.b[w.pos-1] == 0
	switch {
	case long && prefix != prefixMisc:
		w.Fail(w.Start, "the instruction %#x %#x has more bytes than it needs: that is not supported", prefix, sub)
	case sub > 0xff:
		w.unknown(prefix, sub)
	case prefixMisc <= prefix && prefix <= prefixAtomic:
		shape = &shapes[prefixIndex(prefix)][sub]
	}
	return Opcode(prefix)<<8 | Opcode(sub), shape
}

func (w *Walker) unknown(first byte, sub uint32) {
	if first >= prefixGC {
		w.Fail(w.Start, "unknown instruction %#x %#x (%s)", first, sub, foreign(first, sub))
	} else {
		w.Fail(w.Start, "unknown instruction %#x (%s)", first, foreign(first, 0))
	}
}

func (w *Walker) readImmediate(imm immediate) {
	switch imm {
	case immIndex:
		w.X = w.U32()
	case immType:
		w.typed = true
		w.readIndex("type", len(w.m.Types))
	case immFunction:
		w.readIndex("function", len(w.m.Functions))
	case immLocal:
		w.readIndex("local", w.locals)
	case immGlobal:
		w.readIndex("global", len(w.m.Globals))
	case immTwo:
		w.X, w.Y = w.U32(), w.U32()
		if w.Op.Calls() {
			w.check(w.Start, "type", int64(w.X), len(w.m.Types))
		}
	case immLabel:
		w.readLabel()
		w.X = w.Labels[0].Depth
	case immLabels:
		n := w.Count() + 1
		w.Labels = slices.Grow(w.Labels, n)
		for range n {
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
		w.Byte()
	case immByte:
		w.Byte()
	case immI32:
		w.X = uint32(w.Signed(32))
	case immI64:
		w.Signed(64)
	case immF32:
		w.Bytes(4)
	case immF64:
		w.Bytes(8)
	case immV128:
		w.Bytes(16)
	case immHeapType:
		w.heapType()
	case immTypes:
		w.readSelected()
	}
}

// readSelected reads the type of a select: one type, of one byte. wazero's
// compiler skips two bytes, whatever they are. It would take the rest of a
// longer type for an instruction, which no validator has checked.
func (w *Walker) readSelected() {
	start := w.pos
	if n := w.Byte(); n != 1 {
		w.Fail(start, "a select has %d types, one is supported", n)
	}
	switch t := ValueType(w.Byte()); t {
	case I32, I64, F32, F64, V128, FuncRef, ExternRef:
	default:
		w.Fail(start, "a select of the type %#x is not supported", byte(t))
	}
}

// readIndex reads the index of one of several things.
func (w *Walker) readIndex(what string, have int) {
	w.X = w.U32()
	w.check(w.Start, what, int64(w.X), have)
}

func (w *Walker) readLabel() {
	start := w.pos
	depth := w.U32()
	if int64(depth) >= int64(len(w.Blocks)) && w.err == nil {
		w.Fail(start, "a branch leaves %d blocks, and only %d are open", depth+1, len(w.Blocks))
	}
	w.Labels = append(w.Labels, Label{depth, int32(w.Top()) - int32(depth), int32(start), int32(w.pos)})
}

func (w *Walker) readMemory() {
	start := w.pos
	if align := w.U32(); align >= 32 {
		w.Fail(start, "invalid alignment %d", align)
	}
	w.U32()
}

// blockEmpty is the type of a block that takes and leaves nothing.
const blockEmpty = 0x40

func (w *Walker) readBlockType() {
	start := w.pos
	if w.pos < len(w.b) && w.b[w.pos] == blockEmpty {
		w.pos++
		w.Type = BlockType{Encoded: w.b[start:w.pos]}
		return
	}
	if w.pos < len(w.b) && w.b[w.pos]&0xc0 == 0x40 { // a negative number of one byte
		w.valueType()
		w.Type = BlockType{Results: 1, Encoded: w.b[start:w.pos]}
		return
	}
	index := w.Signed(33)
	if w.check(start, "type", index, len(w.m.Types)); w.err != nil {
		return
	}
	t := &w.m.Types[index]
	w.Type = BlockType{len(t.Params), len(t.Results), w.b[start:w.pos]}
}

// readCatches reads the clauses of a try_table. Their labels count from
// outside of it.
func (w *Walker) readCatches() {
	for range w.Count() {
		start := w.pos
		kind := w.Byte()
		if kind > 3 {
			w.Fail(start, "unknown kind of catch %d", kind)
		}
		if kind < 2 {
			w.U32() // the tag
		}
		w.readLabel()
	}
}

// Callee returns the type of the function that the instruction calls. It
// returns nil if the instruction is no call.
func (w *Walker) Callee() *FuncType {
	switch {
	case !w.Op.Calls():
		return nil
	case w.Op.CallsIndirectly():
		return &w.m.Types[w.X]
	}
	return &w.m.Types[w.m.Functions[w.X]]
}
