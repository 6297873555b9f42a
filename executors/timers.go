package executors

import (
	"container/heap"
	"time"
)

// timers is a heap of deadlines. It has no clock and no goroutine of its own:
// its owner asks when the next one is due, and takes those that are.
//
// One heap for each executor, in place of a runtime timer for each deadline,
// makes a deadline that is met (nearly all are) cost an append and a removal.
type timers struct {
	heap deadlineHeap
}

// deadline is one entry of the heap.
type deadline struct {
	at    time.Duration // since the owner's start
	place int           // in the heap, from 1; 0 if it is not in it
	owner expirer
}

// expirer is told, under the heap owner's lock, that its deadline has passed.
type expirer interface{ expired() }

func (ts *timers) set(d *deadline, at time.Duration) {
	d.at = at
	if d.place > 0 {
		heap.Fix(&ts.heap, d.place-1)
		return
	}
	heap.Push(&ts.heap, d)
}

// clear takes d out and reports whether it was set.
func (ts *timers) clear(d *deadline) bool {
	if d.place == 0 {
		return false
	}
	heap.Remove(&ts.heap, d.place-1)
	return true
}

// next returns when the first deadline is due.
func (ts *timers) next() (at time.Duration, ok bool) {
	if len(ts.heap) == 0 {
		return 0, false
	}
	return ts.heap[0].at, true
}

// expire takes out every deadline that is due and tells its owner.
func (ts *timers) expire(now time.Duration) {
	for len(ts.heap) > 0 && ts.heap[0].at <= now {
		heap.Pop(&ts.heap).(*deadline).owner.expired()
	}
}

type deadlineHeap []*deadline

func (h deadlineHeap) Len() int           { return len(h) }
func (h deadlineHeap) Less(i, j int) bool { return h[i].at < h[j].at }

func (h deadlineHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].place, h[j].place = i+1, j+1
}

func (h *deadlineHeap) Push(x any) {
	d := x.(*deadline)
	*h = append(*h, d)
	d.place = len(*h)
}

func (h *deadlineHeap) Pop() any {
	old := *h
	d := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	d.place = 0
	return d
}
