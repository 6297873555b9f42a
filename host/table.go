package host

// table names values by handles: 24 bits of place and 8 of generation, so
// that a dead handle is told from the live one that took its place. No handle
// is 0. A table belongs to the goroutine that runs its instance.
type table[T any] struct {
	slots []slot[T]
	free  []uint32
}

type slot[T any] struct {
	value      T
	generation uint8 // of the live value, or of the next one
	live       bool
}

const (
	placeBits  = 24
	tableLimit = 1 << placeBits
)

// add names a value. It returns false if the table is full.
func (t *table[T]) add(value T) (handle uint32, ok bool) {
	var place uint32
	if n := len(t.free); n > 0 {
		place = t.free[n-1]
		t.free = t.free[:n-1]
	} else {
		if len(t.slots) == tableLimit {
			return 0, false
		}
		place = uint32(len(t.slots))
		t.slots = append(t.slots, slot[T]{generation: 1})
	}
	s := &t.slots[place]
	s.value, s.live = value, true
	return uint32(s.generation)<<placeBits | place, true
}

// get returns the value of a live handle.
func (t *table[T]) get(handle uint32) (value T, ok bool) {
	place := handle & (tableLimit - 1)
	if int(place) >= len(t.slots) {
		return value, false
	}
	s := &t.slots[place]
	if !s.live || uint32(s.generation) != handle>>placeBits {
		return value, false
	}
	return s.value, true
}

// remove ends a live handle.
func (t *table[T]) remove(handle uint32) {
	place := handle & (tableLimit - 1)
	s := &t.slots[place]
	var none T
	s.value, s.live = none, false
	if s.generation++; s.generation == 0 {
		s.generation = 1
	}
	t.free = append(t.free, place)
}

// len counts the live handles.
func (t *table[T]) len() int { return len(t.slots) - len(t.free) }

// all yields the live values. Removing the one just yielded is allowed.
func (t *table[T]) all(yield func(T) bool) {
	for i := range t.slots {
		if s := &t.slots[i]; s.live && !yield(s.value) {
			return
		}
	}
}

// reset makes it what it was at first: the same handles come again.
func (t *table[T]) reset() {
	clear(t.slots)
	t.slots, t.free = t.slots[:0], t.free[:0]
}
