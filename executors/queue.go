package executors

import (
	"cmp"
	"slices"
)

// queue holds jobs by priority, highest first, and within a priority in the
// order in which they were pushed. Each operation takes constant time if the
// number of different priorities is bounded.
type queue struct {
	lists []*ticketList // by priority, descending; none is empty
	len   int
}

// ticketList is a doubly linked list of tickets.
type ticketList struct {
	priority   int
	head, tail *Ticket
}

func (q *queue) push(t *Ticket) {
	i, found := slices.BinarySearchFunc(q.lists, t.Priority, func(l *ticketList, priority int) int {
		return cmp.Compare(priority, l.priority)
	})
	if !found {
		q.lists = slices.Insert(q.lists, i, &ticketList{priority: t.Priority})
	}
	q.lists[i].append(t)
	q.len++
}

// first returns the ticket that is to start next, or nil.
func (q *queue) first() *Ticket {
	if q.len == 0 {
		return nil
	}
	return q.lists[0].head
}

// remove takes out a ticket that is in the queue.
func (q *queue) remove(t *Ticket) {
	l := t.list
	l.remove(t)
	q.len--
	if l.head != nil {
		return
	}
	i := slices.Index(q.lists, l)
	q.lists = slices.Delete(q.lists, i, i+1)
}

func (l *ticketList) append(t *Ticket) {
	t.list, t.prev, t.next = l, l.tail, nil
	if l.tail == nil {
		l.head = t
	} else {
		l.tail.next = t
	}
	l.tail = t
}

func (l *ticketList) remove(t *Ticket) {
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
	t.list, t.prev, t.next = nil, nil, nil
}

func (l *ticketList) appendTo(all []*Ticket) []*Ticket {
	for t := l.head; t != nil; t = t.next {
		all = append(all, t)
	}
	return all
}
