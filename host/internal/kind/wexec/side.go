package wexec

import (
	"fmt"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/executors"
	"github.com/wexec/wexec/host/internal/engine"
	"github.com/wexec/wexec/host/internal/fault"
	"github.com/wexec/wexec/host/internal/guest"
	"github.com/wexec/wexec/host/internal/handle"
)

// side has what both kinds of guest need: calls and ops by their handles.
type side struct {
	inst  *guest.Instance
	calls handle.Table[*guest.Call]
	ops   guest.Ops
	entry *engine.Function // made when it is first entered
	stack [2]uint64        // parameters and results of entry
	// answered is called when the guest has ended a call. It may be nil.
	answered func(*guest.Call)
}

func (s *side) init(inst *guest.Instance) {
	s.inst = inst
	s.ops.Inst = inst
}

// enter enters the guest by the export that runs its calls.
func (s *side) enter(export string) error {
	if s.entry == nil {
		f, _ := s.inst.Function(export)
		s.entry = &f
	}
	return s.inst.Enter(*s.entry, s.stack[:])
}

// accept adds a call and gives it a handle. Calls that were cancelled count until
// the guest has ended them.
func (s *side) accept(c *guest.Call) error {
	most := min(s.inst.Limits.Calls, handle.Most)
	if s.calls.Len() >= most {
		return &executors.QueueFullError{
			Queue: fmt.Sprintf("an instance of module %q", s.inst.Module), What: "that its guest has not ended", Size: most,
		}
	}
	c.Handle, _ = s.calls.Add(c)
	c.Held()
	return nil
}

// end takes a call from the guest, with its result, which is copied. Its ops end
// with it.
func (s *side) end(c *guest.Call, output []byte, err error) {
	s.inst.FlushLog()
	s.calls.Remove(c.Handle)
	s.ops.CancelAll(c)
	if s.answered != nil {
		s.answered(c)
	}
	s.ops.Release(len(c.Output))
	c.Answer(s.inst, output, err)
}

// finish returns the error of a call that had the instance for itself, after the
// guest returned. A call that the guest did not end costs it the instance.
func (s *side) finish(c *guest.Call, err error) error {
	switch {
	case err != nil:
		s.drop(c)
		return err
	case !c.Answered():
		s.drop(c)
		return &fault.TrapError{Reason: abi.ExportCall + " returned without ending the call: it must call output or fail"}
	}
	return c.Err
}

func (s *side) drop(c *guest.Call) {
	s.inst.Kill()
	if !c.Answered() {
		s.end(c, nil, nil)
	}
}

// Idle implements guest.Side.
func (s *side) Idle() bool { return s.calls.Len() == 0 && s.ops.Len() == 0 }

// Reset implements guest.Side.
func (s *side) Reset() {
	s.calls.Reset()
	s.ops.Reset()
}

// Close implements guest.Side.
func (s *side) Close() { s.ops.Close() }

// call returns the call with that handle, and records that the guest named it.
func (s *side) call(name string, handle uint64) *guest.Call {
	c, ok := s.calls.Get(uint32(handle))
	if !ok {
		panic(fault.Misuse("%s: no call has the handle %d: it was ended, or never given", name, uint32(handle)))
	}
	s.name(c)
	return c
}

// op returns the op with that handle, and records that the guest named its call.
func (s *side) op(name string, handle uint64) *guest.Op {
	o, ok := s.ops.Get(uint32(handle))
	if !ok {
		panic(fault.Misuse("%s: no op has the handle %d: it was dropped, or never given", name, uint32(handle)))
	}
	s.name(o.Call)
	return o
}

func (s *side) name(c *guest.Call) {
	s.inst.Named = c
	c.CountHostCall()
}

// direct is the side of a guest that is entered once for each call.
type direct struct{ side }

func newDirect(inst *guest.Instance) guest.Side {
	d := &direct{}
	d.init(inst)
	return d
}

// Start implements guest.Side.
func (d *direct) Start() error { return nil }

// Serve implements guest.Side.
func (d *direct) Serve(c *guest.Call) error {
	if err := d.accept(c); err != nil {
		return err
	}
	d.stack = [2]uint64{uint64(c.Index), uint64(c.Handle)}
	return d.finish(c, d.enter(abi.ExportCall))
}

// Apply implements guest.Side.
func (d *direct) Apply(signal guest.Signal) bool {
	switch {
	case signal.Op == nil: // there is room
		return true
	case signal.Op.Over():
		return false
	}
	d.ops.End(signal.Op, signal.Result, signal.Err)
	return true
}

func misplaced(at, length uint32) string {
	return fmt.Sprintf(" points to %d bytes at %#x, which are not inside the memory", length, at)
}
