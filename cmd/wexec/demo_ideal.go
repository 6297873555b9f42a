package main

import (
	"cmp"
	"slices"
	"time"

	"github.com/wexec/wexec/host"
)

// ideal returns the least time in which calls that took so long one after the
// other can all be done: that of the longest, or of the best packing of those
// of mode cpu on the cores, which none of them can leave.
func ideal(calls []host.Span, cores int) time.Duration {
	var longest time.Duration
	var cpu []time.Duration
	for _, c := range calls {
		longest = max(longest, runTime(c))
		if c.Mode == host.CPU {
			cpu = append(cpu, runTime(c))
		}
	}
	return max(longest, pack(cpu, cores))
}

// pack returns the least time in which jobs that can't be divided are done on
// so many cores. It tries every way that can still be better than the best, so
// it is exact, and for few jobs only: the problem is NP-hard.
func pack(jobs []time.Duration, cores int) time.Duration {
	// Long jobs first: a bad way then shows early.
	jobs = slices.SortedFunc(slices.Values(jobs), func(a, b time.Duration) int { return cmp.Compare(b, a) })
	var best time.Duration
	for _, job := range jobs {
		best += job // all on one core
	}
	loads := make([]time.Duration, cores)
	var place func(i int, longest time.Duration)
	place = func(i int, longest time.Duration) {
		if longest >= best {
			return
		}
		if i == len(jobs) {
			best = longest
			return
		}
		for core := range loads {
			loads[core] += jobs[i]
			place(i+1, max(longest, loads[core]))
			loads[core] -= jobs[i]
			if loads[core] == 0 {
				return // the other cores are as empty as this one was
			}
		}
	}
	place(0, 0)
	return best
}
