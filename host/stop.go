package host

import "context"

// How a running guest is stopped: ending the instance's context, which its
// safepoints look at (see safepoint.go), and host functions that wait.

// guestContext is the context of everything that runs in an instance. It
// leads host functions to the instance, and ends when that must stop.
type guestContext struct {
	context.Context
	inst *instance
	end  context.CancelCauseFunc
}

type instanceKey struct{}

func newGuestContext(inst *instance) *guestContext {
	ctx, end := context.WithCancelCause(context.Background())
	return &guestContext{ctx, inst, end}
}

func (c *guestContext) Value(key any) any {
	if key == (instanceKey{}) {
		return c.inst
	}
	return c.Context.Value(key)
}

// instanceOf returns the instance that a host function was called from.
func instanceOf(ctx context.Context) *instance {
	if c, ok := ctx.(*guestContext); ok {
		return c.inst
	}
	return ctx.Value(instanceKey{}).(*instance)
}

// stopped is the cause of a guestContext that has ended: why, as the call
// should say it.
type stopped struct{ err error }

func (s *stopped) Error() string { return s.err.Error() }
func (s *stopped) Unwrap() error { return s.err }

// stop ends the instance's code soon, with that error. Only the first counts.
func (inst *instance) stop(err error) { inst.ctx.end(&stopped{err}) }

// whyStopped returns the error given to stop, or nil.
func (inst *instance) whyStopped() error {
	if s, ok := context.Cause(inst.ctx).(*stopped); ok {
		return s.err
	}
	return nil
}

// checkStopped ends the guest, from inside a host function, if it must stop.
func (inst *instance) checkStopped() {
	if inst.ctx.Err() != nil {
		panic(&stopped{inst.whyStopped()})
	}
}
