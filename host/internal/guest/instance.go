package guest

import (
	"github.com/wexec/wexec/executors"
	"github.com/wexec/wexec/host/internal/engine"
	"github.com/wexec/wexec/host/internal/fault"
	"github.com/wexec/wexec/host/internal/linear"
	"github.com/wexec/wexec/host/internal/wasm"
)

// Instance is a guest: a running instance of a module, and the host's side of
// it. Except for Stop, Halt and its mailbox, it belongs to the goroutine that
// runs it.
type Instance struct {
	*Template
	affinity Affinity
	ctx      *guestContext
	mail     Mailbox
	memory   *linear.Memory
	meter    meter
	system   *system
	side     Side
	code     *engine.Instance // nil until it is started
	// begun is the snapshot that reset restores: the instance was cloned from it, or
	// it was taken of the instance. Without one the instance can't be reset.
	begun *snapshot
	// Named is the last call that the guest named since it was entered, or nil: see
	// ABI 5.3.
	Named *Call
	dead  bool

	// The fields below are for an instance that a worker runs, and are zero for one
	// on a loop.
	inbox     *Inbox
	worker    *executors.Worker
	idleRound uint32 // the round of the pool's reaper when the instance became idle
}

// Serve runs one call on a worker, in an instance that holds no other. The call
// gets the result. If this call starts the instance, its system calls see wasi.
func (inst *Instance) Serve(w *executors.Worker, c *Call, wasi *WASI) {
	inst.worker = w
	defer func() { inst.worker, inst.Named = nil, nil }()
	if err := inst.serve(c, wasi); err != nil {
		c.Err = err
	}
}

func (inst *Instance) serve(c *Call, wasi *WASI) error {
	if inst.code == nil {
		if err := inst.start(wasi, c.Input, c.Bounds); err != nil {
			return err
		}
	} else if err := inst.limitMemory(c.Memory); err != nil {
		return err
	}
	inst.meter.begin(c.Fuel)
	inst.memory.ForgetRefusal()
	err := inst.side.Serve(c)
	if inst.IsProgram() {
		c.Output = linear.Append(linear.Append(nil, inst.Printed()), c.Output)
		if exit, ok := err.(*fault.ExitError); ok && exit.Code == 0 {
			err = nil
		}
	}
	c.fuelUsed.Store(uint64(inst.meter.used()))
	c.memoryBytes.Store(inst.memory.Size())
	return inst.starved(err)
}

// starved wraps the error of a guest that trapped or exited after it was refused
// memory. Few guests report that themselves.
func (inst *Instance) starved(err error) error {
	switch err.(type) {
	case *fault.TrapError, *fault.ExitError:
		return inst.Starved(err)
	}
	return err
}

// Starved wraps the error of a guest that has failed, if it was refused memory.
func (inst *Instance) Starved(err error) error {
	switch refused := inst.memory.Refused().(type) {
	case *linear.LimitError:
		return &fault.MemoryError{Limit: refused.Limit, Err: err}
	case *linear.BudgetError:
		return &fault.MemoryError{Limit: refused.Limit, All: true, Err: err}
	}
	return err
}

// BeginTurn prepares for a turn that may use at most fuel units.
func (inst *Instance) BeginTurn(fuel int64) {
	inst.meter.begin(fuel)
	inst.memory.ForgetRefusal()
}

// TurnError adds what the host knows about its cause to the error of a turn.
func (inst *Instance) TurnError(err error) error { return inst.starved(err) }

// Apply handles a signal on the loop that runs the instance.
func (inst *Instance) Apply(s Signal) { inst.side.Apply(s) }

// Side returns the kind's side of the instance.
func (inst *Instance) Side() Side { return inst.side }

// IsProgram reports whether the instance is one run of a program: see Affinity.
func (inst *Instance) IsProgram() bool { return inst.affinity.Program }

// Arguments returns the arguments and the environment of a program.
func (inst *Instance) Arguments() (args, env []string) {
	return inst.system.wasi.Args, inst.system.wasi.Env
}

// Function returns an exported function of the guest, if there is one.
func (inst *Instance) Function(name string) (engine.Function, bool) { return inst.code.Function(name) }

// Indirect returns the guest's own function that its first table has at index, if
// there is one of that type.
func (inst *Instance) Indirect(index uint32, t wasm.FuncType) (engine.Function, bool) {
	return inst.code.Indirect(index, t)
}

// EnterToExit runs a function of the guest until the guest exits, and returns the
// code. The state stays as it is then, and other functions can be entered.
func (inst *Instance) EnterToExit(f engine.Function) (code uint32, err error) {
	err = inst.Enter(f, nil)
	exit, ok := err.(*fault.ExitError)
	if !ok {
		return 0, err
	}
	inst.dead = false
	inst.refillStack()
	return exit.Code, nil
}

// refillStack sets the count of the stack to that of an instance that no code runs
// in.
func (inst *Instance) refillStack() {
	if inst.meter.stack != nil {
		inst.meter.stack.Set(uint64(inst.Limits.Stack))
	}
}

// Enter runs a function of the guest. stack has its parameters, and then its
// results.
func (inst *Instance) Enter(f engine.Function, stack []uint64) error {
	inst.Named = nil
	err := f.Call(inst.ctx, stack)
	inst.idle()
	if err == nil {
		err = inst.ctx.Err() // the guest may have returned after it was stopped
	}
	if err != nil {
		return inst.broken(err)
	}
	return nil
}

// Drive calls f, which enters the guest by Do, and returns why the guest ended, if it
// did.
func (inst *Instance) Drive(f func()) (err error) {
	defer func() {
		inst.idle()
		if r := recover(); r != nil {
			if !fault.IsEnd(r) {
				panic(r)
			}
			err = inst.broken(r.(error))
		}
	}()
	f()
	if err := inst.ctx.Err(); err != nil { // the guest may have returned after it was stopped
		return inst.broken(err)
	}
	return nil
}

// Do runs a function of the guest inside Drive, or inside a host function that the
// guest has called. It panics if the guest must end.
func (inst *Instance) Do(f engine.Function, stack []uint64) {
	if err := f.Call(inst.ctx, stack); err != nil {
		panic(engine.Explain(err))
	}
}

// broken marks the instance as dead and returns the reason.
func (inst *Instance) broken(err error) error {
	inst.dead = true
	if cause := inst.stopCause(); cause != nil {
		return cause
	}
	return engine.Explain(err)
}

// Kill marks the instance as dead, so that it serves no other call.
func (inst *Instance) Kill() { inst.dead = true }

// Await handles the signals that have come. If none of them is news to the guest
// and park is true, it parks the worker until one is. It returns an error if the
// instance must stop.
func (inst *Instance) Await(park bool) error {
	for {
		signals, halted := inst.inbox.take()
		news := false
		for _, s := range signals {
			news = inst.side.Apply(s) || news
		}
		if halted {
			inst.dead = true
			return inst.stopCause()
		}
		if news || !park {
			return nil
		}
		inst.idle()
		inst.park(inst.inbox.wait)
	}
}

// MemorySize returns the size of the linear memory in bytes. Any goroutine may
// ask.
func (inst *Instance) MemorySize() uint64 { return inst.memory.Size() }

// limitMemory sets the memory limit of the instance. It returns an error if the
// instance has more already.
func (inst *Instance) limitMemory(limit uint64) error {
	if size := inst.memory.Size(); size > limit {
		return fault.OutOfMemory(size, limit)
	}
	inst.memory.SetLimit(limit)
	return nil
}

// Close frees the instance. No code runs in it.
func (inst *Instance) Close() {
	inst.side.Close()
	if inst.code != nil {
		inst.code.Close()
	}
	if inst.system != nil {
		inst.system.close()
	}
	inst.ctx.end(nil)
	inst.memory.Release()
}

// Bytes returns a part of the guest's memory for the host function name, which
// must not keep it. It panics if the part is not inside the memory.
func (inst *Instance) Bytes(name string, ptr, length uint32) []byte {
	inst.Charge(int(length))
	if length == 0 {
		return nil
	}
	b, ok := inst.memory.Read(uint64(ptr), uint64(length))
	if !ok {
		panic(fault.Misuse("%s: %d bytes at %#x are not inside the memory", name, length, ptr))
	}
	return b
}

// CopyOut copies at most room bytes of b, from offset off, to the guest's memory
// at dst. It returns the length of b.
func (inst *Instance) CopyOut(name string, b []byte, dst, room, off uint32) uint32 {
	if uint64(off) < uint64(len(b)) {
		part := b[off:min(uint64(len(b)), uint64(off)+uint64(room))]
		linear.Copy(inst.Bytes(name, dst, uint32(len(part))), part)
	}
	return uint32(len(b))
}

// Peek returns a part of the guest's memory, or false if the part is not inside
// the memory. It charges no fuel.
func (inst *Instance) Peek(ptr, length uint32) ([]byte, bool) {
	return inst.memory.Read(uint64(ptr), uint64(length))
}
