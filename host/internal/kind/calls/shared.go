package calls

import (
	"fmt"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host/internal/fault"
	"github.com/wexec/wexec/host/internal/guest"
)

// Shared is a guest.Shared, except for its Start.
type Shared struct {
	Side
	// Resume enters the guest to take its events with Next. It reports whether the
	// guest wants to be entered again although nothing has happened.
	Resume func() (again bool, err error)
	// Stuck is the error of a call that has the instance for itself, if the guest
	// waits and no op runs: the call would never end.
	Stuck error

	events  events
	orphans int         // calls that were cancelled and that the guest has not ended
	alone   *guest.Call // the only call, if there was one when the turn began
	yielded bool        // the guest wants to be entered again
}

// Init prepares the side of an instance.
func (s *Shared) Init(inst *guest.Instance) {
	s.Side.Init(inst)
	s.Ops.Ended = func(o *guest.Op) { s.events.add(Event{Kind: abi.EventOp, Op: o}) }
	s.answered = func(c *guest.Call) {
		if c.Orphaned() {
			s.orphans--
		}
		s.bill(c)
	}
}

// Next takes the next event, if there is one.
func (s *Shared) Next() (Event, bool) { return s.events.take() }

// Events returns at least as many as there are events.
func (s *Shared) Events() int { return s.events.len() }

// Serve implements guest.Side: it drives the one call of the instance to its end.
func (s *Shared) Serve(c *guest.Call) error {
	if err := s.Accept(c); err != nil {
		return err
	}
	return s.Finish(c, s.drive(c), "")
}

func (s *Shared) drive(c *guest.Call) error {
	for {
		again, err := s.Resume()
		if err != nil || c.Answered() {
			return err
		}
		idle := !again && s.events.len() == 0
		if idle && s.Ops.Running() == 0 && c.Room == guest.HasRoom {
			return s.Stuck
		}
		if err := s.Inst.Await(idle); err != nil {
			return err
		}
	}
}

// Accept implements guest.Shared.
func (s *Shared) Accept(c *guest.Call) error {
	if err := s.Take(c); err != nil {
		return err
	}
	s.events.add(Event{Kind: abi.EventCall, Call: c})
	return nil
}

// Apply implements guest.Side.
func (s *Shared) Apply(signal guest.Signal) bool {
	switch c := signal.Of; {
	case c == nil:
		return s.Side.Apply(signal)
	case c.Answered():
	case signal.Err == nil:
		if c.Room == guest.NoRoom {
			c.Room = guest.RoomNews
			s.events.add(Event{Kind: abi.EventRoom, Call: c})
		}
	default:
		s.Ops.CancelAll(c)
		s.Ops.Release(len(c.Output))
		c.Orphan()
		s.orphans++
		s.events.add(Event{Kind: abi.EventCancel, Call: c})
	}
	return true
}

// Pending implements guest.Shared.
func (s *Shared) Pending() bool {
	return s.events.len() > 0 || s.yielded || s.orphans > s.Inst.Limits.Orphans
}

// Turn implements guest.Shared.
func (s *Shared) Turn() (again bool, err error) {
	if most := s.Inst.Limits.Orphans; s.orphans > most {
		s.Inst.Named = nil // no call of now is at fault
		return false, &fault.TrapError{
			Reason: fmt.Sprintf("the guest has not ended more than %d calls that were cancelled", most),
		}
	}
	s.beginTurn()
	yielded, err := s.Resume()
	s.bill(s.alone)
	if err != nil {
		return false, s.Inst.TurnError(err)
	}
	// A guest without calls has nothing to do, even if it asks for another turn.
	s.yielded = yielded && s.calls.Len() > s.orphans
	return s.yielded || s.events.len() > 0, nil
}

// beginTurn sets the fuel of a turn. A call that is alone in the instance has what
// it has not used yet. Otherwise the turn has as much as any one call may use.
func (s *Shared) beginTurn() {
	s.alone = nil
	fuel := s.Inst.Turn.Fuel
	if s.calls.Len() == 1 {
		for c := range s.calls.All {
			s.alone, fuel = c, c.Fuel-int64(c.Usage().Fuel)
			break
		}
	}
	s.Inst.BeginTurn(fuel)
}

// bill charges the fuel of the turn to a call that was alone.
func (s *Shared) bill(c *guest.Call) {
	if c != nil && c == s.alone {
		s.Inst.Bill(c)
		s.alone = nil
	}
}

// Fail implements guest.Shared. A call is known to have caused the error if it is
// the only one, or the one that the guest named last.
func (s *Shared) Fail(cause error) {
	culprit := s.Inst.Named
	if s.calls.Len() == 1 {
		for c := range s.calls.All {
			culprit = c
		}
	}
	for c := range s.calls.All {
		err := cause
		if c != culprit && cause != fault.ErrClosed { // which no call has caused
			err = &fault.LostError{Cause: cause}
		}
		s.End(c, nil, err)
	}
}

// Reset implements guest.Side.
func (s *Shared) Reset() {
	s.Side.Reset()
	s.events.reset()
	s.yielded = false
}
