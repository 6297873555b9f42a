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
// until the memory of a dead instance is given back.
func (c *call) Ended() {
	c.finish(c.output, c.err)
	if c.spent != nil {
		runtime.Gosched()
		c.spent.close()
		c.spent = nil
	}
}

func (c *call) run(w *executors.Worker) ([]byte, error) {
	m := c.mod
	inst := m.takeIdle(c)
	fresh := inst == nil
	if fresh {
		inst = m.newInstance(c.options.Tenant, newInbox(), c.memory)
	}
	inst.worker, inst.memory.limit = w, c.memory
	defer func() {
		c.detach()
		c.spent = m.putBack(inst)
	}()
	if err := c.attach(inst, lane{workerWords[c.task.Mode], w.ID}); err != nil {
		return nil, err
	}
	if fresh {
		if err := inst.boot(c.options.WASI, c.fuel); err != nil {
			return nil, err
		}
	}
	inst.meter.begin(c.fuel)
	out, err := inst.serve(c)
	c.fuelUsed.Store(uint64(inst.meter.used()))
	c.memoryBytes.Store(uint64(len(inst.memory.bytes)))
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
		err = inst.enter(inst.entry, inst.stack[:])
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
	err := inst.enter(inst.entry, nil)
	inst.dead = true
	if exit, ok := err.(*ExitError); ok && exit.Code == 0 {
		err = nil
	}
	if err != nil {
		return nil, err
	}
	return inst.wasi.output()
}

// takeIdle returns an idle instance that may serve the call, or nil.
func (m *module) takeIdle(c *call) *instance {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := len(m.idle) - 1; i >= 0; i-- {
		inst := m.idle[i]
		if inst.tenant == c.options.Tenant && uint64(len(inst.memory.bytes)) <= c.memory {
			m.idle = append(m.idle[:i], m.idle[i+1:]...)
			return inst
		}
	}
	return nil
}

// putBack keeps a clean instance for the next call. It returns one that is to
// be closed: this one, or the one that was kept for the longest time.
func (m *module) putBack(inst *instance) (spent *instance) {
	inst.worker, inst.named = nil, nil
	if m.style == Command || inst.wasm == nil || !inst.clean() {
		return inst
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.idle = append(m.idle, inst)
	if len(m.idle) > m.host.maxIdle {
		spent = m.idle[0]
		m.idle = m.idle[1:]
	}
	return spent
}
