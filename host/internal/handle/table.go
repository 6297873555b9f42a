// Package handle gives guests numbers that stand for values of the host.
package handle

// Table maps handles to values. A handle has 24 bits of place and 7 bits of
// generation, so that a removed handle differs from the next one in its place. No
// handle is 0, and none is negative as an i32: system calls return it as a size. A table belongs to the goroutine that runs its instance.
type Table[T any] struct {
	slots []slot[T]
	free  []uint32
}

type slot[T any] struct {
	value      T
	generation uint8 // of the live value, or of the next one if it is not live
	live       bool
}

const (
	placeBits   = 24
	generations = 1 << 7 // and none is 0
)

// Most is the most live handles of a table.
const Most = 1 << placeBits

// Add adds a value and returns its handle. It returns false if the table is full.
func (t *Table[T]) Add(value T) (handle uint32, ok bool) {
	var place uint32
	if n := len(t.free); n > 0 {
		place = t.free[n-1]
		t.free = t.free[:n-1]
	} else {
		if len(t.slots) == Most {
			return 0, false
		}
		place = uint32(len(t.slots))
		t.slots = append(t.slots, slot[T]{generation: 1})
	}
	s := &t.slots[place]
	s.value, s.live = value, true
	return uint32(s.generation)<<placeBits | place, true
}

// Get returns the value of a live handle.
func (t *Table[T]) Get(handle uint32) (value T, ok bool) {
	place := handle & (Most - 1)
	if int(place) >= len(t.slots) {
		return value, false
	}
	s := &t.slots[place]
	if !s.live || uint32(s.generation) != handle>>placeBits {
		return value, false
	}
	return s.value, true
}

// Remove removes the value of a live handle.
func (t *Table[T]) Remove(handle uint32) {
	place := handle & (Most - 1)
	s := &t.slots[place]
	var none T
	s.value, s.live = none, false
	if s.generation++; s.generation == generations {
		s.generation = 1
	}
	t.free = append(t.free, place)
}

// Len counts the live handles.
func (t *Table[T]) Len() int { return len(t.slots) - len(t.free) }

// All yields the live values. The caller may remove the value that was yielded
// last.
func (t *Table[T]) All(yield func(T) bool) {
	for i := range t.slots {
		if s := &t.slots[i]; s.live && !yield(s.value) {
			return
		}
	}
}

// Reset empties the table, which then gives out the same handles again.
func (t *Table[T]) Reset() {
	clear(t.slots)
	t.slots, t.free = t.slots[:0], t.free[:0]
}
