package executors

import (
	"context"
	"sync"
	"time"
)

// roster is what Pool and Loop share: the jobs that wait and the jobs that
// run, their deadlines, and how they are cancelled and closed. It does not
// know the type of its jobs, and so is compiled once.
type roster struct {
	name   string
	limits Limits
	alarm  *time.Timer // for the first deadline of due

	mu         sync.Mutex
	now        time.Duration // of clock, when the lock was last taken
	queue      queue
	active     ticketList // jobs that were started
	count      int        // of active
	workers    int        // goroutines: a pool's workers, or the one of a loop
	due        timers
	alarmAt    time.Duration
	notices    []notice
	delivering int // notices that are being delivered
	stats      Stats
	closed     bool
	drained    chan struct{} // closed when the roster is closed and empty
}

func (r *roster) init(name string, limits Limits) {
	r.name, r.limits, r.now = name, limits, clock()
	r.drained = make(chan struct{})
	r.alarm, r.alarmAt = time.AfterFunc(never, r.expire), never
	r.alarm.Stop() // a timer that is set would keep an unused executor in memory
}

// lock takes the lock and notes the time. It reads the clock before it has the
// lock, which is what callers contend for.
func (r *roster) lock() {
	now := clock()
	r.mu.Lock()
	r.now = max(r.now, now)
}

// enter puts a job into the queue. The lock is held.
func (r *roster) enter(job Job) error {
	if err := r.admit(); err != nil {
		r.stats.Refused++
		return err
	}
	t := job.JobTicket()
	t.markQueued(r.now)
	t.job, t.roster = job, r
	r.queue.push(t)
	r.stats.Submitted++
	if t.QueueTimeout > 0 {
		t.due.owner = t
		r.schedule(&t.due, later(r.now, t.QueueTimeout))
	}
	return nil
}

func (r *roster) admit() error {
	switch {
	case r.closed:
		return ErrClosed
	case r.queue.len >= r.limits.Queue:
		return &QueueFullError{r.name, "queued", r.limits.Queue}
	case r.jobs() >= r.limits.InFlight:
		return &QueueFullError{r.name, "in flight", r.limits.InFlight}
	}
	return nil
}

func (r *roster) jobs() int { return r.queue.len + r.count }

// start takes the first job out of the queue, which is not empty. The lock is
// held.
func (r *roster) start() Job {
	t := r.queue.first()
	r.queue.remove(t)
	t.state, t.dequeuedAt = running, r.now
	r.active.append(t)
	r.count++
	if t.RunTimeout > 0 {
		t.due.owner = t
		r.schedule(&t.due, later(r.now, t.RunTimeout))
	} else {
		r.due.clear(&t.due)
	}
	return t.job
}

// end removes a job that has run. The lock is held.
func (r *roster) end(job Job) {
	if t := job.JobTicket(); t.roster == r && t.state == running {
		r.remove(t)
	}
}

// remove takes a ticket out of the list that it is in. The lock is held.
func (r *roster) remove(t *Ticket) {
	if t.state == queued {
		r.queue.remove(t)
		t.dequeuedAt = r.now
	} else {
		r.active.remove(t)
		r.count--
	}
	t.state = ended
	r.due.clear(&t.due)
	r.stats.Ended++
}

// schedule sets a deadline, and the alarm for it. The lock is held.
func (r *roster) schedule(d *deadline, at time.Duration) {
	r.due.set(d, at)
	r.arm()
}

// arm sets the alarm for the first deadline, if it is not set for an earlier
// time. An alarm whose deadline was cleared does no harm. The lock is held.
func (r *roster) arm() {
	if at := r.due.next(); at < r.alarmAt {
		r.alarmAt = at
		r.alarm.Reset(at - r.now)
	}
}

// expire runs when the alarm goes off.
func (r *roster) expire() {
	r.lock()
	r.alarmAt = never
	r.due.expire(r.now)
	r.arm()
	r.unlockAndNotify()
}

// cancel ends a job, if it is one of the roster's.
func (r *roster) cancel(job Job, err error) {
	r.lock()
	if t := job.JobTicket(); t.roster == r {
		r.dismiss(t, err)
	}
	r.unlockAndNotify()
}

// cancelAll ends the jobs that which selects. It calls which with the lock
// held.
func (r *roster) cancelAll(which func(Job) bool, err error) {
	r.lock()
	defer r.unlockAndNotify() // also if which panics
	for _, t := range r.tickets() {
		if which(t.job) {
			r.dismiss(t, err)
		}
	}
}

// tickets lists the jobs in the queue, in their order, and then those that run.
func (r *roster) tickets() []*Ticket {
	all := make([]*Ticket, 0, r.jobs())
	for _, l := range r.queue.lists {
		all = l.appendTo(all)
	}
	return r.active.appendTo(all)
}

// dismiss takes a job out of the queue, or asks it to stop. The lock is held,
// and the caller releases it with unlockAndNotify.
func (r *roster) dismiss(t *Ticket, err error) {
	switch t.state {
	case queued:
		r.remove(t)
		r.notices = append(r.notices, notice{t.job, err, true})
	case running:
		r.notices = append(r.notices, notice{t.job, err, false})
	}
}

// unlockAndNotify delivers the notices without the lock, since a job that ends
// may call the executor, for example to submit the next one.
func (r *roster) unlockAndNotify() {
	notices := r.notices
	r.notices = nil
	r.delivering += len(notices)
	r.mu.Unlock()
	if len(notices) == 0 {
		return
	}
	defer r.delivered(len(notices))
	forEach(notices, notice.deliver)
}

func (r *roster) delivered(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.delivering -= n
	r.checkDrained()
}

// notice is what a job is told once the lock is released.
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

// close takes no more jobs. The lock is held.
func (r *roster) close() {
	if !r.closed {
		r.closed = true
		r.checkDrained()
	}
}

// empty reports whether there are no jobs, goroutines or notices. The lock is
// held.
func (r *roster) empty() bool { return r.jobs()+r.workers+r.delivering == 0 }

// checkDrained is called after each step that may leave the roster empty. A
// roster that is closed and empty stays so: this closes drained once. The lock
// is held.
func (r *roster) checkDrained() {
	if r.closed && r.empty() {
		close(r.drained)
		r.alarm.Stop()
	}
}

// drain is the second half of Close, after close.
func (r *roster) drain(ctx context.Context, grace time.Duration) error {
	stop := func() { r.cancelAll(func(Job) bool { return true }, ErrClosed) }
	if Drain(ctx, grace, r.drained, stop) {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.empty() {
		return nil // since a moment ago
	}
	return &AbandonedError{r.name, r.jobs()}
}
