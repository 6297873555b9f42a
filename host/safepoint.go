package host

import (
	"context"
	"runtime"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/wexec/wexec/host/internal/instrument"
)

// A slice is the fuel that guest code gets at once. When it is used up, the
// code comes to a safepoint: there Go may stop the goroutine, others run, and
// what the guest must not do is looked at. See RATIONALE.md for the figures.
const (
	// sliceTime is how long a slice should last.
	sliceTime = 50 * time.Microsecond
	// A slice starts with firstSlice units, and grows and shrinks between the
	// other two as the code turns out to be fast or slow.
	firstSlice = 50_000
	leastSlice = 5_000
	mostSlice  = 1_000_000
	// yieldTime is how often guests let others run if cores are idle: whoever
	// wants to run then has one most likely, and yielding wakes a thread to
	// look for work, which costs 10 µs.
	yieldTime = time.Millisecond
)

// meter counts the fuel of an instance, from begin on.
type meter struct {
	left    api.MutableGlobal // of the slice; nil if the module has no safepoints
	stack   api.MutableGlobal // bytes that are left; nil if the module does not count them
	limit   int64             // that may be used
	granted int64             // in slices, until now
	slice   int64
	since   time.Time // of the slice, or zero
	yielded time.Time
	// computing is whether the code is known to compute for longer than a
	// slice, and counted in Host.computing.
	computing bool
}

// attach finds the counters of an instance.
func (m *meter) attach(mod api.Module) {
	m.left, _ = mod.ExportedGlobal(instrument.Countdown).(api.MutableGlobal)
	m.stack, _ = mod.ExportedGlobal(instrument.Stack).(api.MutableGlobal)
}

// begin sets the count to zero, and what may be used.
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

// grant gives the guest a slice more, of which it has left until now, which is
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

// pause is what a safepoint does when the slice is used up: it gives the guest
// the next one, or ends it.
func (inst *instance) pause() {
	m := &inst.meter
	if m.stack != nil && int64(m.stack.Get()) < 0 {
		panic(&stackError{inst.mod.host.cfg.Limits.Stack})
	}
	left := int64(m.left.Get())
	if m.granted-left > m.limit {
		panic(&OutOfFuelError{uint64(m.limit)})
	}
	now := time.Now()
	m.adapt(now)
	if !m.computing {
		m.computing = true
		inst.mod.host.computing.Add(1)
	}
	if inst.mod.host.isBusy() || now.Sub(m.yielded) > yieldTime {
		runtime.Gosched()
		now = time.Now()
		m.yielded = now
	}
	inst.checkStopped()
	m.since = now
	m.grant(left)
}

// isBusy reports whether guests compute on every core.
func (h *Host) isBusy() bool { return int(h.computing.Load()) >= h.cores }

// rest is called when code does not run any more, or waits.
func (inst *instance) rest() {
	if inst.meter.computing {
		inst.meter.computing = false
		inst.mod.host.computing.Add(-1)
	}
}

// bytesPerFuel is what a host function moves for a unit of fuel: as much as
// the guest itself could, see package instrument.
const bytesPerFuel = 8

// callBytes is what a small read or write costs, as bytes.
const callBytes = 1 << 10

// chargeCall takes fuel for a read or write of so many bytes.
func (inst *instance) chargeCall(bytes int) { inst.charge(bytes + callBytes) }

// charge takes fuel for bytes that a host function is about to move, and is a
// safepoint of it.
func (inst *instance) charge(bytes int) {
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

// bindSafepoint registers what rewritten modules import.
func (h *Host) bindSafepoint(ctx context.Context, r wazero.Runtime) error {
	pause := func(ctx context.Context, _ api.Module, _ []uint64) {
		instanceOf(ctx).pause() // its panics are all meant
	}
	_, err := r.NewHostModuleBuilder(instrument.Module).NewFunctionBuilder().
		WithGoModuleFunction(api.GoModuleFunc(pause), nil, nil).Export(instrument.Pause).
		Instantiate(ctx)
	return err
}
