package wexec

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"unsafe"

	"github.com/wexec/wexec/abi"
)

// guest is what this instance knows of its calls and ops.
//
// The guest has one thread and no goroutine is preempted, but an allocation
// may park one for the collector's sake, also that which serves the host. So
// what belongs together and allocates is done with the lock held: starting an
// op and noting its handle, taking events and delivering them.
var guest struct {
	mu    sync.Mutex
	calls table[call]
	ops   table[op]

	// parked counts the goroutines that wait for ops, loose those of them
	// whose op is loose.
	parked int
	loose  int
}

// maxBatch is how many events are taken at once. maxEvents and maxRounds are
// how many of them are taken, and how often the goroutines have their turn,
// before the host has its own.
const (
	maxBatch  = 256
	maxEvents = 16 * maxBatch
	maxRounds = 1024
)

var events [maxBatch * abi.EventSize]byte

// resume takes the host's events and lets goroutines run until none can.
//
// It runs in the goroutine of the export, which must neither block (with
// nothing else to do that is a deadlock to Go's runtime) nor return while
// others can run (they would run no sooner than at the next event).
func resume() uint32 {
	settle()
	collectLess()
	taken, ran := turn()
	if ran && others() == 0 {
		return rest()
	}
	for rounds := 0; rounds < maxRounds && taken < maxEvents; rounds++ {
		runtime.Gosched()
		n, _ := turn()
		if n == 0 && idle() {
			return rest()
		}
		taken += n
	}
	return abi.ResumeYield
}

// crowd is how many parked goroutines make an instance collect its garbage
// less often, and crowdedGC the percentage that its heap then grows by before
// it does. Each collection scans every parked stack: with 100,000 of them, at
// Go's usual 100 %, that was half of the work of starting them, and little
// was garbage.
const (
	crowd     = 2048
	crowdedGC = 400
)

var crowded bool

// collectLess relaxes the collector, for good, once there is a crowd.
func collectLess() {
	if !crowded && guest.parked >= crowd {
		crowded = true
		debug.SetGCPercent(crowdedGC)
	}
}

// inline is a call that resume runs itself. A task that never awaits needs no
// goroutine, and is done in half of the time without one.
var inline *call

// turn takes one batch of events, and runs the call that needs no goroutine, if
// there is one.
func turn() (taken int, ran bool) {
	taken = deliver()
	c := inline
	if c == nil {
		return taken, false
	}
	inline = nil
	c.task.run(c)
	return taken, true
}

// deliver takes one batch of events and wakes or starts their goroutines.
func deliver() int {
	guest.mu.Lock()
	defer guest.mu.Unlock()
	n := int(rawNext(unsafe.Pointer(&events), maxBatch))
	if n > 0 {
		reseed()
	}
	for i := range n {
		e := abi.DecodeEvent(events[i*abi.EventSize:])
		switch e.Kind {
		case abi.EventCall:
			c := &call{handle: e.Handle, size: e.Len, task: tasks[e.Detail]}
			guest.calls.put(e.Handle, c)
			if c.task.Mode == CPU && guest.calls.len == 1 {
				inline = c
			} else {
				go c.task.run(c)
			}
		case abi.EventOp:
			if o := guest.ops.get(e.Handle); o != nil {
				o.finish(Status(e.Detail), e.Len)
				if o.then != nil {
					o.then()
					o.drop()
				}
			}
		case abi.EventCancel:
			if c := guest.calls.get(e.Handle); c != nil {
				c.cancel()
			}
		}
	}
	return n
}

var runnable = []metrics.Sample{{Name: "/sched/goroutines/runnable:goroutines"}}

// idle reports whether no goroutine can run. Mostly all of them wait for ops.
// Where some wait for something else, the runtime knows which can run.
func idle() bool {
	if others() == 0 {
		return true
	}
	metrics.Read(runnable)
	return runnable[0].Value.Uint64() == 0
}

// others counts the goroutines, besides this one, that do not wait for ops.
func others() int { return runtime.NumGoroutine() - 1 - guest.parked }
