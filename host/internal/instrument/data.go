package instrument

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// Data is what memory begins with: pieces of it, one after the other, each an
// address and a length, both u32 in little-endian, and so many bytes. A later
// one may overwrite an earlier one.
type Data []byte

const pieceHead = 8

// CopyTo puts the pieces where they belong. Like an instantiation, it stops at
// the first that reaches over the end of the memory.
func (d Data) CopyTo(memory []byte) error {
	for i := 0; len(d) > 0; i++ {
		at, n := uint64(binary.LittleEndian.Uint32(d)), uint64(binary.LittleEndian.Uint32(d[4:]))
		d = d[pieceHead:]
		if at+n > uint64(len(memory)) {
			return fmt.Errorf("data[%d]: out of bounds memory access: %d bytes at %#x, in a memory of %d", i, n, at, len(memory))
		}
		copy(memory[at:], d[:n])
		d = d[n:]
	}
	return nil
}

// segment is a data segment.
type segment struct {
	active  bool
	known   bool // where an active one goes is a plain number:
	at      uint32
	bytes   []byte
	written []byte // all of it
}

func (m *module) parseData(r *reader) {
	n := r.count()
	m.data = make([]segment, 0, n)
	for range n {
		start := r.pos
		var s segment
		switch flags := r.u32(); flags {
		case 0, 2:
			first := flags == 0 || r.u32() == 0 // there is one memory at most
			s.active = true
			s.at, s.known = addressOf(r)
			s.known = s.known && first
		case 1:
		default:
			r.fail(start, "a data segment has unknown flags %#x", flags)
		}
		s.bytes = r.bytes(r.count())
		s.written = r.b[start:r.pos]
		m.data = append(m.data, s)
	}
}

// addressOf reads a constant expression, which is known if it is one number.
func addressOf(r *reader) (at uint32, known bool) {
	if r.pos < len(r.b) && opcode(r.b[r.pos]) == opI32Const {
		p := *r
		p.pos++
		at = uint32(p.signed(32))
		if opcode(p.byte()) == opEnd && p.err == nil {
			*r = p
			return at, true
		}
	}
	p := patcher{reader: *r}
	walkConstant(&p, same)
	*r = p.reader
	return 0, false
}

// takeData takes the active data segments out of the module. Nothing is taken
// out if it can't be told where one of them goes, if the module shares memory
// or tables with others, or if it is invalid.
// An instruction that refers to one would have found it dropped: it finds an
// empty one.
func (m *module) takeData() Data {
	unknown := func(s segment) bool { return s.active && !s.known }
	if m.memories != 1 || m.linked || m.dataUsed > len(m.data) || m.dataCount >= 0 && m.dataCount != len(m.data) || slices.ContainsFunc(m.data, unknown) {
		return nil
	}
	var taken Data
	var kept []byte
	for i, s := range m.data {
		written := s.written
		if s.active {
			taken = binary.LittleEndian.AppendUint32(taken, s.at)
			taken = binary.LittleEndian.AppendUint32(taken, uint32(len(s.bytes)))
			taken = append(taken, s.bytes...)
			written = []byte{1, 0} // passive, and empty
		}
		if i < m.dataUsed {
			kept = append(kept, written...)
		}
	}
	m.sections = slices.DeleteFunc(m.sections, func(s section) bool { return s.id == secDataCount || s.id == secData })
	if m.dataUsed > 0 {
		if m.dataCount >= 0 {
			m.find(secDataCount).body = appendU32(nil, uint32(m.dataUsed))
		}
		m.extend(secData, m.dataUsed, kept)
	}
	return taken
}
