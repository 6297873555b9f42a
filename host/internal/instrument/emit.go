package instrument

// emitter writes functions with what is put into them.
type emitter struct {
	m     *module
	types typeAdder
	// Where things are in the rewritten module.
	moved     func(uint32) uint32 // functions
	pause     uint32
	countdown uint32
	stack     uint32
	changed   uint32
	marks     bool // what can't be put back
	// references is the first of the globals that refer to functions.
	references uint32
}

func newEmitter(m *module, o Options) *emitter {
	e := &emitter{
		m:         m,
		types:     typeAdder{next: uint32(len(m.types))},
		pause:     uint32(len(m.imported)),
		countdown: uint32(m.have.globals),
		stack:     uint32(m.have.globals) + 1,
	}
	e.marks = o.State && m.marks
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

// code writes the code section, of about that size.
func (e *emitter) code(size int) ([]byte, error) {
	out := make([]byte, 0, size+size/4)
	out = appendU32(out, uint32(len(e.m.functions)+len(e.m.helperList)))
	var b body
	for i := range e.m.functions {
		entry, err := b.write(e, &e.m.functions[i])
		if err != nil {
			return nil, err
		}
		out = append(appendU32(out, uint32(len(entry))), entry...)
	}
	for _, k := range e.m.helperList {
		entry := e.helper(k)
		out = append(appendU32(out, uint32(len(entry))), entry...)
	}
	return out, nil
}

// body is a function that is being written.
type body struct {
	*walker
	e      *emitter
	f      *function
	left   uint32  // the local that has a copy of the countdown
	bottom uint32  // the local that has the stack that is left
	length uint32  // the local that has the length of a bulk operation
	loops  int     // that have begun
	checks []check // that are still to come
	blocks []open
	buffer []byte
}

// open is a block that is open.
type open struct {
	loop  int // its number, if it is a loop that was wrapped, or -1
	added int // blocks that were put around it and those around it
}

// write returns the entry of a function in the code section, until it is
// called again.
func (b *body) write(e *emitter, f *function) ([]byte, error) {
	*b = body{walker: e.m.walk(f), e: e, f: f, checks: f.plan.checks, blocks: append(b.blocks[:0], open{loop: -1}), buffer: b.buffer}
	b.out = b.buffer[:0]
	b.declare()
	b.enter()
	for b.next() {
		b.step()
	}
	entry, err := b.finish()
	b.buffer = entry
	return entry, err
}

// declare adds the locals.
func (b *body) declare() {
	p := &b.f.plan
	next, groups := uint32(b.f.locals), 0
	var added []byte
	if p.check || len(p.checks) > 0 || p.stack > 0 || b.f.goesRound() {
		b.left, b.bottom = next, next+1
		next += 2
		groups, added = 1, []byte{2, 0x7e}
	}
	if b.f.bulkMemory && b.m.helpers != nil {
		b.length = next
		groups, added = groups+1, append(added, 1, 0x7f)
	}
	if groups == 0 {
		return
	}
	head := reader{b: b.b}
	head.u32() // the number of groups
	b.out = appendU32(b.out, uint32(b.f.groups+groups))
	b.done = head.pos
	b.keep(b.f.code)
	b.out = append(b.out, added...)
}

// enter writes what comes before the function's own code.
func (b *body) enter() {
	p := &b.f.plan
	if !p.check && p.stack == 0 {
		return
	}
	b.keep(b.f.code)
	a := asm{b.out}
	if p.stack > 0 {
		b.takeStack(&a)
	}
	if p.check {
		b.check(&a, p.charge)
	}
	if p.stack > 0 {
		a.op(opBlock).bytes(b.e.types.blockOf(b.f.typ)...)
	}
	b.out = a.out
}

// takeStack counts the stack of a call. What is left is looked at beside the
// countdown if a local has it, and else at once.
func (b *body) takeStack(a *asm) {
	a.index(opGlobalGet, b.e.stack).i64(b.f.plan.stack).op(opI64Sub)
	if b.f.keepsBottom() {
		a.index(opLocalTee, b.bottom).index(opGlobalSet, b.e.stack)
		return
	}
	a.index(opLocalTee, b.left).index(opGlobalSet, b.e.stack)
	a.index(opLocalGet, b.left).i64(0).op(opI64LtS)
	a.op(opIf, blockEmpty).index(opCall, b.e.pause).op(opEnd)
}

// giveStack is what comes before the function ends.
func (b *body) giveStack(a *asm) {
	if b.f.keepsBottom() {
		a.index(opLocalGet, b.bottom)
	} else {
		a.index(opGlobalGet, b.e.stack)
	}
	a.i64(b.f.plan.stack).op(opI64Add).index(opGlobalSet, b.e.stack)
}

// check writes a safepoint.
func (b *body) check(a *asm, charge int64) {
	b.spend(a, charge)
	a.op(opIf, blockEmpty).index(opCall, b.e.pause).op(opEnd)
}

// spend takes fuel off the countdown, and leaves whether that is below zero
// then, or else the stack.
func (b *body) spend(a *asm, fuel int64) {
	b.e.take(a, fuel).index(opLocalTee, b.left).index(opGlobalSet, b.e.countdown)
	a.index(opLocalGet, b.left)
	if b.f.keepsBottom() {
		a.index(opLocalGet, b.bottom).op(opI64Or)
	}
	a.i64(0).op(opI64LtS)
}

// take leaves the countdown less so much.
func (e *emitter) take(a *asm, fuel int64) *asm {
	return a.index(opGlobalGet, e.countdown).i64(fuel).op(opI64Sub)
}

// insert writes code before the instruction.
func (b *body) insert(write func(a *asm)) {
	b.keep(b.start)
	a := asm{b.out}
	write(&a)
	b.out = a.out
}

// follow writes code after the instruction.
func (b *body) follow(write func(a *asm)) {
	b.keep(b.pos)
	a := asm{b.out}
	write(&a)
	b.out = a.out
}

// instead writes code in the place of the instruction.
func (b *body) instead(write func(a *asm)) {
	b.insert(write)
	b.done = b.pos
}

func (b *body) step() {
	for len(b.checks) > 0 && b.checks[0].at <= b.start {
		b.insert(func(a *asm) { b.check(a, b.checks[0].charge) })
		b.checks = b.checks[1:]
	}
	switch b.shape.imm {
	case immLabel, immLabels, immTry:
		b.branch()
	}
	if b.e.marks && b.m.lasts(b.op, b.x) {
		b.insert(func(a *asm) { a.i64(1).index(opGlobalSet, b.e.changed) })
	}
	switch b.op {
	case opLoop:
		b.openLoop()
	case opBlock, opIf, opTryTable:
		b.blocks = append(b.blocks, open{-1, b.added()})
	case opEnd:
		b.close()
	case opReturn:
		if b.f.plan.stack > 0 {
			depth := uint32(len(b.blocks) - 1 + b.added())
			b.instead(func(a *asm) { a.index(opBr, depth) })
		}
	case opCall, opCallIndirect, opCallRef, opReturnCall, opReturnCallIndirect, opReturnCallRef, opRefFunc:
		b.call()
	case opMemoryFill, opMemoryCopy, opMemoryInit, opTableFill, opTableCopy, opTableInit, opTableGrow:
		b.bulk()
	}
}

// added is how many blocks were put around the code here.
func (b *body) added() int { return b.blocks[len(b.blocks)-1].added }

// branch moves the labels of an instruction by the blocks that were put
// between here and where they lead.
func (b *body) branch() {
	for _, l := range b.labels {
		target := b.blocks[len(b.blocks)-1-int(l.depth)]
		if depth := l.depth + uint32(b.added()-target.added); depth != l.written {
			b.keep(l.start)
			b.out = appendU32(b.out, depth)
			b.done = l.end
		}
	}
}

// call writes an instruction that calls, or refers to a function.
func (b *body) call() {
	switch b.op {
	case opReturnCall, opReturnCallIndirect, opReturnCallRef:
		if b.f.plan.stack > 0 {
			b.insert(b.giveStack)
		}
	case opCall, opCallIndirect, opCallRef:
		if b.f.tries > 0 && b.f.plan.stack > 0 {
			// Frames that an exception has left have not put back what they took.
			b.insert(func(a *asm) { a.index(opLocalGet, b.bottom).index(opGlobalSet, b.e.stack) })
		}
	}
	if place, ok := b.m.references[b.x]; ok && b.op == opRefFunc {
		b.instead(func(a *asm) { a.index(opGlobalGet, b.e.references+place) })
		return
	}
	switch b.op {
	case opCall, opReturnCall, opRefFunc:
		if to := b.e.moved(b.x); to != b.x {
			b.instead(func(a *asm) { a.index(b.op, to) })
		}
	}
}

// bulk writes a call of a helper, in the place of an operation on memory or a
// table. On few bytes of memory, the operation stays.
func (b *body) bulk() {
	helper, ok := b.m.helperFor(b.walker)
	if !ok {
		return
	}
	helper = b.e.moved(helper)
	if !onMemory(b.op) {
		b.instead(func(a *asm) { a.index(opCall, helper) })
		return
	}
	b.insert(func(a *asm) {
		a.index(opLocalTee, b.length).i32(fewBytes).op(opI32GtU).op(opIf)
		a.out = appendS64(a.out, int64(b.e.types.add(twoI32)))
		a.index(opLocalGet, b.length).index(opCall, helper)
		a.op(opElse).index(opLocalGet, b.length)
	})
	b.follow(func(a *asm) { a.op(opEnd) })
}

// openLoop writes the head of a loop. The call of the host is put outside of
// it, so that what runs keeps its registers:
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
	i := b.loops
	b.loops++
	l := &b.f.loops[i]
	if !l.again || l.params {
		b.blocks = append(b.blocks, open{-1, b.added()})
		if l.again {
			b.follow(func(a *asm) { b.check(a, l.weight) })
		}
		return
	}
	b.blocks = append(b.blocks, open{i, b.added() + 3})
	b.insert(func(a *asm) {
		a.op(opBlock).bytes(b.block.written...)
		a.op(opLoop).bytes(b.block.written...)
		a.op(opBlock, blockEmpty)
	})
	b.follow(func(a *asm) {
		b.spend(a, l.weight)
		a.index(opBrIf, 1)
	})
}

// close writes the end of a block, or of the function.
func (b *body) close() {
	top := b.blocks[len(b.blocks)-1]
	b.blocks = b.blocks[:len(b.blocks)-1]
	if len(b.blocks) == 0 && b.f.plan.stack > 0 {
		b.insert(func(a *asm) {
			a.op(opEnd)
			b.giveStack(a)
		})
	}
	if top.loop < 0 {
		return
	}
	b.follow(func(a *asm) {
		a.index(opBr, 2).op(opEnd).index(opCall, b.e.pause)
		b.e.take(a, -b.f.loops[top.loop].weight).index(opGlobalSet, b.e.countdown)
		a.index(opBr, 0).op(opEnd).op(opEnd)
	})
}
