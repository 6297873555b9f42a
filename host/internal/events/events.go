// Package events takes what calls emit before their end to the embedder: a Queue
// that is bounded, to which each call has a Source. The reader pulls; there is no
// goroutine.
package events

import (
	"cmp"
	"context"
	"io"
	"iter"
	"maps"
	"slices"
	"sync"

	"github.com/wexec/wexec/abi"
)

// Event is a chunk of output, or progress, that a call emitted before its end.
type Event struct {
	Call uint64 // the ID of its Span
	Task string
	Kind abi.EmitKind
	Data []byte
}

// Progress reads an event of that kind. The guest wrote it, and may have written
// anything.
func (e Event) Progress() (abi.Progress, error) { return abi.ParseProgress(e.Data) }

const (
	// capacity is the most bytes that a queue holds, with overhead for each event.
	capacity = 1 << 20
	// overhead is more than an event takes beside its data.
	overhead = 128
	// low is how full a queue may be when its sources are told that there is room.
	// To tell them later is to wake them less often.
	low = capacity / 2
)

// Queue holds events until they are read. host.Events documents it. The zero value
// is ready to use.
type Queue struct {
	mu       sync.Mutex
	list     []Event
	next     int // of list
	held     int // bytes, with overhead
	open     int // sources
	waiting  map[*Source]struct{}
	refusals uint64
	news     chan struct{} // what readers wait for; nil if none does
}

// Next returns the next event, and waits for it until ctx ends. It returns io.EOF
// when all calls so far have ended and all their events were read.
func (q *Queue) Next(ctx context.Context) (Event, error) {
	for {
		if err := ctx.Err(); err != nil {
			return Event{}, err
		}
		q.mu.Lock()
		if q.next < len(q.list) {
			e, told := q.take(), q.tell()
			q.mu.Unlock()
			for _, room := range told {
				room()
			}
			return e, nil
		}
		if q.open == 0 {
			q.mu.Unlock()
			return Event{}, io.EOF
		}
		if q.news == nil {
			q.news = make(chan struct{})
		}
		news := q.news
		q.mu.Unlock()
		select {
		case <-news:
		case <-ctx.Done():
		}
	}
}

// All yields the events until all calls so far have ended, or ctx ends.
func (q *Queue) All(ctx context.Context) iter.Seq[Event] {
	return func(yield func(Event) bool) {
		for {
			if e, err := q.Next(ctx); err != nil || !yield(e) {
				return
			}
		}
	}
}

// take removes the first event. The lock is held.
func (q *Queue) take() Event {
	e := q.list[q.next]
	q.list[q.next] = Event{}
	if q.next++; q.next == len(q.list) {
		q.list, q.next = q.list[:0], 0
	}
	q.held -= overhead + len(e.Data)
	return e
}

// tell returns how to tell the sources that wait that there is room, if there is:
// first those that have waited longest. The lock is held.
func (q *Queue) tell() (told []func()) {
	if len(q.waiting) == 0 || q.held > low {
		return nil
	}
	longest := func(a, b *Source) int { return cmp.Compare(a.refused, b.refused) }
	for _, s := range slices.SortedFunc(maps.Keys(q.waiting), longest) {
		told = append(told, s.room)
		s.room = nil
	}
	q.waiting = nil
	return told
}

// add adds an event. The lock is held.
func (q *Queue) add(e Event) {
	if len(q.list) == cap(q.list) {
		q.list = slices.Delete(q.list, 0, q.next)
		q.next = 0
	}
	q.list = append(q.list, e)
	q.held += overhead + len(e.Data)
	q.wake()
}

// wake wakes the readers. The lock is held.
func (q *Queue) wake() {
	if q.news != nil {
		close(q.news)
		q.news = nil
	}
}
