package executors

// CancelAll ends the jobs that which selects with err, as Cancel does.
func (r *roster) CancelAll(which func(Job) bool, err error) {
	r.mu.Lock()
	var jobs []Job
	for _, l := range r.queue.lines {
		for t := l.head; t != nil; t = t.next {
			jobs = append(jobs, t.job)
		}
	}
	for t := r.active.head; t != nil; t = t.next {
		jobs = append(jobs, t.job)
	}
	r.mu.Unlock()
	for _, job := range jobs {
		if which(job) {
			r.Cancel(job, err)
		}
	}
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
