package executors

// Cancel ends a job with err: one in the queue is abandoned, one that runs is
// asked to stop, one that has ended is left alone.
func (r *roster) Cancel(job Job, err error) {
	r.lock()
	r.dismiss(job.ticket(), err)
	r.unlockAndTell()
}

// CancelAll ends the jobs that which selects with err, as Cancel does. which
// is called under a lock: it must not call back.
func (r *roster) CancelAll(which func(Job) bool, err error) {
	r.lock()
	for _, t := range r.tickets() {
		if which(t.job) {
			r.dismiss(t, err)
		}
	}
	r.unlockAndTell()
}

// tickets lists those that wait, in their order, and those that run.
func (r *roster) tickets() []*Ticket {
	all := make([]*Ticket, 0, r.jobs())
	for _, l := range r.queue.lines {
		all = l.appendTo(all)
	}
	return r.active.appendTo(all)
}

// dismiss takes a job out of the queue, or asks it to stop. The lock is held,
// to be given up by unlockAndTell.
func (r *roster) dismiss(t *Ticket, err error) {
	switch t.state {
	case queued:
		r.leave(t)
		r.notices = append(r.notices, notice{t.job, err, true})
	case running:
		r.notices = append(r.notices, notice{t.job, err, false})
	}
}

// unlockAndTell delivers the notices without the lock: a job that ends may
// call back, for example to submit the next one.
func (r *roster) unlockAndTell() {
	notices := r.notices
	r.notices = nil
	r.telling += len(notices)
	r.mu.Unlock()
	if len(notices) == 0 {
		return
	}
	for _, n := range notices {
		n.deliver()
	}
	r.mu.Lock()
	r.telling -= len(notices)
	r.checkVacant()
	r.mu.Unlock()
}

// notice is something to tell a job once the lock is free.
type notice struct {
	job     Job
	err     error
	abandon bool
}

func (n notice) deliver() {
	if n.abandon {
		n.job.Abandon(n.err)
	} else {
		n.job.Stop(n.err)
	}
}
