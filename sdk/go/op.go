package wexec

import (
	"context"
	"encoding/binary"
	"sync"
	"time"
	"unsafe"

	"github.com/wexec/wexec/abi"
)

// Sleep returns after d, or with an error when ctx is done. Unlike time.Sleep
// it costs nothing while it waits and is exact; see "What to know" in the
// package's documentation.
func Sleep(ctx context.Context, d time.Duration) error {
	o, err := start(ctx, abi.CapSleep, nanoseconds(d))
	if err != nil {
		return err
	}
	o.wait()
	_, err = o.take()
	o.recycle()
	return err
}

// Op uses any capability of the host by its name, and returns what it gives.
// Its error is an *Error.
func Op(ctx context.Context, capability string, arg []byte) ([]byte, error) {
	o, err := start(ctx, capability, arg)
	if err != nil {
		return nil, err
	}
	o.wait()
	left, err := o.take()
	o.recycle()
	return left, err
}

func nanoseconds(d time.Duration) []byte {
	return binary.LittleEndian.AppendUint64(nil, uint64(max(d, 0)))
}

// op is a host call that has been started and not dropped. Its fields are
// guarded by guest.mu.
type op struct {
	call       *call
	prev, next *op // of the same call
	handle     uint32
	status     Status
	size       uint32 // of what it left
	waiters    int32
	over       bool
	dropped    bool
	end        sync.Cond
	watch      *watch
	// then makes it an op that no goroutine takes: deliver runs it, with
	// guest.mu held, and drops the op.
	then func()
}

var (
	errNoCall    = &Error{StatusFailed, "wexec: the context is not one that a task was given, nor derived from it"}
	errCallEnded = &Error{StatusCancelled, "wexec: the task of this context has ended; let it wait for its goroutines"}
)

// start starts an op on behalf of the call that ctx descends from. The op
// must be taken or abandoned, once.
func start(ctx context.Context, capability string, arg []byte) (*op, error) {
	c := callOf(ctx)
	if c == nil {
		return nil, errNoCall
	}
	if err := ctx.Err(); err != nil && !c.ended {
		return nil, &Error{StatusOf(err), err.Error()}
	}
	o := c.start(capability, arg, nil)
	if o == nil {
		return nil, errCallEnded
	}
	if ctx != context.Context(c) {
		o.follow(ctx)
	}
	return o, nil
}

// start returns nil if the call has ended, since its handle is dead then and
// naming it would end the instance.
func (c *call) start(capability string, arg []byte, then func()) *op {
	o := newOp()
	o.call, o.then = c, then
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

// spareOps is a list of ops to use again. Half of what a call that sleeps
// leaves to the collector would be its op. It needs no lock, since nothing is
// allocated between looking at it and changing it.
var spareOps *op

func newOp() *op {
	if o := spareOps; o != nil {
		spareOps, o.next = o.next, nil
		return o
	}
	return &op{end: sync.Cond{L: &guest.mu}}
}

// recycle is for an op that has been taken and that only its caller knows.
// Of one that follows a context, the context knows.
func (o *op) recycle() {
	if o.watch == nil {
		o.call, o.prev, o.next = nil, nil, spareOps
		o.waiters, o.over, o.dropped = 0, false, false
		spareOps = o
	}
}

// wait parks the goroutine until the op is over.
func (o *op) wait() {
	guest.mu.Lock()
	if !o.over {
		o.park()
		o.end.Wait()
	}
	guest.mu.Unlock()
}

// park counts the goroutine as waiting, until the op is over.
func (o *op) park() {
	o.waiters++
	guest.parked++
	if o.loose() {
		guest.loose++
	}
}

// finish ends the op and wakes its goroutines. guest.mu is held.
func (o *op) finish(status Status, size uint32) {
	if o.over {
		return
	}
	o.over, o.status, o.size = true, status, size
	guest.parked -= int(o.waiters)
	if o.loose() {
		guest.loose -= int(o.waiters)
	}
	o.end.Broadcast()
}

// take returns what an op that is over left, and drops it. It is called in
// the goroutine that goes on with it: that names the call to the host.
func (o *op) take() ([]byte, error) {
	left := make([]byte, o.size)
	guest.mu.Lock()
	defer guest.mu.Unlock()
	if o.dropped {
		return nil, errCallEnded
	}
	if len(left) > 0 {
		rawOpResult(o.handle, unsafe.Pointer(unsafe.SliceData(left)), o.size, 0)
	}
	o.drop()
	if o.status != StatusOK {
		return nil, o.failure(left)
	}
	return left, nil
}

func (o *op) failure(message []byte) error {
	if w := o.watch; w != nil && o.status == StatusCancelled {
		if w.late {
			return &Error{StatusTimeout, context.DeadlineExceeded.Error()}
		}
		if err := w.ctx.Err(); err != nil {
			return &Error{StatusOf(err), err.Error()}
		}
	}
	return &Error{o.status, string(message)}
}

// abandon drops an op that nobody will take any more, and wakes those that
// wait for it nevertheless. guest.mu is held.
func (o *op) abandon() {
	o.drop()
	o.finish(StatusCancelled, 0)
}

// drop forgets the op here and in the host. guest.mu is held.
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

// cancel asks for the end of the op, which still comes as an event.
func (o *op) cancel() {
	guest.mu.Lock()
	defer guest.mu.Unlock()
	if !o.over && !o.dropped {
		rawOpCancel(o.handle)
	}
}
