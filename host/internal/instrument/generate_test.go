package instrument_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/tetratelabs/wazero/api"
)

// dice makes decisions out of bytes. Without bytes it decides for 0, so what
// it decides about comes to an end.
type dice struct{ data []byte }

func (d *dice) roll(n int) int {
	if len(d.data) == 0 {
		return 0
	}
	v := int(d.data[0]) % n
	d.data = d.data[1:]
	return v
}

// pick is one of a list.
func pick[T any](d *dice, of []T) T { return of[d.roll(len(of))] }

// numbers are the types of values in generated modules.
var numbers = []byte{api.ValueTypeI32, api.ValueTypeI64, api.ValueTypeF32, api.ValueTypeF64}

// A signature is the type of a function or block.
type signature struct{ params, results []byte }

// What generated modules have at fixed places.
const (
	noteFunc   = 0 // the import env.note, (i32) -> i32
	fuelGlobal = 0 // how many more loop rounds and calls are allowed
	tickGlobal = 5 // how many instructions code has counted itself
	noteType   = 0
	emptyType  = 1
	dataSize   = 40
	tableSize  = 8
	// longTable is a size that is rewritten in pieces, as are segments that
	// repeat.
	longTable = 1 << 14
	repeat    = 1800
)

// fuel is what the global fuel is before a call. A generated module traps
// when it has used that up, so it ends without any help of Rewrite's.
const fuel = 400

// A generator makes valid modules that terminate.
type generator struct {
	dice
	types []signature
	// funcs has the type of every function, the import first.
	funcs []int
	// acyclic is for calls of later functions alone, and none through the
	// table, so that there is no recursion.
	acyclic bool
}

// generate makes a module from bytes: any bytes make a valid one. It exports
// its memory, its globals, and its functions as f1, f2 and so on.
func generate(data []byte) []byte {
	g := &generator{dice: dice{data}, types: []signature{
		noteType:  {[]byte{api.ValueTypeI32}, []byte{api.ValueTypeI32}},
		emptyType: {},
	}}
	g.acyclic = g.roll(2) == 1
	for range 1 + g.roll(5) {
		g.types = append(g.types, signature{g.someTypes(), g.someTypes()})
	}
	g.funcs = []int{noteType}
	for range 1 + g.roll(5) {
		g.funcs = append(g.funcs, 1+g.roll(len(g.types)-1))
	}

	var types, funcs, exports, refs, bodies, names [][]byte
	for _, t := range g.types {
		types = append(types, concat([]byte{0x60}, sized(t.params), sized(t.results)))
	}
	rest := g.data
	for i, t := range g.funcs {
		name := fmt.Sprint("f", i)
		names = append(names, concat(uleb(i), sized([]byte(name))))
		refs = append(refs, uleb(i))
		if i == noteFunc {
			continue
		}
		funcs = append(funcs, uleb(t))
		exports = append(exports, concat(sized([]byte(name)), []byte{0}, uleb(i)))
		share := len(rest) / (len(g.funcs) - i)
		g.data, rest = rest[:share], rest[share:]
		bodies = append(bodies, sized(g.function(i)))
	}
	exports = append(exports, concat(sized([]byte("memory")), []byte{2, 0}))
	globals := [][]byte{concat([]byte{api.ValueTypeI32, 1, 0x41}, sleb(fuel), []byte{0x0b})}
	for _, t := range numbers {
		globals = append(globals, concat([]byte{t, 1}, constant(&g.dice, t), []byte{0x0b}))
	}
	globals = append(globals, []byte{api.ValueTypeI64, 1, 0x42, 0, 0x0b})
	for i := range globals {
		exports = append(exports, concat(sized(fmt.Append(nil, "g", i)), []byte{3, byte(i)}))
	}
	content := make([]byte, dataSize)
	for i := range content {
		content[i] = byte(i*i + 1)
	}
	data, elements := sized(content), vector(refs)
	if g.roll(8) == 1 {
		data = sized(bytes.Repeat(content, repeat))
		elements = vector(slices.Repeat(refs, repeat*8/len(refs)))
	}
	module := [][]byte{
		[]byte("\x00asm\x01\x00\x00\x00"),
		section(1, vector(types)),
		section(2, concat([]byte{1}, sized([]byte("env")), sized([]byte("note")), []byte{0, noteType})),
		section(3, vector(funcs)),
		section(4, concat([]byte{1, 0x70, 1, tableSize}, uleb(2*longTable))),
		section(5, []byte{1, 1, 2, 4}),
		section(6, vector(globals)),
		section(7, vector(exports)),
	}
	if g.roll(4) == 1 {
		for i, t := range g.funcs {
			if t == emptyType {
				module = append(module, section(8, uleb(i)))
				break
			}
		}
	}
	return concat(append(module,
		section(9, concat([]byte{2, 0, 0x41, 0, 0x0b}, vector(refs), []byte{1, 0}, elements)),
		section(12, []byte{2}),
		section(10, vector(bodies)),
		section(11, concat([]byte{2, 0, 0x41, 8, 0x0b}, sized(content), []byte{1}, data)),
		section(0, concat(sized([]byte("name")), section(1, vector(names)))),
	)...)
}

// someTypes is up to three types.
func (g *generator) someTypes() []byte {
	types := make([]byte, g.roll(4))
	for i := range types {
		types[i] = pick(&g.dice, numbers)
	}
	return types
}

// constant returns an instruction that pushes a value.
func constant(d *dice, t byte) []byte {
	switch t {
	case api.ValueTypeI32:
		return concat([]byte{0x41}, sleb(pick(d, []int64{3, 0, 1, -1, 64, 1000, 65535, -1 << 31, 1<<31 - 1})))
	case api.ValueTypeI64:
		return concat([]byte{0x42}, sleb(pick(d, []int64{5, 0, 1, -1, 1 << 20, 1 << 40, -1 << 63, 1<<63 - 1})))
	case api.ValueTypeF32:
		bits := pick(d, []uint32{0x3fc00000, 0, 1 << 31, 0x42c80000, 0x7f800000, 0x7fc00000, 0xcf000000, 1})
		return binary.LittleEndian.AppendUint32([]byte{0x43}, bits)
	}
	bits := pick(d, []uint64{0x3ff8 << 48, 0, 1 << 63, 0x4059 << 48, 0x7ff0 << 48, 0x7ff8 << 48, 0xc3e0 << 48, 1})
	return binary.LittleEndian.AppendUint64([]byte{0x44}, bits)
}

func section(id byte, content []byte) []byte { return concat([]byte{id}, sized(content)) }

// sized puts its length before data.
func sized(data []byte) []byte { return concat(uleb(len(data)), data) }

// vector puts their number before items.
func vector(items [][]byte) []byte { return concat(uleb(len(items)), concat(items...)) }

func concat(parts ...[]byte) []byte {
	var all []byte
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

func uleb(n int) []byte { return binary.AppendUvarint(nil, uint64(n)) }

func sleb(n int64) []byte {
	var b []byte
	for n < -64 || n >= 64 {
		b = append(b, byte(n)|0x80)
		n >>= 7
	}
	return append(b, byte(n)&0x7f)
}
