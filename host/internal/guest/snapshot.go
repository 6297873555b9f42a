package guest

import (
	"github.com/wexec/wexec/host/internal/linear"
	"github.com/wexec/wexec/host/internal/wasi"
)

// A snapshot is the state of an instance that is ready for its first task: its
// start function and _initialize have run. Instances are cloned from it, and reset
// to it, without running any code. It does not contain tables, segments, or globals
// that are not numbers: an instance that changes them can't be reset.
type snapshot struct {
	image   *linear.Image // nil if the module has no memory
	globals []uint64
	streams wasi.StreamFlags
	drew    bool // the start drew random numbers
	side    any  // what the Side remembers
}

// close releases the snapshot. It is freed with the last instance that was cloned
// from it.
func (s *snapshot) close() {
	if s.image != nil {
		s.image.Close()
	}
}

// capture takes a snapshot of an instance that is ready for its first task. It
// returns nil if the module can have none, or if there is no room for one now.
// The snapshot may contain random numbers that the start drew: see keep.
func (inst *Instance) capture() *snapshot {
	switch {
	case inst.code.Changed():
		inst.Snapshots.Forbid("its start changes a table, drops a segment, or sets a global that is not a number")
		return nil
	case inst.system.calls.Changed():
		inst.Snapshots.Forbid("its start changes its descriptors")
		return nil
	}
	snap := &snapshot{
		globals: inst.code.Globals(),
		streams: inst.system.calls.StreamFlags(),
		drew:    inst.system.calls.Drew(),
	}
	if r, ok := inst.side.(Rememberer); ok {
		snap.side = r.Remember()
	}
	if len(inst.memory.Bytes()) > 0 {
		var err error
		if snap.image, err = inst.memory.NewImage(); err != nil {
			inst.Snapshots.full()
			return nil
		}
	}
	inst.system.calls.SetStreamFlags(snap.streams)
	inst.begun = snap
	return snap
}

// drewRandom is why a module whose start drew random numbers has no snapshot.
const drewRandom = "its start draws random numbers, which would be the same for every task: " +
	"a guest that draws others before its first task says so in its manifest (reseeds)"

// keep makes snap the module's snapshot, unless it contains random numbers, which
// must differ between tasks.
func (inst *Instance) keep(snap *snapshot) {
	if snap.drew && !inst.Reseeds {
		inst.Snapshots.Forbid(drewRandom)
		inst.begun = nil
		snap.close()
		return
	}
	inst.Snapshots.current.Store(snap)
}

// clone starts the instance from a snapshot. It returns false if the snapshot was
// freed meanwhile.
func (inst *Instance) clone(snap *snapshot, memory uint64) (ok bool, err error) {
	if snap.image != nil && !inst.memory.BeginAs(snap.image) {
		return false, nil
	}
	inst.memory.SetLimit(memory)
	inst.begun = snap
	if err := inst.instantiate(); err != nil {
		return true, err
	}
	inst.code.SetGlobals(snap.globals)
	inst.system.calls.SetStreamFlags(snap.streams)
	if r, ok := inst.side.(Rememberer); ok {
		r.Recall(snap.side)
	}
	return true, nil
}

// reset resets an instance that has served a task to the snapshot that it began
// with, including the host's part of its state. If it returns false, the instance
// can't be reset and must be closed.
func (inst *Instance) reset() bool {
	snap := inst.begun
	if snap == nil || inst.code.Changed() || !inst.system.reset() || !inst.memory.Restore(inst.code.Memory()) {
		return false
	}
	inst.code.SetGlobals(snap.globals)
	inst.refillStack()
	signals, _ := inst.inbox.take() // they are about ops that have ended
	for _, s := range signals {
		s.Forget()
	}
	inst.side.Reset()
	return true
}

// reusable reports whether an instance whose call has ended can serve another. It
// resets the instance, unless that keeps its state.
func (inst *Instance) reusable() bool {
	clean := !inst.affinity.Program && !inst.dead && inst.code != nil && inst.ctx.Err() == nil && inst.side.Idle()
	return clean && (inst.affinity.PerInstance || inst.reset())
}
