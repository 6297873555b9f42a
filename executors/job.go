package executors

import "time"

// Job is work that is given to an executor. A type embeds a [Ticket] to be one,
// and adds Abandon and Stop.
//
// Each job that an executor takes ends exactly once: the executor either
// abandons it or starts it, never both. Abandon and Stop may be called from
// any goroutine. They must not block, since that goroutine has other work.
type Job interface {
	// JobTicket returns the ticket that the job embeds.
	JobTicket() *Ticket
	// Abandon says that the job will not run: it was cancelled or timed out
	// in the queue, or the executor was closed.
	Abandon(err error)
	// Stop asks a job that was started to end soon, with that error. It may
	// be called more than once, and even just before the job runs or after it
	// has ended.
	Stop(err error)
}

// Ticket is what an executor knows of a job. Set its exported fields before
// Submit, and leave them alone after that. A ticket is used once: an executor
// panics if a job that it or another executor has taken is submitted again.
type Ticket struct {
	// Priority orders the queue: jobs with a higher one start first.
	Priority int
	// QueueTimeout is the longest time that the job may wait to be started,
	// and RunTimeout the longest that it may run. 0 is no limit.
	QueueTimeout, RunTimeout time.Duration

	job        Job
	roster     *roster
	state      ticketState
	due        deadline
	list       *ticketList
	prev, next *Ticket
	queuedAt   time.Duration // of clock
	dequeuedAt time.Duration
}

type ticketState uint8

const (
	fresh ticketState = iota
	queued
	running
	ended
)

// JobTicket returns t. It makes a type that embeds a Ticket a Job.
func (t *Ticket) JobTicket() *Ticket { return t }

// QueueTime returns how long the job was in the queue. It is known once the
// job was started or abandoned.
func (t *Ticket) QueueTime() time.Duration { return t.dequeuedAt - t.queuedAt }

// Left returns how much of its RunTimeout a running job has left, or 0 if it
// has no limit.
func (t *Ticket) Left() time.Duration {
	if t.RunTimeout <= 0 {
		return 0
	}
	used := clock() - t.dequeuedAt
	return max(t.RunTimeout-used, 1)
}

// MarkQueued notes that an executor has taken the job. Only executors call it;
// those of this package need no help. It panics if the job was taken before.
func (t *Ticket) MarkQueued() { t.markQueued(clock()) }

func (t *Ticket) markQueued(now time.Duration) {
	if t.state != fresh {
		panic("executors: a job was submitted twice")
	}
	t.state, t.queuedAt = queued, now
}

// MarkDequeued notes that the job is about to be started or abandoned. Only
// executors call it; those of this package need no help.
func (t *Ticket) MarkDequeued() { t.dequeuedAt = clock() }

// expired is called with the roster's lock held.
func (t *Ticket) expired() {
	t.roster.stats.TimedOut++
	if t.state == queued {
		t.roster.dismiss(t, &TimeoutError{InQueue, t.QueueTimeout})
	} else {
		t.roster.dismiss(t, &TimeoutError{Running, t.RunTimeout})
	}
}
