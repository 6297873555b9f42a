package guest

import (
	"context"

	"github.com/wexec/wexec/host/internal/fault"
)

// How a running guest is stopped: its context ends. Its safepoints look at that
// (see meter.go), and so do host functions that wait.

// guestContext is the context of everything that runs in an instance. It leads
// host functions to the instance, and ends when that must stop.
type guestContext struct {
	context.Context
	inst *Instance
	end  context.CancelCauseFunc
}

type instanceKey struct{}

func newContext(inst *Instance) *guestContext {
	ctx, end := context.WithCancelCause(context.Background())
	return &guestContext{ctx, inst, end}
}

func (c *guestContext) Value(key any) any {
	if key == (instanceKey{}) {
		return c.inst
	}
	return c.Context.Value(key)
}

// Of returns the instance that a host function was called from.
func Of(ctx context.Context) *Instance {
	if c, ok := ctx.(*guestContext); ok {
		return c.inst
	}
	return ctx.Value(instanceKey{}).(*Instance)
}

// Stop ends the instance's code soon, with that error. Only the first counts.
// Any goroutine may call it.
func (inst *Instance) Stop(err error) { inst.ctx.end(&fault.Stopped{Err: err}) }

// Halt stops an instance that a worker runs. It reports whether the worker is
// parked: then no code of the guest will run any more.
func (inst *Instance) Halt(err error) (parked bool) {
	inst.Stop(err)
	return inst.inbox.halt()
}

// stopCause returns the error given to Stop, or nil.
func (inst *Instance) stopCause() error {
	if s, ok := context.Cause(inst.ctx).(*fault.Stopped); ok {
		return s.Err
	}
	return nil
}

// checkStopped ends the guest, from inside a host function, if it must stop.
func (inst *Instance) checkStopped() {
	if inst.ctx.Err() != nil {
		panic(&fault.Stopped{Err: inst.stopCause()})
	}
}
