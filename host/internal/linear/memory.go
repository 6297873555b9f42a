// Package linear manages the linear memories of guests. If the system allows it,
// a memory is a range of addresses outside Go's heap, as large as the memory may
// ever grow. The range gets pages when they are touched. So the memory never
// moves, growing it copies nothing, and Go's collector does not count it.
//
// A memory may start from an [Image], which is a snapshot of a guest's memory
// taken when the guest is ready for a task. After the task, the memory is restored
// to the image. A [Budget] limits the total size of memories and images.
package linear

import (
	"sync/atomic"
)

// PageSize is the size of a WebAssembly page in bytes.
const PageSize = 64 << 10

// Memory is the linear memory of one instance.
// Only the goroutine that runs the instance may use it, except for Size.
type Memory struct {
	refused  error // why it could not grow
	bytes    []byte
	budget   *Budget
	limit    uint64        // now; the limit of a call may be below that of the instance
	most     uint64        // the highest limit there may be
	reserved []byte        // the range of addresses; nil if bytes is on Go's heap
	size     atomic.Uint64 // the length of bytes, for other goroutines
	shrink   bool          // Reallocate must return the size of the image
	filled   uint64        // up to where all pages are there: see Fill

	image  *Image // nil if the memory did not start from one
	mapped bool   // bytes is a mapping of the image's file
	resets resets
}

// New returns a memory that is not allocated yet. It may grow to limit bytes.
// SetLimit can raise the limit to most.
func (b *Budget) New(limit, most uint64) *Memory {
	return &Memory{budget: b, limit: limit, most: most}
}

// SetLimit sets how many bytes the memory may grow to from now on.
func (m *Memory) SetLimit(limit uint64) { m.limit = limit }

// Size returns the size of the memory in bytes. Any goroutine may call it.
func (m *Memory) Size() uint64 { return m.size.Load() }

// Bytes returns the whole memory. The slice is valid until the memory grows or is
// released.
func (m *Memory) Bytes() []byte { return m.bytes }

// Read returns a part of the memory, or false if the part is out of bounds.
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
		m.refused = err
		return nil
	}
	return m.bytes
}

// Refused returns why the memory could not grow since the last ForgetRefusal: a
// *LimitError or a *BudgetError; or nil.
func (m *Memory) Refused() error { return m.refused }

// ForgetRefusal makes Refused return nil until a growth is refused again.
func (m *Memory) ForgetRefusal() { m.refused = nil }

// resize sets the size of the memory.
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
		// Growing by at least a quarter keeps a guest that grows page by page
		// from copying its memory each time.
		grown := make([]byte, size, min(max(size, uint64(cap(m.bytes))*5/4), m.most))
		Copy(grown, m.bytes)
		m.bytes = grown
	}
	if before == 0 && m.image != nil {
		m.loadImage()
	}
	if size < before {
		m.budget.give(before - size)
		m.filled = min(m.filled, size)
	}
	m.size.Store(size)
	return nil
}

// Free does nothing: the engine calls it when a guest exits, while the guest's
// code still has frames on the stack. Release frees the memory.
func (m *Memory) Free() {}

// Release frees the memory. No code may run in the instance any more.
func (m *Memory) Release() {
	m.budget.give(uint64(len(m.bytes)))
	if m.reserved != nil {
		unreserve(m.reserved)
	}
	if m.image != nil {
		m.image.drop()
	}
	m.bytes, m.reserved, m.image, m.filled = nil, nil, nil, 0
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
			Clear(grown)
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
	m.reset()
	return true
}

// unknownMachine is the assumed memory of a machine whose memory is not known.
const unknownMachine = 8 << 30
