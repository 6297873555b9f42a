package events

import (
	"bytes"

	"github.com/wexec/wexec/abi"
)

// Source is the end of a queue at which one call puts events. A nil Source belongs
// to a call that has no queue.
type Source struct {
	queue *Queue
	call  uint64
	task  string

	// The lock of the queue guards the fields below.
	closed  bool
	chunks  bool
	refused uint64 // the number of the first refusal since an event was accepted, or 0
	room    func() // set while the source waits
}

// Open adds the source of a call to a queue, which does not end before the source
// is closed.
func (s *Source) Open(q *Queue, call uint64, task string) {
	s.queue, s.call, s.task = q, call, task
	q.mu.Lock()
	defer q.mu.Unlock()
	q.open++
}

// Put adds a copy of data, of at most abi.MaxEmitBytes. It returns false if there is
// no room. A source that is closed drops the event.
func (s *Source) Put(kind abi.EmitKind, data []byte) bool {
	q := s.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case s.closed:
		return true
	case q.held+overhead+len(data) > capacity:
		if s.refused == 0 {
			q.refusals++
			s.refused = q.refusals
		}
		return false
	}
	s.refused = 0
	s.chunks = s.chunks || kind == abi.EmitChunk
	q.add(Event{s.call, s.task, kind, bytes.Clone(data)})
	return true
}

// Wait says that room is to be called, on any goroutine, when there is room after
// Put returned false. A source waits once at a time; waiting again changes nothing.
// Wait returns false if there is no need to wait.
func (s *Source) Wait(room func()) bool {
	q := s.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	if s.closed || q.held <= low {
		return false
	}
	if s.room == nil {
		s.room = room
		if q.waiting == nil {
			q.waiting = map[*Source]struct{}{}
		}
		q.waiting[s] = struct{}{}
	}
	return true
}

// Close ends the source, whose events can still be read. It may be called again.
func (s *Source) Close() {
	if s == nil {
		return
	}
	q := s.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	if s.closed {
		return
	}
	s.closed = true
	s.room = nil
	delete(q.waiting, s)
	if q.open--; q.open == 0 {
		q.wake()
	}
}

// Chunked reports whether chunks of output went to the queue.
func (s *Source) Chunked() bool {
	if s == nil {
		return false
	}
	s.queue.mu.Lock()
	defer s.queue.mu.Unlock()
	return s.chunks
}
