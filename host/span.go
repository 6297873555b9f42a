package host

import "time"

// Span is what is known of a call when it has ended.
type Span struct {
	// ID is unique in the host; Parent is the ID of the call that made this
	// one, or 0.
	ID, Parent   uint64
	Module, Task string
	Mode         Mode
	Tenant       string
	// Lane is where it ran: "loop 0", "io 3", "thread 1", "core 0". It is
	// empty if the call never started.
	Lane string
	// Queued, Started and Ended are when; Started is zero if it never did.
	Queued, Started, Ended time.Time
	// HostCalls counts the calls of host functions, and MemoryBytes is the
	// size of the instance's linear memory at the end, which is its largest.
	HostCalls   uint64
	MemoryBytes uint64
	// Fuel is what the call's code used, about one unit for an instruction.
	// The same call, alone in an instance of the same state, uses the same on
	// any machine. Turns of an instance that holds other calls, too, are not
	// counted.
	Fuel uint64
	// Err is the call's error, or nil.
	Err error
}
