package guest

import (
	"context"
	"runtime"
	"time"

	"github.com/wexec/wexec/host/internal/engine"
	"github.com/wexec/wexec/host/internal/fault"
	"github.com/wexec/wexec/host/internal/linear"
)

// A slice is the fuel that guest code uses between two looks at the clock, where
// other goroutines may run. It gets the slice in pieces. When the code has used one up,
// the next safepoint calls the host. There Go may stop the goroutine, and the host
// checks whether the guest must stop. See host/RATIONALE.md for the figures.
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

// A piece is so small that the slowest code does not keep Go from stopping it for long,
// even if all the slices before were fast. What memory makes slow depends on how much
// there is.
const (
	// calmPiece is for memory that fits into a core's cache. The slowest code takes
	// 25 ns a unit.
	calmPiece = 64_000
	// widePiece is for more memory: code that waits for it takes 100 ns a unit.
	widePiece = 40_000
	// bumpyPiece is for memory of which that much may have no pages. To touch a page for
	// the first time takes 3 µs, and two for three units of fuel can be touched.
	bumpyPiece = 3_500
	// much is how much memory makes a difference.
	much = 8 << 20
	// A turn that has used up fillAfter slices is long. Then such memory gets pages, a
	// piece of it every fillEvery slices, which takes 40 µs.
	fillAfter = 200
	fillEvery = 4
)

// meter counts the fuel that an instance uses after begin.
type meter struct {
	left    engine.Counter // fuel left of the slice; nil if the module has no safepoints
	stack   engine.Counter // bytes of stack left; nil if the module does not count them
	limit   int64          // the most fuel that may be used
	granted int64          // fuel of all slices until now
	slice   int64          // fuel of the next slice
	rest    int64          // fuel of this slice that the code has not got yet
	slices  int            // that were used up since begin
	memory  *linear.Memory
	since   time.Time // when the slice began, or zero
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
	m.limit, m.granted, m.slices, m.since, m.rest = limit, 0, 0, time.Time{}, m.slice
	if m.left != nil {
		m.grant(0)
	}
}

// used returns the fuel that was used since begin.
func (m *meter) used() int64 {
	if m.left == nil {
		return 0
	}
	return m.granted - int64(m.left.Get())
}

// grant gives the guest another piece of the slice. left is what it has now, below
// zero by what it has used beyond the last one.
func (m *meter) grant(left int64) {
	next := min(m.rest, m.piece())
	m.rest -= next
	more := min(next-left, m.limit-m.granted)
	m.granted += more
	m.left.Set(uint64(left + more))
}

// piece returns how much fuel the code may get at once.
func (m *meter) piece() int64 {
	switch {
	case m.memory.Missing() > much:
		return bumpyPiece
	case m.memory.Size() > much:
		return widePiece
	}
	return calmPiece
}

// fill gives pages to a piece of the memory now and then, until most are there. It
// reports whether it did, which takes time.
func (m *meter) fill() bool {
	m.slices++
	if m.slices < fillAfter || m.slices%fillEvery != 0 || m.memory.Missing() <= much {
		return false
	}
	m.memory.Fill()
	return true
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

// Pause is called by a safepoint when a piece of a slice is used up. It gives the guest
// the next one, or ends the guest. ctx is the guest's context.
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
	if m.rest > 0 {
		inst.checkStopped()
		m.grant(left)
		return
	}
	now := time.Now()
	m.adapt(now)
	if m.fill() {
		now = time.Now()
	}
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
	m.since, m.rest = now, m.slice
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
