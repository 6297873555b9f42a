package wexec

import (
	"slices"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host/internal/guest"
)

// event is something that a resumable guest has not taken yet.
type event struct {
	kind abi.EventKind
	call *guest.Call
	op   *guest.Op
}

// stale reports whether the call or op of the event has ended meanwhile.
func (e event) stale() bool {
	switch e.kind {
	case abi.EventOp:
		return e.op.Handle == 0
	case abi.EventCancel:
		return e.call.Answered()
	case abi.EventRoom:
		return e.call.Answered() || e.call.Orphaned()
	}
	return false
}

func (e event) wire() abi.Event {
	switch e.kind {
	case abi.EventCall:
		return abi.Event{Kind: e.kind, Handle: e.call.Handle, Detail: uint32(e.call.Index), Len: uint32(len(e.call.Input))}
	case abi.EventOp:
		return abi.Event{Kind: e.kind, Handle: e.op.Handle, Detail: uint32(e.op.Status), Len: uint32(len(e.op.Result))}
	default:
		return abi.Event{Kind: e.kind, Handle: e.call.Handle}
	}
}

// events is a queue of events. It drops those that are stale before it grows, so
// that a guest which starts and drops ops without end does not fill it.
type events struct {
	list []event
	next int // of list
}

func (l *events) len() int { return len(l.list) - l.next }

func (l *events) add(e event) {
	if len(l.list) == cap(l.list) {
		l.list = slices.Delete(l.list, 0, l.next)
		l.next = 0
		l.list = slices.DeleteFunc(l.list, event.stale)
		if len(l.list) > cap(l.list)/2 {
			l.list = slices.Grow(l.list, len(l.list))
		}
	}
	l.list = append(l.list, e)
}

// take returns the next event that is not stale.
func (l *events) take() (abi.Event, bool) {
	for l.next < len(l.list) {
		e := l.list[l.next]
		l.list[l.next] = event{}
		l.next++
		if e.kind == abi.EventRoom {
			e.call.Room = guest.HasRoom
		}
		if !e.stale() {
			return e.wire(), true
		}
	}
	l.list, l.next = l.list[:0], 0
	return abi.Event{}, false
}

// reset forgets all events.
func (l *events) reset() {
	clear(l.list)
	l.list, l.next = l.list[:0], 0
}
