// Package calls has what the sides of several kinds need: calls and ops by their
// handles, and the turns of an instance that holds many calls.
package calls

import (
	"fmt"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/executors"
	"github.com/wexec/wexec/host/internal/fault"
	"github.com/wexec/wexec/host/internal/guest"
	"github.com/wexec/wexec/host/internal/handle"
)

// Side has the calls and ops of an instance.
type Side struct {
	Inst *guest.Instance
	Ops  guest.Ops

	calls handle.Table[*guest.Call]
	// answered is called when the guest has ended a call. It may be nil.
	answered func(*guest.Call)
}

// Init prepares the side of an instance.
func (s *Side) Init(inst *guest.Instance) {
	s.Inst = inst
	s.Ops.Inst = inst
}

// Calls counts the calls that the guest has not ended.
func (s *Side) Calls() int { return s.calls.Len() }

// Take adds a call and gives it a handle. Calls that were cancelled count until the
// guest has ended them.
func (s *Side) Take(c *guest.Call) error {
	most := min(s.Inst.Limits.Calls, handle.Most)
	if s.calls.Len() >= most {
		return &executors.QueueFullError{
			Queue: fmt.Sprintf("an instance of module %q", s.Inst.Module), What: "that its guest has not ended", Size: most,
		}
	}
	c.Handle, _ = s.calls.Add(c)
	c.Held()
	return nil
}

// Output ends a call with its output, unless that is too long.
func (s *Side) Output(c *guest.Call, output []byte) {
	if err := s.checkOutput(c, output); err != nil {
		s.End(c, nil, err)
		return
	}
	s.End(c, output, nil)
}

// End takes a call from the guest, with its result, which is copied. Its ops end with
// it.
func (s *Side) End(c *guest.Call, output []byte, err error) {
	s.Inst.FlushLog()
	s.calls.Remove(c.Handle)
	s.Ops.CancelAll(c)
	if s.answered != nil {
		s.answered(c)
	}
	s.Ops.Release(len(c.Output))
	c.Answer(s.Inst, output, err)
}

// Finish returns the error of a call that had the instance for itself, after the
// guest returned with err. A call that the guest did not end costs it the instance;
// unended says why that is. If the guest exits after it has failed the call, the failure
// stands: a language that can't unwind reports a panic like that.
func (s *Side) Finish(c *guest.Call, err error, unended string) error {
	_, exited := err.(*fault.ExitError)
	switch {
	case exited && c.Answered() && c.Err != nil:
		s.drop(c)
		return c.Err
	case err != nil:
		s.drop(c)
		return err
	case !c.Answered():
		s.drop(c)
		return &fault.TrapError{Reason: unended}
	}
	return c.Err
}

func (s *Side) drop(c *guest.Call) {
	s.Inst.Kill()
	if !c.Answered() {
		s.End(c, nil, nil)
	}
}

// StartOp starts an op for a call, unless the call may not wait. arg is in the guest's
// memory, and is copied.
func (s *Side) StartOp(c *guest.Call, name string, arg []byte) *guest.Op {
	if c.Task.Mode == abi.CPU {
		panic(&fault.AwaitError{Capability: name})
	}
	return s.Ops.Start(c, s.calls.Len(), name, arg)
}

// Wait parks the worker until an op ends. The guest has one call.
func (s *Side) Wait(o *guest.Op) {
	for !o.Over() {
		if err := s.Inst.Await(true); err != nil {
			panic(&fault.Stopped{Err: err})
		}
	}
}

// Call returns the call with that handle, for the host function name, and records
// that the guest named the call.
func (s *Side) Call(name string, handle uint32) *guest.Call {
	c, ok := s.Find(handle)
	if !ok {
		panic(fault.Misuse("%s: no call has the handle %d: it was ended, or never given", name, handle))
	}
	return c
}

// Find returns the call with that handle, if there is one, and records that the guest
// named it.
func (s *Side) Find(handle uint32) (c *guest.Call, ok bool) {
	if c, ok = s.calls.Get(handle); ok {
		s.name(c)
	}
	return c, ok
}

// Op returns the op with that handle, for the host function name, and records that
// the guest named its call.
func (s *Side) Op(name string, handle uint32) *guest.Op {
	o, ok := s.Ops.Get(handle)
	if !ok {
		panic(fault.Misuse("%s: no op has the handle %d: it was dropped, or never given", name, handle))
	}
	s.name(o.Call)
	return o
}

func (s *Side) name(c *guest.Call) {
	s.Inst.Named = c
	c.CountHostCall()
}

// Apply implements guest.Side, for a guest that has one call.
func (s *Side) Apply(signal guest.Signal) bool {
	return signal.Op == nil || s.Ops.Receive(signal) // without an op it says that there is room
}

// Idle implements guest.Side.
func (s *Side) Idle() bool { return s.calls.Len() == 0 && s.Ops.Len() == 0 }

// Reset implements guest.Side.
func (s *Side) Reset() {
	s.calls.Reset()
	s.Ops.Reset()
}

// Close implements guest.Side.
func (s *Side) Close() { s.Ops.Close() }
