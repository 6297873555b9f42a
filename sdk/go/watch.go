package wexec

import (
	"context"
	"time"

	"github.com/wexec/wexec/abi"
)

// watch ties an op to a context that was derived from its call's: when the
// context is done, the op is cancelled.
type watch struct {
	ctx    context.Context
	unhook func() bool
	// alarm is an op that ends at the context's deadline, if it has one: the
	// context's own timer fires only while something else has the guest
	// entered.
	alarm *op
	late  bool
}

func (o *op) follow(ctx context.Context) {
	w := &watch{ctx: ctx, unhook: context.AfterFunc(ctx, o.cancel)}
	if deadline, ok := ctx.Deadline(); ok {
		w.alarm = o.call.start(abi.CapSleep, nanoseconds(time.Until(deadline)), func() {
			if w.alarm.status == StatusOK && !o.over {
				w.late = true
				rawOpCancel(o.handle)
			}
		})
	}
	guest.mu.Lock()
	defer guest.mu.Unlock()
	o.watch = w
	if o.dropped {
		w.stop()
	}
}

// stop is called with guest.mu held, when the op is dropped.
func (w *watch) stop() {
	w.unhook()
	if w.alarm != nil && !w.alarm.dropped {
		w.alarm.drop()
	}
}

// loose reports whether the op's end may hang on a timer of Go's runtime that
// the SDK knows nothing of: somebody may mean to cancel the context later.
func (o *op) loose() bool { return o.watch != nil && o.watch.alarm == nil }
