package wexec

import (
	"time"

	"github.com/wexec/wexec/abi"
)

// Timers of Go's runtime (time.Sleep, time.After, tickers) fire only while
// the guest is entered, and nothing tells when the next one is due. So while
// a goroutine waits for something that is not an op, which may be a timer,
// the SDK has the guest entered again and again: soon at first, then less
// often.
const (
	soonest = time.Millisecond
	latest  = 20 * time.Millisecond
	// growth: a goroutine that has waited for some time is looked after in a
	// fourth of that.
	growth = 4
	// nap is how long the guest sleeps where it can't be woken by an op.
	nap = 5 * time.Millisecond
)

// wakeup is the op that has the guest entered for its timers.
var wakeup struct {
	op   *op
	call *call
	// failed says that the last one ended at once, as the next one would:
	// clock.sleep is not granted, or the host has too much to do.
	failed bool
	// waiting goroutines may wait for a timer, since that time.
	waiting int
	since   time.Time
}

// rest is called when no goroutine can run. It returns what wexec_resume
// returns.
func rest() uint32 {
	waiting := others() + guest.loose
	if waiting != wakeup.waiting {
		wakeup.waiting, wakeup.since = waiting, time.Now()
		stopWakeup()
	}
	if waiting == 0 || guest.calls.len == 0 || wakeup.op != nil && !wakeup.op.over {
		return abi.ResumeWait
	}
	d := min(max(time.Since(wakeup.since)/growth, soonest), latest)
	if c := wakeupCall(); c != nil && !wakeup.failed {
		startWakeup(c, d)
		return abi.ResumeWait
	}
	wakeup.failed = false
	// Goroutines that wake up meanwhile run before this one does.
	time.Sleep(min(d, nap))
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
