package host

import (
	"context"

	"github.com/tetratelabs/wazero"
)

// How a running guest is stopped: this file is all there is to it.
//
// Modules are compiled with wazero's WithCloseOnContextDone: guest code looks
// at a flag in every loop, and ending the instance's context raises it. Host
// functions that wait look at the context themselves.

// stoppable makes the modules that a runtime compiles stoppable.
func stoppable(c wazero.RuntimeConfig) wazero.RuntimeConfig {
	return c.WithCloseOnContextDone(true)
}

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
