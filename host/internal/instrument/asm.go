package instrument

import "github.com/wexec/wexec/host/internal/wasm"

// blockEmpty is the type of a block that takes and leaves nothing.
const blockEmpty = 0x40

// asm writes instructions, one after the other.
type asm struct{ out []byte }

func (a *asm) byte(b byte) *asm {
	a.out = append(a.out, b)
	return a
}

func (a *asm) bytes(b ...byte) *asm {
	a.out = append(a.out, b...)
	return a
}

// op writes an instruction, with what follows it if that is a number of one
// byte each.
func (a *asm) op(op wasm.Opcode, following ...byte) *asm {
	if op > 0xff {
		a.out = append(a.out, byte(op>>8))
	}
	a.out = append(append(a.out, byte(op)), following...)
	return a
}

// index writes an instruction with an index.
func (a *asm) index(op wasm.Opcode, index uint32) *asm {
	a.op(op)
	a.out = wasm.AppendU32(a.out, index)
	return a
}

func (a *asm) i32(v int32) *asm {
	a.out = wasm.AppendS64(append(a.out, byte(wasm.OpI32Const)), int64(v))
	return a
}

func (a *asm) i64(v int64) *asm {
	a.out = wasm.AppendS64(append(a.out, byte(wasm.OpI64Const)), v)
	return a
}

// copier copies a part of a module with changes. What is not changed stays as
// it was written, byte for byte. Places are those in from.
type copier struct {
	asm
	from []byte
	done int // all that is before it is copied or replaced
}

// keep copies all up to a place.
func (c *copier) keep(until int) *asm {
	c.out = append(c.out, c.from[c.done:until]...)
	c.done = until
	return &c.asm
}

// replace copies all up to start, and leaves out what is from there to end.
// The caller writes what takes its place.
func (c *copier) replace(start, end int) *asm {
	c.keep(start)
	c.done = end
	return &c.asm
}

// finish copies the rest, and returns all.
func (c *copier) finish() []byte { return c.keep(len(c.from)).out }

// typeAdder collects types that are added to a module.
type typeAdder struct {
	next  uint32 // index
	count int
	list  []byte
	known map[string]uint32
}

// add returns the index of a type, which is given as it is written.
func (t *typeAdder) add(encoded []byte) uint32 {
	index, ok := t.known[string(encoded)]
	if !ok {
		index = t.next
		t.next++
		t.count++
		t.list = append(t.list, encoded...)
		if t.known == nil {
			t.known = map[string]uint32{}
		}
		t.known[string(encoded)] = index
	}
	return index
}

// block returns the type of a block that leaves n results of those types.
func (t *typeAdder) block(n int, types []byte) []byte {
	switch n {
	case 0:
		return []byte{blockEmpty}
	case 1:
		return types
	}
	encoded := append(wasm.AppendU32([]byte{0x60, 0}, uint32(n)), types...)
	return wasm.AppendS64(nil, int64(t.add(encoded)))
}
