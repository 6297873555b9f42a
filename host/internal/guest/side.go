package guest

// Side is the part of an instance that depends on the module's kind: how calls
// enter the code. Its methods are called on the goroutine that runs the instance.
type Side interface {
	// Start finishes what the initialisation of the code has left to do, before a
	// snapshot is taken.
	Start() error
	// Serve runs one call, which has the instance for itself. The Call gets the
	// output, even if Serve returns an error.
	Serve(c *Call) error
	// Apply handles a signal. It reports whether that is news to the guest.
	Apply(s Signal) bool
	// Idle reports whether this side allows the instance to serve another task: it
	// has no call and no op.
	Idle() bool
	// Reset resets this side of an idle instance to its state before the first task.
	Reset()
	// Close stops the ops that still run for the instance.
	Close()
}

// Shared is the Side of an instance that holds many calls at once.
type Shared interface {
	Side
	// Accept adds a call, of which the guest learns in the next turn.
	Accept(c *Call) error
	// Pending reports whether the guest has a reason for a turn.
	Pending() bool
	// Turn enters the guest to take what is pending. It reports whether the guest
	// wants another turn even if no signal comes. After an error the instance is
	// dead.
	Turn() (again bool, err error)
	// Fail ends all calls because the instance failed with cause. A call that is
	// known to have caused it gets that error, and the others get ErrInstanceLost.
	// If the host is closed, all get ErrClosed.
	Fail(cause error)
	// Calls counts the calls that the guest has not answered.
	Calls() int
}

// Rememberer is a Side whose Start finds out something about the instance, such as
// addresses, that it needs later. A clone does not run Start: it gets what was
// remembered with the snapshot.
type Rememberer interface {
	Remember() any
	Recall(any)
}

// Caller is the Side of a guest that was not made for the host: it can only make
// system calls. It calls the host by those that wasi.Channel describes.
type Caller interface {
	Side
	// Args are what the guest sees as its arguments, before those of a program.
	Args() []string
	// Channel implements wasi.Channel.
	Channel(at uint64, ptr, length uint32) (n uint32)
}

// Alone is for embedding in sides that get no signals and keep no state.
type Alone struct{}

// Start implements Side.
func (Alone) Start() error { return nil }

// Apply implements Side.
func (Alone) Apply(Signal) bool { return false }

// Idle implements Side.
func (Alone) Idle() bool { return true }

// Reset implements Side.
func (Alone) Reset() {}

// Close implements Side.
func (Alone) Close() {}
