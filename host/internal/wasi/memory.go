package wasi

import "encoding/binary"

// memory is a guest's linear memory. Every access checks the address, which comes
// from the guest.
type memory []byte

// has reports whether there are n bytes at ptr.
func (m memory) has(ptr uint32, n uint64) bool { return uint64(ptr)+n <= uint64(len(m)) }

// bytes returns n bytes at ptr.
func (m memory) bytes(ptr, n uint32) ([]byte, bool) {
	if !m.has(ptr, uint64(n)) {
		return nil, false
	}
	return m[ptr:][:n:n], true
}

// put writes a 32-bit integer, and putLong a 64-bit one.

func (m memory) put(ptr, v uint32) errno {
	b, ok := m.bytes(ptr, 4)
	if !ok {
		return eFault
	}
	binary.LittleEndian.PutUint32(b, v)
	return success
}

func (m memory) putLong(ptr uint32, v uint64) errno {
	b, ok := m.bytes(ptr, 8)
	if !ok {
		return eFault
	}
	binary.LittleEndian.PutUint64(b, v)
	return success
}

// putBytes copies b to ptr.
func (m memory) putBytes(ptr uint32, b []byte) errno {
	to, ok := m.bytes(ptr, uint32(len(b)))
	if !ok {
		return eFault
	}
	copy(to, b)
	return success
}
