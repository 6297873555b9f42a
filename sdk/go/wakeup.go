package wexec

import (
	"time"

	"github.com/wexec/wexec/abi"
)

// Timers of Go's runtime (time.Sleep, time.After, tickers) fire only while the
// host has entered the guest, and the runtime does not tell when the next one
// is due. So while a goroutine waits for something other than an op, which may
// be a timer, the SDK has the host enter the guest again and again, at growing
// intervals.
const (
	minWakeup = time.Millisecond
	maxWakeup = 20 * time.Millisecond
	// wakeupDivisor: the interval is a quarter of the time that the goroutine
	// has waited so far.
	wakeupDivisor = 4
	// maxSleep is how long the guest blocks where no op can wake it.
	maxSleep = 5 * time.Millisecond
)

// wakeup is the op that makes the host enter the guest for its timers.
var wakeup struct {
	op   *op
	call *call
	// failed says that the last op ended at once, and that the next one would
	// too: clock.sleep is not granted, or the host is overloaded.
	failed bool
	// waiting counts the goroutines that may wait for a timer; since is when the
	// count last changed.
	waiting int
	since   time.Time
}

// suspend is called when no goroutine can run. It returns what wexec_resume
// must return.
func suspend() uint32 {
	waiting := otherGoroutines() + guest.onTimers
	if waiting != wakeup.waiting {
		wakeup.waiting, wakeup.since = waiting, time.Now()
		stopWakeup()
	}
	if waiting == 0 || guest.calls.len == 0 || wakeup.op != nil && !wakeup.op.ended {
		return abi.ResumeWait
	}
	d := min(max(time.Since(wakeup.since)/wakeupDivisor, minWakeup), maxWakeup)
	if c := wakeupCall(); c != nil && !wakeup.failed {
		startWakeup(c, d)
		return abi.ResumeWait
	}
	wakeup.failed = false
	// Goroutines whose timers fire during the sleep run before this one.
	time.Sleep(min(d, maxSleep))
	return abi.ResumeYield
}

func startWakeup(c *call, d time.Duration) {
	var o *op
	o = c.start(abi.CapSleep, nanoseconds(d), func() {
		wakeup.failed = o.status != StatusOK && o.status != StatusCancelled
	})
	wakeup.op, wakeup.call = o, c
}

func stopWakeup() {
	guest.mu.Lock()
	defer guest.mu.Unlock()
	if o := wakeup.op; o != nil && !o.dropped {
		o.drop()
	}
	wakeup.op = nil
}

// wakeupCall returns a call that may start ops, or nil.
func wakeupCall() *call {
	may := func(c *call) bool { return !c.ended && !c.cancelled && c.task.Mode != CPU }
	if c := wakeup.call; c != nil && may(c) {
		return c
	}
	return guest.calls.find(may)
}
