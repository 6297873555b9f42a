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
	forbidden atomic.Pointer[string] // why there can be none; nil until that is known

	mu     sync.Mutex
	taking chan struct{} // closed by release; nil if no goroutine takes a snapshot
	again  time.Time     // the next try, after there was no room for a snapshot
}

// noRoom is how long to wait before the next try after there was no room.
const noRoom = time.Second

// Forbid records why the module can have no snapshot. Only the first reason counts.
func (s *Snapshots) Forbid(why string) { s.forbidden.CompareAndSwap(nil, &why) }

// Never returns why the module can have no snapshot, or "" if no reason is known.
func (s *Snapshots) Never() string {
	if why := s.forbidden.Load(); why != nil {
		return *why
	}
	return ""
}

// claim reports whether the caller must take the snapshot, and then call release.
// While another goroutine takes it, claim waits, inside park, until that is done or ctx
// ends.
func (s *Snapshots) claim(ctx context.Context, park func(wait func())) bool {
	for s.wanted() {
		taking, mine := s.tryClaim()
		if mine || taking == nil {
			return mine
		}
		park(func() {
			select {
			case <-taking:
			case <-ctx.Done():
			}
		})
		if ctx.Err() != nil {
			return false
		}
	}
	return false
}

// wanted reports whether the module has no snapshot but may have one.
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

// full records that there was no room for a snapshot.
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

// Evict frees the snapshot. The next instance that starts takes another one.
func (s *Snapshots) Evict() {
	if snap := s.current.Swap(nil); snap != nil {
		snap.close()
	}
}

// Bytes returns the size of the snapshot's memory.
func (s *Snapshots) Bytes() uint64 {
	if snap := s.current.Load(); snap != nil && snap.image != nil {
		return snap.image.Size()
	}
	return 0
}
