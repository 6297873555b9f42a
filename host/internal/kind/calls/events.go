package calls

import (
	"slices"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host/internal/guest"
)

// Event is something that a guest has not taken yet.
type Event struct {
	Kind abi.EventKind
	Call *guest.Call
	Op   *guest.Op
}

// stale reports whether the call or op of the event has ended meanwhile.
func (e Event) stale() bool {
	switch e.Kind {
	case abi.EventOp:
		return e.Op.Handle == 0
	case abi.EventCancel:
		return e.Call.Answered()
	case abi.EventRoom:
		return e.Call.Answered() || e.Call.Orphaned()
	}
	return false
}

// Wire returns the event as guests of the ABI get it.
func (e Event) Wire() abi.Event {
	switch e.Kind {
	case abi.EventCall:
		return abi.Event{Kind: e.Kind, Handle: e.Call.Handle, Detail: uint32(e.Call.Index), Len: uint32(len(e.Call.Input))}
	case abi.EventOp:
		return abi.Event{Kind: e.Kind, Handle: e.Op.Handle, Detail: uint32(e.Op.Status), Len: uint32(len(e.Op.Result))}
	default:
		return abi.Event{Kind: e.Kind, Handle: e.Call.Handle}
	}
}

// events is a queue of events. It drops those that are stale before it grows, so
// that a guest which starts and drops ops without end does not fill it.
type events struct {
	list []Event
	next int // of list
}

func (l *events) len() int { return len(l.list) - l.next }

func (l *events) add(e Event) {
	if len(l.list) == cap(l.list) {
		l.list = slices.Delete(l.list, 0, l.next)
		l.next = 0
		l.list = slices.DeleteFunc(l.list, Event.stale)
		if len(l.list) > cap(l.list)/2 {
			l.list = slices.Grow(l.list, len(l.list))
		}
	}
	l.list = append(l.list, e)
}

// take returns the next event that is not stale.
func (l *events) take() (Event, bool) {
	for l.next < len(l.list) {
		e := l.list[l.next]
		l.list[l.next] = Event{}
		l.next++
		if e.Kind == abi.EventRoom {
			e.Call.Room = guest.HasRoom
		}
		if !e.stale() {
			return e, true
		}
	}
	l.list, l.next = l.list[:0], 0
	return Event{}, false
}

// reset forgets all events.
func (l *events) reset() {
	clear(l.list)
	l.list, l.next = l.list[:0], 0
}
