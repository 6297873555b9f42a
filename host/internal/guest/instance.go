package guest

import (
	"context"

	"github.com/wexec/wexec/executors"
	"github.com/wexec/wexec/host/internal/engine"
	"github.com/wexec/wexec/host/internal/fault"
	"github.com/wexec/wexec/host/internal/linear"
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
	// begun is the snapshot that the instance started from, or that was taken of
	// it. Without one it can't be reset.
	begun *snapshot
	// Named is the call that the guest named last since it was entered, or nil:
	// see ABI 5.3.
	Named *Call
	dead  bool

	// Of an instance that a worker runs; nil for one on a loop.
	inbox     *Inbox
	worker    *executors.Worker
	idleRound uint32 // of the pool's reaper, when it became idle
}

// Serve runs one call on a worker, in an instance that holds no other. The
// result is in the call. A program's instance sees wasi.
func (inst *Instance) Serve(w *executors.Worker, c *Call, wasi *WASI) {
	inst.worker = w
	defer func() { inst.worker, inst.Named = nil, nil }()
	if err := inst.serve(c, wasi); err != nil {
		c.Err = err
	}
}

func (inst *Instance) serve(c *Call, wasi *WASI) error {
	if inst.code == nil {
		if err := inst.Start(wasi, c.Bounds); err != nil {
			return err
		}
	} else if err := inst.limitMemory(c.Memory); err != nil {
		return err
	}
	inst.meter.begin(c.Fuel)
	err := inst.explained(inst.side.Serve(c))
	c.fuelUsed.Store(uint64(inst.meter.used()))
	c.memoryBytes.Store(inst.memory.Size())
	return err
}

// explained adds to how the guest ended that it was refused memory before.
func (inst *Instance) explained(err error) error {
	limit, refused := inst.memory.Refused()
	switch err.(type) {
	case *fault.TrapError, *fault.ExitError:
		if refused {
			return &fault.MemoryError{Limit: limit, Err: err}
		}
	}
	return err
}

// Apply takes in a signal, on the loop that runs the instance.
func (inst *Instance) Apply(s Signal) { inst.side.Apply(s) }

// Side returns the kind's half of the instance.
func (inst *Instance) Side() Side { return inst.side }

// Function returns an export of the guest's.
func (inst *Instance) Function(name string) (engine.Function, bool) { return inst.code.Function(name) }

// Enter runs a function of the guest's, with parameters and results in stack.
func (inst *Instance) Enter(f engine.Function, stack []uint64) error {
	inst.Named = nil
	err := f.Call(inst.ctx, stack)
	inst.idle()
	if err == nil {
		err = inst.ctx.Err() // a guest may end well, but too late
	}
	if err != nil {
		return inst.broken(err)
	}
	return nil
}

// broken marks the instance as dead and returns why it is.
func (inst *Instance) broken(err error) error {
	inst.dead = true
	if cause := inst.stopCause(); cause != nil {
		return cause
	}
	return engine.Explain(err)
}

// Kill marks the instance as dead: it serves no other call.
func (inst *Instance) Kill() { inst.dead = true }

// Await takes in the signals that have come; if they are no news to the guest,
// and park is true, it parks the worker until some are. It returns an error if
// the instance must stop.
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
		inst.inbox.leave()
		inst.worker.Park(inst.inbox.wait)
		inst.inbox.comeBack()
	}
}

// MemorySize returns the size of the linear memory in bytes. Any goroutine may
// ask.
func (inst *Instance) MemorySize() uint64 { return inst.memory.Size() }

// limitMemory says how much memory the instance may have from now on.
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

// Bytes returns a part of the guest's memory, which the caller copies before the
// host function name ends. It panics if the part is not inside the memory.
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

// CopyOut copies b from off on to the guest, at most room bytes, and returns
// the length of b.
func (inst *Instance) CopyOut(name string, b []byte, dst, room, off uint32) uint32 {
	if uint64(off) < uint64(len(b)) {
		part := b[off:min(uint64(len(b)), uint64(off)+uint64(room))]
		copy(inst.Bytes(name, dst, uint32(len(part))), part)
	}
	return uint32(len(b))
}

// Context is the context of everything that runs in the instance.
func (inst *Instance) Context() context.Context { return inst.ctx }

// Peek returns a part of the guest's memory, or false if it is not inside. It
// charges nothing.
func (inst *Instance) Peek(ptr, length uint32) ([]byte, bool) {
	return inst.memory.Read(uint64(ptr), uint64(length))
}
