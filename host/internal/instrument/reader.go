package instrument

import "fmt"

// Error says why a module can't be rewritten, and where.
type Error struct {
	Offset int // in the module's bytes
	Reason string
}

func (e *Error) Error() string { return fmt.Sprintf("at %#x: %s", e.Offset, e.Reason) }

// reader takes bytes off a part of a module. Its first error stays, and what
// it reads from then on is zero.
type reader struct {
	b   []byte
	pos int
	at  int // of b in the module
	err error
	// have is what indices may refer to; nil if they need no check. What is
	// added to a module comes after what it has: an index that is too high must
	// not reach it.
	have *counts
}

// counts are numbers of things in a module.
type counts struct {
	types, functions, globals int
	typed                     bool // there are references to functions of a type
}

// check fails if there is nothing with that index.
func (r *reader) check(start int, what string, index int64, have int) {
	if r.have != nil && (index < 0 || index >= int64(have)) {
		r.fail(start, "there is no %s %d", what, index)
	}
}

// index reads the index of one of so many things.
func (r *reader) index(what string, many func(*counts) int) uint32 {
	start := r.pos
	index := r.u32()
	if r.have != nil {
		r.check(start, what, int64(index), many(r.have))
	}
	return index
}

func (r *reader) typeIndex() uint32 { return r.index("type", func(c *counts) int { return c.types }) }

func (r *reader) globalIndex() uint32 {
	return r.index("global", func(c *counts) int { return c.globals })
}

// heapType reads what a reference refers to: the index of a type, or a
// negative number for all of a kind.
func (r *reader) heapType() {
	start := r.pos
	if index := r.signed(33); index >= 0 && r.have != nil {
		r.have.typed = true
		r.check(start, "type", index, r.have.types)
	}
}

func (r *reader) fail(pos int, format string, args ...any) {
	if r.err == nil {
		r.err = &Error{r.at + pos, fmt.Sprintf(format, args...)}
	}
}

// more reports whether there is something left to read.
func (r *reader) more() bool { return r.err == nil && r.pos < len(r.b) }

func (r *reader) byte() byte {
	if r.err != nil {
		return 0
	}
	if r.pos >= len(r.b) {
		r.fail(r.pos, "unexpected end")
		return 0
	}
	c := r.b[r.pos]
	r.pos++
	return c
}

// bytes takes n bytes. They are the module's own.
func (r *reader) bytes(n int) []byte {
	if r.err != nil {
		return nil
	}
	if n < 0 || n > len(r.b)-r.pos {
		r.fail(r.pos, "unexpected end: %d bytes are missing", n-(len(r.b)-r.pos))
		return nil
	}
	part := r.b[r.pos : r.pos+n : r.pos+n]
	r.pos += n
	return part
}

// u32 reads an unsigned LEB128 number.
func (r *reader) u32() uint32 {
	if r.err == nil && r.pos < len(r.b) && r.b[r.pos] < 0x80 { // most are short
		r.pos++
		return uint32(r.b[r.pos-1])
	}
	start, value := r.pos, uint32(0)
	for shift := 0; ; shift += 7 {
		c := r.byte()
		if shift == 28 && c > 0x0f {
			r.fail(start, "a number is longer than 32 bits")
			return 0
		}
		value |= uint32(c&0x7f) << shift
		if c < 0x80 {
			return value
		}
	}
}

// signed reads a signed LEB128 number of at most that many bits.
func (r *reader) signed(bits int) int64 {
	if r.err == nil && r.pos < len(r.b) && r.b[r.pos] < 0x80 { // most are short
		r.pos++
		return int64(int8(r.b[r.pos-1]<<1)) >> 1
	}
	start, value := r.pos, int64(0)
	for shift := 0; ; shift += 7 {
		c := r.byte()
		if left := bits - shift; left < 7 {
			// What does not fit must repeat the sign.
			if top := int8(c<<1) >> left; c >= 0x80 || top != 0 && top != -1 {
				r.fail(start, "a number is longer than %d bits", bits)
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

// count reads how many items follow, each of at least a byte.
func (r *reader) count() int {
	start := r.pos
	n := r.u32()
	if uint64(n) > uint64(len(r.b)-r.pos) {
		r.fail(start, "%d items don't fit into the %d bytes that are left", n, len(r.b)-r.pos)
		return 0
	}
	return int(n)
}

// countTo reads how many items follow, of which there may be no more than most.
func (r *reader) countTo(most int, what string) int {
	start := r.pos
	n := r.count()
	if n > most {
		r.fail(start, "%d %s, at most %d are allowed", n, what, most)
		return 0
	}
	return n
}

func (r *reader) name() string { return string(r.bytes(r.count())) }

func appendU32(b []byte, v uint32) []byte {
	for ; v >= 0x80; v >>= 7 {
		b = append(b, byte(v)|0x80)
	}
	return append(b, byte(v))
}

func appendS64(b []byte, v int64) []byte {
	for v < -0x40 || v > 0x3f {
		b = append(b, byte(v)|0x80)
		v >>= 7
	}
	return append(b, byte(v)&0x7f)
}

func appendName(b []byte, name string) []byte {
	return append(appendU32(b, uint32(len(name))), name...)
}

// patcher copies what a reader walks over, with changes. What is not changed
// stays as it was written, byte for byte.
type patcher struct {
	reader
	out  []byte
	done int // what is before it is in out
}

// keep copies what has not been copied yet, up to pos.
func (p *patcher) keep(pos int) {
	p.out = append(p.out, p.b[p.done:pos]...)
	p.done = pos
}

// replace puts other bytes in the place of those from start to where the
// reader is.
func (p *patcher) replace(start int, with ...byte) {
	p.keep(start)
	p.out = append(p.out, with...)
	p.done = p.pos
}

// function reads the index of a function and replaces it, if it has moved.
func (p *patcher) function(moved func(uint32) uint32) (old uint32) {
	start := p.pos
	old = p.index("function", func(c *counts) int { return c.functions })
	if now := moved(old); now != old {
		p.keep(start)
		p.out = appendU32(p.out, now)
		p.done = p.pos
	}
	return old
}

// finish copies the rest and returns all.
func (p *patcher) finish() ([]byte, error) {
	if p.err != nil {
		return nil, p.err
	}
	p.keep(len(p.b))
	return p.out, nil
}
