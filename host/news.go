package host

import (
	"slices"

	"github.com/wexec/wexec/abi"
)

// news is an event that a resumable guest has not taken yet.
type news struct {
	kind abi.EventKind
	call *call
	op   *op
}

// stale reports that there is nothing to tell any more.
func (n news) stale() bool {
	switch n.kind {
	case abi.EventOp:
		return n.op.handle == 0
	case abi.EventCancel:
		return n.call.over
	}
	return false
}

func (n news) event() abi.Event {
	switch n.kind {
	case abi.EventCall:
		return abi.Event{Kind: n.kind, Handle: n.call.handle, Detail: uint32(n.call.index), Len: uint32(len(n.call.input))}
	case abi.EventOp:
		return abi.Event{Kind: n.kind, Handle: n.op.handle, Detail: uint32(n.op.status), Len: uint32(len(n.op.result))}
	default:
		return abi.Event{Kind: n.kind, Handle: n.call.handle}
	}
}

// newsList is a queue of news. It forgets what is stale before it grows, so
// that a guest which starts and drops ops without end does not fill it.
type newsList struct {
	list []news
	next int // of list
}

func (l *newsList) len() int { return len(l.list) - l.next }

func (l *newsList) add(n news) {
	if len(l.list) == cap(l.list) {
		l.list = slices.Delete(l.list, 0, l.next)
		l.next = 0
		l.list = slices.DeleteFunc(l.list, news.stale)
		if len(l.list) > cap(l.list)/2 {
			l.list = slices.Grow(l.list, len(l.list))
		}
	}
	l.list = append(l.list, n)
}

// take returns the next event that is not stale.
func (l *newsList) take() (abi.Event, bool) {
	for l.next < len(l.list) {
		n := l.list[l.next]
		l.list[l.next] = news{}
		l.next++
		if !n.stale() {
			return n.event(), true
		}
	}
	l.list, l.next = l.list[:0], 0
	return abi.Event{}, false
}

// reset forgets all news.
func (l *newsList) reset() {
	clear(l.list)
	l.list, l.next = l.list[:0], 0
}
