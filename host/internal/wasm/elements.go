package wasm

import "fmt"

// ElementSegment is an element segment.
type ElementSegment struct {
	Active bool
	Table  uint32 // of an active segment
	// Known reports whether the place of an active segment in its table is known:
	// it does not depend on imports.
	Known bool
	Place uint32
	Len   int
}

// CheckElements returns an error if the module can't be instantiated, since an
// active element segment reaches over the end of one of the module's own tables.
// wazero ignores such a segment, and all that follow it. What depends on imported
// tables and globals is not checked.
func (m *Module) CheckElements() error {
	imported := m.Imported(KindTable)
	for i, e := range m.Elements {
		if !e.Active || !e.Known || int(e.Table) < imported || int(e.Table) >= len(m.Tables) {
			continue
		}
		if size := m.Tables[e.Table].Min; uint64(e.Place)+uint64(e.Len) > uint64(size) {
			const outside = "element[%d]: out of bounds table access: %d elements at %d, in a table of %d"
			return fmt.Errorf(outside, i, e.Len, e.Place, size)
		}
	}
	return nil
}

// offset reads the constant expression of a place. See evaluate.
func (r *Reader) offset(found onFunction) (value uint32, known bool) {
	start := r.pos
	if r.constant(found); r.err != nil {
		return 0, false
	}
	return r.m.evaluate(r.b[start:r.pos])
}

// evaluate returns the value of a constant expression. It is known if it is an
// i32 and does not depend on imports.
func (m *Module) evaluate(expression []byte) (value uint32, known bool) {
	r := NewReader(expression)
	var stack []uint32
	for {
		switch op := Opcode(r.Byte()); op {
		case OpI32Const:
			stack = append(stack, uint32(r.Signed(32)))
		case OpGlobalGet:
			g := &m.Globals[r.U32()]
			if !g.Known {
				return 0, false
			}
			stack = append(stack, g.Value)
		case OpI32Add, OpI32Sub, OpI32Mul:
			top := len(stack) - 1
			if top < 1 {
				return 0, false
			}
			stack[top-1] = arithmetic(op, stack[top-1], stack[top])
			stack = stack[:top]
		case OpEnd:
			if len(stack) != 1 {
				return 0, false
			}
			return stack[0], true
		default:
			return 0, false
		}
	}
}

func arithmetic(op Opcode, x, y uint32) uint32 {
	switch op {
	case OpI32Add:
		return x + y
	case OpI32Sub:
		return x - y
	}
	return x * y
}
