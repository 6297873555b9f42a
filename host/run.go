package host

import (
	"runtime"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/executors"
)

// workerWords say what the workers of each mode stand for.
var workerWords = map[Mode]string{IO: "io", Blocking: "thread", CPU: "core"}

// Run implements executors.PoolJob: a worker runs the call in an instance that
// is the call's alone while it lasts.
func (c *call) Run(w *executors.Worker) { c.output, c.err = c.run(w) }

// Ended implements executors.PoolJob. Whoever waits for the call need not wait
// until its instance is put back.
func (c *call) Ended() {
	c.finish(c.output, c.err)
	if c.spent != nil {
		c.mod.giveBack(c.spent, c.task.Mode, int(c.lane)-1)
		c.spent = nil
	}
}

func (c *call) run(w *executors.Worker) ([]byte, error) {
	m := c.mod
	inst := m.pools[c.task.Mode].take(c.owner(), c.memory, w.ID)
	if inst == nil {
		inst = m.newInstance(c.owner(), newInbox())
	}
	inst.worker = w
	defer func() {
		c.detach()
		inst.worker, inst.named = nil, nil
		c.spent = inst
	}()
	if err := c.attach(inst, w.ID); err != nil {
		return nil, err
	}
	if inst.wasm == nil {
		if err := inst.start(c.options.WASI, bounds{c.memory, c.fuel}); err != nil {
			return nil, err
		}
	}
	if err := inst.limitMemory(c.memory); err != nil {
		return nil, err
	}
	inst.meter.begin(c.fuel)
	out, err := inst.serve(c)
	c.fuelUsed.Store(uint64(inst.meter.used()))
	c.memoryBytes.Store(inst.memory.Size())
	return out, err
}

// serve runs one call in an instance that holds no other.
func (inst *instance) serve(c *call) ([]byte, error) {
	switch inst.mod.style {
	case Command:
		return inst.serveCommand(c)
	case Bare:
		return inst.serveBare(c)
	}
	if err := inst.accept(c); err != nil {
		return nil, err
	}
	var err error
	if inst.mod.style == Direct {
		inst.stack = [2]uint64{uint64(c.index), uint64(c.handle)}
		err = inst.run()
	} else {
		inst.announce(c)
		err = inst.drive(c)
	}
	switch {
	case err != nil:
		inst.drop(c)
		return nil, err
	case !c.over:
		inst.drop(c)
		return nil, &TrapError{Reason: abi.ExportCall + " returned without ending the call: it must call output or fail"}
	}
	return c.output, c.err
}

// drop ends a call that the guest did not end, and the instance with it.
func (inst *instance) drop(c *call) {
	inst.dead = true
	if !c.over {
		inst.end(c, nil, nil)
	}
}

// drive runs the one call of a resumable guest to its end.
func (inst *instance) drive(c *call) error {
	for {
		again, err := inst.resume()
		if err != nil || c.over {
			return err
		}
		idle := !again && inst.news.len() == 0
		if idle && inst.running == 0 {
			return &TrapError{Reason: abi.ExportResume + " waits for events, but no op is running: the call would never end"}
		}
		if err := inst.await(idle); err != nil {
			return err
		}
	}
}

// serveCommand runs a WASI command, for which the instance was made.
func (inst *instance) serveCommand(c *call) ([]byte, error) {
	inst.wasi.stdin.feed(c.input)
	err := inst.run()
	inst.dead = true
	if exit, ok := err.(*ExitError); ok && exit.Code == 0 {
		err = nil
	}
	if err != nil {
		return nil, err
	}
	return inst.wasi.output()
}

// giveBack takes an instance whose call has ended: it is put back to what it was
// before, if it is not to keep its state, and waits for the next call. If it
// can't, it is closed.
func (m *module) giveBack(inst *instance, mode Mode, worker int) {
	if m.style != Command && inst.wasm != nil && inst.clean() &&
		(inst.owner.isolation == PerInstance || inst.restore()) {
		m.pools[mode].put(inst, worker)
		return
	}
	runtime.Gosched() // giving pages back takes long, and somebody waits for the call
	inst.close()
}
