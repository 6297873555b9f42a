package instrument_test

import (
	"slices"

	"github.com/tetratelabs/wazero/api"
)

// A body is the code of a generated function. It knows the types of the
// operands on the stack, as a validator does.
type body struct {
	*generator
	index    int
	code     []byte
	locals   []byte
	operands []byte
	frames   []frame
	run      int // instructions since the last tick or label, or fewer
}

// A frame is a block that is open.
type frame struct {
	base  int    // how many operands are not the block's
	label []byte // what a branch to it carries
	dead  bool   // whether no one gets here: operands appear as needed
}

// function makes the code of a function, with its locals.
func (g *generator) function(index int) []byte {
	s, locals := g.types[g.funcs[index]], g.someTypes()
	code := uleb(len(locals))
	for _, t := range locals {
		code = append(code, 1, t)
	}
	b := &body{generator: g, index: index, code: code, locals: slices.Concat(s.params, locals)}
	b.burn()
	b.within(s.results, signature{results: s.results}, 4+g.roll(20))
	return append(b.code, 0x0b)
}

func (b *body) emit(code ...byte) { b.code = append(b.code, code...) }

func (b *body) push(types ...byte) { b.operands = append(b.operands, types...) }

func (b *body) top() *frame { return &b.frames[len(b.frames)-1] }

// own is the operands of the innermost block.
func (b *body) own() []byte { return b.operands[b.top().base:] }

// kill is for what comes after a branch that is always taken.
func (b *body) kill() {
	b.operands = b.operands[:b.top().base]
	b.top().dead = true
}

// operand pushes a value.
func (b *body) operand(t byte) {
	b.run++
	var locals []int
	for i, l := range b.locals {
		if l == t {
			locals = append(locals, i)
		}
	}
	switch how := b.roll(4); {
	case how == 1:
		b.emit(0x23, globalOf(t))
	case how > 1 && len(locals) > 0:
		b.emit(0x20, byte(pick(&b.dice, locals)))
	default:
		b.emit(constant(&b.dice, t)...)
	}
	b.push(t)
}

// globalOf is the global of a type: each has one, after the fuel.
func globalOf(t byte) byte { return 1 + api.ValueTypeI32 - t }

// take pops operands. It uses those that are there, if the types fit, and
// pushes the others first.
func (b *body) take(types ...byte) {
	have := b.own()
	if b.top().dead && b.roll(2) == 1 && suffix(have, types) {
		b.operands = b.operands[:b.top().base]
		return
	}
	n := min(len(have), len(types))
	for !slices.Equal(have[len(have)-n:], types[:n]) {
		n--
	}
	for _, t := range types[n:] {
		b.operand(t)
	}
	b.operands = b.operands[:len(b.operands)-len(types)]
}

// settle leaves just these operands in a block, or fewer in dead code.
func (b *body) settle(types []byte) {
	if b.top().dead && b.roll(2) == 1 && suffix(b.own(), types) {
		return
	}
	for n := len(b.own()); n > len(types) || !slices.Equal(b.own(), types[:n]); n-- {
		b.emit(0x1a) // drop
		b.operands = b.operands[:len(b.operands)-1]
	}
	for _, t := range types[len(b.own()):] {
		b.operand(t)
	}
}

// suffix tells whether types ends in end.
func suffix(end, types []byte) bool {
	return len(end) <= len(types) && slices.Equal(end, types[len(types)-len(end):])
}

// tick often counts the instructions of this run, and its own.
func (b *body) tick() {
	if b.run > 0 && b.roll(4) > 0 {
		b.emit(0x23, tickGlobal, 0x42)
		b.emit(sleb(int64(b.run + 4))...)
		b.emit(0x7c, 0x24, tickGlobal)
	}
	b.run = 0
}

// burn uses fuel, with burnCost instructions, and traps if there is none.
func (b *body) burn() {
	b.emit(
		0x23, fuelGlobal, 0x45, 0x04, 0x40, 0x00, 0x0b, // if fuel == 0 { unreachable }
		0x23, fuelGlobal, 0x41, 1, 0x6b, 0x24, fuelGlobal, // fuel--
	)
}

// within makes the inside of a block that branches carry label to.
func (b *body) within(label []byte, s signature, instructions int) {
	b.enter(label, s)
	for range instructions {
		b.instruction()
	}
	b.leave(s)
}

func (b *body) enter(label []byte, s signature) {
	b.run = 0
	b.frames = append(b.frames, frame{base: len(b.operands), label: label})
	b.push(s.params...)
}

func (b *body) leave(s signature) {
	b.tick()
	b.settle(s.results)
	b.operands = b.operands[:b.top().base]
	b.frames = b.frames[:len(b.frames)-1]
}

// loop makes the inside of a loop. Mostly it goes round a few times, until the
// fuel is such and such a number.
func (b *body) loop(s signature, instructions int) {
	b.enter(s.params, s)
	b.burn()
	for range instructions {
		b.instruction()
	}
	if b.roll(4) > 0 {
		b.take(s.params...)
		b.emit(0x23, fuelGlobal, 0x41, pick(&b.dice, []byte{1, 3, 7, 15}), 0x71, 0x0d, 0)
		b.push(s.params...)
	}
	b.leave(s)
}

func (b *body) instruction() {
	switch b.roll(32) {
	default:
		b.numeric()
	case 6, 7, 8, 9:
		b.variable()
	case 10, 11, 12, 13, 14, 15:
		b.block()
		return // its marks take no time
	case 16, 17:
		b.load()
	case 18, 19, 20:
		b.store()
	case 21, 22:
		b.bulk()
	case 23:
		b.table()
	case 24, 25, 26, 27:
		b.call()
	case 28, 29, 30:
		b.branch()
	case 31:
		b.exit()
	}
	b.run++
}

// block makes a block, a loop or an if.
func (b *body) block() {
	if len(b.frames) > 6 {
		b.numeric()
		return
	}
	s := signature{}
	code := []byte{0x40}
	switch b.roll(3) {
	case 1:
		s.results = []byte{pick(&b.dice, numbers)}
		code = s.results
	case 2:
		t := b.roll(len(b.types))
		s = b.types[t]
		code = uleb(t)
	}
	size := b.roll(10)
	b.tick()
	switch b.roll(3) {
	case 0:
		b.take(s.params...)
		b.emit(0x02)
		b.emit(code...)
		b.within(s.results, s, size)
	case 1:
		b.take(s.params...)
		b.emit(0x03)
		b.emit(code...)
		b.loop(s, size)
	case 2:
		b.take(slices.Concat(s.params, []byte{api.ValueTypeI32})...)
		b.emit(0x04)
		b.emit(code...)
		b.within(s.results, s, size)
		if b.roll(2) == 1 || !slices.Equal(s.params, s.results) {
			b.emit(0x05)
			b.within(s.results, s, b.roll(10))
		}
	}
	b.emit(0x0b)
	b.push(s.results...)
}

// branch makes a br, br_if or br_table.
func (b *body) branch() {
	depth := b.roll(len(b.frames))
	label := b.frames[len(b.frames)-1-depth].label
	switch b.roll(6) {
	case 0:
		b.take(label...)
		b.emit(0x0c, byte(depth))
		b.kill()
	case 1:
		b.take(slices.Concat(label, []byte{api.ValueTypeI32})...)
		var depths []byte
		for i := range b.frames {
			if slices.Equal(b.frames[len(b.frames)-1-i].label, label) {
				depths = append(depths, byte(i))
			}
		}
		targets := b.roll(5)
		b.emit(0x0e, byte(targets))
		for range targets + 1 {
			b.emit(pick(&b.dice, depths))
		}
		b.kill()
	default:
		b.take(slices.Concat(label, []byte{api.ValueTypeI32})...)
		b.emit(0x0d, byte(depth))
		b.push(label...)
	}
}

// exit makes a return, a tail call, or a trap.
func (b *body) exit() {
	results := b.frames[0].label
	callees := b.callees(func(s signature) bool { return slices.Equal(s.results, results) })
	how := b.roll(6)
	if how > 2 && len(callees) == 0 {
		how = 1
	}
	switch how {
	case 0:
		b.emit(0x00)
	case 1, 2:
		b.take(results...)
		b.emit(0x0f)
	default:
		callee := pick(&b.dice, callees)
		t := b.funcs[callee]
		b.take(b.types[t].params...)
		if how == 5 && !b.acyclic {
			b.emit(0x41, byte(callee), 0x13, byte(t), 0)
		} else {
			b.emit(0x12, byte(callee))
		}
	}
	b.kill()
}
