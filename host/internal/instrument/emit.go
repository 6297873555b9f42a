package instrument

import (
	"slices"

	"github.com/wexec/wexec/host/internal/wasm"
)

// emitter writes functions with what is inserted into them.
type emitter struct {
	m     *module
	types typeAdder
	// Where things are in the rewritten module.
	moved     func(uint32) uint32 // functions
	pause     uint32
	countdown uint32
	stack     uint32
	changed   uint32
	marks     bool // irreversible changes
	// references is the first of the globals that refer to functions.
	references uint32
}

func newEmitter(m *module) *emitter {
	e := &emitter{
		m:         m,
		types:     typeAdder{next: uint32(len(m.Types))},
		pause:     uint32(m.imported),
		countdown: uint32(len(m.Globals)),
		marks:     m.o.State && m.marks,
	}
	e.stack = e.countdown + 1
	e.changed = e.stack
	if m.countsStack() {
		e.changed++
	}
	e.references = e.changed
	if e.marks {
		e.references++
	}
	e.moved = func(index uint32) uint32 {
		if index < e.pause {
			return index
		}
		return index + 1
	}
	return e
}

// countsStack reports whether some function counts its stack.
func (m *module) countsStack() bool {
	return slices.ContainsFunc(m.functions, func(f function) bool { return f.plan.stack > 0 })
}

// keepsBottom reports whether the stack that is left is kept in a local. With
// loops, registers are better spent on other things. But at a catch, it must be
// known.
func (f *function) keepsBottom() bool {
	return f.plan.stack > 0 && (f.tries > 0 || !f.goesRound())
}

// code writes the code section. size is about what it takes.
func (e *emitter) code(size int) ([]byte, error) {
	out := make([]byte, 0, size+size/4)
	out = wasm.AppendU32(out, uint32(len(e.m.functions)+len(e.m.helperList)))
	var b body
	for i := range e.m.functions {
		entry, err := b.write(e, &e.m.functions[i])
		if err != nil {
			return nil, err
		}
		out = append(wasm.AppendU32(out, uint32(len(entry))), entry...)
	}
	for _, k := range e.m.helperList {
		entry := e.helper(k)
		out = append(wasm.AppendU32(out, uint32(len(entry))), entry...)
	}
	return out, nil
}

// body is a function that is being written.
type body struct {
	*walker
	copier
	e       *emitter
	f       *function
	left    uint32      // the local that has a copy of the countdown
	bottom  uint32      // the local that has the stack that is left
	length  uint32      // the local that has the length of a bulk operation
	charges []charge    // that are still to come
	blocks  []rewritten // beside the walker's
}

// rewritten is what a body knows of a block that is open.
type rewritten struct {
	wrapped bool // it is a loop with blocks around it
	added   int  // how many blocks were put around it and those around it
}

// write returns the entry of a function in the code section, until it is
// called again.
func (b *body) write(e *emitter, f *function) ([]byte, error) {
	out := b.out[:0]
	*b = body{walker: e.m.walk(f), e: e, f: f, charges: f.plan.charges, blocks: append(b.blocks[:0], rewritten{})}
	b.copier = copier{asm: asm{out}, from: f.body.Entry}
	b.declare()
	b.enter()
	for b.Next() {
		b.step()
	}
	return b.finish(), b.Err()
}

// declare adds the locals.
func (b *body) declare() {
	p := &b.f.plan
	next, groups := uint32(b.f.body.Locals), 0
	var added []byte
	if p.checks() || p.stack > 0 || b.f.goesRound() {
		b.left, b.bottom = next, next+1
		next += 2
		groups, added = 1, []byte{2, byte(wasm.I64)}
	}
	if b.f.bulkMemory && b.e.m.helpers != nil {
		b.length = next
		groups, added = groups+1, append(added, 1, byte(wasm.I32))
	}
	if groups == 0 {
		return
	}
	head := wasm.NewReader(b.from)
	head.U32() // the number of groups
	a := b.replace(0, head.Pos())
	a.out = wasm.AppendU32(a.out, uint32(b.f.body.Groups+groups))
	b.keep(b.f.body.Code).bytes(added...)
}

// enter writes what comes before the function's own code.
func (b *body) enter() {
	p := &b.f.plan
	if p.entry == 0 && !p.check && p.stack == 0 {
		return
	}
	a := b.keep(b.f.body.Code)
	if p.stack > 0 {
		b.takeStack(a)
	}
	b.charge(a, p.entry, p.check)
	if p.stack > 0 {
		results := b.e.m.EncodedResults(b.e.m.Functions[b.f.index])
		a.op(wasm.OpBlock).bytes(b.e.types.block(len(b.f.typ.Results), results)...)
	}
}

// takeStack counts the stack of a call. It is looked at beside the countdown if
// a local has it, and at once if not.
func (b *body) takeStack(a *asm) {
	a.index(wasm.OpGlobalGet, b.e.stack).i64(b.f.plan.stack).op(wasm.OpI64Sub)
	if b.f.keepsBottom() {
		a.index(wasm.OpLocalTee, b.bottom).index(wasm.OpGlobalSet, b.e.stack)
		return
	}
	a.index(wasm.OpLocalTee, b.left).index(wasm.OpGlobalSet, b.e.stack)
	a.index(wasm.OpLocalGet, b.left).i64(0).op(wasm.OpI64LtS)
	a.op(wasm.OpIf, blockEmpty).index(wasm.OpCall, b.e.pause).op(wasm.OpEnd)
}

// giveStack writes what comes before the function ends.
func (b *body) giveStack(a *asm) {
	if b.f.keepsBottom() {
		a.index(wasm.OpLocalGet, b.bottom)
	} else {
		a.index(wasm.OpGlobalGet, b.e.stack)
	}
	a.i64(b.f.plan.stack).op(wasm.OpI64Add).index(wasm.OpGlobalSet, b.e.stack)
}

// charge takes fuel, with a safepoint or without.
func (b *body) charge(a *asm, fuel int64, check bool) {
	switch {
	case check:
		b.spend(a, fuel)
		a.op(wasm.OpIf, blockEmpty).index(wasm.OpCall, b.e.pause).op(wasm.OpEnd)
	case fuel > 0:
		b.e.take(a, fuel).index(wasm.OpGlobalSet, b.e.countdown)
	}
}

// pay writes a charge before the instruction.
func (b *body) pay(c charge) {
	a := b.before()
	if c.local == none {
		b.charge(a, c.fuel, c.check)
		return
	}
	a.index(wasm.OpLocalGet, uint32(c.local)).op(wasm.OpIf, blockEmpty)
	b.charge(a, c.fuel, false)
	a.op(wasm.OpEnd)
}

// spend takes fuel off the countdown, and leaves whether the countdown or the
// stack is below zero then.
func (b *body) spend(a *asm, fuel int64) {
	b.e.take(a, fuel).index(wasm.OpLocalTee, b.left).index(wasm.OpGlobalSet, b.e.countdown)
	a.index(wasm.OpLocalGet, b.left)
	if b.f.keepsBottom() {
		a.index(wasm.OpLocalGet, b.bottom).op(wasm.OpI64Or)
	}
	a.i64(0).op(wasm.OpI64LtS)
}

// take leaves the countdown less some fuel.
func (e *emitter) take(a *asm, fuel int64) *asm {
	return a.index(wasm.OpGlobalGet, e.countdown).i64(fuel).op(wasm.OpI64Sub)
}

// before returns where to write code that comes before the instruction.
func (b *body) before() *asm { return b.keep(b.Start) }

// after returns where to write code that comes after the instruction.
func (b *body) after() *asm { return b.keep(b.Pos()) }

// instead returns where to write code that takes the instruction's place.
func (b *body) instead() *asm { return b.replace(b.Start, b.Pos()) }

func (b *body) step() {
	for len(b.charges) > 0 && b.charges[0].at <= b.Start {
		b.pay(b.charges[0])
		b.charges = b.charges[1:]
	}
	if len(b.Labels) > 0 {
		b.branch()
	}
	if b.e.marks && b.e.m.changesIrreversibly(b.Op, b.X) {
		b.before().i64(1).index(wasm.OpGlobalSet, b.e.changed)
	}
	switch op := b.Op; {
	case op == wasm.OpLoop:
		b.openLoop()
	case op.Opens():
		b.open(rewritten{added: b.outside().added})
	case op == wasm.OpEnd:
		b.close()
	case op == wasm.OpReturn:
		if b.f.plan.stack > 0 {
			b.instead().index(wasm.OpBr, uint32(b.Top()+b.blocks[b.Top()].added))
		}
	case op.Calls():
		b.call()
	case op == wasm.OpRefFunc:
		b.refer()
	case op.Bulk():
		b.bulk()
	}
}

// open notes a block that the instruction opens.
func (b *body) open(r rewritten) { b.blocks = append(b.blocks[:b.Top()], r) }

// outside returns the block around the one that the instruction opens.
func (b *body) outside() *rewritten { return &b.blocks[b.Top()-1] }

// branch moves the labels of an instruction by the blocks that were put
// between here and where they lead.
func (b *body) branch() {
	from := b.Top()
	if b.Op == wasm.OpTryTable {
		from-- // its labels count from outside of it
	}
	for _, l := range b.branches() {
		to := int(l.Block)
		depth := uint32(from - to + b.blocks[from].added - b.blocks[to].added)
		if depth != l.Depth {
			a := b.replace(int(l.Start), int(l.End))
			a.out = wasm.AppendU32(a.out, depth)
		}
	}
}

// call writes an instruction that calls a function.
func (b *body) call() {
	switch {
	case b.f.plan.stack == 0:
	case b.Op.ReturnCalls():
		b.giveStack(b.before())
	case b.f.tries > 0:
		// Frames that an exception has left have not given back what they took.
		b.before().index(wasm.OpLocalGet, b.bottom).index(wasm.OpGlobalSet, b.e.stack)
	}
	if !b.Op.CallsIndirectly() {
		b.moveFunction()
	}
}

// moveFunction gives the instruction the new index of its function.
func (b *body) moveFunction() {
	if to := b.e.moved(b.X); to != b.X {
		b.instead().index(b.Op, to)
	}
}

// refer writes a ref.func, or reads the global that has what it makes.
func (b *body) refer() {
	if place, ok := b.e.m.references[b.X]; ok {
		b.instead().index(wasm.OpGlobalGet, b.e.references+place)
		return
	}
	b.moveFunction()
}

// bulk writes a call of a helper in the place of an operation on memory or a
// table. On few bytes of memory, the operation stays.
func (b *body) bulk() {
	helper, ok := b.e.m.helperFor(&b.Walker)
	if !ok {
		return
	}
	helper = b.e.moved(helper)
	if b.Op.BulkTable() {
		b.instead().index(wasm.OpCall, helper)
		return
	}
	a := b.before().index(wasm.OpLocalTee, b.length).i32(fewBytes).op(wasm.OpI32GtU).op(wasm.OpIf)
	a.out = wasm.AppendS64(a.out, int64(b.e.types.add(twoI32)))
	a.index(wasm.OpLocalGet, b.length).index(wasm.OpCall, helper)
	a.op(wasm.OpElse).index(wasm.OpLocalGet, b.length)
	b.after().op(wasm.OpEnd)
}

// openLoop writes the head of a loop. The call of the host is outside of it, so
// that the code inside keeps its registers:
//
//	block $exit
//	  loop $again
//	    block $slow
//	      loop
//	        (br_if $slow (i64.lt_s (the countdown, less the weight) (i64.const 0)))
//	        …
//	      end
//	      br $exit
//	    end
//	    pause, and give the weight back: the head is passed again
//	    br $again
//	  end
//	end
//
// A loop that takes operands, which a branch to $slow would lose, has the call
// inside.
func (b *body) openLoop() {
	l := &b.f.loops[b.Blocks[b.Top()].Loop]
	added := b.outside().added
	if !l.again || l.params {
		b.open(rewritten{added: added})
		if l.again {
			b.charge(b.after(), l.weight, true)
		}
		return
	}
	b.open(rewritten{true, added + 3})
	a := b.before()
	a.op(wasm.OpBlock).bytes(b.Type.Encoded...)
	a.op(wasm.OpLoop).bytes(b.Type.Encoded...)
	a.op(wasm.OpBlock, blockEmpty)
	a = b.after()
	b.spend(a, l.weight)
	a.index(wasm.OpBrIf, 1)
}

// close writes the end of a block, or of the function.
func (b *body) close() {
	top := b.Top()
	if top == 0 && b.f.plan.stack > 0 {
		b.giveStack(b.before().op(wasm.OpEnd))
	}
	if !b.blocks[top].wrapped {
		return
	}
	a := b.after().index(wasm.OpBr, 2).op(wasm.OpEnd).index(wasm.OpCall, b.e.pause)
	weight := b.f.loops[b.Blocks[top].Loop].weight
	b.e.take(a, -weight).index(wasm.OpGlobalSet, b.e.countdown)
	a.index(wasm.OpBr, 0).op(wasm.OpEnd).op(wasm.OpEnd)
}
