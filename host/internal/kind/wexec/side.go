package wexec

import (
	"fmt"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host/internal/engine"
	"github.com/wexec/wexec/host/internal/fault"
	"github.com/wexec/wexec/host/internal/guest"
	"github.com/wexec/wexec/host/internal/kind/calls"
)

// entry is the export by which calls enter the guest.
type entry struct {
	export   string
	function *engine.Function // made when it is first entered
	stack    [2]uint64        // its parameters and results
}

func (e *entry) enter(inst *guest.Instance) error {
	if e.function == nil {
		f, _ := inst.Function(e.export)
		e.function = &f
	}
	return inst.Enter(*e.function, e.stack[:])
}

// direct is the side of a guest that is entered once for each call.
type direct struct {
	calls.Side
	entry
}

func newDirect(inst *guest.Instance) guest.Side {
	d := &direct{entry: entry{export: abi.ExportCall}}
	d.Init(inst)
	return d
}

// Start implements guest.Side.
func (d *direct) Start() error { return nil }

// Serve implements guest.Side.
func (d *direct) Serve(c *guest.Call) error {
	if err := d.Take(c); err != nil {
		return err
	}
	d.stack = [2]uint64{uint64(c.Index), uint64(c.Handle)}
	return d.Finish(c, d.enter(d.Inst), abi.ExportCall+" returned without ending the call: it must call output or fail")
}

// resumable is the side of a guest that holds many calls: it is entered when there
// are events, and takes them by next.
type resumable struct {
	calls.Shared
	entry
}

func newResumable(inst *guest.Instance) guest.Side {
	r := &resumable{entry: entry{export: abi.ExportResume}}
	r.Init(inst)
	r.Resume = func() (again bool, err error) {
		err = r.enter(inst)
		return err == nil && uint32(r.stack[0]) == abi.ResumeYield, err
	}
	r.Stuck = &fault.TrapError{
		Reason: abi.ExportResume + " waits for events, but no op is running: the call would never end",
	}
	return r
}

// Start implements guest.Side: it runs what the guest's start left to do before the
// first task.
func (r *resumable) Start() error {
	_, err := r.Resume()
	return err
}

func misplaced(at, length uint32) string {
	return fmt.Sprintf(" points to %d bytes at %#x, which are not inside the memory", length, at)
}
