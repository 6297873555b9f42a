package kv

import (
	"bytes"
	"iter"
	"slices"
	"sync"
)

// memory is a sorted slice. To insert a key moves those after it, which is quick
// enough for the number of keys of a test.
type memory struct {
	mu     sync.RWMutex
	pairs  sorted
	closed bool
}

func (m *memory) view(read func(tree)) error {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.closed {
		return errClosed
	}
	read(&m.pairs)
	return nil
}

func (m *memory) update(change func(tree)) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return errClosed
	}
	change(&m.pairs)
	return nil
}

func (m *memory) close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.pairs, m.closed = nil, true
	return nil
}

type pair struct{ key, value []byte }

type sorted []pair

func (s sorted) find(key []byte) (at int, found bool) {
	return slices.BinarySearchFunc(s, key, func(p pair, key []byte) int { return bytes.Compare(p.key, key) })
}

func (s sorted) get(key []byte) []byte {
	if at, found := s.find(key); found {
		return s[at].value
	}
	return nil
}

func (s *sorted) put(key, value []byte) {
	at, found := s.find(key)
	if !found {
		*s = slices.Insert(*s, at, pair{key: key})
	}
	(*s)[at].value = value
}

func (s *sorted) delete(key []byte) {
	if at, found := s.find(key); found {
		*s = slices.Delete(*s, at, at+1)
	}
}

func (s sorted) from(key []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(key, value []byte) bool) {
		at, _ := s.find(key)
		for _, p := range s[at:] {
			if !yield(p.key, p.value) {
				return
			}
		}
	}
}
