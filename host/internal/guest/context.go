package guest

import (
	"context"

	"github.com/wexec/wexec/host/internal/fault"
)

// To stop a guest, the host ends its context. Safepoints check the context (see
// meter.go), and so do host functions that wait.

// guestContext is the context of all code that runs in an instance. Host functions
// find the instance by it. It ends when the instance must stop.
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

// Stop makes the instance's code end soon, with the error err. Only the first call
// counts. Any goroutine may call it.
func (inst *Instance) Stop(err error) { inst.ctx.end(&fault.Stopped{Err: err}) }

// Halt stops an instance that a worker runs. It reports whether the worker is
// parked, which means that no guest code will run again.
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

// checkStopped panics, to end the guest, if the instance must stop. Only host
// functions may call it.
func (inst *Instance) checkStopped() {
	if inst.ctx.Err() != nil {
		panic(&fault.Stopped{Err: inst.stopCause()})
	}
}
