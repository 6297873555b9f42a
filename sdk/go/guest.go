package wexec

import (
	"encoding/json"
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

	// parked counts the goroutines that wait for ops, or for room for what they
	// emit. onTimers counts those among them that may need a timer, see
	// mayNeedTimer.
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
				c.wakeEmitters()
			}
		case abi.EventRoom:
			if c := guest.calls.get(e.Handle); c != nil {
				c.wakeEmitters()
			}
		}
	}
	return n
}

var runnable = []metrics.Sample{{Name: "/sched/goroutines/runnable:goroutines"}}

// idle reports whether no goroutine can run. Usually all of them wait for the host.
// If some wait for something else, the runtime knows how many can run.
func idle() bool {
	if otherGoroutines() == 0 {
		return true
	}
	metrics.Read(runnable)
	return runnable[0].Value.Uint64() == 0
}

// otherGoroutines counts the goroutines, apart from this one, that do not wait
// for the host.
func otherGoroutines() int { return runtime.NumGoroutine() - 1 - guest.parked }

// warm says that warmUp has run.
var warm bool

// warmUp does the one-time work of an instance's first call in advance. The host
// enters the guest once before the first call. It may then take a snapshot of the
// memory and start every task from it, so the snapshot includes that work.
func warmUp() {
	if warm {
		return
	}
	warm = true
	runtime.GC() // otherwise every task might start with a collection that is due
	// This starts a worker and fills the caches of encoding/json.
	onDeepStack(func() error {
		b, err := json.Marshal([]any{1, "one", map[string]any{"a": nil}})
		if err != nil {
			return err
		}
		var v any
		return json.Unmarshal(b, &v)
	})
	go warmUpCall()
	runtime.Gosched()
}

// warmUpCall does the bookkeeping of a small call.
func warmUpCall() {
	c := &call{}
	guest.calls.put(0, c)
	guest.calls.remove(0)
	heapSink = make([]byte, 1)
	clear(heapSink)
}

// heapSink forces an allocation onto the heap.
var heapSink []byte

// table maps handles to calls and ops. A handle may be any number. In practice
// the lower bits are a small number that the host reuses, and the upper bits
// count how often. So the lower bits index a slice; handles that don't fit there
// go into a map.
type table[T any] struct {
	slots  []slot[T]
	others map[uint32]*T
	len    int
}

type slot[T any] struct {
	value  *T // nil if it is free
	handle uint32
}

const (
	slotBits = 24
	// maxGap is how far past the end of the slice a new slot may be.
	maxGap = 1024
)

func slotOf(handle uint32) int { return int(handle & (1<<slotBits - 1)) }

func (t *table[T]) put(handle uint32, value *T) {
	t.len++
	i := slotOf(handle)
	if i >= len(t.slots) && i < len(t.slots)+maxGap {
		t.slots = append(t.slots, make([]slot[T], i+1-len(t.slots))...)
	}
	if i < len(t.slots) && t.slots[i].value == nil {
		t.slots[i] = slot[T]{value, handle}
		return
	}
	if t.others == nil {
		t.others = map[uint32]*T{}
	}
	t.others[handle] = value
}

// get returns the value of a handle, or nil if it is not in the table.
func (t *table[T]) get(handle uint32) *T {
	if i := slotOf(handle); i < len(t.slots) && t.slots[i].handle == handle && t.slots[i].value != nil {
		return t.slots[i].value
	}
	return t.others[handle]
}

// remove removes a handle, which must be in the table.
func (t *table[T]) remove(handle uint32) {
	t.len--
	if i := slotOf(handle); i < len(t.slots) && t.slots[i].handle == handle && t.slots[i].value != nil {
		t.slots[i].value = nil
		return
	}
	delete(t.others, handle)
}

// find returns a value that ok accepts, or nil.
func (t *table[T]) find(ok func(*T) bool) *T {
	for _, s := range t.slots {
		if s.value != nil && ok(s.value) {
			return s.value
		}
	}
	for _, v := range t.others {
		if ok(v) {
			return v
		}
	}
	return nil
}
