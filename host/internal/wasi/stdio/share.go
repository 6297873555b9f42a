package stdio

import (
	"reflect"
	"sync"
)

// lease counts the calls that use the state of an embedder's stream.
type lease struct {
	stream any // nil if streams of its type can't be compared
	users  int
}

func (l *lease) leaseOf() *lease { return l }

// leased is the state of a stream.
type leased interface {
	leaseOf() *lease
	// spent reports whether the state may be dropped.
	spent() bool
}

// registry maps streams to their state, while calls use it and until it is spent.
type registry[T leased] struct {
	mu       sync.Mutex
	byStream map[any]T
}

// join returns the state of a stream for a call, and makes it if there is none.
func (r *registry[T]) join(stream any, make func() T) T {
	if !reflect.ValueOf(stream).Comparable() {
		return make()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	t, ok := r.byStream[stream]
	if !ok {
		t = make()
		t.leaseOf().stream = stream
		if r.byStream == nil {
			r.byStream = map[any]T{}
		}
		r.byStream[stream] = t
	}
	t.leaseOf().users++
	return t
}

// leave ends a call's use of t.
func (r *registry[T]) leave(t T) {
	r.mu.Lock()
	t.leaseOf().users--
	r.mu.Unlock()
	r.settle(t)
}

// settle drops t if no call uses it and it is spent.
func (r *registry[T]) settle(t T) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if l := t.leaseOf(); l.stream != nil && l.users == 0 && t.spent() {
		delete(r.byStream, l.stream)
		l.stream = nil
	}
}
