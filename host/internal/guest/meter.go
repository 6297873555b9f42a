package guest

import (
	"context"
	"runtime"
	"time"

	"github.com/wexec/wexec/host/internal/engine"
	"github.com/wexec/wexec/host/internal/fault"
)

// A slice is the fuel that guest code gets at once. When the code has used it up,
// the next safepoint calls the host. There Go may stop the goroutine, other
// goroutines may run, and the host checks whether the guest must stop. See
// host/RATIONALE.md for the figures.
const (
	// sliceTime is how long a slice should last.
	sliceTime = 50 * time.Microsecond
	// A slice starts with firstSlice units. It grows and shrinks between the
	// other two as the code turns out to be fast or slow.
	firstSlice = 50_000
	leastSlice = 5_000
	mostSlice  = 1_000_000
	// yieldTime is how often guests yield while cores are idle. Other goroutines
	// most likely have a core then, and a yield costs 10 µs, since it wakes a
	// thread that looks for work.
	yieldTime = time.Millisecond
)

// meter counts the fuel that an instance uses after begin.
type meter struct {
	left    engine.Counter // fuel left of the slice; nil if the module has no safepoints
	stack   engine.Counter // bytes of stack left; nil if the module does not count them
	limit   int64          // the most fuel that may be used
	granted int64          // fuel of all slices until now
	slice   int64          // fuel of the next slice
	since   time.Time      // when the slice began, or zero
	yielded time.Time
	// computing says that the code has used up a slice without a wait, and is
	// counted in Host.computing.
	computing bool
}

// begin sets the count to zero, and the limit.
func (m *meter) begin(limit int64) {
	if m.slice == 0 {
		m.slice = firstSlice
	}
	m.limit, m.granted, m.since = limit, 0, time.Time{}
	if m.left != nil {
		m.granted = min(m.slice, limit)
		m.left.Set(uint64(m.granted))
	}
}

// used returns the fuel that was used since begin.
func (m *meter) used() int64 {
	if m.left == nil {
		return 0
	}
	return m.granted - int64(m.left.Get())
}

// grant gives the guest another slice. left is what it has now, below zero by what
// it has used beyond the last slice.
func (m *meter) grant(left int64) {
	more := min(m.slice-left, m.limit-m.granted)
	m.granted += more
	m.left.Set(uint64(left + more))
}

// adapt makes slices last about sliceTime: it moves their size halfway to the size
// that the last one should have had.
func (m *meter) adapt(now time.Time) {
	if m.since.IsZero() {
		return
	}
	took := max(now.Sub(m.since), sliceTime/3) // aim at three times the size, at most
	m.slice = (m.slice + m.slice*int64(sliceTime)/int64(took)) / 2
	m.slice = min(max(m.slice, leastSlice), mostSlice)
}

// Pause is called by a safepoint when the slice is used up. It gives the guest the
// next slice, or ends the guest. ctx is the guest's context.
func Pause(ctx context.Context) { Of(ctx).pause() }

func (inst *Instance) pause() {
	m := &inst.meter
	if m.stack != nil && int64(m.stack.Get()) < 0 {
		panic(&fault.StackError{Limit: inst.Limits.Stack})
	}
	left := int64(m.left.Get())
	if m.granted-left > m.limit {
		panic(&fault.OutOfFuelError{Limit: uint64(m.limit)})
	}
	now := time.Now()
	m.adapt(now)
	if !m.computing {
		m.computing = true
		inst.computing.Add(1)
	}
	if inst.isBusy() || now.Sub(m.yielded) > yieldTime {
		runtime.Gosched()
		now = time.Now()
		m.yielded = now
	}
	inst.checkStopped()
	m.since = now
	m.grant(left)
}

// idle records that no code runs, or that the code waits.
func (inst *Instance) idle() {
	if inst.meter.computing {
		inst.meter.computing = false
		inst.computing.Add(-1)
	}
}

// bytesPerFuel is how many bytes a host function moves for a unit of fuel: as many
// as guest code could move. See package instrument.
const bytesPerFuel = 8

// smallCall is the cost of a read or write by itself, in bytes moved.
const smallCall = 1 << 10

// ChargeCall charges fuel for a read or write of that many bytes.
func (inst *Instance) ChargeCall(bytes int) { inst.Charge(bytes + smallCall) }

// Charge charges fuel for bytes that a host function is about to move. It is also
// the function's safepoint: it panics if the guest must end.
func (inst *Instance) Charge(bytes int) {
	m := &inst.meter
	if m.left == nil {
		inst.checkStopped()
		return
	}
	left := int64(m.left.Get()) - int64(bytes/bytesPerFuel)
	m.left.Set(uint64(left))
	if left < 0 {
		inst.pause()
	}
}

// Bill charges a call for the fuel that was used since BeginTurn.
func (inst *Instance) Bill(c *Call) { c.fuelUsed.Add(uint64(inst.meter.used())) }
