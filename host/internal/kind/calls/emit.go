package calls

import (
	"fmt"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host/internal/fault"
	"github.com/wexec/wexec/host/internal/guest"
	"github.com/wexec/wexec/host/internal/linear"
)

// Emit takes a chunk or progress of at most abi.MaxEmitBytes from a call. It returns
// false if there is no room: the guest gets an event when there is. With wait, it waits
// for room instead.
func (s *Side) Emit(c *guest.Call, kind abi.EmitKind, data []byte, wait bool) bool {
	s.Inst.ChargeCall(0)
	if c.Placement.Source() == nil {
		s.gather(c, kind, data)
		return true
	}
	return s.send(c, kind, data, wait)
}

// send gives what a call emits to the reader of its events.
func (s *Side) send(c *guest.Call, kind abi.EmitKind, data []byte, wait bool) bool {
	source := c.Placement.Source()
	for !source.Put(kind, data) {
		if !source.Wait(s.Inst.OnRoom(c)) {
			continue // there is room by now
		}
		if !wait {
			if c.Room == guest.HasRoom {
				c.Room = guest.NoRoom
			}
			return false
		}
		if err := s.Inst.Await(true); err != nil {
			panic(&fault.Stopped{Err: err})
		}
	}
	return true
}

// gather keeps the chunks of a call whose caller reads no events. They become the
// beginning of its output.
func (s *Side) gather(c *guest.Call, kind abi.EmitKind, data []byte) {
	if kind != abi.EmitChunk || c.Placement.Settled() {
		return
	}
	err := s.checkOutput(c, data)
	if err == nil {
		err = s.Ops.Hold(len(data))
	}
	if err != nil {
		c.Placement.Stop(err)
		return
	}
	c.Output = linear.Append(c.Output, data)
}

// checkOutput returns an error if the output of a call is too large with more added.
func (s *Side) checkOutput(c *guest.Call, more []byte) error {
	if n, most := len(c.Output)+len(more), s.Inst.Limits.Output; n > most {
		return &fault.TaskError{Message: fmt.Sprintf(
			"its output has %d bytes, at most %d are allowed (Config.Limits.Output)", n, most)}
	}
	return nil
}
