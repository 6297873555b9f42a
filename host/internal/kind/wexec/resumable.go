package wexec

import (
	"fmt"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host/internal/fault"
	"github.com/wexec/wexec/host/internal/guest"
)

// resumable is the side of a guest that holds many calls: it is entered when
// there are events, and takes them by next.
type resumable struct {
	side
	events  events
	orphans int         // calls that were cancelled and that the guest has not ended
	alone   *guest.Call // the only call, if there was one when the turn began
	yielded bool        // the guest wants to be entered again
}

func newResumable(inst *guest.Instance) guest.Side {
	r := &resumable{}
	r.init(inst)
	r.ops.Ended = func(o *guest.Op) { r.events.add(event{kind: abi.EventOp, op: o}) }
	r.answered = func(c *guest.Call) {
		if c.Orphaned() {
			r.orphans--
		}
		r.bill(c)
	}
	return r
}

// Start implements guest.Side: it runs what the guest's start left to do before the
// first task.
func (r *resumable) Start() error {
	_, err := r.resume()
	return err
}

// resume enters the guest. again is whether it wants to be entered again although
// nothing has happened.
func (r *resumable) resume() (again bool, err error) {
	if err := r.enter(abi.ExportResume); err != nil {
		return false, err
	}
	return uint32(r.stack[0]) == abi.ResumeYield, nil
}

// Serve implements guest.Side: it drives the one call of the instance to its end.
func (r *resumable) Serve(c *guest.Call) error {
	if err := r.Accept(c); err != nil {
		return err
	}
	return r.finish(c, r.drive(c))
}

func (r *resumable) drive(c *guest.Call) error {
	for {
		again, err := r.resume()
		if err != nil || c.Answered() {
			return err
		}
		idle := !again && r.events.len() == 0
		if idle && r.ops.Running() == 0 && c.Room == guest.HasRoom {
			return &fault.TrapError{
				Reason: abi.ExportResume + " waits for events, but no op is running: the call would never end",
			}
		}
		if err := r.inst.Await(idle); err != nil {
			return err
		}
	}
}

// Accept implements guest.Shared.
func (r *resumable) Accept(c *guest.Call) error {
	if err := r.accept(c); err != nil {
		return err
	}
	r.events.add(event{kind: abi.EventCall, call: c})
	return nil
}

// Apply implements guest.Side.
func (r *resumable) Apply(signal guest.Signal) bool {
	switch c := signal.Of; {
	case c == nil:
		if signal.Op.Over() {
			return false
		}
		r.ops.End(signal.Op, signal.Result, signal.Err)
	case c.Answered():
	case signal.Err == nil:
		if c.Room == guest.NoRoom {
			c.Room = guest.RoomNews
			r.events.add(event{kind: abi.EventRoom, call: c})
		}
	default:
		r.ops.CancelAll(c)
		r.ops.Release(len(c.Output))
		c.Orphan()
		r.orphans++
		r.events.add(event{kind: abi.EventCancel, call: c})
	}
	return true
}

// Calls implements guest.Shared.
func (r *resumable) Calls() int { return r.calls.Len() }

// Pending implements guest.Shared.
func (r *resumable) Pending() bool {
	return r.events.len() > 0 || r.yielded || r.orphans > r.inst.Limits.Orphans
}

// Turn implements guest.Shared.
func (r *resumable) Turn() (again bool, err error) {
	if most := r.inst.Limits.Orphans; r.orphans > most {
		r.inst.Named = nil // no call of now is at fault
		return false, &fault.TrapError{
			Reason: fmt.Sprintf("the guest has not ended more than %d calls that were cancelled", most),
		}
	}
	r.beginTurn()
	yielded, err := r.resume()
	r.bill(r.alone)
	if err != nil {
		return false, r.inst.TurnError(err)
	}
	// A guest without calls has nothing to do, even if it asks for another turn.
	r.yielded = yielded && r.calls.Len() > r.orphans
	return r.yielded || r.events.len() > 0, nil
}

// beginTurn sets the fuel of a turn. A call that is alone in the instance has what
// it has not used yet. Otherwise the turn has as much as any one call may use.
func (r *resumable) beginTurn() {
	r.alone = nil
	fuel := r.inst.Turn.Fuel
	if r.calls.Len() == 1 {
		for c := range r.calls.All {
			r.alone, fuel = c, c.Fuel-int64(c.Usage().Fuel)
			break
		}
	}
	r.inst.BeginTurn(fuel)
}

// bill charges the fuel of the turn to a call that was alone.
func (r *resumable) bill(c *guest.Call) {
	if c != nil && c == r.alone {
		r.inst.Bill(c)
		r.alone = nil
	}
}

// Fail implements guest.Shared. A call is known to have caused the error if it is
// the only one, or the one that the guest named last.
func (r *resumable) Fail(cause error) {
	culprit := r.inst.Named
	if r.calls.Len() == 1 {
		for c := range r.calls.All {
			culprit = c
		}
	}
	for c := range r.calls.All {
		err := cause
		if c != culprit && cause != fault.ErrClosed { // which no call has caused
			err = &fault.LostError{Cause: cause}
		}
		r.end(c, nil, err)
	}
}

// Reset implements guest.Side.
func (r *resumable) Reset() {
	r.side.Reset()
	r.events.reset()
	r.yielded = false
}
