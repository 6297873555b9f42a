package wexec

// table finds calls and ops by their handles. A handle may be any number, but
// hosts give out small ones again and again, in the lower bits, and count the
// generations of each in the upper ones: so the lower bits are a place in a
// slice, and a map is for handles that this does not suit.
type table[T any] struct {
	slots  []slot[T]
	others map[uint32]*T
	len    int
}

type slot[T any] struct {
	value  *T // nil if it is free
	handle uint32
}

const (
	placeBits = 24
	// maxGap is how far past the end of the slice a place may be.
	maxGap = 1024
)

func place(handle uint32) int { return int(handle & (1<<placeBits - 1)) }

func (t *table[T]) put(handle uint32, value *T) {
	t.len++
	i := place(handle)
	if i >= len(t.slots) && i < len(t.slots)+maxGap {
		t.slots = append(t.slots, make([]slot[T], i+1-len(t.slots))...)
	}
	if i < len(t.slots) && t.slots[i].value == nil {
		t.slots[i] = slot[T]{value, handle}
		return
	}
	if t.others == nil {
		t.others = map[uint32]*T{}
	}
	t.others[handle] = value
}

// get returns nil for a handle that is not in the table.
func (t *table[T]) get(handle uint32) *T {
	if i := place(handle); i < len(t.slots) && t.slots[i].handle == handle && t.slots[i].value != nil {
		return t.slots[i].value
	}
	return t.others[handle]
}

// remove takes out a handle that is in the table.
func (t *table[T]) remove(handle uint32) {
	t.len--
	if i := place(handle); i < len(t.slots) && t.slots[i].handle == handle && t.slots[i].value != nil {
		t.slots[i].value = nil
		return
	}
	delete(t.others, handle)
}

// find returns a value that ok accepts, or nil.
func (t *table[T]) find(ok func(*T) bool) *T {
	for _, s := range t.slots {
		if s.value != nil && ok(s.value) {
			return s.value
		}
	}
	for _, v := range t.others {
		if ok(v) {
			return v
		}
	}
	return nil
}
