package guest

import (
	"sync/atomic"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host/internal/events"
	"github.com/wexec/wexec/host/internal/linear"
)

// Call is a call's life inside an instance:
//
//	new ── Accept ──▶ held ───────────── Answer ──▶ answered
//	 │                  │                              ▲
//	 │                  └── Orphan ──▶ orphaned ───────┤ Answer
//	 └────────────────────────────────── refused ──────┘
//
// The guest must answer a held call. An orphaned call was cancelled in an instance
// that it shares with others: its caller has gone, but the guest must still answer
// it. The Placement knows where the call runs and who waits for it.
type Call struct {
	Task  *abi.Task
	Index int32 // of the task in the manifest
	// Handle names the call for the guest while it is held or orphaned.
	Handle uint32
	Input  []byte
	Bounds
	Placement Placement
	// Unsigned asks for unsigned numbers, where results are numbers.
	Unsigned bool
	state    callState
	// Room says whether the guest waits for room for what the call emits.
	Room Room

	// Output and Err are the result, once the call is answered. A call that
	// failed may have both. Before that, Output has the chunks that the call
	// emitted and that no Source took.
	Output []byte
	Err    error

	ops []*Op // that have not ended

	// The instance's goroutine writes these; any goroutine may read them.
	hostCalls   atomic.Uint64
	memoryBytes atomic.Uint64
	fuelUsed    atomic.Uint64
}

type callState uint8

const (
	fresh callState = iota
	held
	orphaned
	answered
)

// Room is what a resumable guest knows of the room for what a call emits.
type Room uint8

const (
	HasRoom  Room = iota
	NoRoom        // the guest was told that there is none
	RoomNews      // there is room again, and the guest has not taken the event
)

// Placement is the host's side of a call.
type Placement interface {
	// GuestAnswered is called when the call is answered or refused.
	GuestAnswered()
	// Settled reports whether the call's future is done. Any goroutine may ask.
	Settled() bool
	// RunsIn reports whether the instance runs the call. The goroutine that runs the
	// instance may ask.
	RunsIn(inst *Instance) bool
	// Stop ends the call with an error, as a cancellation does.
	Stop(err error)
	// StartOp starts the work of an op. An error ends the op.
	StartOp(o *Op, name string, arg []byte) error
	// Source is where the call emits, or nil if its caller reads no events.
	Source() *events.Source
}

// Held records that the guest got the call.
func (c *Call) Held() { c.state = held }

// Answered reports whether the guest has answered the call, or the call was
// refused.
func (c *Call) Answered() bool { return c.state == answered }

// Orphaned reports whether the call was cancelled and the guest has not answered
// it yet.
func (c *Call) Orphaned() bool { return c.state == orphaned }

// Orphan records that the caller has gone, and frees the input and the chunks.
func (c *Call) Orphan() {
	c.state = orphaned
	c.Input, c.Output = nil, nil
}

// Refuse ends a call that the guest never gets.
func (c *Call) Refuse(err error) { c.answer(err) }

// Answer ends a call with the chunks that it emitted and then output, which is
// copied.
func (c *Call) Answer(inst *Instance, output []byte, err error) {
	c.memoryBytes.Store(inst.memory.Size())
	if len(output) > 0 { // a caller may already have the output of a call that was stopped
		c.Output = linear.Append(c.Output, output)
	}
	c.answer(err)
}

func (c *Call) answer(err error) {
	c.Err, c.state = err, answered
	c.Input = nil // a caller who keeps the future would keep it in memory
	c.Placement.GuestAnswered()
}

// CountHostCall counts a call of a host function.
func (c *Call) CountHostCall() { c.hostCalls.Add(1) }

// Usage is what a call has used.
type Usage struct{ HostCalls, MemoryBytes, Fuel uint64 }

// Usage returns what the call has used. Any goroutine may call it.
func (c *Call) Usage() Usage {
	return Usage{c.hostCalls.Load(), c.memoryBytes.Load(), c.fuelUsed.Load()}
}
