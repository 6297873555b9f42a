package stdio

import (
	"reflect"
	"sync"
)

// lease is how many calls use what belongs to one stream of an embedder's.
type lease struct {
	stream any // nil if streams of its type can't be told from each other
	users  int
}

func (l *lease) leaseOf() *lease { return l }

// leased is what belongs to a stream.
type leased interface {
	leaseOf() *lease
	// spent says that nothing is lost if it is forgotten.
	spent() bool
}

// registry finds what belongs to a stream, while calls use it and until it is
// spent.
type registry[T leased] struct {
	mu       sync.Mutex
	byStream map[any]T
}

// join returns what belongs to a stream, which it makes if need be.
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

// leave says that a call does not use t any more.
func (r *registry[T]) leave(t T) {
	r.mu.Lock()
	t.leaseOf().users--
	r.mu.Unlock()
	r.settle(t)
}

// settle forgets t if it is of no more use.
func (r *registry[T]) settle(t T) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if l := t.leaseOf(); l.stream != nil && l.users == 0 && t.spent() {
		delete(r.byStream, l.stream)
		l.stream = nil
	}
}
