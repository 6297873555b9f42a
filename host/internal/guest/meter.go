package guest

import (
	"context"
	"runtime"
	"time"

	"github.com/wexec/wexec/host/internal/engine"
	"github.com/wexec/wexec/host/internal/fault"
)

// A slice is the fuel that guest code gets at once. When it is used up, the code
// comes to a safepoint: there Go may stop the goroutine, others run, and the
// host looks whether the guest must stop. See RATIONALE.md for the figures.
const (
	// sliceTime is how long a slice should last.
	sliceTime = 50 * time.Microsecond
	// A slice starts with firstSlice units. It grows and shrinks between the
	// other two as the code turns out to be fast or slow.
	firstSlice = 50_000
	leastSlice = 5_000
	mostSlice  = 1_000_000
	// yieldTime is how often guests yield while cores are idle: what wants to run
	// has a core then, most likely, and yielding wakes a thread to look for work,
	// which costs 10 µs.
	yieldTime = time.Millisecond
)

// meter counts the fuel of an instance, from begin on.
type meter struct {
	left    engine.Counter // of the slice; nil if the module has no safepoints
	stack   engine.Counter // bytes that are left; nil if the module does not count them
	limit   int64          // that may be used
	granted int64          // in slices, until now
	slice   int64
	since   time.Time // of the slice, or zero
	yielded time.Time
	// computing is whether the code is known to compute for longer than a slice,
	// and counted in Host.computing.
	computing bool
}

// begin sets the count to zero, and how much may be used.
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

// used returns the fuel that was used.
func (m *meter) used() int64 {
	if m.left == nil {
		return 0
	}
	return m.granted - int64(m.left.Get())
}

// grant gives the guest another slice, of which it has left until now, which is
// negative.
func (m *meter) grant(left int64) {
	more := min(m.slice-left, m.limit-m.granted)
	m.granted += more
	m.left.Set(uint64(left + more))
}

// adapt makes slices last about as long as they should: it goes half of the way
// to what the last one should have been.
func (m *meter) adapt(now time.Time) {
	if m.since.IsZero() {
		return
	}
	took := max(now.Sub(m.since), sliceTime/3) // three times as long, at most
	m.slice = (m.slice + m.slice*int64(sliceTime)/int64(took)) / 2
	m.slice = min(max(m.slice, leastSlice), mostSlice)
}

// Pause is what a safepoint does when the slice is used up: it gives the guest
// the next one, or ends it. ctx is the guest's.
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

// idle notes that no code runs, or that it waits.
func (inst *Instance) idle() {
	if inst.meter.computing {
		inst.meter.computing = false
		inst.computing.Add(-1)
	}
}

// bytesPerFuel is what a host function moves for a unit of fuel: as much as
// the guest itself could, see package instrument.
const bytesPerFuel = 8

// smallCall is what a small read or write costs, as bytes.
const smallCall = 1 << 10

// ChargeCall takes fuel for a read or write of that many bytes.
func (inst *Instance) ChargeCall(bytes int) { inst.Charge(bytes + smallCall) }

// Charge takes fuel for bytes that a host function is about to move, and is a
// safepoint of it: it panics if the guest must end.
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

// Bill counts the fuel that was used since BeginTurn as a call's.
func (inst *Instance) Bill(c *Call) { c.fuelUsed.Add(uint64(inst.meter.used())) }
