package host

import (
	"context"
	"fmt"
	"runtime/debug"

	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/executors"
	"github.com/wexec/wexec/host/internal/instrument"
	"github.com/wexec/wexec/host/internal/linear"
)

// instance is a guest: a running instance of a module, and the host's side of
// it. All but box, stop and halt belongs to the goroutine that runs it.
type instance struct {
	mod    *module
	owner  owner
	ctx    *guestContext
	box    mailbox
	memory *linear.Memory
	meter  meter
	state  state
	wasi   *system

	wasm  api.Module
	entry api.Function
	stack [2]uint64 // parameters and results of entry

	// Of an instance that a worker runs; nil for one on a loop.
	inbox     *inbox
	worker    *executors.Worker
	idleRound uint32 // of the pool's reaper, when it became idle

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

// newInstance prepares an instance; start starts it.
func (m *module) newInstance(owner owner, box mailbox) *instance {
	inst := &instance{mod: m, owner: owner, box: box}
	inst.inbox, _ = box.(*inbox)
	inst.ctx = newGuestContext(inst)
	inst.memory = m.host.memory.New(m.own.memory, m.host.cfg.Limits.Memory)
	return inst
}

// bounds are limits of an instance, or of what is run in it.
type bounds struct {
	memory uint64
	fuel   int64
}

// start makes the instance ready for its first task: as the module's snapshot
// if there is one, and else by running its initialisation, which may use so
// much fuel. That is not the fuel of a call.
func (inst *instance) start(wasi *WASI, b bounds) error {
	if err := inst.begin(wasi, b); err != nil {
		return err
	}
	return inst.limitMemory(b.memory)
}

// limitMemory says how much memory the instance may have from now on.
func (inst *instance) limitMemory(limit uint64) error {
	if size := inst.memory.Size(); size > limit {
		return outOfMemory(size, limit)
	}
	inst.memory.SetLimit(limit)
	return nil
}

func outOfMemory(size, limit uint64) error {
	return &TrapError{Reason: fmt.Sprintf("out of memory: the module starts with %d bytes, and may have %d", size, limit)}
}

func (inst *instance) begin(wasi *WASI, b bounds) error {
	m := inst.mod
	if !m.snapshots.claim(inst.ctx) {
		if snap := m.snapshots.now.Load(); snap != nil {
			if ok, err := inst.clone(snap, b.memory); ok {
				return err
			}
		}
		return inst.boot(wasi, b)
	}
	defer m.snapshots.release()
	// What all tasks begin with must not depend on the memory that one may have.
	if err := inst.boot(wasi, bounds{m.own.memory, b.fuel}); err != nil {
		return err
	}
	if snap := inst.capture(); snap != nil {
		m.keepSnapshot(inst, snap)
	}
	return nil
}

// keepSnapshot keeps the snapshot of an instance, if it has nothing in it that
// must differ between tasks.
func (m *module) keepSnapshot(inst *instance, snap *snapshot) {
	if snap.drew && !m.manifest.Reseeds {
		m.snapshots.never(drewRandom)
		inst.state.begun = nil
		snap.close()
		return
	}
	m.snapshots.keep(snap)
}

// boot instantiates the module and runs its initialisation.
func (inst *instance) boot(wasi *WASI, b bounds) error {
	inst.memory.SetLimit(b.memory)
	inst.meter.begin(b.fuel)
	if err := inst.instantiate(wasi); err != nil {
		return err
	}
	if err := inst.mod.code.Data.CopyTo(inst.memory.Bytes()); err != nil {
		inst.dead = true
		return inst.mod.invalid(nil, "it can't be instantiated: %v", err)
	}
	for _, name := range []string{instrument.Start, abi.ExportInitialize} {
		if init := inst.wasm.ExportedFunction(name); init != nil {
			if err := inst.enter(init, nil); err != nil {
				return err
			}
		}
	}
	if inst.mod.style == Resumable {
		// What its start has left to do is done before the first task.
		_, err := inst.resume()
		return err
	}
	return nil
}

// instantiate makes the instance, and finds in it what the host needs.
func (inst *instance) instantiate(wasi *WASI) (err error) {
	m := inst.mod
	if inst.wasi, err = newSystem(inst, wasi); err != nil {
		return err
	}
	if err = inst.make(); err != nil {
		inst.dead = true
		return err
	}
	m.host.made.Add(1)
	inst.meter.attach(inst.wasm)
	inst.state.attach(m, inst.wasm)
	return nil
}

// make has wazero make the instance. In a module without safepoints, that runs
// the start function.
func (inst *instance) make() (err error) {
	m := inst.mod
	defer func() {
		switch r := recover().(type) {
		case nil:
		case *linear.LimitError:
			err = outOfMemory(r.Size, r.Limit)
		case *linear.BudgetError:
			err = &memoryError{r.Limit}
		default:
			m.host.cfg.Logger.Error("instantiating a module panicked", "module", m.name, "panic", r, "stack", string(debug.Stack()))
			err = &hostBug{"instantiate"}
		}
	}()
	ctx := experimental.WithMemoryAllocator(inst.ctx, inst.memory)
	defer inst.rest()
	inst.wasm, err = m.engine.InstantiateModule(ctx, m.compiled, inst.wasi.config)
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

// run enters the guest by the export that runs its calls.
func (inst *instance) run() error {
	if inst.entry == nil {
		inst.entry = inst.wasm.ExportedFunction(inst.mod.entry)
	}
	return inst.enter(inst.entry, inst.stack[:])
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
	if err := inst.run(); err != nil {
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
	inst.memory.Release()
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
	c.memoryBytes.Store(inst.memory.Size())
	if inst.inbox == nil {
		inst.bill(c)
		c.depart()
	}
}

// apply takes in what has happened outside. It reports whether that is news, and
// not of an op that is over.
func (inst *instance) apply(e event) bool {
	switch c := e.cancelled; {
	case c == nil:
		if e.op.over {
			return false
		}
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
	return true
}

// await takes in what has happened outside; if that is nothing, and park is
// true, it parks the worker until something does. It returns an error if the
// instance must stop.
func (inst *instance) await(park bool) error {
	for {
		events, halted := inst.inbox.take()
		changed := false
		for _, e := range events {
			changed = inst.apply(e) || changed
		}
		if halted {
			inst.dead = true
			return inst.whyStopped()
		}
		if changed || !park {
			return nil
		}
		inst.rest()
		inst.inbox.goAway()
		inst.worker.Park(inst.inbox.wait)
		inst.inbox.comeBack()
	}
}
