package executors

// Stats are the figures of an executor at one moment. Submitted is always the
// sum of Queued, Running, Parked and Ended.
type Stats struct {
	// Queued, Running and Parked count the jobs that are in those states now.
	Queued, Running, Parked int
	// Workers counts the workers, busy or idle; a Loop has 0 or 1.
	Workers int
	// Submitted counts the jobs that were taken, Refused those that were not,
	// Ended those that have ended, and TimedOut the deadlines that passed.
	Submitted, Refused, Ended, TimedOut uint64
}

// Add returns the sum of two executors' figures.
func (s Stats) Add(o Stats) Stats {
	s.Queued += o.Queued
	s.Running += o.Running
	s.Parked += o.Parked
	s.Workers += o.Workers
	s.Submitted += o.Submitted
	s.Refused += o.Refused
	s.Ended += o.Ended
	s.TimedOut += o.TimedOut
	return s
}
