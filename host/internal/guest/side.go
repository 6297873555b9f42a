package guest

// Side is the kind's half of an instance: how calls enter its code. Its methods
// are called on the goroutine that runs the instance.
type Side interface {
	// Start runs what the code needs to run once after its initialisation, before
	// a snapshot is taken.
	Start() error
	// Serve runs one call, which has the instance for itself. What the call gives
	// out is in the Call, and survives an error.
	Serve(c *Call) error
	// Apply takes in a signal. It reports whether that is news to the guest.
	Apply(s Signal) bool
	// Idle reports whether the instance may serve another task, as far as this
	// side knows: no call and no op is left.
	Idle() bool
	// Reset makes this side of an idle instance what it was before its first task.
	Reset()
	// Close stops what still runs for the instance.
	Close()
}

// Shared is the Side of an instance that holds many calls at once.
type Shared interface {
	Side
	// Accept gives the guest a call, which it hears of in the next turn.
	Accept(c *Call) error
	// Pending reports whether there is something that a turn would tell it.
	Pending() bool
	// Turn lets the guest take what is pending. It reports whether the guest wants
	// another turn even if nothing comes. After an error the instance is dead.
	Turn() (again bool, err error)
	// Fail ends all calls because of an error of the instance. One that is known
	// to have caused it gets the error itself, the others get ErrInstanceLost. If the
	// host is closed, all get ErrClosed.
	Fail(cause error)
	// Calls counts those that the guest has not ended.
	Calls() int
}

// Alone is embedded by sides that get no signals and keep nothing.
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
