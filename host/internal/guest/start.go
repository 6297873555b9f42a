package guest

import (
	"fmt"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host/internal/engine"
	"github.com/wexec/wexec/host/internal/fault"
)

// Start makes the instance of a loop ready for its first task.
func (inst *Instance) Start() error { return inst.start(inst.WASI, nil, inst.Turn) }

// start makes the instance ready for its first task. It clones the module's
// snapshot if there is one. Otherwise it runs the initialisation, which may use
// b.Fuel; that is not charged to a call. input is the standard input of a program.
func (inst *Instance) start(wasi *WASI, input []byte, b Bounds) error {
	var err error
	if inst.system, err = newSystem(inst, wasi, input); err != nil {
		return err
	}
	if err := inst.ready(b); err != nil {
		return err
	}
	return inst.limitMemory(b.Memory)
}

func (inst *Instance) ready(b Bounds) error {
	if inst.affinity.Program {
		return inst.boot(b)
	}
	snapshots := &inst.Snapshots
	// The goroutine that takes the snapshot may need a worker's place to go on, so
	// those that wait for it hold none.
	mine := snapshots.claim(inst.ctx, inst.park)
	if mine {
		defer snapshots.release()
	}
	if err := inst.ctx.Err(); err != nil { // the call may have ended meanwhile
		return inst.broken(err)
	}
	if !mine {
		if snap := snapshots.current.Load(); snap != nil {
			if ok, err := inst.clone(snap, b.Memory); ok {
				return err
			}
		}
		return inst.boot(b)
	}
	// All tasks start from this snapshot, so it must not depend on the memory limit
	// of one.
	if err := inst.boot(Bounds{inst.Bounds.Memory, b.Fuel}); err != nil {
		return err
	}
	if snap := inst.capture(); snap != nil {
		inst.keep(snap)
	}
	return nil
}

// boot instantiates the module and runs its initialisation.
func (inst *Instance) boot(b Bounds) error {
	inst.memory.SetLimit(b.Memory)
	inst.meter.begin(b.Fuel)
	if err := inst.instantiate(); err != nil {
		return err
	}
	if err := inst.Code.Data(inst.memory.Bytes()); err != nil {
		inst.dead = true
		return fault.InvalidModule("it can't be instantiated: %v", err).Named(inst.Module)
	}
	for _, name := range []string{engine.Start, abi.ExportInitialize} {
		if init, ok := inst.Function(name); ok {
			if err := inst.Enter(init, nil); err != nil {
				return err
			}
		}
	}
	return inst.side.Start()
}

// instantiate makes the instance and attaches the meter.
func (inst *Instance) instantiate() (err error) {
	inst.code, err = inst.Code.Instantiate(inst.ctx, inst.memory)
	inst.idle()
	if err != nil {
		return inst.unborn(err)
	}
	inst.made.Add(1)
	inst.meter.left, inst.meter.stack = inst.code.Countdown, inst.code.Stack
	return nil
}

// unborn returns why there is no instance.
func (inst *Instance) unborn(err error) error {
	inst.dead = true
	switch err.(type) {
	case *fault.TrapError, *fault.FullError, *fault.BugError: // not wazero's
		return err
	}
	err = inst.broken(err)
	if trap, ok := err.(*fault.TrapError); ok && len(trap.Stack) == 0 { // no code has run
		return fault.InvalidModule("it can't be instantiated: %s", trap.Reason).Named(inst.Module)
	}
	return err
}

// Ask starts an instance and calls question, which enters it to get its manifest.
// If question succeeds, the state of the instance before it becomes the module's
// snapshot. ready reports whether the instance is ready for a task. In either case
// the caller owns the instance.
func (inst *Instance) Ask(question func(*Instance) error) (ready bool, err error) {
	if inst.system, err = newSystem(inst, inst.WASI, nil); err != nil {
		return false, err
	}
	if err := inst.boot(inst.Bounds); err != nil {
		return false, fmt.Errorf("starting the module: %w", err)
	}
	var snap *snapshot
	if inst.Snapshots.Never() == "" {
		snap = inst.capture()
	}
	inst.meter.begin(inst.Bounds.Fuel)
	err = question(inst)
	switch {
	case snap == nil:
	case err != nil:
		snap.close()
	default:
		inst.keep(snap)
	}
	return err == nil && inst.reusable(), err
}
