package wexec

import (
	"fmt"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host/internal/fault"
	"github.com/wexec/wexec/host/internal/guest"
)

// emit takes a chunk or progress from the guest. It returns 0 if there is no room.
func (s *side) emit(handle uint64, kind uint32, ptr, length uint64) uint64 {
	c := s.call("emit", handle)
	switch {
	case kind > uint32(abi.EmitProgress):
		panic(fault.Misuse("emit: there is no kind %d", kind))
	case uint32(length) > abi.MaxEmitBytes:
		panic(fault.Misuse("emit: %d bytes, at most %d are allowed at once", uint32(length), abi.MaxEmitBytes))
	}
	s.inst.ChargeCall(0)
	data := s.bytes("emit", ptr, length)
	if c.Placement.Source() == nil {
		s.gather(c, abi.EmitKind(kind), data)
		return 1
	}
	return s.send(c, abi.EmitKind(kind), data)
}

// send gives what a call emits to the reader of its events.
func (s *side) send(c *guest.Call, kind abi.EmitKind, data []byte) uint64 {
	source := c.Placement.Source()
	for !source.Put(kind, data) {
		if !source.Wait(s.inst.OnRoom(c)) {
			continue // there is room by now
		}
		if _, waits := s.inst.Side().(*direct); !waits && c.Task.Mode != abi.CPU {
			if c.Room == guest.HasRoom {
				c.Room = guest.NoRoom
			}
			return 0
		}
		if err := s.inst.Await(true); err != nil {
			panic(&fault.Stopped{Err: err})
		}
	}
	return 1
}

// gather keeps the chunks of a call whose caller reads no events. They become the
// beginning of its output.
func (s *side) gather(c *guest.Call, kind abi.EmitKind, data []byte) {
	if kind != abi.EmitChunk || c.Placement.Settled() {
		return
	}
	err := s.checkOutput(c, data)
	if err == nil {
		err = s.ops.Hold(len(data))
	}
	if err != nil {
		c.Placement.Stop(err)
		return
	}
	c.Output = append(c.Output, data...)
}

// checkOutput returns an error if the output of a call is too large with more added.
func (s *side) checkOutput(c *guest.Call, more []byte) error {
	if n, most := len(c.Output)+len(more), s.inst.Limits.Output; n > most {
		return &fault.TaskError{Message: fmt.Sprintf(
			"its output has %d bytes, at most %d are allowed (Config.Limits.Output)", n, most)}
	}
	return nil
}
