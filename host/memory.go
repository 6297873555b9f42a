package host

import (
	"fmt"
	"sync/atomic"

	"github.com/tetratelabs/wazero/experimental"
)

const (
	pageSize  = 64 << 10
	maxMemory = 4 << 30 // of a 32-bit linear memory
)

// memory is an instance's linear memory: it grows to limit and no further.
//
// Where the system can, the most that it may ever be is reserved as addresses
// outside of Go's heap, and gets pages when it is touched: it never moves, no
// growth copies it, and the collector does not count it.
type memory struct {
	bytes    []byte
	limit    uint64        // now; a call may have less than the instance
	most     uint64        // ever
	reserved []byte        // nil if bytes is on Go's heap
	size     atomic.Uint64 // of bytes, for whoever looks on
}

// Allocate makes memory its own allocator: it serves one instance.
func (m *memory) Allocate(_, most uint64) experimental.LinearMemory {
	m.reserved = reserve(min(most, m.most))
	return m
}

// Reallocate returns nil if the limit forbids the size: the guest's
// memory.grow then returns -1. The first size is what the module starts with,
// which wazero takes for granted; without it there is no instance.
func (m *memory) Reallocate(size uint64) []byte {
	if size > m.limit {
		if m.bytes == nil {
			panic(&TrapError{Reason: fmt.Sprintf("out of memory: the module starts with %d bytes, and may have %d", size, m.limit)})
		}
		return nil
	}
	switch {
	case m.reserved != nil:
		m.bytes = m.reserved[:size]
	case size <= uint64(cap(m.bytes)):
		m.bytes = m.bytes[:size]
	default:
		// Growing by a quarter at least keeps a guest that grows page by page
		// from copying its memory each time.
		grown := make([]byte, size, min(max(size, uint64(cap(m.bytes))*5/4), m.most))
		copy(grown, m.bytes)
		m.bytes = grown
	}
	m.size.Store(size)
	return m.bytes
}

// read returns a part of the memory, or false if it is not inside.
func (m *memory) read(ptr, length uint64) ([]byte, bool) {
	if end := ptr + length; end <= uint64(len(m.bytes)) {
		return m.bytes[ptr:end:end], true
	}
	return nil, false
}

// Free is called by wazero, and by the guest's proc_exit while its code still
// has frames on the stack. The memory goes with the instance, in release.
func (m *memory) Free() {}

// release gives the memory back. No code runs in the instance any more.
func (m *memory) release() {
	if m.reserved != nil {
		unreserve(m.reserved)
	}
	m.bytes, m.reserved = nil, nil
}
