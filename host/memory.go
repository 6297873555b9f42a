package host

import "github.com/tetratelabs/wazero/experimental"

const (
	pageSize  = 64 << 10
	maxMemory = 4 << 30 // of a 32-bit linear memory
)

// memory is an instance's linear memory: it grows to limit and no further.
type memory struct {
	bytes []byte
	limit uint64
}

// Allocate makes memory its own allocator: it serves one instance.
func (m *memory) Allocate(capacity, _ uint64) experimental.LinearMemory {
	m.bytes = make([]byte, 0, min(capacity, m.limit))
	return m
}

// Reallocate returns nil if the limit forbids the size: the guest's
// memory.grow then returns -1.
func (m *memory) Reallocate(size uint64) []byte {
	if size > m.limit {
		return nil
	}
	if size > uint64(cap(m.bytes)) {
		// Growing by a quarter at least keeps a guest that grows page by page
		// from copying its memory each time.
		room := min(max(size, uint64(cap(m.bytes))+uint64(cap(m.bytes))/4), m.limit)
		grown := make([]byte, size, room)
		copy(grown, m.bytes)
		m.bytes = grown
	}
	m.bytes = m.bytes[:size]
	return m.bytes
}

// Free drops the memory. Go's collector does the rest.
func (m *memory) Free() { m.bytes = nil }
