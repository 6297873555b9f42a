package guest

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/executors"
	"github.com/wexec/wexec/host/internal/fault"
	"github.com/wexec/wexec/host/internal/handle"
	"github.com/wexec/wexec/host/internal/linear"
)

// Op is an asynchronous host call that a guest has started.
type Op struct {
	Call   *Call
	Handle uint32 // 0 once it is dropped
	Status abi.Status
	Code   int32  // of a task that failed with a code of its own
	place  int32  // the index in Call.ops while the op runs
	Result []byte // or the message of its failure

	mail  Mailbox // not the instance: work that goes on would keep it in memory
	post  *posted
	bytes int    // how many the op holds: of its argument, then of its result
	stop  func() // ends the work; nil if there is nothing to stop
	over  bool   // the op has ended, or was dropped
}

// posted counts the bytes of results that an instance was sent and has not received. A
// guest may start ops and not look at their ends.
type posted struct {
	bytes atomic.Int64
	most  int64
}

// Over reports whether the op has ended.
func (o *Op) Over() bool { return o.over }

// Post ends the op from another goroutine.
func (o *Op) Post(result []byte, err error) {
	if n := int64(len(result)); o.post.bytes.Add(n) > o.post.most {
		o.post.bytes.Add(-n)
		result, err = nil, &fault.HeldError{Limit: int(o.post.most)}
	}
	o.mail.Post(Signal{Op: o, Result: result, Err: err})
}

// Sleep ends the op after d. It costs a timer, and no goroutine.
func (o *Op) Sleep(d time.Duration) { o.stop = o.mail.PostAfter(d, Signal{Op: o}) }

// OnStop sets the function that ends the work of the op. stop must not block.
func (o *Op) OnStop(stop func()) { o.stop = stop }

// Ops has the ops of one instance.
type Ops struct {
	Inst *Instance
	// Ended is called with each op that ends. It may be nil.
	Ended func(*Op)

	table   handle.Table[*Op]
	post    *posted // nil before the first op
	running int     // ops that have not ended
	held    int     // bytes of arguments and results, and of Hold
}

// Running counts the ops that have not ended.
func (ops *Ops) Running() int { return ops.running }

// Len counts the ops that were not dropped.
func (ops *Ops) Len() int { return ops.table.Len() }

// Hold counts bytes that the host keeps for the instance beside those of ops. It
// returns an error if those would be too many.
func (ops *Ops) Hold(bytes int) error {
	if most := ops.Inst.Limits.Held; ops.held+bytes > most {
		return &fault.HeldError{Limit: most}
	}
	ops.held += bytes
	return nil
}

// Release says that the host does not keep bytes any more.
func (ops *Ops) Release(bytes int) { ops.held -= bytes }

// Get returns the op with a handle.
func (ops *Ops) Get(handle uint32) (*Op, bool) { return ops.table.Get(handle) }

// Start starts an op for the call c. calls is how many calls the instance holds:
// each adds one to the ops that the instance may have. If the work can't be
// started, Start returns an op that has ended with the error. arg is in the
// guest's memory, and is copied.
func (ops *Ops) Start(c *Call, calls int, name string, arg []byte) *Op {
	// Ops that have ended count here until they are dropped.
	if most := 2*ops.Inst.Limits.Ops + calls; ops.table.Len() >= most {
		panic(fault.Misuse("op_start: the instance has %d ops: drop those that have ended", most))
	}
	if ops.post == nil {
		ops.post = &posted{most: int64(ops.Inst.Limits.Held)}
	}
	o := &Op{Call: c, mail: ops.Inst.mail, post: ops.post, place: int32(len(c.ops)), bytes: len(arg)}
	o.Handle, _ = ops.table.Add(o)
	c.ops = append(c.ops, o)
	ops.running++
	ops.held += o.bytes
	if err := ops.begin(o, name, arg); err != nil {
		ops.End(o, nil, err)
	}
	return o
}

func (ops *Ops) begin(o *Op, name string, arg []byte) error {
	c, limits := o.Call, &ops.Inst.Limits
	switch {
	case c.Orphaned() || c.Placement.Settled():
		return fault.ErrCancelled
	case len(c.ops) > limits.Ops:
		return &executors.QueueFullError{Queue: "the call", What: "running as ops", Size: limits.Ops}
	case len(arg) > limits.Input:
		return fault.InvalidInput("%s was given %d bytes, at most %d are allowed (Config.Limits.Input)",
			name, len(arg), limits.Input)
	case ops.held > limits.Held:
		return &fault.HeldError{Limit: limits.Held}
	}
	return c.Placement.StartOp(o, name, linear.Append(nil, arg))
}

// maxErrorText is the most bytes that a guest gets of an error.
const maxErrorText = 64 << 10

// Receive ends the op of a signal. It reports whether the op had not ended before.
func (ops *Ops) Receive(s Signal) bool {
	s.Forget()
	if s.Op.over {
		return false
	}
	ops.End(s.Op, s.Result, s.Err)
	return true
}

// End ends an op with a result or an error. It ignores an op that has ended.
func (ops *Ops) End(o *Op, result []byte, err error) {
	if o.over {
		return
	}
	limits, failed := &ops.Inst.Limits, err != nil
	switch {
	case failed:
	case len(result) > limits.Output:
		err = fmt.Errorf("the result has %d bytes, at most %d are allowed (Config.Limits.Output)", len(result), limits.Output)
	case ops.held+len(result) > limits.Held:
		err = &fault.HeldError{Limit: limits.Held}
	}
	if err != nil && !failed && o.stop != nil {
		o.stop() // what the work has opened is of no use
	}
	o.Status, o.Result = fault.Kind(err), result
	if err != nil {
		o.Code = fault.Code(err)
		o.Result = []byte(fault.Clip(err.Error(), maxErrorText))
	}
	ops.retire(o, len(o.Result))
	if ops.Ended != nil {
		ops.Ended(o)
	}
}

// retire removes an op from its call's list. From now on the op holds that many
// bytes.
func (ops *Ops) retire(o *Op, bytes int) {
	o.over, o.stop = true, nil
	ops.held += bytes - o.bytes
	o.bytes = bytes
	ops.running--
	c := o.Call
	last := c.ops[len(c.ops)-1]
	c.ops[o.place], last.place = last, o.place
	c.ops[len(c.ops)-1] = nil
	c.ops = c.ops[:len(c.ops)-1]
}

// Cancel ends an op as cancelled, at once.
func (ops *Ops) Cancel(o *Op) {
	if o.over {
		return
	}
	if o.stop != nil {
		o.stop()
	}
	ops.End(o, nil, fault.ErrCancelled)
}

// CancelAll cancels the ops of a call.
func (ops *Ops) CancelAll(c *Call) {
	for len(c.ops) > 0 {
		ops.Cancel(c.ops[len(c.ops)-1])
	}
}

// Drop forgets an op.
func (ops *Ops) Drop(o *Op) {
	if !o.over {
		if o.stop != nil {
			o.stop()
		}
		ops.retire(o, 0)
	}
	ops.held -= o.bytes
	ops.table.Remove(o.Handle)
	o.Handle, o.Result = 0, nil
}

// Reset empties the table, which then gives out the same handles again.
func (ops *Ops) Reset() { ops.table.Reset() }

// Close cancels all ops.
func (ops *Ops) Close() {
	for o := range ops.table.All {
		ops.Cancel(o)
	}
}
