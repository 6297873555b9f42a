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
}

func newEmitter(m *module) *emitter {
	e := &emitter{
		m:         m,
		types:     typeAdder{next: uint32(len(m.types))},
		pause:     uint32(len(m.imported)),
		countdown: uint32(m.have.globals),
		stack:     uint32(m.have.globals) + 1,
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
	var entry []byte
	var err error
	for i := range e.m.functions {
		if entry, err = e.function(&e.m.functions[i], entry[:0]); err != nil {
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
	*emitter
	f      *function
	left   uint32  // the local that has the countdown, or a copy of it
	bottom uint32  // the local that has the stack that is left
	length uint32  // the local that has the length of a bulk operation
	loops  int     // that have begun
	checks []check // that are still to come
	blocks []open
}

// open is a block that is open.
type open struct {
	loop  int // its number, if it is a loop that was wrapped, or -1
	added int // blocks that were put around it and those around it
}

// function appends the entry of a function in the code section.
func (e *emitter) function(f *function, to []byte) ([]byte, error) {
	b := &body{walker: e.m.walk(f), emitter: e, f: f, left: uint32(f.locals), bottom: uint32(f.locals) + 1}
	b.out, b.checks = to, f.plan.checks
	b.blocks = append(b.blocks, open{loop: -1})
	b.declare()
	b.enter()
	for b.next() {
		b.step()
	}
	return b.finish()
}

// declare adds the locals.
func (b *body) declare() {
	p := &b.f.plan
	var groups []byte
	next := b.left
	if p.check || len(p.checks) > 0 || p.stack > 0 || b.f.goesRound() {
		next = b.bottom
		if b.f.keepsBottom() {
			next++
		}
		groups = append(appendU32(groups, next-b.left), 0x7e)
	}
	added := uint32(len(groups) / 2)
	if b.f.bulkMemory && b.walker.m.helpers != nil {
		b.length = next
		groups = append(groups, 1, 0x7f)
		added++
	}
	if added == 0 {
		return
	}
	head := reader{b: b.b}
	head.u32() // the number of groups
	b.out = appendU32(b.out, uint32(b.f.groups)+added)
	b.done = head.pos
	b.keep(b.f.code)
	b.out = append(b.out, groups...)
}

// exits reports whether there is something to do where the function ends.
func (p *plan) exits() bool { return p.local || p.stack > 0 }

// enter writes what comes before the function's own code.
func (b *body) enter() {
	p := &b.f.plan
	if !p.check && !p.exits() {
		return
	}
	b.keep(b.f.code)
	a := asm{b.out}
	if p.stack > 0 {
		b.takeStack(&a)
	}
	if p.local {
		a.index(opGlobalGet, b.countdown).index(opLocalSet, b.left)
	}
	if p.check {
		b.check(&a, p.charge)
	}
	if p.exits() {
		a.op(opBlock).bytes(b.types.blockOf(b.f.typ)...)
	}
	b.out = a.out
}

// takeStack counts the stack of a call. What is left is looked at beside the
// countdown if a local has it, and else at once.
func (b *body) takeStack(a *asm) {
	a.index(opGlobalGet, b.stack).i64(b.f.plan.stack).op(opI64Sub)
	if b.f.keepsBottom() {
		a.index(opLocalTee, b.bottom).index(opGlobalSet, b.stack)
		return
	}
	a.index(opLocalTee, b.left).index(opGlobalSet, b.stack)
	a.index(opLocalGet, b.left).i64(0).op(opI64LtS).op(opIf, blockEmpty)
	a.index(opGlobalGet, b.countdown).index(opCall, b.pause).op(opDrop)
	a.op(opEnd)
}

// check writes a safepoint.
func (b *body) check(a *asm, charge int64) {
	b.spend(a, charge)
	b.overdrawn(a)
	a.op(opIf, blockEmpty)
	b.callPause(a)
	a.op(opEnd)
}

// overdrawn leaves whether the countdown is below zero, or else the stack.
func (b *body) overdrawn(a *asm) {
	a.index(opLocalGet, b.left)
	if b.f.keepsBottom() {
		a.index(opLocalGet, b.bottom).op(opI64Or)
	}
	a.i64(0).op(opI64LtS)
}

// spend takes fuel off the countdown.
func (b *body) spend(a *asm, fuel int64) {
	if b.f.plan.local {
		a.index(opLocalGet, b.left).i64(fuel).op(opI64Sub).index(opLocalSet, b.left)
	} else {
		a.index(opGlobalGet, b.countdown).i64(fuel).op(opI64Sub).index(opLocalTee, b.left).index(opGlobalSet, b.countdown)
	}
}

// callPause calls the host. It keeps the countdown's global right; the local,
// if that leads, is set to what it returns.
func (b *body) callPause(a *asm) {
	a.index(opLocalGet, b.left).index(opCall, b.pause)
	if b.f.plan.local {
		a.index(opLocalSet, b.left)
	} else {
		a.op(opDrop)
	}
}

// leave writes what comes before a function ends.
func (b *body) leave(a *asm) {
	if b.f.plan.local {
		a.index(opLocalGet, b.left).index(opGlobalSet, b.countdown)
	}
	if s := b.f.plan.stack; s > 0 {
		if b.f.keepsBottom() {
			a.index(opLocalGet, b.bottom)
		} else {
			a.index(opGlobalGet, b.stack)
		}
		a.i64(s).op(opI64Add).index(opGlobalSet, b.stack)
	}
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
	switch b.op {
	case opLoop:
		b.openLoop()
	case opBlock, opIf, opTryTable:
		b.blocks = append(b.blocks, open{-1, b.added()})
	case opEnd:
		b.close()
	case opReturn:
		if b.f.plan.exits() {
			depth := uint32(len(b.blocks) - 1 + b.added())
			b.instead(func(a *asm) { a.index(opBr, depth) })
		}
	case opReturnCall, opReturnCallIndirect, opReturnCallRef:
		if b.f.plan.exits() {
			b.insert(b.leave)
		}
		b.moveCall()
	case opCall, opCallIndirect, opCallRef:
		b.call()
	case opRefFunc:
		b.moveCall()
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

// moveCall replaces the index of a function.
func (b *body) moveCall() {
	if b.op != opCall && b.op != opReturnCall && b.op != opRefFunc {
		return
	}
	if to := b.moved(b.x); to != b.x {
		op := byte(b.op)
		b.keep(b.start)
		b.out = appendU32(append(b.out, op), to)
		b.done = b.pos
	}
}

// call stores the countdown before a call of what counts, and loads it after.
func (b *body) call() {
	p := &b.f.plan
	counts := b.op != opCall || !b.walker.m.neutralAt(b.x)
	if b.f.tries > 0 && p.stack > 0 {
		// Frames that an exception has left have not put back what they took.
		b.insert(func(a *asm) { a.index(opLocalGet, b.bottom).index(opGlobalSet, b.stack) })
	}
	if p.local && counts {
		b.insert(func(a *asm) { a.index(opLocalGet, b.left).index(opGlobalSet, b.countdown) })
	}
	b.moveCall()
	if p.local && counts {
		b.follow(func(a *asm) { a.index(opGlobalGet, b.countdown).index(opLocalSet, b.left) })
	}
}

// bulk writes a call of a helper, in the place of an operation on memory or a
// table. On few bytes of memory, the operation stays.
func (b *body) bulk() {
	helper, ok := b.walker.m.helperFor(b.walker)
	if !ok {
		return
	}
	call := func(a *asm) {
		if b.f.plan.local {
			a.index(opLocalGet, b.left).index(opGlobalSet, b.countdown)
		}
		a.index(opCall, b.moved(helper))
		if b.f.plan.local {
			a.index(opGlobalGet, b.countdown).index(opLocalSet, b.left)
		}
	}
	if !onMemory(b.op) {
		b.instead(call)
		return
	}
	b.insert(func(a *asm) {
		a.index(opLocalTee, b.length).i32(fewBytes).op(opI32GtU)
		a.op(opIf)
		a.out = appendS64(a.out, int64(b.types.add(twoI32)))
		a.index(opLocalGet, b.length)
		call(a)
		a.op(opElse)
		a.index(opLocalGet, b.length)
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
//	        (br_if $slow (i64.lt_s (local.tee $left (i64.sub (local.get $left) (weight))) (i64.const 0)))
//	        …
//	      end
//	      br $exit
//	    end
//	    renew, pause, and give the weight back: the head is passed again
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
	if !l.again {
		b.blocks = append(b.blocks, open{-1, b.added()})
		return
	}
	spend := func(a *asm) {
		b.spend(a, l.weight)
		b.overdrawn(a)
	}
	if l.params {
		b.blocks = append(b.blocks, open{-1, b.added()})
		b.follow(func(a *asm) {
			spend(a)
			a.op(opIf, blockEmpty)
			b.renew(a, i)
			b.callPause(a)
			a.op(opEnd)
		})
		return
	}
	b.blocks = append(b.blocks, open{i, b.added() + 3})
	b.insert(func(a *asm) {
		a.op(opBlock).bytes(b.block.written...)
		a.op(opLoop).bytes(b.block.written...)
		a.op(opBlock, blockEmpty)
	})
	b.follow(func(a *asm) {
		spend(a)
		a.index(opBrIf, 1)
	})
}

// renew makes new values of the locals that a loop sets. wazero stores a value
// that lives across a call where the value is made: that would be inside the
// loop, each time. The new ones are made beside the call. They take registers:
// where these may be short, stores cost less.
func (b *body) renew(a *asm, i int) {
	writes := b.f.loops[i].writes
	if b.f.locals > fewLocals || len(writes) > fewWrites {
		return
	}
	for _, local := range writes {
		a.index(opLocalGet, local)
		switch b.f.types[local] {
		case 0x7f:
			a.i32(0).op(opI32Or)
		case 0x7e:
			a.i64(0).op(opI64Or)
		case 0x7d:
			a.op(opI32ReinterpretF32).op(opF32ReinterpretI32)
		case 0x7c:
			a.op(opI64ReinterpretF64).op(opF64ReinterpretI64)
		case 0x7b:
			a.index(opLocalGet, local).op(opV128Or)
		}
		a.index(opLocalSet, local)
	}
}

// close writes the end of a block, or of the function.
func (b *body) close() {
	top := b.blocks[len(b.blocks)-1]
	b.blocks = b.blocks[:len(b.blocks)-1]
	if len(b.blocks) == 0 && b.f.plan.exits() {
		b.insert(func(a *asm) {
			a.op(opEnd)
			b.leave(a)
		})
	}
	if top.loop >= 0 {
		b.follow(func(a *asm) {
			a.index(opBr, 2).op(opEnd)
			b.renew(a, top.loop)
			b.callPause(a)
			b.spend(a, -b.f.loops[top.loop].weight)
			a.index(opBr, 0).op(opEnd).op(opEnd)
		})
	}
}
