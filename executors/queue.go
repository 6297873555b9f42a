package executors

import (
	"cmp"
	"slices"
)

// queue holds jobs by priority, highest first, and within a priority in the
// order they came. Pushing, popping and removing take constant time for a
// bounded number of distinct priorities.
type queue struct {
	lines []*line // by priority, descending; none is empty
	len   int
}

// line is a doubly linked list of tickets.
type line struct {
	priority   int
	head, tail *Ticket
}

func (q *queue) push(t *Ticket) {
	i, found := slices.BinarySearchFunc(q.lines, t.Priority, func(l *line, priority int) int {
		return cmp.Compare(priority, l.priority)
	})
	if !found {
		q.lines = slices.Insert(q.lines, i, &line{priority: t.Priority})
	}
	q.lines[i].append(t)
	q.len++
}

// first returns the ticket whose turn it is, or nil.
func (q *queue) first() *Ticket {
	if q.len == 0 {
		return nil
	}
	return q.lines[0].head
}

// remove takes out a ticket that is in the queue.
func (q *queue) remove(t *Ticket) {
	l := t.line
	l.remove(t)
	q.len--
	if l.head != nil {
		return
	}
	i := slices.Index(q.lines, l)
	q.lines = slices.Delete(q.lines, i, i+1)
}

func (l *line) append(t *Ticket) {
	t.line, t.prev, t.next = l, l.tail, nil
	if l.tail == nil {
		l.head = t
	} else {
		l.tail.next = t
	}
	l.tail = t
}

func (l *line) remove(t *Ticket) {
	if t.prev == nil {
		l.head = t.next
	} else {
		t.prev.next = t.next
	}
	if t.next == nil {
		l.tail = t.prev
	} else {
		t.next.prev = t.prev
	}
	t.line, t.prev, t.next = nil, nil, nil
}

func (l *line) appendTo(all []*Ticket) []*Ticket {
	for t := l.head; t != nil; t = t.next {
		all = append(all, t)
	}
	return all
}
