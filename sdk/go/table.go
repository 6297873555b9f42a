package wexec

// table maps handles to calls and ops. A handle may be any number. In practice
// the lower bits are a small number that the host reuses, and the upper bits
// count how often. So the lower bits index a slice; handles that don't fit there
// go into a map.
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
	slotBits = 24
	// maxGap is how far past the end of the slice a new slot may be.
	maxGap = 1024
)

func slotOf(handle uint32) int { return int(handle & (1<<slotBits - 1)) }

func (t *table[T]) put(handle uint32, value *T) {
	t.len++
	i := slotOf(handle)
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

// get returns the value of a handle, or nil if it is not in the table.
func (t *table[T]) get(handle uint32) *T {
	if i := slotOf(handle); i < len(t.slots) && t.slots[i].handle == handle && t.slots[i].value != nil {
		return t.slots[i].value
	}
	return t.others[handle]
}

// remove removes a handle, which must be in the table.
func (t *table[T]) remove(handle uint32) {
	t.len--
	if i := slotOf(handle); i < len(t.slots) && t.slots[i].handle == handle && t.slots[i].value != nil {
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
