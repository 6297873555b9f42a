package executors

// Limits bound the number of jobs of an executor.
type Limits struct {
	// Queue is the most jobs that may wait to be started.
	Queue int
	// InFlight is the most jobs that may wait, run or be parked at the same
	// time. Submit fails at this bound and never waits for it, so that jobs
	// which wait for jobs of their own can't block each other.
	InFlight int
}
