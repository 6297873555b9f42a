package wasm

import "fmt"

// Error says what is wrong with a module, and where.
type Error struct {
	Offset int // in the module's bytes
	Reason string
}

func (e *Error) Error() string { return fmt.Sprintf("at %#x: %s", e.Offset, e.Reason) }

// Reader reads a part of a module. Its first error stays, and all that it reads
// from then on is zero.
type Reader struct {
	b   []byte
	pos int
	at  int // of b in the module
	err error
	// m has the things that indices refer to. It is nil where they are not
	// checked.
	m     *Module
	typed bool // a reference to a type was read
}

// NewReader returns a reader of b.
func NewReader(b []byte) *Reader { return &Reader{b: b} }

// Pos returns how many bytes have been read.
func (r *Reader) Pos() int { return r.pos }

// Err returns the first error.
func (r *Reader) Err() error { return r.err }

// Fail records an error, unless there is one already. pos is a place in the part
// that is read.
func (r *Reader) Fail(pos int, format string, args ...any) {
	if r.err == nil {
		r.err = &Error{r.at + pos, fmt.Sprintf(format, args...)}
	}
}

// More reports whether there is more to read, and no error.
func (r *Reader) More() bool { return r.err == nil && r.pos < len(r.b) }

// Byte reads a byte.
func (r *Reader) Byte() byte {
	if r.err != nil {
		return 0
	}
	if r.pos >= len(r.b) {
		r.Fail(r.pos, "unexpected end")
		return 0
	}
	c := r.b[r.pos]
	r.pos++
	return c
}

// Bytes reads n bytes. They are not copied.
func (r *Reader) Bytes(n int) []byte {
	if r.err != nil {
		return nil
	}
	if n < 0 || n > len(r.b)-r.pos {
		r.Fail(r.pos, "unexpected end: %d bytes are missing", n-(len(r.b)-r.pos))
		return nil
	}
	part := r.b[r.pos : r.pos+n : r.pos+n]
	r.pos += n
	return part
}

// U32 reads an unsigned LEB128 number.
func (r *Reader) U32() uint32 {
	if r.err == nil && r.pos < len(r.b) && r.b[r.pos] < 0x80 { // most are short
		r.pos++
		return uint32(r.b[r.pos-1])
	}
	start, value := r.pos, uint32(0)
	for shift := 0; ; shift += 7 {
		c := r.Byte()
		if shift == 28 && c > 0x0f {
			r.Fail(start, "a number is longer than 32 bits")
			return 0
		}
		value |= uint32(c&0x7f) << shift
		if c < 0x80 {
			return value
		}
	}
}

// Signed reads a signed LEB128 number of at most that many bits.
func (r *Reader) Signed(bits int) int64 {
	if r.err == nil && r.pos < len(r.b) && r.b[r.pos] < 0x80 { // most are short
		r.pos++
		return int64(int8(r.b[r.pos-1]<<1)) >> 1
	}
	start, value := r.pos, int64(0)
	for shift := 0; ; shift += 7 {
		c := r.Byte()
		if left := bits - shift; left < 7 {
			// The bits that do not fit must repeat the sign.
			if top := int8(c<<1) >> left; c >= 0x80 || top != 0 && top != -1 {
				r.Fail(start, "a number is longer than %d bits", bits)
				return 0
			}
		}
		value |= int64(c&0x7f) << shift
		if c < 0x80 {
			if unused := 64 - 7 - shift; unused > 0 {
				value = value << unused >> unused
			}
			return value
		}
	}
}

// Count reads how many items follow, each of at least a byte.
func (r *Reader) Count() int {
	start := r.pos
	n := r.U32()
	if uint64(n) > uint64(len(r.b)-r.pos) {
		r.Fail(start, "%d items don't fit into the %d bytes that are left", n, len(r.b)-r.pos)
		return 0
	}
	return int(n)
}

// countTo reads how many items follow, of which there may be no more than most.
func (r *Reader) countTo(most int, what string) int {
	start := r.pos
	n := r.Count()
	if n > most {
		r.Fail(start, "%d %s, at most %d are allowed", n, what, most)
		return 0
	}
	return n
}

// Name reads a name: its length and its bytes.
func (r *Reader) Name() string { return string(r.Bytes(r.Count())) }

// index reads the index of one of several things.
func (r *Reader) index(what string, have int) uint32 {
	start := r.pos
	index := r.U32()
	r.check(start, what, int64(index), have)
	return index
}

// check fails if there is nothing with that index.
func (r *Reader) check(start int, what string, index int64, have int) {
	if index < 0 || index >= int64(have) {
		r.Fail(start, "there is no %s %d", what, index)
	}
}

func (r *Reader) typeIndex() uint32 { return r.index("type", len(r.m.Types)) }

// heapType reads what a reference refers to: the index of a type, or a
// negative number that stands for all types of a kind.
func (r *Reader) heapType() {
	start := r.pos
	if index := r.Signed(33); index >= 0 && r.m != nil {
		r.typed = true
		r.check(start, "type", index, len(r.m.Types))
	}
}

// valueType reads the type of a value.
func (r *Reader) valueType() ValueType {
	start, t := r.pos, ValueType(r.Byte())
	switch t {
	case I32, I64, F32, F64, V128, FuncRef, ExternRef, ExnRef:
	case Ref, RefNull:
		r.heapType()
	default:
		r.Fail(start, "unknown value type %#x", byte(t))
	}
	return t
}

// AppendU32 appends an unsigned LEB128 number.
func AppendU32(b []byte, v uint32) []byte {
	for ; v >= 0x80; v >>= 7 {
		b = append(b, byte(v)|0x80)
	}
	return append(b, byte(v))
}

// AppendS64 appends a signed LEB128 number.
func AppendS64(b []byte, v int64) []byte {
	for v < -0x40 || v > 0x3f {
		b = append(b, byte(v)|0x80)
		v >>= 7
	}
	return append(b, byte(v)&0x7f)
}

// AppendName appends a name: its length and its bytes.
func AppendName(b []byte, name string) []byte {
	return append(AppendU32(b, uint32(len(name))), name...)
}
