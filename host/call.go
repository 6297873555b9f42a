package host

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/executors"
)

// call is one use of a task, from Module.Call to the end of its future. It is
// the job that executors know.
type call struct {
	executors.Ticket
	promise executors.Promise[[]byte]

	id      uint64
	parent  *call // nil for a call from outside
	mod     *module
	task    *abi.Task
	index   int32 // of the task in the manifest
	depth   int32 // of tasks that call tasks
	input   []byte
	options *Options
	memory  uint64                        // the most linear memory
	fuel    int64                         // the most fuel
	ctx     context.Context               // of the caller; for capabilities
	loop    *executors.Loop[*call, event] // that runs it, if no pool does
	spent   *instance                     // to give back when the call has ended

	mu      sync.Mutex
	inst    *instance // that it runs in, or is about to
	lane    int32     // the number of the worker or loop that runs it, from 1
	keeps   bool      // the instance keeps its state: PerInstance
	zombie  bool      // nobody waits for it, and the guest has been told
	over    bool      // the guest has ended it
	halted  error     // why it must stop
	unwatch func() bool
	ended   atomic.Bool

	// Of the goroutine that runs the instance.
	handle uint32
	ops    []*op // that have not ended
	output []byte
	err    error

	// For the span.
	queued      time.Time
	hostCalls   atomic.Uint64
	memoryBytes atomic.Uint64
	fuelUsed    atomic.Uint64
}

// Abandon implements executors.Job.
func (c *call) Abandon(err error) { c.finish(nil, err) }

// Stop implements executors.Job.
func (c *call) Stop(err error) {
	c.mu.Lock()
	if c.halted != nil || c.ended.Load() {
		c.mu.Unlock()
		return
	}
	c.halted = err
	over := false
	if c.loop == nil && c.inst != nil {
		// Under the lock, the instance is still this call's: see detach.
		c.inst.stop(err)
		over = c.inst.inbox.halt()
	}
	c.mu.Unlock()
	if c.loop != nil {
		// Others share the instance: this call is over, the guest is told.
		c.loop.Post(event{cancelled: c})
		c.loop.Finish(c)
		over = true
	}
	if over {
		c.finish(nil, err)
	}
}

// attach says which instance runs the call, and the number of the worker or
// loop, from 0. It returns an error if the call was stopped before.
func (c *call) attach(inst *instance, lane int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.inst, c.lane = inst, int32(lane)+1
	return c.halted
}

// detach says that the instance is the call's no more.
func (c *call) detach() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.inst = nil
}

// cancel ends the call, wherever it is.
func (c *call) cancel(err error) {
	if c.loop != nil {
		c.loop.Cancel(c, err)
	} else {
		c.mod.host.pools[c.task.Mode].Cancel(c, err)
	}
}

// watch cancels the call when the caller's context ends.
func (c *call) watch(ctx context.Context) {
	if ctx.Done() == nil {
		return
	}
	unwatch := context.AfterFunc(ctx, func() { c.cancel(contextError(ctx)) })
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended.Load() {
		unwatch()
	} else {
		c.unwatch = unwatch
	}
}

// contextError makes one of our errors of why a context ended.
func contextError(ctx context.Context) error {
	if ctx.Err() == context.DeadlineExceeded {
		return fmt.Errorf("%w: the caller's deadline passed", context.DeadlineExceeded)
	}
	if cause := context.Cause(ctx); cause != context.Canceled {
		return fmt.Errorf("%w: %w", ErrCancelled, cause)
	}
	return ErrCancelled
}

// finish ends the call's future. Only the first time counts.
func (c *call) finish(out []byte, err error) {
	if !c.ended.CompareAndSwap(false, true) {
		return
	}
	c.mu.Lock()
	unwatch := c.unwatch
	c.unwatch = nil
	c.mu.Unlock()
	if unwatch != nil {
		unwatch()
	}
	if err != nil {
		out, err = nil, c.failure(err)
	}
	if observe := c.mod.host.cfg.Observe; observe != nil {
		observe(c.span(err))
	}
	c.mod.gate.Leave()
	c.mod.host.gate.Leave()
	if err != nil {
		c.promise.Reject(err)
	} else {
		c.promise.Resolve(out)
	}
}

// owner returns what an instance must be for to serve the call.
func (c *call) owner() owner {
	if c.keeps {
		return owner{PerInstance, c.options.Tenant}
	}
	return owner{isolation: PerTask}
}

// failure says that an error is this call's.
func (c *call) failure(err error) error {
	return &CallError{Module: c.mod.name, Task: c.task.Name, Mode: c.task.Mode, Err: err}
}

// depart ends a call that shared its instance with others.
func (c *call) depart() {
	c.loop.Finish(c)
	c.finish(c.output, c.err)
}

func (c *call) span(err error) Span {
	s := Span{
		ID: c.id, Module: c.mod.name, Task: c.task.Name, Mode: c.task.Mode, Tenant: c.options.Tenant,
		Queued: c.queued, Ended: time.Now(),
		HostCalls: c.hostCalls.Load(), MemoryBytes: c.memoryBytes.Load(), Fuel: c.fuelUsed.Load(), Err: err,
	}
	if c.parent != nil {
		s.Parent = c.parent.id
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.inst != nil {
		s.MemoryBytes = c.inst.memory.Size()
	}
	if c.lane > 0 {
		word := workerWords[c.task.Mode]
		if c.loop != nil {
			word = "loop"
		}
		s.Lane, s.Started = fmt.Sprintf("%s %d", word, c.lane-1), c.queued.Add(c.QueueTime())
	}
	return s
}

// grants returns the capabilities that the call may use; nil is all.
func (c *call) grants() []string { return intersect(c.mod.host.cfg.Grants, c.options.Grants) }

// inherited returns the options of a call that this one makes: what callee
// allows, narrowed by what this one may.
func (c *call) inherited(callee *module) *Options {
	o := callee.defaults
	o.Tenant, o.Priority = c.options.Tenant, c.options.Priority
	o.Grants = intersect(callee.defaults.Grants, c.grants())
	o.QueueTimeout = narrow(o.QueueTimeout, c.options.QueueTimeout)
	o.RunTimeout = narrow(o.RunTimeout, c.Left())
	o.Memory = narrowed(c.memory, o.Memory)
	o.Fuel = narrowed(uint64(c.fuel), o.Fuel)
	return &o
}
