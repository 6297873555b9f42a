package wexec

import (
	"context"
	"time"

	"github.com/wexec/wexec/abi"
)

// watch ties an op to a context that was derived from its call: when the context
// is done, the op is cancelled.
type watch struct {
	ctx           context.Context
	stopAfterFunc func() bool
	// timer is an op that ends at the context's deadline, if it has one. The
	// context's own timer is not enough: it fires only while the host has
	// entered the guest for another reason.
	timer    *op
	timedOut bool
}

func (o *op) watchContext(ctx context.Context) {
	w := &watch{ctx: ctx, stopAfterFunc: context.AfterFunc(ctx, o.cancel)}
	if deadline, ok := ctx.Deadline(); ok {
		w.timer = o.call.start(abi.CapSleep, nanoseconds(time.Until(deadline)), func() {
			if w.timer.status == StatusOK && !o.ended {
				w.timedOut = true
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

// stop is called when the op is dropped. guest.mu is held.
func (w *watch) stop() {
	w.stopAfterFunc()
	if w.timer != nil && !w.timer.dropped {
		w.timer.drop()
	}
}

// mayNeedTimer reports whether the op may end by a timer of Go's runtime:
// another goroutine may wait for a timer and then cancel the context.
func (o *op) mayNeedTimer() bool { return o.watch != nil && o.watch.timer == nil }
