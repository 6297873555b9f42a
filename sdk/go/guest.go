package wexec

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"unsafe"

	"github.com/wexec/wexec/abi"
)

// guest is the state of this instance: its calls and ops.
//
// The guest has one thread and no goroutine is preempted. But an allocation may
// park a goroutine for the collector, even the one that serves the host. So the
// lock guards steps that belong together and allocate: starting an op and
// recording its handle, or taking events and delivering them.
var guest struct {
	mu    sync.Mutex
	calls table[call]
	ops   table[op]

	// parked counts the goroutines that wait for ops. onTimers counts those
	// among them whose op may need a timer, see mayNeedTimer.
	parked   int
	onTimers int
}

// maxBatch is how many events resume takes at a time. maxEvents is how many it
// takes, and maxRounds how often it lets the goroutines run, before it returns
// to the host.
const (
	maxBatch  = 256
	maxEvents = 16 * maxBatch
	maxRounds = 1024
)

var events [maxBatch * abi.EventSize]byte

// resume takes the host's events and lets goroutines run until none can.
//
// It runs in the goroutine of the export. That goroutine must not block: if no
// other goroutine can run, Go's runtime reports a deadlock. Nor must it return
// while others can run, because they would have to wait for the next event.
func resume() uint32 {
	warmUp()
	relaxGC()
	taken, ran := turn()
	if ran && otherGoroutines() == 0 {
		return suspend()
	}
	for rounds := 0; rounds < maxRounds && taken < maxEvents; rounds++ {
		runtime.Gosched()
		n, _ := turn()
		if n == 0 && idle() {
			return suspend()
		}
		taken += n
	}
	return abi.ResumeYield
}

// An instance with manyParked parked goroutines collects its garbage less
// often: relaxedGC is the GC percentage that it sets. Each collection scans
// every parked stack. With 100,000 of them, at Go's default of 100 %, the
// collections were half of the work of starting them, and freed little.
const (
	manyParked = 2048
	relaxedGC  = 400
)

var gcRelaxed bool

// relaxGC makes collections rarer, for good, once many goroutines are parked.
func relaxGC() {
	if !gcRelaxed && guest.parked >= manyParked {
		gcRelaxed = true
		debug.SetGCPercent(relaxedGC)
	}
}

// inline is a call that resume runs in its own goroutine. A task that never
// waits needs no other goroutine, and takes half the time without one.
var inline *call

// turn takes one batch of events, and runs the inline call if there is one.
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

// deliver takes one batch of events, and starts or wakes the goroutines that
// they are for.
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
				if o.onEnd != nil {
					o.onEnd()
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

// idle reports whether no goroutine can run. Usually all of them wait for ops.
// If some wait for something else, the runtime knows how many can run.
func idle() bool {
	if otherGoroutines() == 0 {
		return true
	}
	metrics.Read(runnable)
	return runnable[0].Value.Uint64() == 0
}

// otherGoroutines counts the goroutines, apart from this one, that do not wait
// for ops.
func otherGoroutines() int { return runtime.NumGoroutine() - 1 - guest.parked }
