package executors

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// Job is work that is given to an executor. Types embed a Ticket to be one.
// An executor calls at most one of Abandon and (for a Pool) Run.
type Job interface {
	ticket() *Ticket
	// Abandon says that the job will not run: it was cancelled or expired in
	// the queue, or the executor was closed.
	Abandon(err error)
	// Stop asks a job that has started to end soon, with that error. It may
	// come more than once, and after the end.
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

// QueueTime returns how long the job was in the queue, and RunTime how long
// it has been running at now, which is when its executor says it ended.
func (t *Ticket) QueueTime() time.Duration { return t.startedAt - t.queuedAt }

// expired is called under the roster's lock.
func (t *Ticket) expired() {
	r := t.roster
	r.stats.TimedOut++
	if t.state == queued {
		r.leave(t)
		r.late = append(r.late, notice{t.job, &TimeoutError{InQueue, t.QueueTimeout}, true})
	} else {
		r.late = append(r.late, notice{t.job, &TimeoutError{Running, t.RunTimeout}, false})
	}
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

// Limits are what bounds an executor.
type Limits struct {
	// Queue is the most jobs that may wait to be started.
	Queue int
	// InFlight is the most jobs that may wait, run or be parked together.
	// Nothing waits for this bound, so that jobs which wait for jobs of their
	// own can't block each other: past it, Submit fails.
	InFlight int
}

// Stats is a snapshot of an executor.
type Stats struct {
	// Queued, Running and Parked count the jobs that are in those states now.
	Queued, Running, Parked int
	// Workers counts the workers, busy or idle; for a loop it is 0 or 1.
	Workers int
	// Submitted counts the jobs that were taken, Refused those that were not,
	// Ended those that came to an end, TimedOut the deadlines that passed.
	Submitted, Refused, Ended, TimedOut uint64
}

// roster is the part that Pool and Loop share: the jobs that wait and the jobs
// that run, their deadlines, and the way they stop.
type roster struct {
	name   string
	limits Limits
	epoch  time.Time

	mu     sync.Mutex
	queue  queue
	active line // jobs that have started
	count  int  // of active
	due    timers
	late   []notice
	stats  Stats
	closed bool
	empty  chan struct{} // made by Close, closed when no job is left
}

func (r *roster) init(name string, limits Limits) {
	r.name, r.limits, r.epoch = name, limits, time.Now()
}

func (r *roster) now() time.Duration { return time.Since(r.epoch) }

// enter puts a job into the queue. The lock is held.
func (r *roster) enter(job Job) error {
	err := r.admit()
	if err != nil {
		r.stats.Refused++
		return err
	}
	t := job.ticket()
	if t.state != fresh {
		panic(fmt.Sprintf("executors: job %v was submitted twice", job))
	}
	t.job, t.roster, t.state, t.queuedAt = job, r, queued, r.now()
	t.due.owner = t
	r.queue.push(t)
	r.stats.Submitted++
	if t.QueueTimeout > 0 {
		r.due.set(&t.due, t.queuedAt+t.QueueTimeout)
	}
	return nil
}

func (r *roster) admit() error {
	switch {
	case r.closed:
		return ErrClosed
	case r.queue.len >= r.limits.Queue:
		return &QueueFullError{r.name, "queued", r.limits.Queue}
	case r.queue.len+r.count >= r.limits.InFlight:
		return &QueueFullError{r.name, "in flight", r.limits.InFlight}
	}
	return nil
}

// start takes the next job out of the queue, or returns nil. The lock is held.
func (r *roster) start() Job {
	t := r.queue.first()
	if t == nil {
		return nil
	}
	r.queue.remove(t)
	t.state, t.startedAt = running, r.now()
	r.active.append(t)
	r.count++
	if t.RunTimeout > 0 {
		r.due.set(&t.due, t.startedAt+t.RunTimeout)
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
		t.startedAt = r.now()
	} else {
		r.active.remove(t)
		r.count--
	}
	t.state = ended
	r.due.clear(&t.due)
	r.stats.Ended++
	if r.empty != nil && r.queue.len+r.count == 0 {
		close(r.empty)
		r.empty = nil
	}
}

// expireDue finds the deadlines that have passed and returns what to tell
// their jobs. The lock is held.
func (r *roster) expireDue() []notice {
	r.due.expire(r.now())
	late := r.late
	r.late = nil
	return late
}

// Cancel ends a job with err: one in the queue is abandoned, one that runs is
// asked to stop, one that has ended is left alone.
func (r *roster) Cancel(job Job, err error) {
	t := job.ticket()
	r.mu.Lock()
	state := t.state
	if state == queued {
		r.leave(t)
	}
	r.mu.Unlock()
	switch state {
	case queued:
		job.Abandon(err)
	case running:
		job.Stop(err)
	}
}

// drain takes no more jobs, waits for those there are until ctx ends, then
// stops them and waits again, for at most grace. It returns how many were
// left behind.
func (r *roster) drain(ctx context.Context, grace time.Duration) int {
	r.mu.Lock()
	r.closed = true
	empty := r.empty
	if empty == nil {
		empty = make(chan struct{})
		if r.queue.len+r.count == 0 {
			close(empty)
		} else {
			r.empty = empty
		}
	}
	r.mu.Unlock()

	select {
	case <-empty:
		return 0
	case <-ctx.Done():
	}
	r.stopAll()
	patience := time.NewTimer(grace)
	defer patience.Stop()
	select {
	case <-empty:
		return 0
	case <-patience.C:
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.queue.len + r.count
	}
}

func (r *roster) stopAll() {
	r.mu.Lock()
	var notices []notice
	for t := r.queue.first(); t != nil; t = r.queue.first() {
		r.leave(t)
		notices = append(notices, notice{t.job, ErrClosed, true})
	}
	for t := r.active.head; t != nil; t = t.next {
		notices = append(notices, notice{t.job, ErrClosed, false})
	}
	r.mu.Unlock()
	for _, n := range notices {
		n.deliver()
	}
}

// AbandonedError says that jobs ignored their cancellation for too long.
type AbandonedError struct {
	Executor string
	Jobs     int
}

func (e *AbandonedError) Error() string {
	return fmt.Sprintf("%s: gave up on %d jobs that did not stop", e.Executor, e.Jobs)
}
