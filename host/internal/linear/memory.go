// Package linear keeps the linear memories of guests. Where the system can, a
// memory is a range of addresses outside of Go's heap, as long as it may ever
// grow, that gets pages when they are touched: it never moves, no growth
// copies it, and Go's collector does not count it.
//
// A memory may begin as an [Image], the contents that a guest's memory has when
// it is ready for a task, and be put back to it when the task has ended. All
// memories and images together are bounded by a [Budget].
package linear

import (
	"sync/atomic"
)

// PageSize is that of WebAssembly, in bytes.
const PageSize = 64 << 10

// Memory is the linear memory of one instance.
// It belongs to the goroutine that runs the instance, but for Size.
type Memory struct {
	bytes    []byte
	budget   *Budget
	limit    uint64        // now; a call may have less than the instance
	most     uint64        // ever
	reserved []byte        // the range of addresses; nil if bytes is on Go's heap
	size     atomic.Uint64 // of bytes, for whoever looks on
	shrink   bool          // Reallocate is to return what the image has

	image  *Image // nil if it began empty
	mapped bool   // it is a mapping of the image's file
	habit  habit
}

// New returns a memory of no size yet. It may grow to limit, in bytes, which
// SetLimit can raise to most.
func (b *Budget) New(limit, most uint64) *Memory {
	return &Memory{budget: b, limit: limit, most: most}
}

// SetLimit sets how many bytes it may grow to from now on.
func (m *Memory) SetLimit(limit uint64) { m.limit = limit }

// Size returns its size in bytes. Any goroutine may ask.
func (m *Memory) Size() uint64 { return m.size.Load() }

// Bytes returns all of it, until it grows or is released.
func (m *Memory) Bytes() []byte { return m.bytes }

// Read returns a part of it, or false if that is not inside.
func (m *Memory) Read(ptr, length uint64) ([]byte, bool) {
	if end := ptr + length; end <= uint64(len(m.bytes)) {
		return m.bytes[ptr:end:end], true
	}
	return nil, false
}

// Reserve prepares the memory for one instance, whose module lets it grow to
// most bytes.
func (m *Memory) Reserve(most uint64) { m.reserved = reserve(min(most, m.most)) }

// Reallocate gives the memory a size, in bytes. It returns nil if the size
// is forbidden: the guest's memory.grow then returns -1. The first size is what
// the module starts with, which the engine takes for granted: there it panics
// with an error, a *LimitError or a *BudgetError.
func (m *Memory) Reallocate(size uint64) []byte {
	if m.image != nil && (m.shrink || m.bytes == nil) {
		size = uint64(len(m.image.contents))
	}
	if err := m.resize(size); err != nil {
		if m.bytes == nil {
			panic(err)
		}
		return nil
	}
	return m.bytes
}

// resize gives it a size.
func (m *Memory) resize(size uint64) error {
	before := uint64(len(m.bytes))
	if size > before {
		if size > m.limit {
			return &LimitError{size, m.limit}
		}
		if err := m.budget.take(size - before); err != nil {
			return err
		}
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
	if before == 0 && m.image != nil {
		m.begin()
	}
	if size < before {
		m.budget.give(before - size)
	}
	m.size.Store(size)
	return nil
}

// Free does nothing: the engine calls it when a guest exits, while the guest's
// code still has frames on the stack. Release frees the memory.
func (m *Memory) Free() {}

// Release gives the memory back. No code runs in the instance any more.
func (m *Memory) Release() {
	m.budget.give(uint64(len(m.bytes)))
	if m.reserved != nil {
		unreserve(m.reserved)
	}
	if m.image != nil {
		m.image.drop()
	}
	m.bytes, m.reserved, m.image = nil, nil, nil
	m.size.Store(0)
}

// Grower is a memory as the engine sees it.
type Grower interface {
	Grow(pages uint32) (previous uint32, ok bool)
}

// Restore resets the memory to its image, in size and contents. It returns false
// if it can't: the engine does not let us change the size of a memory that is as
// large as its module allows.
func (m *Memory) Restore(of Grower) bool {
	if m.image == nil {
		return len(m.bytes) == 0
	}
	size := len(m.image.contents)
	if grown := m.bytes[size:]; len(grown) > 0 {
		if m.reserved == nil || !discard(grown) {
			clear(grown)
		}
		// wazero can't shrink a memory, but takes what an allocator returns when
		// it asks for a larger one.
		m.shrink = true
		_, ok := of.Grow(1)
		m.shrink = false
		if !ok {
			return false
		}
	}
	m.putBack()
	return true
}

// unknownMachine stands for the machine's memory where the system does not tell.
const unknownMachine = 8 << 30
