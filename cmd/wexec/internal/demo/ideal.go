package demo

import (
	"cmp"
	"slices"
	"time"

	"github.com/wexec/wexec/host"
)

// ideal returns the least time that these calls can take together, each as long
// as it took in sequence: the time of the longest, or of the best packing of
// the calls of mode cpu on the cores, if that is longer.
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

// pack returns the least time in which cores finish jobs that can't be divided.
// It is exact, since it tries every way that may still beat the best so far. It
// is for few jobs only: the problem is NP-hard.
func pack(jobs []time.Duration, cores int) time.Duration {
	// With the long jobs first, a bad way is abandoned early.
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
				return // the core was empty, and the other empty cores are no different
			}
		}
	}
	place(0, 0)
	return best
}
