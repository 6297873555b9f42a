package wexec

import (
	"context"
	"sync"
	"time"
	"unsafe"

	"github.com/wexec/wexec/abi"
)

// op is a host call that has been started and not dropped. guest.mu guards its
// fields.
type op struct {
	call       *call
	prev, next *op // of the same call
	handle     uint32
	status     Status
	size       uint32 // of the result or the error message
	waiters    int32
	ended      bool
	dropped    bool
	end        sync.Cond
	watch      *watch
	// onEnd is for an op that no goroutine takes: deliver calls it, with guest.mu
	// held, and drops the op.
	onEnd func()
}

var (
	errNoCall    = &Error{Status: StatusFailed, Message: "wexec: the context is not a task's, nor derived from one"}
	errCallEnded = &Error{
		Status:  StatusCancelled,
		Message: "wexec: the task of this context has ended; a task must wait for its goroutines",
	}
)

// start starts an op on behalf of the call that ctx descends from. The op must
// be taken or abandoned exactly once.
func start(ctx context.Context, capability string, arg []byte) (*op, error) {
	c := callOf(ctx)
	if c == nil {
		return nil, errNoCall
	}
	if err := ctx.Err(); err != nil && !c.ended {
		return nil, &Error{Status: StatusOf(err), Message: err.Error()}
	}
	o := c.start(capability, arg, nil)
	if o == nil {
		return nil, errCallEnded
	}
	if ctx != context.Context(c) {
		o.watchContext(ctx)
	}
	return o, nil
}

// start starts an op. It returns nil if the call has ended: its handle is dead
// then, and using it would end the instance.
func (c *call) start(capability string, arg []byte, onEnd func()) *op {
	o := newOp()
	o.call, o.onEnd = c, onEnd
	guest.mu.Lock()
	defer guest.mu.Unlock()
	if c.ended {
		return nil
	}
	o.handle = rawOpStart(c.handle,
		unsafe.Pointer(unsafe.StringData(capability)), uint32(len(capability)),
		unsafe.Pointer(unsafe.SliceData(arg)), uint32(len(arg)))
	guest.ops.put(o.handle, o)
	if o.next = c.ops; o.next != nil {
		o.next.prev = o
	}
	c.ops = o
	return o
}

// freeOps is a free list of ops. Without it, the op would be half of the garbage
// of a call that sleeps. It needs no lock, because nothing is allocated between
// reading and changing it.
var freeOps *op

func newOp() *op {
	if o := freeOps; o != nil {
		freeOps, o.next = o.next, nil
		return o
	}
	return &op{end: sync.Cond{L: &guest.mu}}
}

// recycle puts an op on the free list. The op must have been taken, and nothing
// else may refer to it. An op with a watch is not recycled, because its context
// still refers to it.
func (o *op) recycle() {
	if o.watch == nil {
		o.call, o.prev, o.next = nil, nil, freeOps
		o.waiters, o.ended, o.dropped = 0, false, false
		freeOps = o
	}
}

// wait parks the goroutine until the op has ended.
func (o *op) wait() {
	guest.mu.Lock()
	if !o.ended {
		o.park()
		o.end.Wait()
	}
	guest.mu.Unlock()
}

// park counts the goroutine as waiting, until the op has ended.
func (o *op) park() {
	o.waiters++
	guest.parked++
	if o.mayNeedTimer() {
		guest.onTimers++
	}
}

// finish ends the op and wakes its goroutines. guest.mu is held.
func (o *op) finish(status Status, size uint32) {
	if o.ended {
		return
	}
	o.ended, o.status, o.size = true, status, size
	guest.parked -= int(o.waiters)
	if o.mayNeedTimer() {
		guest.onTimers -= int(o.waiters)
	}
	o.end.Broadcast()
}

// take returns the result or the failure of an op that has ended, and drops it.
// It is called in the goroutine that uses the result, because it names the call
// to the host.
func (o *op) take() ([]byte, error) {
	result := make([]byte, o.size)
	guest.mu.Lock()
	defer guest.mu.Unlock()
	if o.dropped {
		return nil, errCallEnded
	}
	if len(result) > 0 {
		rawOpResult(o.handle, unsafe.Pointer(unsafe.SliceData(result)), o.size, 0)
	}
	code := int32(0)
	if o.status == StatusFailed {
		code = int32(rawOpCode(o.handle))
	}
	o.drop()
	if o.status != StatusOK {
		return nil, o.failure(result, code)
	}
	return result, nil
}

func (o *op) failure(message []byte, code int32) error {
	if w := o.watch; w != nil && o.status == StatusCancelled {
		if w.timedOut {
			return &Error{Status: StatusTimeout, Message: context.DeadlineExceeded.Error()}
		}
		if err := w.ctx.Err(); err != nil {
			return &Error{Status: StatusOf(err), Message: err.Error()}
		}
	}
	return &Error{Status: o.status, Code: code, Message: string(message)}
}

// abandon drops an op whose call has ended, and wakes the goroutines that still
// wait for it. guest.mu is held.
func (o *op) abandon() {
	o.drop()
	o.finish(StatusCancelled, 0)
}

// drop releases the op here and in the host. guest.mu is held.
func (o *op) drop() {
	o.dropped = true
	guest.ops.remove(o.handle)
	if o.prev != nil {
		o.prev.next = o.next
	} else {
		o.call.ops = o.next
	}
	if o.next != nil {
		o.next.prev = o.prev
	}
	rawOpDrop(o.handle)
	if o.watch != nil {
		o.watch.stop()
	}
}

// cancel requests the end of the op. The end still comes as an event.
func (o *op) cancel() {
	guest.mu.Lock()
	defer guest.mu.Unlock()
	if !o.ended && !o.dropped {
		rawOpCancel(o.handle)
	}
}

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
