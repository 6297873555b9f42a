package wasi

import (
	"math"
	"time"
)

// resolution is how fine a guest's clocks are: enough for timeouts and time
// stamps, too coarse to tell a cache hit from a miss.
const resolution = 100 * time.Microsecond

// start is where the monotonic clock begins.
var start = time.Now()

const (
	clockRealtime = iota
	clockMonotonic
)

// clockNow reads a clock at the host's resolution.
func clockNow(id uint32) (nanos int64, ok bool) {
	switch id {
	case clockRealtime:
		return time.Now().UnixNano(), true
	case clockMonotonic:
		return int64(time.Since(start)), true
	}
	return 0, false
}

func clockResGet(c call, a args) errno {
	if _, ok := clockNow(a.u32(0)); !ok {
		return eInval
	}
	return memory(c.Memory()).putLong(a.u32(1), uint64(resolution))
}

func clockTimeGet(c call, a args) errno {
	now, ok := clockNow(a.u32(0))
	if !ok {
		return eInval
	}
	return memory(c.Memory()).putLong(a.u32(2), uint64(now-now%int64(resolution)))
}

// timeLeft is how long a clock takes to reach the time of a subscription. It rounds
// up to the resolution, so that the guest's clock has reached that time, too. A guest
// that asks for no time does not want to wait.
func timeLeft(s subscription, now int64) time.Duration {
	if !s.absolute && s.timeout == 0 {
		return 0
	}
	timeout := int64(min(s.timeout, math.MaxInt64))
	until := timeout
	if !s.absolute {
		until = saturatingAdd(now, timeout)
	}
	if rest := until % int64(resolution); rest > 0 {
		until = saturatingAdd(until, int64(resolution)-rest)
	}
	return max(0, time.Duration(until-now))
}

func saturatingAdd(a, b int64) int64 {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}
