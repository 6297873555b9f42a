package host

import (
	"context"
	"fmt"
	"runtime/debug"

	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/executors"
)

// instance is a guest: a running instance of a module, and the host's side of
// it. All but box, stop and halt belongs to the goroutine that runs it.
type instance struct {
	mod    *module
	tenant string
	ctx    *guestContext
	box    mailbox
	memory memory
	meter  meter
	wasi   *system

	wasm  api.Module
	entry api.Function
	stack [2]uint64 // parameters and results of entry

	// Of an instance that a worker runs; nil for one on a loop.
	inbox  *inbox
	worker *executors.Worker

	calls   table[*call]
	ops     table[*op]
	running int      // ops that have not ended
	news    newsList // for next
	held    int      // bytes of arguments and results of ops
	zombies int      // calls that nobody waits for, and the guest has not ended
	alone   *call    // the only call, if there was one when its turn began
	named   *call    // the last call that the guest named, see ABI 5.3
	yielded bool     // a resumable guest wants to be entered again
	dead    bool
}

// newInstance prepares an instance; boot starts it.
func (m *module) newInstance(tenant string, box mailbox, memoryLimit uint64) *instance {
	inst := &instance{mod: m, tenant: tenant, box: box}
	inst.inbox, _ = box.(*inbox)
	inst.ctx = newGuestContext(inst)
	inst.memory.limit, inst.memory.most = memoryLimit, m.host.cfg.Limits.Memory
	return inst
}

// boot instantiates the module and runs its initialisation, which may use so
// much fuel, and is not the fuel of a call.
func (inst *instance) boot(wasi *WASI, fuel int64) error {
	m := inst.mod
	inst.meter.begin(fuel)
	var err error
	if inst.wasi, err = newSystem(inst, wasi); err != nil {
		return err
	}
	if err = inst.instantiate(); err != nil {
		inst.dead = true
		return err
	}
	inst.meter.attach(inst.wasm)
	if init := inst.wasm.ExportedFunction(abi.ExportInitialize); init != nil {
		if err = inst.enter(init, nil); err != nil {
			return err
		}
	}
	if m.entry != "" {
		inst.entry = inst.wasm.ExportedFunction(m.entry)
	}
	return nil
}

// instantiate makes the instance, which runs the module's start function.
func (inst *instance) instantiate() (err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case *TrapError: // of memory
			err = r
		default:
			inst.mod.host.cfg.Logger.Error("instantiating a module panicked", "module", inst.mod.name, "panic", r, "stack", string(debug.Stack()))
			err = &hostBug{"instantiate"}
		}
	}()
	m := inst.mod
	ctx := experimental.WithMemoryAllocator(inst.ctx, &inst.memory)
	defer inst.rest()
	inst.wasm, err = m.host.runtime.InstantiateModule(ctx, m.compiled, inst.wasi.config)
	if err == nil {
		return nil
	}
	err = inst.broken(err)
	if trap, ok := err.(*TrapError); ok && len(trap.Stack) == 0 { // no code has run
		return m.invalid(nil, "it can't be instantiated: %s", trap.Reason)
	}
	return err
}

// broken marks the instance as dead and says why.
func (inst *instance) broken(err error) error {
	inst.dead = true
	if why := inst.whyStopped(); why != nil {
		return why
	}
	return guestError(err)
}

// enter runs a function of the guest.
func (inst *instance) enter(fn api.Function, stack []uint64) error {
	inst.named = nil
	err := fn.CallWithStack(inst.ctx, stack)
	inst.rest()
	if err == nil {
		err = inst.ctx.Err() // a guest may end well, but too late
	}
	if err != nil {
		return inst.broken(err)
	}
	return nil
}

// resume enters a resumable guest. again is whether it wants to be entered
// again although nothing has happened.
func (inst *instance) resume() (again bool, err error) {
	if err := inst.enter(inst.entry, inst.stack[:]); err != nil {
		return false, err
	}
	return uint32(inst.stack[0]) == abi.ResumeYield, nil
}

// close frees the instance. No code runs in it any more.
func (inst *instance) close() {
	for o := range inst.ops.all {
		inst.cancelOp(o)
	}
	if inst.wasm != nil {
		inst.wasm.Close(context.Background()) // its only errors are those of closing files
	}
	if inst.wasi != nil {
		inst.wasi.close()
	}
	inst.ctx.end(nil)
	inst.memory.release()
}

// clean reports whether the instance may serve another call.
func (inst *instance) clean() bool {
	return !inst.dead && inst.calls.len() == 0 && inst.ops.len() == 0 && inst.ctx.Err() == nil
}

// accept gives a call to the guest, for which it gets a handle. Calls that were
// cancelled count until the guest has ended them.
func (inst *instance) accept(c *call) error {
	most := min(inst.mod.host.cfg.IO.InFlight, tableLimit)
	if inst.calls.len() >= most {
		return &QueueFullError{Queue: fmt.Sprintf("an instance of module %q", inst.mod.name), What: "that its guest has not ended", Size: most}
	}
	c.handle, _ = inst.calls.add(c)
	return nil
}

// announce tells a resumable guest of a call that it has accepted.
func (inst *instance) announce(c *call) {
	inst.news.add(news{kind: abi.EventCall, call: c})
}

// end takes a call from the guest, with its result. Its ops end with it.
func (inst *instance) end(c *call, out []byte, err error) {
	inst.wasi.flush()
	inst.calls.remove(c.handle)
	for len(c.ops) > 0 {
		inst.cancelOp(c.ops[len(c.ops)-1])
	}
	c.output, c.err, c.over = out, err, true
	if c.zombie {
		inst.zombies--
	}
	c.memoryBytes.Store(uint64(len(inst.memory.bytes)))
	if inst.inbox == nil {
		inst.bill(c)
		c.depart()
	}
}

// apply takes in what has happened outside.
func (inst *instance) apply(e event) {
	switch c := e.cancelled; {
	case c == nil:
		inst.endOp(e.op, e.result, e.err)
	case !c.over:
		for len(c.ops) > 0 {
			inst.cancelOp(c.ops[len(c.ops)-1])
		}
		c.input = nil
		c.zombie = true
		inst.zombies++
		inst.news.add(news{kind: abi.EventCancel, call: c})
	}
}

// await takes in what has happened outside; if that is nothing, and park is
// true, it parks the worker until something does. It returns an error if the
// instance must stop.
func (inst *instance) await(park bool) error {
	for {
		events, halted := inst.inbox.take()
		for _, e := range events {
			inst.apply(e)
		}
		if halted {
			inst.dead = true
			return inst.whyStopped()
		}
		if len(events) > 0 || !park {
			return nil
		}
		inst.rest()
		inst.inbox.goAway()
		inst.worker.Park(inst.inbox.wait)
		inst.inbox.comeBack()
	}
}
