package guest

import (
	"sync/atomic"

	"github.com/wexec/wexec/abi"
)

// Call is a call's life inside an instance:
//
//	new ── Accept ──▶ held ───────────── Answer ──▶ answered
//	 │                  │                              ▲
//	 │                  └── Orphan ──▶ orphaned ───────┤ Answer
//	 └────────────────────────────────── refused ──────┘
//
// A held call is the guest's to answer. An orphaned one was cancelled in an
// instance that it shares with others: its caller has gone, and the guest still
// has to answer it. Where the call runs and who waits for it is told by its
// Placement.
type Call struct {
	Task  *abi.Task
	Index int32 // of the task in the manifest
	// Handle is what the guest knows the call by while it is held or orphaned.
	Handle uint32
	Input  []byte
	Bounds
	Placement Placement

	// Output and Err are the result, once the call is answered. A call that
	// failed may have both.
	Output []byte
	Err    error

	// Unsigned asks for unsigned numbers, of a bare function.
	Unsigned bool

	state callState
	ops   []*Op // that have not ended

	// Of the instance's goroutine, and read by the one that ends the call.
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

// Placement is a call as the host sees it.
type Placement interface {
	// GuestAnswered tells that the guest has ended the call.
	GuestAnswered()
	// Settled reports whether the call's future is done. Any goroutine may ask.
	Settled() bool
	// StartOp starts the work of an op. An error ends the op.
	StartOp(o *Op, name string, arg []byte) error
}

// Held notes that the guest got the call.
func (c *Call) Held() { c.state = held }

// Answered reports whether the guest has ended the call, or never got it.
func (c *Call) Answered() bool { return c.state == answered }

// Orphaned reports whether the call was cancelled, and the guest has not ended
// it.
func (c *Call) Orphaned() bool { return c.state == orphaned }

// Orphan notes that the caller has gone, and forgets the input.
func (c *Call) Orphan() {
	c.state = orphaned
	c.Input = nil
}

// Refuse ends a call that the guest does not get.
func (c *Call) Refuse(err error) { c.answer(nil, err) }

// Answer ends a call with a result.
func (c *Call) Answer(inst *Instance, output []byte, err error) {
	c.memoryBytes.Store(inst.memory.Size())
	c.answer(output, err)
}

func (c *Call) answer(output []byte, err error) {
	c.Output, c.Err, c.state = output, err, answered
	c.Placement.GuestAnswered()
}

// CountHostCall counts a call of a host function.
func (c *Call) CountHostCall() { c.hostCalls.Add(1) }

// Usage is what a call took.
type Usage struct{ HostCalls, MemoryBytes, Fuel uint64 }

// Usage returns what the call took. Any goroutine may ask.
func (c *Call) Usage() Usage {
	return Usage{c.hostCalls.Load(), c.memoryBytes.Load(), c.fuelUsed.Load()}
}
