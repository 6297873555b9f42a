package guest

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// Snapshots takes and keeps the snapshot of a module.
type Snapshots struct {
	current   atomic.Pointer[snapshot]
	forbidden atomic.Pointer[string] // why there can be none, once that is known

	mu     sync.Mutex
	taking chan struct{} // closed when the one who takes it is done; nil if none does
	again  time.Time     // not before; there was no room for one
}

// noRoom is how long no snapshot is tried after there was no room for one.
const noRoom = time.Second

// Forbid says why the module can have no snapshot. The first reason stays.
func (s *Snapshots) Forbid(why string) { s.forbidden.CompareAndSwap(nil, &why) }

// Never returns why the module can have no snapshot, as far as is known, or "".
func (s *Snapshots) Never() string {
	if why := s.forbidden.Load(); why != nil {
		return *why
	}
	return ""
}

// claim reports whether the caller is to take the snapshot, and must call
// release afterwards. If another goroutine takes it, claim waits for that, until
// ctx ends.
func (s *Snapshots) claim(ctx context.Context) bool {
	for s.wanted() {
		taking, mine := s.tryClaim()
		if mine || taking == nil {
			return mine
		}
		select {
		case <-taking:
		case <-ctx.Done():
			return false
		}
	}
	return false
}

// wanted reports whether there is no snapshot, and could be one.
func (s *Snapshots) wanted() bool { return s.forbidden.Load() == nil && s.current.Load() == nil }

func (s *Snapshots) tryClaim() (taking chan struct{}, mine bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	// Another goroutine may have taken it since claim looked.
	if s.taking == nil && s.wanted() && time.Now().After(s.again) {
		s.taking = make(chan struct{})
		return s.taking, true
	}
	return s.taking, false
}

// full says that there was no room for a snapshot.
func (s *Snapshots) full() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.again = time.Now().Add(noRoom)
}

func (s *Snapshots) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.taking)
	s.taking = nil
}

// Evict forgets the snapshot: the next instance takes another one.
func (s *Snapshots) Evict() {
	if snap := s.current.Swap(nil); snap != nil {
		snap.close()
	}
}

// Bytes is the size of the snapshot's memory.
func (s *Snapshots) Bytes() uint64 {
	if snap := s.current.Load(); snap != nil && snap.image != nil {
		return snap.image.Size()
	}
	return 0
}
