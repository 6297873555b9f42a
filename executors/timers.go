package executors

import (
	"math"
	"time"
)

var epoch = time.Now()

// clock returns the monotonic time since the process started. A time.Time says
// the same in three times the memory.
func clock() time.Duration { return time.Since(epoch) }

// timers is a heap of deadlines. It has no clock and no goroutine of its own:
// its owner asks when the first deadline is due, and expires those that are.
//
// Nearly all deadlines are met. One heap for each executor, in place of a
// runtime timer for each deadline, lets such a deadline cost an append and a
// removal.
type timers struct {
	heap []*deadline
}

// deadline is an entry of the heap.
type deadline struct {
	at    time.Duration // of clock
	place int           // in the heap, from 1; 0 if it is not in it
	owner expirer
}

// expirer is told when its deadline has passed, with the lock of the heap's
// owner held.
type expirer interface{ expired() }

// expiry is a function that is an expirer.
type expiry func()

func (fn expiry) expired() { fn() }

// never is a time that does not come.
const never time.Duration = math.MaxInt64

// later returns now + d, or never if that is out of range.
func later(now, d time.Duration) time.Duration {
	if d > 0 && now > never-d {
		return never
	}
	return now + d
}

func (ts *timers) set(d *deadline, at time.Duration) {
	if d.place == 0 {
		ts.heap = append(ts.heap, d)
		d.place = len(ts.heap)
	}
	d.at = at
	ts.fix(d, d.place)
}

// clear takes d out and reports whether it was set.
func (ts *timers) clear(d *deadline) bool {
	if d.place == 0 {
		return false
	}
	n := len(ts.heap) - 1
	last := ts.heap[n]
	ts.heap[n] = nil
	ts.heap = ts.heap[:n]
	if last != d {
		ts.fix(last, d.place)
	}
	d.place = 0
	return true
}

// next returns when the first deadline is due.
func (ts *timers) next() time.Duration {
	if len(ts.heap) == 0 {
		return never
	}
	return ts.heap[0].at
}

// expire takes out every deadline that is due and tells its owner.
func (ts *timers) expire(now time.Duration) {
	for ts.next() <= now {
		d := ts.heap[0]
		ts.clear(d)
		d.owner.expired()
	}
}

// fix puts d into the place that is free, or as far above or below as it
// belongs. container/heap does the same, but calls an interface for each step.
func (ts *timers) fix(d *deadline, place int) {
	for place > 1 && d.at < ts.heap[place/2-1].at {
		ts.put(ts.heap[place/2-1], place)
		place /= 2
	}
	for 2*place <= len(ts.heap) {
		child := 2 * place
		if child < len(ts.heap) && ts.heap[child].at < ts.heap[child-1].at {
			child++
		}
		if d.at <= ts.heap[child-1].at {
			break
		}
		ts.put(ts.heap[child-1], place)
		place = child
	}
	ts.put(d, place)
}

func (ts *timers) put(d *deadline, place int) {
	ts.heap[place-1] = d
	d.place = place
}
