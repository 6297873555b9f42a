package host

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"runtime/debug"
	"slices"
	"sync/atomic"
	"time"

	"github.com/wexec/wexec/abi"
)

// op is one asynchronous host call that a guest has started.
type op struct {
	call   *call
	handle uint32 // 0 once it is dropped
	place  int    // in call.ops while it runs
	over   bool   // it has ended, or nobody wants to know
	status abi.Status
	bytes  int    // that it holds: of the argument, then of the result
	result []byte // or the message of its failure
	stop   func() // ends the work; nil if there is nothing to stop
}

// startOp starts the capability of that name for a call, and returns its op.
// What can't be started is an op that has ended.
func (inst *instance) startOp(c *call, name string, arg []byte) *op {
	limits := &inst.mod.host.cfg.Limits
	// Those that have ended count here until they are dropped.
	if most := 2*limits.Ops + inst.calls.len(); inst.ops.len() >= most {
		panic(misuse("op_start: the instance has %d ops: drop those that have ended", most))
	}
	o := &op{call: c, place: len(c.ops), bytes: len(arg)}
	o.handle, _ = inst.ops.add(o)
	c.ops = append(c.ops, o)
	inst.running++
	inst.held += o.bytes
	if err := inst.work(o, name, arg); err != nil {
		inst.endOp(o, nil, err)
	}
	return o
}

// work starts the work of an op. arg is in the guest's memory.
func (inst *instance) work(o *op, name string, arg []byte) error {
	h, c := inst.mod.host, o.call
	limits := &h.cfg.Limits
	switch {
	case c.zombie || c.ended.Load():
		return ErrCancelled
	case len(c.ops) > limits.Ops:
		return &QueueFullError{Queue: "the call", What: "running as ops", Size: limits.Ops}
	case len(arg) > limits.Input:
		return &InvalidInputError{fmt.Sprintf("%s was given %d bytes, at most %d are allowed", name, len(arg), limits.Input)}
	case inst.held > limits.Held:
		return &heldError{limits.Held}
	}
	arg = copied(arg)
	if grants := c.grants(); grants != nil && !slices.Contains(grants, name) {
		return &DeniedError{name, fmt.Sprintf("it is not granted to module %q; grant it in Config.Grants or in the module's Options", inst.mod.name)}
	}
	if own, ok := h.cfg.Capabilities[name]; ok {
		return h.startCapability(inst, o, name, own, arg)
	}
	switch name {
	case abi.CapSleep:
		return startSleep(inst, o, arg)
	case abi.CapTaskCall:
		return startTaskCall(inst, o, arg)
	case abi.CapFetch:
		return h.startCapability(inst, o, name, h.fetch.Fetch, arg)
	}
	return &DeniedError{name, "this host has no such capability; " + h.capabilityNames()}
}

// endOp ends an op, once, and tells a resumable guest.
func (inst *instance) endOp(o *op, result []byte, err error) {
	if o.over {
		return
	}
	limits := &inst.mod.host.cfg.Limits
	switch {
	case err != nil:
	case len(result) > limits.Output:
		err = fmt.Errorf("the result has %d bytes, at most %d are allowed", len(result), limits.Output)
	case inst.held+len(result) > limits.Held:
		err = &heldError{limits.Held}
	}
	o.status, o.result = Kind(err), result
	if err != nil {
		o.result = []byte(err.Error())
	}
	inst.retire(o, len(o.result))
	if inst.mod.style == Resumable {
		inst.news.add(news{kind: abi.EventOp, op: o})
	}
}

// retire takes an op off its call's list. It holds so many bytes from now on.
func (inst *instance) retire(o *op, bytes int) {
	o.over, o.stop = true, nil
	inst.held += bytes - o.bytes
	o.bytes = bytes
	inst.running--
	ops := o.call.ops
	last := ops[len(ops)-1]
	ops[o.place], last.place = last, o.place
	ops[len(ops)-1] = nil
	o.call.ops = ops[:len(ops)-1]
}

// cancelOp ends an op as cancelled, at once.
func (inst *instance) cancelOp(o *op) {
	if o.over {
		return
	}
	if o.stop != nil {
		o.stop()
	}
	inst.endOp(o, nil, ErrCancelled)
}

// dropOp forgets an op.
func (inst *instance) dropOp(o *op) {
	if !o.over {
		if o.stop != nil {
			o.stop()
		}
		inst.retire(o, 0)
	}
	inst.held -= o.bytes
	inst.ops.remove(o.handle)
	o.handle, o.result = 0, nil
}

// startSleep is the capability clock.sleep. It costs a timer, no goroutine.
func startSleep(inst *instance, o *op, arg []byte) error {
	if len(arg) != 8 {
		return &InvalidInputError{fmt.Sprintf("clock.sleep takes 8 bytes of nanoseconds, not %d bytes", len(arg))}
	}
	d := min(binary.LittleEndian.Uint64(arg), 1<<62)
	o.stop = inst.box.after(time.Duration(d), event{op: o})
	return nil
}

// maxHead is the most bytes of the JSON that says what is called.
const maxHead = 4 << 10

// startTaskCall is the capability task.call: the child's future ends the op.
func startTaskCall(inst *instance, o *op, arg []byte) error {
	head, input := abi.SplitMessage(arg)
	if len(head) > maxHead {
		return &InvalidInputError{fmt.Sprintf("task.call: the head of its argument has %d bytes, at most %d are allowed", len(head), maxHead)}
	}
	var target abi.TaskCall
	if err := json.Unmarshal(head, &target); err != nil {
		return &InvalidInputError{"task.call: the head of its argument: " + err.Error()}
	}
	callee := inst.mod
	if target.Module != "" {
		var err error
		if callee, err = inst.mod.host.lookup(target.Module); err != nil {
			return err
		}
	}
	child, err := callee.submit(o.call.ctx, o.call, target.Task, input, o.call.inherited(callee))
	if err != nil {
		return err
	}
	future := child.promise.Future()
	box := inst.box
	o.stop = future.Cancel
	future.Notify(func() {
		out, err := future.Wait(context.Background())
		box.post(event{op: o, result: out, err: err})
	})
	return nil
}

// startCapability runs a capability on a goroutine. If it goes on after the op
// was cancelled it is a stray, which holds nobody up and is counted. All of
// them together are bounded.
func (h *Host) startCapability(inst *instance, o *op, name string, run Capability, arg []byte) error {
	if most := h.cfg.Limits.Capabilities; h.background.Count() >= most {
		return &QueueFullError{Queue: "the host", What: "running as capabilities", Size: most}
	}
	if err := h.background.Enter(); err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(withCaller(o.call.ctx, o.call))
	var decided atomic.Bool // by the end or by the cancellation, whichever comes first
	o.stop = func() {
		if decided.CompareAndSwap(false, true) {
			h.strays.Add(1)
		}
		cancel(ErrCancelled)
	}
	box := inst.box
	go func() {
		defer h.background.Leave()
		result, err := h.guard(ctx, name, run, arg)
		cancel(nil)
		if decided.CompareAndSwap(false, true) {
			box.post(event{op: o, result: result, err: err})
		} else {
			h.strays.Add(-1)
		}
	}()
	return nil
}

// guard runs a capability and turns its panic into an error, loudly.
func (h *Host) guard(ctx context.Context, name string, run Capability, arg []byte) (result []byte, err error) {
	defer func() {
		if r := recover(); r != nil {
			h.cfg.Logger.Error("a capability panicked", "capability", name, "panic", r, "stack", string(debug.Stack()))
			err = fmt.Errorf("the capability %s panicked", name)
		}
	}()
	return run(ctx, arg)
}
