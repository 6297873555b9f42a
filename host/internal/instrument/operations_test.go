package instrument_test

import "github.com/tetratelabs/wazero/api"

// operations are the instructions that only calculate: those in a range of
// opcodes that take and leave the same.
var operations = func() (all []operation) {
	const i32, i64, f32, f64 = api.ValueTypeI32, api.ValueTypeI64, api.ValueTypeF32, api.ValueTypeF64
	for _, r := range []struct {
		first, last byte
		in          []byte
		out         byte
	}{
		{0x45, 0x45, []byte{i32}, i32},
		{0x46, 0x4f, []byte{i32, i32}, i32},
		{0x50, 0x50, []byte{i64}, i32},
		{0x51, 0x5a, []byte{i64, i64}, i32},
		{0x5b, 0x60, []byte{f32, f32}, i32},
		{0x61, 0x66, []byte{f64, f64}, i32},
		{0x67, 0x69, []byte{i32}, i32},
		{0x6a, 0x78, []byte{i32, i32}, i32},
		{0x79, 0x7b, []byte{i64}, i64},
		{0x7c, 0x8a, []byte{i64, i64}, i64},
		{0x8b, 0x91, []byte{f32}, f32},
		{0x92, 0x98, []byte{f32, f32}, f32},
		{0x99, 0x9f, []byte{f64}, f64},
		{0xa0, 0xa6, []byte{f64, f64}, f64},
		{0xa7, 0xa7, []byte{i64}, i32},
		{0xa8, 0xa9, []byte{f32}, i32},
		{0xaa, 0xab, []byte{f64}, i32},
		{0xac, 0xad, []byte{i32}, i64},
		{0xae, 0xaf, []byte{f32}, i64},
		{0xb0, 0xb1, []byte{f64}, i64},
		{0xb2, 0xb3, []byte{i32}, f32},
		{0xb4, 0xb5, []byte{i64}, f32},
		{0xb6, 0xb6, []byte{f64}, f32},
		{0xb7, 0xb8, []byte{i32}, f64},
		{0xb9, 0xba, []byte{i64}, f64},
		{0xbb, 0xbb, []byte{f32}, f64},
		{0xbc, 0xbc, []byte{f32}, i32},
		{0xbd, 0xbd, []byte{f64}, i64},
		{0xbe, 0xbe, []byte{i32}, f32},
		{0xbf, 0xbf, []byte{i64}, f64},
		{0xc0, 0xc1, []byte{i32}, i32},
		{0xc2, 0xc4, []byte{i64}, i64},
	} {
		for code := r.first; code <= r.last; code++ {
			all = append(all, operation{code, r.in, r.out})
		}
	}
	return all
}()

type operation struct {
	code byte
	in   []byte
	out  byte
}

// accesses are the loads, from 0x28, and the stores after them: the type and
// the logarithm of the size.
var accesses = [][2]byte{
	{api.ValueTypeI32, 2}, {api.ValueTypeI64, 3}, {api.ValueTypeF32, 2}, {api.ValueTypeF64, 3},
	{api.ValueTypeI32, 0}, {api.ValueTypeI32, 0}, {api.ValueTypeI32, 1}, {api.ValueTypeI32, 1},
	{api.ValueTypeI64, 0}, {api.ValueTypeI64, 0}, {api.ValueTypeI64, 1}, {api.ValueTypeI64, 1},
	{api.ValueTypeI64, 2}, {api.ValueTypeI64, 2},
	{api.ValueTypeI32, 2}, {api.ValueTypeI64, 3}, {api.ValueTypeF32, 2}, {api.ValueTypeF64, 3},
	{api.ValueTypeI32, 0}, {api.ValueTypeI32, 1}, {api.ValueTypeI64, 0}, {api.ValueTypeI64, 1}, {api.ValueTypeI64, 2},
}

// loads is how many of the accesses are loads.
const loads = 14

// numeric calculates, but seldom what may trap.
func (b *body) numeric() {
	op := pick(&b.dice, operations)
	for op.mayTrap() && b.roll(8) > 0 {
		op = pick(&b.dice, operations)
	}
	b.take(op.in...)
	b.emit(op.code)
	b.push(op.out)
}

func (o operation) mayTrap() bool {
	return o.code >= 0x6d && o.code <= 0x70 || o.code >= 0x7f && o.code <= 0x82 ||
		o.code >= 0xa8 && o.code <= 0xab || o.code >= 0xae && o.code <= 0xb1
}

// variable uses locals, globals and the stack.
func (b *body) variable() {
	t := pick(&b.dice, numbers)
	local := -1
	if len(b.locals) > 0 {
		local = b.roll(len(b.locals))
	}
	switch how := b.roll(8); {
	case how < 3 && local >= 0:
		b.take(b.locals[local])
		b.emit(0x21, byte(local))
	case how == 3 && local >= 0:
		b.take(b.locals[local])
		b.emit(0x22, byte(local))
		b.push(b.locals[local])
	case how == 4:
		b.take(t)
		b.emit(0x24, globalOf(t))
	case how == 5:
		b.take(t, t, api.ValueTypeI32)
		b.emit(0x1b)
		b.push(t)
	case how == 6:
		b.take(t)
		b.emit(0x1a)
	default:
		b.operand(t)
	}
}

// fresh pushes a number that is mostly small.
func (b *body) fresh(mask int64) {
	b.operand(api.ValueTypeI32)
	b.emit(0x41)
	b.emit(sleb(mask)...)
	b.emit(0x71)
}

// fresh3 pushes a place, another, and a length, mostly within a memory or
// table of a size.
func (b *body) fresh3(size int64) {
	for range 3 {
		b.fresh(pick(&b.dice, []int64{size/4 - 1, size / 2, 3, size - 1, 2*size - 1}))
	}
	b.operands = b.operands[:len(b.operands)-3]
}

func (b *body) load() {
	i := b.roll(loads)
	t, size := accesses[i][0], accesses[i][1]
	b.take(api.ValueTypeI32)
	if b.roll(8) > 0 {
		b.emit(0x41)
		b.emit(sleb(0x3fff)...)
		b.emit(0x71)
	}
	b.emit(0x28+byte(i), size, byte(b.roll(128)))
	b.push(t)
}

func (b *body) store() {
	i := loads + b.roll(len(accesses)-loads)
	t, size := accesses[i][0], accesses[i][1]
	b.fresh(pick(&b.dice, []int64{0x3fff, 0xff, 0x1ffff}))
	b.take(api.ValueTypeI32, t)
	b.emit(0x28+byte(i), size, byte(b.roll(128)))
}

// bulk changes much memory at once, or how much there is.
func (b *body) bulk() {
	switch b.roll(8) {
	case 0, 1:
		b.fresh3(1 << 17)
		b.emit(0xfc, 11, 0)
	case 2, 3:
		b.fresh3(1 << 17)
		b.emit(0xfc, 10, 0, 0)
	case 4:
		b.fresh3(pick(&b.dice, []int64{dataSize, dataSize * repeat}))
		b.emit(0xfc, 8, 1, 0) // wazero reads the other one, too, which was dropped
	case 5:
		b.emit(0xfc, 9, byte(b.roll(2)))
	case 6:
		b.emit(0x3f, 0)
		b.push(api.ValueTypeI32)
	case 7:
		b.fresh(1)
		b.emit(0x40, 0)
	}
}

// table reads or changes the table.
func (b *body) table() {
	ref := []byte{0xd0, 0x70}
	if b.roll(2) == 0 {
		ref = []byte{0xd2, byte(b.roll(len(b.funcs)))}
	}
	switch b.roll(8) {
	case 0:
		b.take(api.ValueTypeI32)
		b.emit(0x41, tableSize-1, 0x71, 0x25, 0, 0xd1)
		b.push(api.ValueTypeI32)
	case 1:
		b.take(api.ValueTypeI32)
		b.emit(0x41, 2*tableSize-1, 0x71)
		b.emit(ref...)
		b.emit(0x26, 0)
	case 2:
		b.emit(0xfc, 16, 0)
		b.push(api.ValueTypeI32)
	case 3:
		b.emit(ref...)
		b.fresh(pick(&b.dice, []int64{3, longTable - 1}))
		b.emit(0xfc, 15, 0)
	case 4:
		b.fresh(tableSize - 1)
		b.emit(ref...)
		b.fresh(pick(&b.dice, []int64{tableSize - 1, longTable - 1}))
		b.emit(0xfc, 17, 0)
		b.operands = b.operands[:len(b.operands)-2]
	case 5:
		b.fresh3(pick(&b.dice, []int64{tableSize, longTable}))
		b.emit(0xfc, 14, 0, 0)
	case 6:
		b.fresh3(pick(&b.dice, []int64{tableSize, longTable}))
		b.emit(0xfc, 12, byte(b.roll(2)), 0)
	case 7:
		b.emit(0xfc, 13, byte(b.roll(2)))
	}
}

// callees are the functions with a fitting signature that may be called.
func (b *body) callees(fits func(signature) bool) (indices []int) {
	for i, t := range b.funcs {
		if fits(b.types[t]) && (!b.acyclic || i > b.index || i == noteFunc) {
			indices = append(indices, i)
		}
	}
	return indices
}

// call calls a function, also through the table. There functions are at their
// index, as long as nothing changes it.
func (b *body) call() {
	f := pick(&b.dice, b.callees(func(signature) bool { return true }))
	t := b.funcs[f]
	b.take(b.types[t].params...)
	if b.roll(4) == 1 && !b.acyclic {
		b.emit(0x41, byte(f), 0x11, byte(t), 0)
	} else {
		b.emit(0x10, byte(f))
	}
	b.push(b.types[t].results...)
}
