package host

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wexec/wexec/executors"
	"github.com/wexec/wexec/host/capability"
	"github.com/wexec/wexec/host/internal/events"
	"github.com/wexec/wexec/host/internal/fault"
	"github.com/wexec/wexec/host/internal/grants"
	"github.com/wexec/wexec/host/internal/guest"
)

// call is one use of a task, from Module.Call to the end of its future. It does
// not depend on where the task runs. Its life inside an instance is a guest.Call.
//
//	submitted ── Submit ──▶ queued ── Run or Turn ──▶ running ─────▶ settled
//	                          │                          │             ▲
//	                          └── Abandon ───────────────┼─────────────┤
//	                                                     └── Stop ──▶ stopping
//
// The worker of a pool settles a call when the instance is done with it; if the
// worker is parked, Stop settles it. A loop settles a call when the guest has
// answered it; Stop settles it at once, since the instance serves others.
type call struct {
	executors.Ticket
	promise executors.Promise[[]byte]
	inside  guest.Call

	id      uint64
	parent  *call // nil for a call from outside
	mod     *module
	options *Options
	ctx     context.Context // the caller's; for capabilities
	loop    *loop           // nil if a pool runs the call

	mu        sync.Mutex
	inst      *guest.Instance // the instance that runs the call, or is about to
	lane      int32           // the number of the worker or loop, from 1; 0 before
	depth     int32           // of tasks that call tasks
	keeps     bool            // the instance keeps its state: PerInstance
	left      bool            // the instance is done with the call
	settled   atomic.Bool
	stopCause error         // why the call must stop
	few       *few          // nil until it is needed
	queued    time.Duration // when, since hostEpoch; 0 without Config.Observe
}

// few is what only few calls have. The call's lock guards it.
type few struct {
	unwatch func() bool         // stops the watch of the caller's context
	streams *capability.Streams // that ops have opened
}

// fewOf returns what only few calls have. The caller holds the lock.
func (c *call) fewOf() *few {
	if c.few == nil {
		c.few = &few{}
	}
	return c.few
}

// Abandon implements executors.Job.
func (c *call) Abandon(err error) { c.settle(nil, err) }

// Stop implements executors.Job.
func (c *call) Stop(err error) {
	c.mu.Lock()
	if c.stopCause != nil || c.settled.Load() {
		c.mu.Unlock()
		return
	}
	c.stopCause = err
	over := false
	var output []byte
	if c.loop == nil && !c.left && c.inst != nil {
		// Under the lock, the instance still runs this call: see detach. If it is
		// parked, its output does not change any more.
		if over = c.inst.Halt(err); over {
			output = c.given()
		}
	}
	c.mu.Unlock()
	if c.loop != nil {
		// Others share the instance, so the call ends and the guest learns of it.
		c.loop.executor.Post(guest.Signal{Of: &c.inside, Err: err})
		c.loop.executor.Finish(c)
		over = true
	}
	if over {
		c.settle(output, err)
	}
}

// given returns what a call that is parked has given out so far.
func (c *call) given() []byte {
	if c.inside.Task.Program {
		return slices.Concat(c.inst.Printed(), c.inside.Output)
	}
	return c.inside.Output
}

// Run implements executors.PoolJob: a worker runs the call in an instance that
// serves no other call meanwhile.
func (c *call) Run(w *executors.Worker) {
	inst := c.mod.pools[c.inside.Task.Mode].Take(c.affinity(), c.inside.Memory, w.ID)
	defer c.detach()
	if err := c.attach(inst, w.ID); err != nil {
		c.inside.Err = err
		return
	}
	inst.Serve(w, &c.inside, c.wasi())
}

// wasi returns what system calls see if the call starts its instance.
func (c *call) wasi() *guest.WASI {
	if c.inside.Task.Program {
		return c.options.WASI.guest()
	}
	return c.mod.template.WASI
}

// Ended implements executors.PoolJob. The caller does not wait for the instance
// to be reset.
func (c *call) Ended() {
	defer func() {
		c.mod.pools[c.inside.Task.Mode].Put(c.inst, int(c.lane)-1)
		c.inst = nil // no lock is needed: c.left is set
	}()
	c.settle(c.inside.Output, c.inside.Err)
}

// GuestAnswered implements guest.Placement. A pool's call is settled in Ended.
func (c *call) GuestAnswered() {
	if c.loop != nil {
		c.loop.executor.Finish(c)
		c.settle(c.inside.Output, c.inside.Err)
		c.forgetInstance()
	}
}

// forgetInstance clears the reference to the instance. Otherwise a caller that keeps
// the future would keep the instance in memory.
func (c *call) forgetInstance() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.inst = nil
}

// Settled implements guest.Placement.
func (c *call) Settled() bool { return c.settled.Load() }

// RunsIn implements guest.Placement.
func (c *call) RunsIn(inst *guest.Instance) bool { return c.inst == inst }

// Source implements guest.Placement.
func (c *call) Source() *events.Source { return nil }

// listened is the placement of a call with Options.Events.
type listened struct {
	*call
	source events.Source
}

// Source implements guest.Placement.
func (l *listened) Source() *events.Source { return &l.source }

// listen opens the call's source of events, if its caller reads them. Otherwise a
// call takes no memory for one.
func (c *call) listen() {
	if q := c.options.Events; q != nil {
		l := &listened{call: c}
		l.source.Open(q, c.id, c.inside.Task.Name)
		c.inside.Placement = l
	}
}

// attach records the instance that runs the call, and the number of the worker or
// loop, from 0. It returns an error if the call was stopped before.
func (c *call) attach(inst *guest.Instance, lane int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.inst, c.lane = inst, int32(lane)+1
	return c.stopCause
}

// detach records that the instance is done with the call.
func (c *call) detach() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.left = true
}

// cancel ends the call, whether it is queued or runs.
func (c *call) cancel(err error) { c.executor().Cancel(c, err) }

// executor returns the executor that runs the call.
func (c *call) executor() executors.Executor[*call] {
	if c.loop != nil {
		return c.loop.executor
	}
	return c.mod.host.pools[c.inside.Task.Mode]
}

// watch cancels the call when the caller's context ends.
func (c *call) watch(ctx context.Context) {
	if ctx.Done() == nil {
		return
	}
	unwatch := context.AfterFunc(ctx, func() { c.cancel(contextError(ctx)) })
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.settled.Load() {
		unwatch()
	} else {
		c.fewOf().unwatch = unwatch
	}
}

// contextError returns our error for the reason that a context ended.
func contextError(ctx context.Context) error {
	if ctx.Err() == context.DeadlineExceeded {
		return fault.ErrDeadline
	}
	if cause := context.Cause(ctx); cause != context.Canceled && fault.IsSound(cause) {
		return fmt.Errorf("%w: %w", ErrCancelled, cause)
	}
	return ErrCancelled
}

// settle ends the call's future. Only the first call of settle counts. A call that
// failed keeps its output beside the error.
func (c *call) settle(output []byte, err error) {
	if !c.settled.CompareAndSwap(false, true) {
		return
	}
	c.mu.Lock()
	few := c.few
	c.few = nil
	c.mu.Unlock()
	if few != nil {
		c.end(few)
	}
	if err != nil {
		err = c.failure(err)
	}
	defer func() { // also if Observe ends the goroutine
		c.inside.Placement.Source().Close()
		c.mod.gate.Leave()
		c.mod.host.gate.Leave()
		c.promise.Settle(output, err)
	}()
	c.observe(err)
}

// end ends what only few calls have.
func (c *call) end(f *few) {
	if f.unwatch != nil {
		f.unwatch()
	}
	if f.streams != nil {
		c.mod.host.grants.CloseStreams(f.streams)
	}
}

// observe reports the call. It recovers from a panic of the embedder's function and
// logs it, since other calls may depend on this goroutine.
func (c *call) observe(err error) {
	if c.mod.host.cfg.Observe == nil {
		return
	}
	defer func() {
		if r := recover(); r != nil {
			fault.ReportPanic(c.mod.host.cfg.Logger, "Config.Observe", r)
		}
	}()
	c.mod.host.cfg.Observe(c.span(err))
}

// affinity says which instances may serve the call.
func (c *call) affinity() guest.Affinity {
	if c.keeps {
		return guest.Affinity{PerInstance: true, Tenant: c.options.Tenant}
	}
	return guest.Affinity{Program: c.inside.Task.Program}
}

// failure wraps an error as this call's.
func (c *call) failure(err error) error {
	return &fault.CallError{Module: c.mod.name, Task: c.inside.Task.Name, Mode: c.inside.Task.Mode, Err: err}
}

// inherited returns the options for a call that this one makes: those of the callee,
// narrowed by the limits and grants of this one.
func (c *call) inherited(callee *module) *Options {
	o := callee.defaults
	o.Tenant, o.Priority = c.options.Tenant, c.options.Priority
	o.Grants = grants.Intersect(callee.defaults.Grants, c.options.Grants)
	o.Labels = c.options.Labels
	o.QueueTimeout = shorter(o.QueueTimeout, c.options.QueueTimeout)
	o.RunTimeout = shorter(o.RunTimeout, c.Left())
	o.Memory = least(c.inside.Memory, o.Memory)
	o.Fuel = least(uint64(c.inside.Fuel), o.Fuel)
	o.Events = nil // this call gets the whole output
	return &o
}

// Span describes a call that has ended.
type Span struct {
	// ID is unique in the host; Parent is the ID of the call that made this
	// one, or 0.
	ID, Parent   uint64
	Module, Task string
	Mode         Mode
	Tenant       string
	// Labels are those of the Options. They must not be changed.
	Labels map[string]string
	// Lane is where the call ran: "loop 0", "io 3", "thread 1", "core 0". It is
	// empty if the call never started.
	Lane string
	// Queued, Started and Ended are the times. Started is zero if the call never
	// started.
	Queued, Started, Ended time.Time
	// HostCalls counts the calls of host functions, and MemoryBytes is the
	// size of the instance's linear memory at the end, which is its largest.
	HostCalls   uint64
	MemoryBytes uint64
	// Fuel is what the call's code used, about one unit for an instruction. The
	// same call, alone in an instance of the same state, uses the same on any
	// machine. It does not include turns of an instance that held other calls.
	Fuel uint64
	// Err is the call's error, or nil.
	Err error
}

// hostEpoch is the time that call.queued counts from.
var hostEpoch = time.Now()

// laneWords say what the workers of each mode stand for.
var laneWords = map[Mode]string{IO: "io", Blocking: "thread", CPU: "core"}

func (c *call) span(err error) Span {
	u := c.inside.Usage()
	s := Span{
		ID: c.id, Module: c.mod.name, Task: c.inside.Task.Name, Mode: c.inside.Task.Mode, Tenant: c.options.Tenant,
		Labels: c.options.Labels, Queued: hostEpoch.Add(c.queued), Ended: time.Now(),
		HostCalls: u.HostCalls, MemoryBytes: u.MemoryBytes, Fuel: u.Fuel, Err: err,
	}
	if c.parent != nil {
		s.Parent = c.parent.id
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.left && c.inst != nil {
		s.MemoryBytes = c.inst.MemorySize()
	}
	if c.lane > 0 {
		word := laneWords[c.inside.Task.Mode]
		if c.loop != nil {
			word = "loop"
		}
		s.Lane, s.Started = fmt.Sprintf("%s %d", word, c.lane-1), s.Queued.Add(c.QueueTime())
	}
	return s
}
