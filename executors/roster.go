package executors

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// Job is work that is given to an executor. Types embed a Ticket to be one.
// An executor calls at most one of Abandon and (for a Pool) Run.
//
// Abandon and Stop come from any goroutine, and hold up whoever calls them:
// they must not block.
type Job interface {
	ticket() *Ticket
	// Abandon says that the job will not run: it was cancelled or expired in
	// the queue, or the executor was closed.
	Abandon(err error)
	// Stop asks a job that has started to end soon, with that error. It may
	// come more than once, just before Run, and after the end.
	Stop(err error)
}

// Ticket is a job's place in an executor. Set the exported fields before
// Submit; a job is submitted once.
type Ticket struct {
	// Priority orders the queue: higher first.
	Priority int
	// QueueTimeout is the longest that the job may wait to be started, and
	// RunTimeout the longest that it may take then; 0 is no limit.
	QueueTimeout, RunTimeout time.Duration

	job        Job
	roster     *roster
	state      ticketState
	due        deadline
	line       *line
	prev, next *Ticket
	queuedAt   time.Duration
	startedAt  time.Duration
}

type ticketState uint8

const (
	fresh ticketState = iota
	queued
	running
	ended
)

func (t *Ticket) ticket() *Ticket { return t }

// QueueTime returns how long the job was in the queue. It is known when the
// job has started, or was abandoned.
func (t *Ticket) QueueTime() time.Duration { return t.startedAt - t.queuedAt }

// Left returns how much of its RunTimeout a job that runs has left, or 0 if it
// has no limit.
func (t *Ticket) Left() time.Duration {
	if t.RunTimeout <= 0 {
		return 0
	}
	used := time.Since(t.roster.epoch) - t.startedAt
	return max(t.RunTimeout-used, 1)
}

// expired is called under the roster's lock.
func (t *Ticket) expired() {
	t.roster.stats.TimedOut++
	if t.state == queued {
		t.roster.dismiss(t, &TimeoutError{InQueue, t.QueueTimeout})
	} else {
		t.roster.dismiss(t, &TimeoutError{Running, t.RunTimeout})
	}
}

// Limits are what bounds an executor.
type Limits struct {
	// Queue is the most jobs that may wait to be started.
	Queue int
	// InFlight is the most jobs that may wait, run or be parked together.
	// Nothing waits for this bound, so that jobs which wait for jobs of their
	// own can't block each other: past it, Submit fails.
	InFlight int
}

// Stats is a snapshot of an executor. Submitted is always the sum of Queued,
// Running, Parked and Ended.
type Stats struct {
	// Queued, Running and Parked count the jobs that are in those states now.
	Queued, Running, Parked int
	// Workers counts the workers, busy or idle; for a loop it is 0 or 1.
	Workers int
	// Submitted counts the jobs that were taken, Refused those that were not,
	// Ended those that came to an end, TimedOut the deadlines that passed.
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

// roster is the part that Pool and Loop share: the jobs that wait and the jobs
// that run, their deadlines, and the way they stop.
type roster struct {
	name   string
	limits Limits
	epoch  time.Time
	alarm  *time.Timer // for the first deadline of due

	mu      sync.Mutex
	now     time.Duration // of the last lock, since epoch
	queue   queue
	active  line // jobs that have started
	count   int  // of active
	crew    int  // goroutines: a pool's workers, or a loop's one
	due     timers
	alarmAt time.Duration
	notices []notice
	telling int // notices that are being delivered
	stats   Stats
	closed  bool
	vacant  chan struct{} // closed when all of that has come to an end
}

func (r *roster) init(name string, limits Limits) {
	r.name, r.limits, r.epoch = name, limits, time.Now()
	r.vacant = make(chan struct{})
	r.alarm, r.alarmAt = time.AfterFunc(never, r.expire), never
	r.alarm.Stop() // or the runtime would hold on to an executor that nobody closes
}

// lock takes the lock for work that looks at the clock. It is read before, once,
// to hold the lock for as short as possible: it is what executors contend for.
func (r *roster) lock() {
	now := time.Since(r.epoch)
	r.mu.Lock()
	r.now = max(r.now, now)
}

// enter puts a job into the queue. The lock is held.
func (r *roster) enter(job Job) error {
	if err := r.admit(); err != nil {
		r.stats.Refused++
		return err
	}
	t := job.ticket()
	if t.state != fresh {
		panic(fmt.Sprintf("executors: job %v was submitted twice", job))
	}
	t.job, t.roster, t.state, t.queuedAt = job, r, queued, r.now
	r.queue.push(t)
	r.stats.Submitted++
	if t.QueueTimeout > 0 {
		t.due.owner = t
		r.schedule(&t.due, later(t.queuedAt, t.QueueTimeout))
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

// start takes the next job out of the queue, which is not empty. The lock is
// held.
func (r *roster) start() Job {
	t := r.queue.first()
	r.queue.remove(t)
	t.state, t.startedAt = running, r.now
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

// end takes out a job that has run. The lock is held.
func (r *roster) end(job Job) {
	if t := job.ticket(); t.state == running {
		r.leave(t)
	}
}

// leave takes a ticket out, wherever it is. The lock is held.
func (r *roster) leave(t *Ticket) {
	if t.state == queued {
		r.queue.remove(t)
		t.startedAt = r.now
	} else {
		r.active.remove(t)
		r.count--
	}
	t.state = ended
	r.due.clear(&t.due)
	r.stats.Ended++
}

// schedule sets a deadline and sees to it that somebody wakes up for it. The
// lock is held.
func (r *roster) schedule(d *deadline, at time.Duration) {
	r.due.set(d, at)
	r.arm()
}

// arm moves the alarm to the first deadline, if that is earlier. An alarm that
// comes too early, since its deadline was met, does no harm. The lock is held.
func (r *roster) arm() {
	if at := r.due.next(); at < r.alarmAt {
		r.alarmAt = at
		r.alarm.Reset(at - r.now)
	}
}

// expire is what the alarm does.
func (r *roster) expire() {
	r.lock()
	r.alarmAt = never
	r.due.expire(r.now)
	r.arm()
	r.unlockAndTell()
}

// close takes no more jobs. The lock is held.
func (r *roster) close() {
	if !r.closed {
		r.closed = true
		r.checkVacant()
	}
}

// gone reports whether there is nobody left. The lock is held.
func (r *roster) gone() bool { return r.jobs()+r.crew+r.telling == 0 }

// checkVacant closes vacant when the last one is gone. Nobody comes after
// that, so it happens once. The lock is held.
func (r *roster) checkVacant() {
	if r.closed && r.gone() {
		close(r.vacant)
		r.alarm.Stop()
	}
}

// drain waits, after close, for the jobs there are until ctx ends; then it
// stops them and waits again, for at most grace.
func (r *roster) drain(ctx context.Context, grace time.Duration) error {
	select {
	case <-r.vacant:
		return nil
	case <-ctx.Done():
	}
	r.CancelAll(func(Job) bool { return true }, ErrClosed)
	patience := time.NewTimer(grace)
	defer patience.Stop()
	select {
	case <-r.vacant:
		return nil
	case <-patience.C:
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.gone() {
		return nil // at the last moment
	}
	return &AbandonedError{r.name, r.jobs()}
}

// AbandonedError says that jobs ignored their cancellation for too long.
type AbandonedError struct {
	Executor string
	// Jobs that have not ended. It is 0 if all have, but a turn or a callback
	// goes on.
	Jobs int
}

func (e *AbandonedError) Error() string {
	if e.Jobs == 0 {
		return e.Executor + ": gave up on a turn or a callback that did not end"
	}
	return fmt.Sprintf("%s: gave up on %d jobs that did not stop", e.Executor, e.Jobs)
}
